#pragma once
// What TCP sent again: on a line that loses nothing that is nothing, or a delay is one of the kernel's timers.

#include "bench/result.hpp"
#include "bench/site.hpp"

#include <cstdint>

namespace bench {

constexpr const char* no_retransmissions_name = "nothing sent again";

/// Counts from its construction on, on both sides of the site's line. Used from the site's thread. Where the line has no namespaces of its own, the
/// kernel's counters are those of the whole machine: then it says nothing.
class Retransmissions {
 public:
  explicit Retransmissions(Site& site);

  /// retransmitted_segments, and the gate that there are none.
  void tell(Run& run) const;

 private:
  std::uint64_t count() const;
  Site& site_;
  std::uint64_t before_ = 0;
};

/// RetransSegs in the text of /proc/net/snmp (RFC 4022, tcpRetransSegs). Throws std::runtime_error where it is not there.
std::uint64_t retransmitted_segments(const std::string& snmp);

}  // namespace bench
