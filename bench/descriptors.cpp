#include "bench/descriptors.hpp"

#include <fmt/format.h>

#include <stdexcept>

#include <sys/resource.h>

namespace bench {

void expect_descriptors(std::size_t connections) {
  constexpr std::size_t others = 64;  // files, pipes, the harness's own connections
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_max == RLIM_INFINITY) return;
  if (limit.rlim_max >= connections + others) {
    if (limit.rlim_cur >= connections + others) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    return;
  }
  throw std::runtime_error(
      fmt::format("{} readers need {} file descriptors, the hard limit is {}; raise it with ulimit -Hn",
                  connections, connections + others, limit.rlim_max));
}

}  // namespace bench
