#include "bench/instructions.hpp"

#include <linux/perf_event.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace bench {

Instructions::Instructions(pid_t process) {
  perf_event_attr what{};
  what.size = sizeof what;
  what.type = PERF_TYPE_HARDWARE;
  what.config = PERF_COUNT_HW_INSTRUCTIONS;
  what.exclude_kernel = 1;
  what.exclude_hv = 1;
  fd_ = static_cast<int>(syscall(SYS_perf_event_open, &what, process, -1, -1, PERF_FLAG_FD_CLOEXEC));
}

Instructions::~Instructions() {
  if (fd_ >= 0) close(fd_);
}

std::optional<std::uint64_t> Instructions::count() const {
  std::uint64_t count = 0;
  if (fd_ < 0 || read(fd_, &count, sizeof count) != sizeof count) return std::nullopt;
  return count;
}

}  // namespace bench
