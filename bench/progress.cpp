#include "bench/progress.hpp"

#include <fmt/format.h>

#include <cstdio>

#include <unistd.h>

namespace bench {

Progress::Progress(std::size_t runs, double estimate_s)
    : terminal_(::isatty(STDERR_FILENO) != 0),
      clear_(terminal_ ? "\r\033[K" : ""),
      runs_(runs),
      left_s_(estimate_s) {}

std::string Progress::counter() const {
  constexpr double trust_s = 10;  // in the estimates, until so much has been measured
  const double pace = (taken_s_ + trust_s) / (expected_s_ + trust_s);
  const auto left = static_cast<int>(left_s_ * pace + 0.5);
  return fmt::format("[{}/{}, {}:{:02} left]", done_ + 1, runs_, left / 60, left % 60);
}

void Progress::begin(const std::string& name) {
  begun_ = std::chrono::steady_clock::now();
  if (terminal_) fmt::print(stderr, "{}{} {} ...", clear_, counter(), name);
  std::fflush(stderr);
}

void Progress::end(const std::string& name, double estimate_s, const std::string& result) {
  say(fmt::format("{} {}{}", counter(), name, result));
  ++done_;
  left_s_ -= estimate_s;
  expected_s_ += estimate_s;
  taken_s_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - begun_).count();
}

void Progress::say(const std::string& text) const { fmt::print(stderr, "{}{}\n", clear_, text); }

void Progress::clear() const { fmt::print(stderr, "{}", clear_); }

}  // namespace bench
