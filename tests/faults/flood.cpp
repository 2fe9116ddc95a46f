// Row 12: publishers at full speed, against --publish-rate.

#include "faults/population.hpp"
#include "faults/rows.hpp"
#include "faults/target.hpp"
#include "support/raw_client.hpp"

#include <fmt/format.h>

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace faults {
namespace {

using support::RawClient;
using Clock = std::chrono::steady_clock;

constexpr int rate = 50;  // messages a second and connection; the bystanders stay below
constexpr std::chrono::milliseconds turn{1};

// How often something occurs in a stream that comes in pieces.
class Occurrences {
 public:
  explicit Occurrences(std::string what) : what_(std::move(what)) {}
  void feed(std::string_view bytes) {
    rest_ += bytes;
    std::size_t from = 0;
    for (std::size_t at = rest_.find(what_); at != std::string::npos; at = rest_.find(what_, from)) {
      ++count_;
      from = at + what_.size();
    }
    rest_.erase(0, std::max(from, rest_.size() - std::min(rest_.size(), what_.size() - 1)));
  }
  std::uint64_t count() const { return count_; }

 private:
  const std::string what_;
  std::string rest_;
  std::uint64_t count_ = 0;
};

// Says the same again and again, whether it is answered or not.
struct Publisher {
  Publisher(std::uint16_t port, bool is_socket)
      : client(port, support::long_patience),
        taken(is_socket ? R"({"ref":1,"cursor":)" : "HTTP/1.1 201 "),
        refused(is_socket ? "the next one may come in " : "HTTP/1.1 429 ") {
    if (is_socket) client.ask(websocket_request);
    const std::string one =
        is_socket ? support::frame(R"({"ref":1,"author":"ada","text":"on and on"})")
                  : support::post("/rooms/lobby/messages", R"({"author":"ada","text":"on and on"})");
    for (int n = 0; n < 100; ++n) says += one;
  }

  void speak() {
    const std::size_t sent = client.send_some(std::string_view(says).substr(said));
    said = (said + sent) % says.size();
  }
  void listen() {
    std::array<char, 65536> bytes;
    for (;;) {
      const ssize_t got = ::recv(client.fd(), bytes.data(), bytes.size(), MSG_DONTWAIT);
      if (got <= 0) return;
      taken.feed({bytes.data(), static_cast<std::size_t>(got)});
      refused.feed({bytes.data(), static_cast<std::size_t>(got)});
    }
  }

  RawClient client;
  std::string says;
  std::size_t said = 0;
  Occurrences taken, refused;
};

void flood_by(Target& target, Findings& findings, int publishers, std::chrono::milliseconds time) {
  std::vector<std::unique_ptr<Publisher>> all;
  for (int n = 0; n < publishers; ++n) all.push_back(std::make_unique<Publisher>(target.port(), n % 2 == 1));
  const std::size_t memory = target.memory();
  const auto start = Clock::now();
  while (Clock::now() < start + time) {
    for (const auto& publisher : all) {
      publisher->speak();
      publisher->listen();
    }
    std::this_thread::sleep_for(turn);  // the server is to have the processor
  }
  const std::chrono::duration<double> took = Clock::now() - start;
  const std::size_t growth = target.memory() - std::min(memory, target.memory());
  std::uint64_t least = ~std::uint64_t{0};
  std::uint64_t most = 0;
  std::uint64_t refused = 0;
  for (const auto& publisher : all) {
    least = std::min(least, publisher->taken.count());
    most = std::max(most, publisher->taken.count());
    refused += publisher->refused.count();
    findings.expect(publisher->refused.count() > 0, "a publisher was never told to wait");
  }
  const auto allowed =
      static_cast<std::uint64_t>(rate * (took.count() + 1)) + 1;  // at once as many as in a second
  findings.amount(fmt::format("{} connections, {:.3g} s", publishers, took.count()));
  findings.measured(
      fmt::format("{} to {} taken of each, {} refused with the time to wait", least, most, refused));
  findings.expect(most <= allowed,
                  fmt::format("{} were taken of one publisher, expected {} at most", most, allowed));
  findings.expect(2 * least >= most, fmt::format("{} were taken of one and {} of another", least, most));
  findings.expect(is_sanitized || growth <= (4u << 20) + (256u << 10) * static_cast<std::size_t>(publishers),
                  fmt::format("memory grew by {}", megabytes(static_cast<double>(growth))));
}

}  // namespace

void flood(const Setting& setting, Findings& findings) {
  const auto time = setting.by_amount(std::chrono::milliseconds(1500), std::chrono::milliseconds(30'000));
  Target target(setting, {"--publish-rate", std::to_string(rate)});
  Bystanders bystanders(target.port());
  const Resources before(target);
  flood_by(target, findings, 1, time);
  flood_by(target, findings, setting.by_amount(10, 50), time);
  before.expect_back(target, findings);
  bystanders.expect_untouched(setting, findings);
  target.stop(findings);
}

}  // namespace faults
