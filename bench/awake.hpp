#pragma once
// Cores that have nothing to do wait, and do not sleep, while something is measured.

#include "bench/descriptor.hpp"

#include <string>

namespace bench {

/// Asks the kernel (pm_qos, /dev/cpu_dma_latency) for no sleep state deeper than polling, as long as it lives; the file's closing
/// takes the wish back, whatever ends the process. Without it every wake-up of an idle core is part of what is measured, twice: some
/// 40 µs until the woken one runs, and on a virtual machine some 10 µs of CPU for who wakes it, since that leaves the machine. Both
/// belong to the machine and not to a transport, and nobody pays them where a server is busy.
class AwakeCores {
 public:
  AwakeCores();
  /// "kept awake", or why they are not. For the provenance.
  const std::string& in_words() const { return in_words_; }

 private:
  Descriptor wish_;
  std::string in_words_;
};

}  // namespace bench
