#include "bench/temporary_directory.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <system_error>

#include <sys/stat.h>
#include <unistd.h>

namespace bench {
namespace {

namespace fs = std::filesystem;

// The process that made the directory; 0 where the name is not one of ours.
pid_t maker_of(const std::string& name, const std::string& prefix) {
  if (!name.starts_with(prefix)) return 0;
  pid_t pid = 0;
  const char* const end = name.data() + name.size();
  const auto [rest, error] = std::from_chars(name.data() + prefix.size(), end, pid);
  return error == std::errc() && rest != end && *rest == '-' ? pid : 0;
}

bool is_dead(pid_t pid) { return ::kill(pid, 0) != 0 && errno == ESRCH; }

// Others may write beside it: a link, or what somebody else made, is left alone.
bool is_directory_of_ours(const fs::path& path) {
  struct stat found {};
  return ::lstat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode) && found.st_uid == ::geteuid();
}

void remove_those_of_the_dead(const fs::path& among, const std::string& prefix) {
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(among, ignored)) {
    const pid_t maker = maker_of(entry.path().filename().string(), prefix);
    if (maker > 0 && is_dead(maker) && is_directory_of_ours(entry.path()))
      fs::remove_all(entry.path(), ignored);
  }
}

}  // namespace

TemporaryDirectory::TemporaryDirectory(std::string_view name) {
  std::error_code error;
  fs::path among = fs::temp_directory_path(error);
  if (error) among = "/tmp";
  const std::string prefix = fmt::format("transports-{}-", name);
  remove_those_of_the_dead(among, prefix);
  std::string made = (among / fmt::format("{}{}-XXXXXX", prefix, ::getpid())).string();
  if (!::mkdtemp(made.data())) {
    throw std::runtime_error(fmt::format("no directory can be made in {}: {}; TMPDIR may name another place.",
                                         among.string(), std::strerror(errno)));
  }
  path_ = made;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace bench
