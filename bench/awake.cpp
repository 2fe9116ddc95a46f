#include "bench/awake.hpp"

#include <cerrno>
#include <cstdint>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

namespace bench {

AwakeCores::AwakeCores()
    : wish_(::open("/dev/cpu_dma_latency", O_WRONLY | O_CLOEXEC)), in_words_("kept awake") {
  const std::int32_t longest_us = 0;
  if (wish_ && ::write(wish_.fd(), &longest_us, sizeof longest_us) == sizeof longest_us) return;
  in_words_ =
      std::string("sleep, and take their time to wake up: /dev/cpu_dma_latency, ") + std::strerror(errno);
}

}  // namespace bench
