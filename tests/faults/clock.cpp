// Row 26: the wall clock jumps.

#include "faults/levers.hpp"
#include "faults/population.hpp"
#include "faults/rows.hpp"
#include "faults/target.hpp"
#include "feed/message.hpp"
#include "polling/wire.hpp"
#include "support/raw_client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

namespace faults {
namespace {

using support::RawClient;
using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr std::int64_t hour = 3600, day = 24 * hour;

// What time a message says that it is.
std::int64_t time_of_next_message(RawClient& client) {
  const std::string post =
      support::post("/rooms/attic/messages", R"({"author":"ada","text":"what time is it?"})");
  if (client.ask(post).status != 201) return 0;
  const auto page = polling::parse_page(client.ask(support::get("/rooms/attic/messages?limit=1000")).body);
  return page && !page->messages.empty() ? page->messages.back().at_ms / 1000 : 0;
}

}  // namespace

void clock_jumps(const Setting& setting, Findings& findings) {
  const int times = setting.by_amount(1, 5);
  const auto wait = setting.by_amount(std::chrono::seconds(2), std::chrono::seconds(5));
  const LeverFile levers;
  Target target(levers.command(setting, {"--heartbeat", "0.5"}));
  const std::uint16_t port = target.port();
  Bystanders bystanders(port);
  const Resources before(target);
  RawClient client(port);
  RawClient silent(port, support::long_patience);
  silent.ask(support::get("/rooms/cellar/events"));
  silent.read_chunk();  // the hello
  silent.read_chunk();  // the first heartbeat
  const std::string poll =
      support::get("/rooms/cellar/messages?after=latest", fmt::format("Prefer: wait={}\r\n", wait.count()));
  double earliest = wait.count() * 2.0;
  double latest = 0;
  double longest_silence = 0;
  for (int n = 0; n < times; ++n) {
    for (const std::int64_t jump : {hour, -hour, day, -day}) {
      // A poll that waits through the jump, and a stream on which only heartbeats come.
      RawClient waits(port, support::long_patience);
      const auto asked = Clock::now();
      waits.send(poll);
      while (silent.has_news()) silent.read_chunk();
      const std::int64_t at = time_of_next_message(client);
      levers->clock_shift_s += jump;
      const std::int64_t then = time_of_next_message(client);
      findings.expect(std::abs(then - at - jump) < 60,
                      fmt::format("the clock did not jump by {} s: {} and then {}", jump, at, then));
      const auto heard = Clock::now();
      silent.read_chunk();
      silent.read_chunk();
      longest_silence = std::max(longest_silence, Seconds(Clock::now() - heard).count());
      const int status = waits.read_answer().status;
      const double waited = Seconds(Clock::now() - asked).count();
      earliest = std::min(earliest, waited);
      latest = std::max(latest, waited);
      findings.expect(status == 200, fmt::format("a poll that waits was answered with {}", status));
    }
  }
  const auto asked_for = static_cast<double>(wait.count());
  // The limit upwards only keeps a timer of an hour out: how punctual a busy machine is, is not the question.
  findings.expect(
      earliest >= asked_for - 0.1,
      fmt::format("a poll that waits for {} s was answered after {:.2f}", wait.count(), earliest));
  findings.expect(latest < asked_for + 10,
                  fmt::format("a poll that waits for {} s was answered after {:.2f}", wait.count(), latest));
  findings.expect(longest_silence < 10, fmt::format("two heartbeats took {:.2f} s", longest_silence));
  silent.close();
  client.close();
  findings.amount(fmt::format("{} times +1 h, -1 h, +1 day, -1 day", times));
  findings.measured(fmt::format(
      "polls that wait for {} s answered after {:.2f} to {:.2f} s, two heartbeats of 0.5 s within {:.2f} s",
      wait.count(), earliest, latest, longest_silence));
  before.expect_back(target, findings);
  bystanders.expect_untouched(setting, findings);
  target.stop(findings);
}

}  // namespace faults
