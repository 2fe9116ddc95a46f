// Row 14: fragments and control frames in numbers that no honest client sends.

#include "faults/population.hpp"
#include "faults/rows.hpp"
#include "faults/target.hpp"
#include "support/raw_client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>

namespace faults {
namespace {

using support::frame;
using support::RawClient;
using Clock = std::chrono::steady_clock;

constexpr unsigned char text_begins = 0x01;
constexpr unsigned char goes_on = 0x00;
constexpr unsigned char ends = 0x80;
constexpr unsigned char ping = 0x89;
constexpr std::size_t growth_allowed = 1 << 20;

const std::string message = R"({"ref":1,"author":"ada","text":"hi"})";

RawClient socket(std::uint16_t port) {
  RawClient client(port, support::long_patience);
  client.ask(websocket_request);
  return client;
}

// Reads to the answer of the message, past pongs and what others say. What came instead, where it was a close frame.
int read_to_answer(RawClient& client) {
  for (;;) {
    const support::Frame got = client.read_frame();
    if (got.opcode == 8) return got.close_code();
    if (got.opcode == 1 && got.payload.starts_with(R"({"ref":1,"cursor":)")) return 0;
  }
}

// As much as the server takes within a time in which it takes something.
std::size_t send_what_is_taken(RawClient& client, std::string_view bytes) {
  constexpr std::chrono::milliseconds patience{500};
  const std::size_t all = bytes.size();
  auto due = Clock::now() + patience;
  while (!bytes.empty() && Clock::now() < due) {
    const std::size_t sent = client.send_some(bytes);
    bytes.remove_prefix(sent);
    if (sent > 0) due = Clock::now() + patience;
    if (sent == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  return all - bytes.size();
}

std::string repeated(const std::string& part, std::size_t times) {
  std::string all;
  all.reserve(part.size() * times);
  for (std::size_t n = 0; n < times; ++n) all += part;
  return all;
}

void expect_answer(Findings& findings, RawClient& client, std::string_view what) {
  const int code = read_to_answer(client);
  findings.measured(code == 0 ? fmt::format("{}: answered", what)
                              : fmt::format("{}: closed with {}", what, code));
  findings.expect(code == 0 || code == 1002 || code == 1008 || code == 1009,
                  fmt::format("{}: closed with {}, expected an answer, 1002, 1008 or 1009", what, code));
}

}  // namespace

void control_frames(const Setting& setting, Findings& findings) {
  const std::size_t empty_fragments = setting.by_amount<std::size_t>(5'000, 200'000);
  const std::size_t pings = setting.by_amount<std::size_t>(1'000, 20'000);
  const std::size_t interrupted = setting.by_amount<std::size_t>(500, 10'000);
  Target target(setting);
  const std::uint16_t port = target.port();
  Bystanders bystanders(port);
  const Resources before(target);
  std::size_t most_memory = before.memory;
  const auto look = [&] { most_memory = std::max(most_memory, target.memory()); };

  RawClient fragments = socket(port);
  fragments.send(frame("", text_begins) + repeated(frame("", goes_on), empty_fragments) +
                 frame(message, ends));
  look();
  expect_answer(findings, fragments, "empty fragments");

  RawClient between = socket(port);
  std::string mixed = frame(message.substr(0, 5), text_begins);
  mixed += repeated(frame("x", ping) + frame("", goes_on), interrupted) + frame(message.substr(5), ends);
  between.send(mixed);
  look();
  expect_answer(findings, between, "a ping between all fragments");

  RawClient deaf = socket(port);
  deaf.set_receive_buffer(4096);
  const std::size_t taken = send_what_is_taken(deaf, repeated(frame(std::string(125, 'x'), ping), pings));
  look();
  findings.measured(fmt::format("{:.0f} KB of pings were taken while their pongs were not read",
                                static_cast<double>(taken) / 1000));

  findings.amount(fmt::format("{} empty fragments; a ping between each of {}; {} pings unread",
                              empty_fragments, interrupted, pings));
  const std::size_t growth = most_memory - before.memory;
  findings.expect(
      is_sanitized || growth <= growth_allowed,
      fmt::format("memory grew by {} KiB, expected {} at most", growth / 1024, growth_allowed / 1024));
  fragments.close();
  between.close();
  deaf.close();
  before.expect_back(target, findings);
  bystanders.expect_untouched(setting, findings);
  target.stop(findings);
}

}  // namespace faults
