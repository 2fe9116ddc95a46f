#pragma once
// A real program from the build directory in a process of its own.

#include "support/deadline.hpp"

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace support {

/// What a process must not have more of.
struct Bounds {
  std::optional<unsigned> descriptors;
};

/// Where a process's standard input comes from.
enum class Input {
  inherited,
  written,  ///< by write()
};

/// Started at once. When destroyed, it is killed if it still runs.
class Child {
 public:
  /// The first of `command` is the path of the program.
  explicit Child(std::vector<std::string> command, Bounds bounds = {}, Input input = Input::inherited);
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// To its standard input, which must be Input::written. A program that has ended takes nothing, which is no error here.
  void write(std::string_view bytes);
  void end_input();

  /// The next line of its standard output, without its line end.
  std::string read_line(std::chrono::seconds patience = support::patience);
  /// Where a server listens, from its first line.
  std::uint16_t port(std::chrono::seconds patience = support::patience);
  void signal(int number);
  /// Its exit code; 128 and the signal's number where one ended it. Throws where it does not end within `patience`.
  int wait(std::chrono::seconds patience = support::patience);
  /// What it wrote to standard error. Only after wait().
  std::string errors();

  pid_t pid() const { return pid_; }

  /// Bytes of memory in use (VmRSS).
  std::size_t resident_bytes() const { return memory("VmRSS:"); }
  /// The most that there were at one time since its start, or since forget_peak() (VmHWM).
  std::size_t peak_resident_bytes() const { return memory("VmHWM:"); }
  void forget_peak();
  /// Open file descriptors.
  std::size_t descriptors() const;

 private:
  std::size_t memory(const std::string& name) const;

  pid_t pid_ = -1;
  int in_ = -1, out_ = -1, err_ = -1;
  std::string said_;
  std::optional<int> code_;
};

}  // namespace support
