#pragma once
// A directory for what a program beside the harness needs for one run, gone with the run. Where the harness was killed, the next
// one finds what is left by the process id in the name.

#include <filesystem>
#include <string_view>

namespace bench {

/// `transports-NAME-PID-XXXXXX` below the system's directory for such things, for this user alone. Removed with all that is in it.
class TemporaryDirectory {
 public:
  /// Removes those of that name whose process is dead first. Throws std::runtime_error where none can be made.
  explicit TemporaryDirectory(std::string_view name);
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace bench
