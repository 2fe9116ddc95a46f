#pragma once
// A disk that is full, as far as this process can tell: no file may be longer.

#include <sys/resource.h>

#include <cerrno>
#include <csignal>
#include <system_error>

namespace support {

/// While it lives, a write behind that many bytes of a file fails with EFBIG.
class FileLimit {
 public:
  explicit FileLimit(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);  // else the first such write ends the process
    if (::getrlimit(RLIMIT_FSIZE, &before_) != 0) throw std::system_error(errno, std::system_category());
    const rlimit limit{bytes, before_.rlim_max};
    if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) throw std::system_error(errno, std::system_category());
  }
  ~FileLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  FileLimit(const FileLimit&) = delete;
  FileLimit& operator=(const FileLimit&) = delete;

 private:
  rlimit before_{};
};

}  // namespace support
