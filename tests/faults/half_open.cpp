// Row 6: half-open connections. The line goes down between two network namespaces, and neither side is told.

#include "bench/line.hpp"
#include "bench/net_namespace.hpp"
#include "bench/network.hpp"
#include "faults/population.hpp"
#include "faults/rows.hpp"
#include "faults/target.hpp"
#include "support/raw_client.hpp"

#include <fmt/format.h>

#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace faults {
namespace {

using support::RawClient;
using Clock = std::chrono::steady_clock;

constexpr const char* interface = "line";  // bench/line.hpp
constexpr double most_until_found_s = 45;

// In the calling thread's namespace.
void pull_the_plug() {
  const bench::Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ifreq request{};
  std::strncpy(request.ifr_name, interface, IFNAMSIZ - 1);
  if (::ioctl(socket.fd(), SIOCGIFFLAGS, &request) == 0) {
    request.ifr_flags = static_cast<short>(request.ifr_flags & ~IFF_UP);
    if (::ioctl(socket.fd(), SIOCSIFFLAGS, &request) == 0) return;
  }
  throw std::system_error(errno, std::system_category(), "the line does not go down");
}

// What a client has asked for when its line goes down, and what it waits for before.
struct Kind {
  std::string_view name;
  std::string says;
  bool is_answered;
};

std::vector<Kind> kinds() {
  const std::string post = support::post("/rooms/lobby/messages", R"({"text":"hi"})");
  return {{"event streams", sse_request, true},
          {"event streams of a busy room", support::get("/rooms/bystanders/events?after=latest"), true},
          {"sockets", websocket_request, true},
          {"sockets of a busy room", support::upgrade("/rooms/bystanders/socket?after=latest"), true},
          {"echoes", support::upgrade("/echo"), true},
          {"connections between two requests", support::get("/healthz"), true},
          {"polls that wait", long_poll_request, false},
          {"heads", "GET /healthz HTTP/1.1\r\nHost: 127.0", false},
          {"bodies", post.substr(0, post.size() - 5), false}};
}

}  // namespace

void half_open(const Setting& setting, Findings& findings) {
  const std::size_t count = setting.by_amount<std::size_t>(36, 200);
  std::unique_ptr<bench::Line> line;
  try {
    line = bench::netem_line({.always = true});
  } catch (const bench::NoNetwork& refusal) {
    return findings.skip(refusal.what());
  }
  // The server and the bystanders are on one side, with a loopback of their own; the connections come from the other one.
  const bench::Inside here(*line->server_namespace());
  Target target(setting, {"--host", line->listen_host(), "--heartbeat", setting.by_amount("1", "15")});
  Bystanders bystanders(target.port());
  const std::string server = line->for_clients(target.port()).host;
  const std::uint64_t connected = target.count("connections");
  target.meet(count);
  const Resources before(target);

  std::vector<RawClient> clients;
  const std::vector<Kind> all = kinds();
  {
    const bench::Inside there(*line->client_namespace());
    for (std::size_t n = 0; n < count; ++n) {
      const Kind& kind = all[n % all.size()];
      RawClient& client = clients.emplace_back(target.port(), support::long_patience, server.c_str());
      client.send(kind.says);
      if (kind.is_answered) client.read_answer();
    }
  }
  findings.expect(
      target.rises_to("connections", connected + count, std::chrono::seconds(10)),
      fmt::format("{} connections are there, expected {}", target.count("connections"), connected + count));
  {
    const bench::Inside there(*line->client_namespace());
    pull_the_plug();
  }
  const auto down = Clock::now();
  const bool are_found = target.falls_to("connections", connected, 2 * support::long_patience);
  const double after_s = std::chrono::duration<double>(Clock::now() - down).count();
  findings.expect(are_found, fmt::format("{} connections are left after {:.0f} s, expected {}",
                                         target.count("connections"), after_s, connected));
  if (setting.full && !is_sanitized) {
    findings.expect(after_s <= most_until_found_s,
                    fmt::format("the last one was found after {:.1f} s, expected {} at most", after_s,
                                most_until_found_s));
  }
  findings.expect(target.count("readers") <= 3, fmt::format("{} readers are left", target.count("readers")));
  std::string names;
  for (const Kind& kind : all) names += (names.empty() ? "" : ", ") + std::string(kind.name);
  findings.amount(
      fmt::format("{} in equal parts: {}; a heartbeat of {} s", count, names, setting.by_amount(1, 15)));
  if (are_found) findings.measured(fmt::format("all found within {:.1f} s", after_s));
  before.expect_back(target, findings);
  bystanders.expect_untouched(setting, findings);
  target.stop(findings);
}

}  // namespace faults
