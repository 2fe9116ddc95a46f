#pragma once
// What can be wrong between a pane and the server, the same for all three; and how a page asks for it.

#include "feed/error.hpp"

#include <chrono>
#include <cstddef>
#include <string_view>

namespace live {

/// What is switched on and stays so.
struct Faults {
  bool stall =
      false;  ///< nothing goes on to the browser; once the relay is full, nothing is taken from the server: its socket fills
  bool delay = false;  ///< everything takes `one_way` longer, up and down, in order
  bool hold = false;   ///< an answer is gathered until it is complete or fills a buffer, as proxies do
  bool idle = false;   ///< a connection that has been silent for `idle_time` is reset

  bool operator==(const Faults&) const = default;
};

/// How bad they are.
struct Severity {
  std::chrono::milliseconds outage{2000};  ///< after a cut, until connections are handed on again
  std::chrono::milliseconds one_way{50};   ///< a round trip of 100 ms
  std::chrono::milliseconds idle_time{5000};
  std::size_t buffer = 32 * 1024;  ///< bytes: nginx has 8 of 4 KiB for an answer
};

/// What a button of the page asks for.
struct Command {
  enum class What { cut, restart, stall, delay, hold, idle };
  What what = What::cut;
  bool on = false;  ///< cut and restart happen, the others are
};

/// `{"fault":"delay","on":true}`, `{"fault":"cut"}`. Errors say what was expected.
feed::Result<Command> parse_command(std::string_view json);

/// The faults after a command that switches one.
Faults apply(const Command& command, Faults faults);

}  // namespace live
