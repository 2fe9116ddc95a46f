// Row 5: heads, bodies and reads that take forever.

#include "faults/population.hpp"
#include "faults/rows.hpp"
#include "faults/target.hpp"
#include "support/raw_client.hpp"

#include <fmt/format.h>

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace faults {
namespace {

using support::RawClient;
using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr std::chrono::milliseconds drip{500};  // from one byte to the next

// A client that says what it has to say a byte at a time.
struct Dripping {
  RawClient client;
  std::string rest;
  Clock::time_point began = Clock::now();
  double cut_after_s = 0;  // 0: not yet

  void say_something() {
    if (cut_after_s > 0) return;
    client.send(std::string_view(rest).substr(0, 1));
    if (rest.size() > 1) rest.erase(0, 1);
  }
  // An answer does not matter here, the end does.
  void look() {
    std::array<char, 4096> bytes;
    while (cut_after_s == 0) {
      const ssize_t got = ::recv(client.fd(), bytes.data(), bytes.size(), MSG_DONTWAIT);
      if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
      if (got <= 0) cut_after_s = Seconds(Clock::now() - began).count();
    }
  }
};

// When they were cut, at the earliest and the latest; 0 where one was not.
struct Cut {
  double first = 0, last = 0;
  std::size_t count = 0;
};

Cut cut(const std::vector<Dripping>& clients) {
  Cut all;
  for (const Dripping& client : clients) {
    if (client.cut_after_s == 0) continue;
    all.first = all.count == 0 ? client.cut_after_s : std::min(all.first, client.cut_after_s);
    all.last = std::max(all.last, client.cut_after_s);
    ++all.count;
  }
  return all;
}

}  // namespace

void slow(const Setting& setting, Findings& findings) {
  const int each = setting.by_amount(20, 500);
  const std::chrono::seconds time = setting.by_amount(std::chrono::seconds(3), std::chrono::seconds(60));
  Target target(setting, {"--history-bytes", "10000000"});
  const std::uint16_t port = target.port();
  Bystanders bystanders(port);
  RawClient publishes(port);
  const std::string post =
      support::post("/rooms/lobby/messages", "{\"text\":\"" + std::string(50'000, 'x') + "\"}");
  for (int n = 0; n < 100; ++n) findings.expect(publishes.ask(post).status == 201, "a publish was refused");
  publishes.close();
  const std::uint64_t connected = target.count("connections");
  target.meet(3 * static_cast<std::size_t>(each));
  const Resources before(target);

  std::vector<Dripping> heads;
  std::vector<Dripping> bodies;
  std::vector<RawClient> reads;
  const std::size_t body = post.find("\r\n\r\n") + 4;
  for (int n = 0; n < each; ++n) {
    heads.push_back(
        {RawClient(port), "GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Slow: " + std::string(200, 'x')});
    bodies.push_back({RawClient(port), post.substr(body, 1000)});
    bodies.back().client.send(post.substr(0, body));
    RawClient& reader = reads.emplace_back(port);
    reader.set_receive_buffer(4096);
    reader.send(support::get("/rooms/lobby/messages"));
  }
  const auto end = Clock::now() + time;
  while (Clock::now() < end) {
    for (std::vector<Dripping>* clients : {&heads, &bodies}) {
      for (Dripping& client : *clients) {
        client.say_something();
        client.look();
      }
    }
    std::this_thread::sleep_for(drip);  // so slow are they
  }
  findings.amount(fmt::format("{} of each, {} s", each, time.count()));
  const Cut cut_heads = cut(heads);
  const Cut cut_bodies = cut(bodies);
  if (setting.full) {
    // The margin is what 500 answers of 5 MB at once take before, and what a test of 1500 clients takes to notice.
    const auto expect_cut = [&](const Cut& found, std::string_view what, double least, double most) {
      findings.expect(
          found.count == static_cast<std::size_t>(each) && found.first >= least && found.last <= most,
          fmt::format("{} of {} slow {} were cut off, after {:.1f} to {:.1f} s, expected all after {} to {}",
                      found.count, each, what, found.first, found.last, least, most));
      findings.measured(fmt::format("{} cut after {:.1f} to {:.1f} s", what, found.first, found.last));
    };
    expect_cut(cut_heads, "heads", 14, 25);
    expect_cut(cut_bodies, "bodies", 29, 40);
    findings.expect(
        target.falls_to("connections", connected, std::chrono::seconds(5)),
        fmt::format("{} connections are left, expected {}", target.count("connections"), connected));
  } else {
    findings.expect(cut_heads.count + cut_bodies.count == 0,
                    fmt::format("{} were cut off within {} s, expected none so soon",
                                cut_heads.count + cut_bodies.count, time.count()));
  }
  heads.clear();
  bodies.clear();
  reads.clear();
  before.expect_back(target, findings);
  bystanders.expect_untouched(setting, findings);
  target.stop(findings);
}

}  // namespace faults
