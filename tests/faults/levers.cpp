#include "faults/levers.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <new>
#include <system_error>
#include <utility>

namespace faults {

LeverFile::LeverFile() : path_((std::filesystem::temp_directory_path() / "levers-XXXXXX").string()) {
  const int fd = ::mkostemp(path_.data(), O_CLOEXEC);
  void* mapped = MAP_FAILED;
  if (fd >= 0 && ::ftruncate(fd, sizeof(Levers)) == 0)
    mapped = ::mmap(nullptr, sizeof(Levers), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  const int error = errno;
  if (fd >= 0) ::close(fd);
  if (mapped == MAP_FAILED) throw std::system_error(error, std::system_category(), path_);
  levers_ = ::new (mapped) Levers{};
}

LeverFile::~LeverFile() {
  ::munmap(levers_, sizeof(Levers));
  ::unlink(path_.c_str());
}

std::vector<std::string> LeverFile::command(const Setting& setting, std::vector<std::string> options) const {
  std::vector<std::string> command{"/usr/bin/env", std::string(levers_variable) + '=' + path_,
                                   setting.programs + "/faulty_server"};
  command.insert(command.end(), std::make_move_iterator(options.begin()),
                 std::make_move_iterator(options.end()));
  return command;
}

}  // namespace faults
