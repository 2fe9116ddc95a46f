#include "bench/kernel_memory.hpp"

#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>

#include <unistd.h>

namespace bench {
namespace {

std::string text_of(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

}  // namespace

std::uint64_t meminfo_bytes(const std::string& meminfo, const std::string& name) {
  std::istringstream lines(meminfo);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string first;
    std::uint64_t kilobytes = 0;
    if (words >> first >> kilobytes && first == name + ':') return kilobytes * 1024;
  }
  throw std::runtime_error("/proc/meminfo says nothing of " + name);
}

std::uint64_t tcp_pages(const std::string& sockstat) {
  std::istringstream lines(sockstat);
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("TCP:")) continue;
    std::istringstream words(line.substr(4));
    std::string name;
    for (std::uint64_t value = 0; words >> name >> value;) {
      if (name == "mem") return value;
    }
  }
  throw std::runtime_error("/proc/net/sockstat says nothing of the memory of TCP");
}

std::uint64_t kernel_memory_bytes() {
  const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  return meminfo_bytes(text_of("/proc/meminfo"), "Slab") + page * tcp_pages(text_of("/proc/net/sockstat"));
}

}  // namespace bench
