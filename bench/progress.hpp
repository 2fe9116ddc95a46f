#pragma once
// How far the measuring is: a line for each run on standard error, and on a terminal, below them the run that
// is under way.

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace bench {

/// Knows the time left from the estimates, corrected by how they did so far.
class Progress {
 public:
  Progress(std::size_t runs, double estimate_s);

  void begin(const std::string& name);
  /// `result`: in a few words.
  void end(const std::string& name, double estimate_s, const std::string& result);
  void say(const std::string& text) const;
  /// Takes the line of the run under way off the terminal.
  void clear() const;

 private:
  std::string counter() const;
  bool terminal_;
  std::string_view clear_;  // to the line's beginning, and what stands there away
  std::size_t runs_, done_ = 0;
  double left_s_, expected_s_ = 0, taken_s_ = 0;
  std::chrono::steady_clock::time_point begun_;
};

}  // namespace bench
