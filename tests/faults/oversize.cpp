// Row 13: what is too large, in every dimension.

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
#include <vector>

namespace faults {
namespace {

using namespace std::string_literals;
using support::frame;
using support::RawClient;

constexpr std::size_t most_per_connection = 256 << 10;
constexpr std::size_t limit = 65536;  // of --max-message, where nothing is said

struct Oversize {
  std::string_view name;
  std::string says;
  std::vector<int>
      answers;  // statuses, or close codes where it is a WebSocket; 0 stands for an answer to a message
  bool is_socket = false;
};

std::string head(std::string_view target, std::string_view fields) {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + std::string(fields) + "\r\n";
}

std::string post_head(std::string_view fields) {
  return "POST /rooms/lobby/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n" +
         std::string(fields) + "\r\n";
}

std::string repeated(const std::string& part, std::size_t times) {
  std::string all;
  for (std::size_t n = 0; n < times; ++n) all += part;
  return all;
}

std::vector<Oversize> oversizes() {
  const std::string extension = "1;" + std::string(16u << 20, 'x') + "\r\na\r\n";
  const std::string trailers = "0\r\n" + repeated("X: " + std::string(1000, 'y') + "\r\n", 16'000) + "\r\n";
  return {{"a head of 8 KiB and more", head("/healthz", "X: " + std::string(8192, 'y') + "\r\n"), {431}},
          {"101 fields", head("/healthz", repeated("X: y\r\n", 100)), {431}},
          {"a target of 9000 bytes", head("/" + std::string(9000, 'x'), ""), {414}},
          {"a head that does not end", "GET /healthz HTTP/1.1\r\n" + repeated("X: y\r\n", 100'000), {431}},
          {"a body of one byte more", post_head("Content-Length: 65537\r\n"), {413}},
          {"a body of 2^63", post_head("Content-Length: 9223372036854775808\r\n"), {400, 413}},
          {"a body of 2^64", post_head("Content-Length: 18446744073709551616\r\n"), {400, 413}},
          {"a chunk extension of 16 MiB", post_head("Transfer-Encoding: chunked\r\n") + extension, {411}},
          {"trailers of 16 MiB", post_head("Transfer-Encoding: chunked\r\n") + trailers, {411}},
          {"a message of one byte more", frame(std::string(limit + 1, 'x')), {1009}, true},
          {"a message of 2^62", "\x81\xff\x40\x00\x00\x00\x00\x00\x00\x00mask"s, {1009}, true},
          {"a message of 1 MiB in fragments",
           frame("", 0x01) + repeated(frame(std::string(1024, 'x'), 0x00), 1024),
           {1009},
           true},
          {"16 385 fragments",
           frame("{\"ref\":1,", 0x01) + repeated(frame("", 0x00), 16'383) + frame(R"("text":"hi"})", 0x80),
           {0, 1008},
           true}};
}

// All of it, or as much as is taken before there is an answer: who goes on sending after that may be reset.
void send_until_answered(RawClient& client, std::string_view bytes) {
  while (!bytes.empty() && !client.has_news()) {
    const std::size_t sent = client.send_some(bytes);
    bytes.remove_prefix(sent);
    if (sent == 0) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

// The status, or the code of the close frame; 0 for an answer to a message.
int answer_to(RawClient& client, const Oversize& oversize) {
  if (!oversize.is_socket) {
    send_until_answered(client, oversize.says);
    return client.read_answer().status;
  }
  // Nothing that was said before: it would be taken for an answer, and the rest would not be sent.
  client.ask(support::upgrade("/rooms/lobby/socket?after=latest"));
  client.read_frame();  // the hello
  send_until_answered(client, oversize.says);
  for (;;) {
    const support::Frame got = client.read_frame();
    if (got.opcode == 8) return got.close_code();
    if (got.payload.starts_with(R"({"ref":1,"cursor":)")) return 0;
  }
}

}  // namespace

void oversize(const Setting& setting, Findings& findings) {
  const int each = setting.by_amount(2, 20);
  Target target(setting);
  const std::uint16_t port = target.port();
  Bystanders bystanders(port);
  const Resources before(target);
  std::size_t most_growth = 0;
  const std::vector<Oversize> all = oversizes();
  for (const Oversize& oversize : all) {
    const std::size_t memory = target.memory();
    std::vector<RawClient> clients;  // held, so that what each costs adds up
    for (int n = 0; n < each; ++n) {
      RawClient& client = clients.emplace_back(port, support::long_patience);
      const int got = answer_to(client, oversize);
      findings.expect(
          std::find(oversize.answers.begin(), oversize.answers.end(), got) != oversize.answers.end(),
          fmt::format("{} was answered with {}, expected {}", oversize.name, got, oversize.answers.front()));
    }
    const std::size_t now = target.memory();
    if (now > memory) most_growth = std::max(most_growth, (now - memory) / static_cast<std::size_t>(each));
  }
  findings.amount(fmt::format("{} kinds, {} of each at once", all.size(), each));
  findings.measured(fmt::format("{} KiB a connection at most", most_growth / 1024));
  findings.expect(is_sanitized || most_growth <= most_per_connection,
                  fmt::format("memory grew by {} KiB a connection, expected {} at most", most_growth / 1024,
                              most_per_connection / 1024));
  before.expect_back(target, findings);
  bystanders.expect_untouched(setting, findings);
  target.stop(findings);
}

}  // namespace faults
