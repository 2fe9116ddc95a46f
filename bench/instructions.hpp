#pragma once
// How many instructions a server executes, where the machine lets us count them: many virtual machines do not.

#include <cstdint>
#include <optional>

#include <sys/types.h>

namespace bench {

/// Counts the instructions that a process with one thread executes in user mode, from now on, by perf_event_open(2).
class Instructions {
 public:
  explicit Instructions(pid_t process);
  ~Instructions();
  Instructions(const Instructions&) = delete;
  Instructions& operator=(const Instructions&) = delete;

  /// So many until now; nothing where the machine has no counter or does not let us read it.
  std::optional<std::uint64_t> count() const;

 private:
  int fd_ = -1;
};

}  // namespace bench
