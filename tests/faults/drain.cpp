// Row 27: SIGTERM with many readers under load. Row 28: the process is stopped for a while.

#include "faults/population.hpp"
#include "faults/rows.hpp"
#include "faults/target.hpp"
#include "support/crowd.hpp"
#include "support/raw_client.hpp"

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <exception>
#include <string>
#include <string_view>
#include <thread>

namespace faults {
namespace {

using support::RawClient;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds most_time{10};
// What each of them is told last.
const std::string last_chunk = "\r\n0\r\n\r\n";
const std::string going_away = "\x03\xe9";  // 1001, in a close frame
const std::string answer = "HTTP/1.1 20";

// Publishes as fast as it is answered, until it is refused or cut off.
void publish_to_the_end(std::uint16_t port, std::atomic<std::uint64_t>& acknowledged) {
  const std::string post = support::post("/rooms/lobby/messages", R"({"author":"ada","text":"on and on"})");
  try {
    RawClient client(port, support::long_patience);
    while (client.ask(post).status == 201) ++acknowledged;
  } catch (const std::exception&) {  // the connection ended
  }
}

}  // namespace

void drain(const Setting& setting, Findings& findings) {
  const int of_each = setting.by_amount(20, 334);
  Target target(setting, {"--history", "10000000", "--history-bytes", "4000000000"});
  const std::uint16_t port = target.port();
  support::Crowd crowd;
  // The polls are of a room in which nothing is said, so that they wait.
  const std::string quiet_poll = support::get("/rooms/attic/messages?after=latest", "Prefer: wait=60\r\n");
  for (int n = 0; n < of_each; ++n) {
    for (const std::string& request : {sse_request, websocket_request, quiet_poll}) crowd.add(port, request);
  }
  support::wait_for_readers(port, crowd.size());
  std::atomic<std::uint64_t> acknowledged = 0;
  std::thread publisher([&] { publish_to_the_end(port, acknowledged); });
  const auto due = Clock::now() + support::long_patience;
  while (acknowledged < 100 && Clock::now() < due) crowd.read_some();

  const auto asked = Clock::now();
  target.process().signal(SIGTERM);
  const bool all_ended = crowd.read_to_end(most_time);
  publisher.join();
  const int code = target.process().wait(most_time);
  const std::chrono::duration<double> took = Clock::now() - asked;

  findings.amount(
      fmt::format("{} readers over SSE, WebSocket and long polling, and a publisher", crowd.size()));
  findings.measured(
      fmt::format("exit {} after {:.1f} s, {} acknowledged", code, took.count(), acknowledged.load()));
  findings.expect(code == 0, fmt::format("it ended with {}, expected 0", code));
  findings.expect(took < most_time, fmt::format("it took {:.1f} s, expected less than 10", took.count()));
  findings.expect(all_ended, fmt::format("{} of {} connections ended", crowd.ended(), crowd.size()));
  const auto expect_told = [&](std::string_view who, std::size_t told) {
    findings.expect(told == static_cast<std::size_t>(of_each),
                    fmt::format("{} of {} {} were told", told, of_each, who));
  };
  expect_told("streams", crowd.ended_with(last_chunk));
  expect_told("sockets", crowd.ended_with(going_away));
  expect_told("polls", crowd.ended_with(answer));
  const std::size_t complete = crowd.complete_at_least(acknowledged);
  findings.expect(complete == static_cast<std::size_t>(2 * of_each),
                  fmt::format("{} of {} streams and sockets got all {} that were acknowledged", complete,
                              2 * of_each, acknowledged.load()));
  findings.expect(crowd.in_order(), "a reader got messages out of order");
}

void stopped(const Setting& setting, Findings& findings) {
  const int times = setting.by_amount(1, 20);
  const auto pause = setting.by_amount(std::chrono::seconds(1), std::chrono::seconds(10));
  Target target(setting);
  Population population(target.port(), {});
  const Resources before(target);
  for (int n = 0; n < times; ++n) {
    target.process().signal(SIGSTOP);
    std::this_thread::sleep_for(pause);  // the pause is the attack
    target.process().signal(SIGCONT);
    population.wait_for_acknowledged(population.acknowledged() + 20);
  }
  findings.amount(fmt::format("{} times {} s", times, pause.count()));
  before.expect_back(target, findings);
  const history::Report& report = population.finish();
  findings.measured(fmt::format("{} delivered, {} reconnects", report.delivered, report.reconnects));
  findings.expect(report.is_silent(), "the checker says: " + history::summary(report));
  findings.expect(report.reconnects == 0 && report.gaps == 0,
                  fmt::format("{} reconnects and {} gaps, expected none", report.reconnects, report.gaps));
  findings.expect(report.unanswered == 0, fmt::format("{} publishes were not answered", report.unanswered));
  target.stop(findings);
}

}  // namespace faults
