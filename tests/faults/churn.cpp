// Row 10: connections come and go. Row 7: they are reset in the middle of something.

#include "faults/abuse.hpp"
#include "faults/population.hpp"
#include "faults/rows.hpp"
#include "faults/target.hpp"
#include "support/raw_client.hpp"

#include <fmt/format.h>

#include <chrono>
#include <random>
#include <string>
#include <string_view>

namespace faults {
namespace {

using support::RawClient;

constexpr std::size_t growth_allowed = 1 << 20;
constexpr std::chrono::seconds time_to_go{10};

}  // namespace

void churn(const Setting& setting, Findings& findings) {
  const int half = setting.by_amount(500, 5000);
  constexpr int rate = 1000;
  std::mt19937_64 random(setting.seed);
  Target target(setting);
  Bystanders bystanders(target.port());
  const std::uint64_t connected = target.count("connections");
  const Resources before(target);

  come_and_go(target.port(), half, rate, random);
  findings.expect(target.falls_to("connections", connected, time_to_go),
                  "connections are left of the first half");
  const std::size_t after_first = target.memory();
  come_and_go(target.port(), half, rate, random);
  findings.expect(target.falls_to("connections", connected, time_to_go),
                  "connections are left of the second half");
  const std::size_t after_second = target.memory();

  const auto growth = static_cast<double>(after_second) - static_cast<double>(after_first);
  findings.amount(fmt::format("{} connections, {} a second, half of them reset", 2 * half, rate));
  findings.measured(fmt::format("memory grew by {:.0f} KiB over the second half", growth / 1024));
  findings.expect(is_sanitized || growth <= static_cast<double>(growth_allowed),
                  fmt::format("memory grew by {:.0f} KiB over the second half, expected {} at most",
                              growth / 1024, growth_allowed / 1024));
  before.expect_back(target, findings);
  bystanders.expect_untouched(setting, findings);
  target.stop(findings);
}

void resets(const Setting& setting, Findings& findings) {
  const int each = setting.by_amount(50, 1000);
  Target target(setting, {"--history-bytes", "10000000"});
  const std::uint16_t port = target.port();
  Bystanders bystanders(port);
  // So that an answer is longer than what the kernel takes at once, and is reset in the middle of being written.
  RawClient publishes(port);
  const std::string post =
      support::post("/rooms/lobby/messages", "{\"text\":\"" + std::string(50'000, 'x') + "\"}");
  for (int n = 0; n < 100; ++n) findings.expect(publishes.ask(post).status == 201, "a publish was refused");
  publishes.close();
  const std::uint64_t connected = target.count("connections");
  // The first reader of each wire has the room's log encoded for it, which then stays.
  for (const std::string& request : {sse_request, websocket_request}) RawClient(port).ask(request);
  findings.expect(target.falls_to("connections", connected, time_to_go), "a first reader is left");
  const Resources before(target);

  const std::string frame = support::frame(R"({"ref":1,"text":"hi"})");
  const struct {
    std::string_view name;
    std::string says;
    bool reads;  // the beginning of the answer, first
  } middles[] = {{"request lines", "GET /rooms/lob", false},
                 {"heads", "GET /healthz HTTP/1.1\r\nHost: 127.0", false},
                 {"bodies", post.substr(0, post.size() / 2), false},
                 {"handshakes", websocket_request.substr(0, websocket_request.size() - 10), false},
                 {"frames", websocket_request + frame.substr(0, frame.size() / 2), false},
                 {"answers", support::get("/rooms/lobby/messages"), true},
                 {"event streams", sse_request, true},
                 {"sockets", websocket_request, true}};
  std::string names;
  for (const auto& [name, says, reads] : middles) {
    names += (names.empty() ? "" : ", ") + std::string(name);
    for (int n = 0; n < each; ++n) {
      RawClient client(port, support::long_patience);
      if (reads) client.set_receive_buffer(4096);
      client.send(says);
      if (reads) client.read(100);
      client.close(true);
    }
  }
  findings.amount(fmt::format("{} each: {}", each, names));
  findings.expect(target.falls_to("connections", connected, time_to_go), "connections are left");
  before.expect_back(target, findings);
  bystanders.expect_untouched(setting, findings);
  target.stop(findings);
}

}  // namespace faults
