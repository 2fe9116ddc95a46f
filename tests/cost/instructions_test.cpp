// What a delivery costs the server's program: instructions in user mode, counted by callgrind. Unlike a time it is the same on every
// machine with the same compiler, and under every load. The kernel's part, some ten times as much, is not in it.
#include "support/child.hpp"
#include "support/deadline.hpp"
#include "support/directory.hpp"
#include "support/raw_client.hpp"

#include <gtest/gtest.h>

#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <optional>
#include <ostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using support::Child;
using support::get;
using support::post;
using support::RawClient;

// What a message costs once, whoever reads it, is spread over so many: with 500, a tenth of a delivery. More would need more descriptors
// than a shell allows.
constexpr std::size_t readers = 500;
constexpr std::size_t few = 5, many = 25;  // messages
constexpr std::size_t few_polls = 10, many_polls = 510;

// Another version of the compiler moves these figures by a tenth. A coroutine for each delivery, or a parser of URLs for each poll, moves
// them by more.
#ifdef NDEBUG
constexpr double most_per_delivery = 1000;
constexpr double most_per_poll = 16000;
#else
constexpr double most_per_delivery = 1100;  // with assertions, and little optimised
constexpr double most_per_poll = 18000;
#endif

std::optional<std::string> valgrind() {
  std::istringstream path(std::getenv("PATH"));
  for (std::string directory; std::getline(path, directory, ':');) {
    const std::filesystem::path program = std::filesystem::path(directory) / "valgrind";
    if (::access(program.c_str(), X_OK) == 0) return program.string();
  }
  return std::nullopt;
}

// A server under callgrind, which tells at its end what it has counted.
class Counted {
 public:
  explicit Counted(std::string_view transport)
      : server_({valgrind().value(), "--tool=callgrind", "--callgrind-out-file=" + file(),
                 std::string(PROGRAM_DIRECTORY) + '/' + std::string(transport) + "_server", "--port", "0"}),
        port_(server_.port(support::long_patience)) {}

  std::uint16_t port() const { return port_; }

  std::uint64_t end() {
    server_.signal(SIGTERM);
    const int code = server_.wait(support::long_patience);
    if (code != 0) throw std::runtime_error("exit code " + std::to_string(code) + ": " + server_.errors());
    std::istringstream told(support::content_of(file()));
    const std::string mark = "summary: ";
    for (std::string line; std::getline(told, line);) {
      if (line.starts_with(mark)) return std::stoull(line.substr(mark.size()));
    }
    throw std::runtime_error("callgrind told no sum");
  }

 private:
  std::string file() const { return directory_ / "callgrind.out"; }

  support::Directory directory_;
  Child server_;
  std::uint16_t port_;
};

struct Way {
  std::string transport;
  std::string request;
  std::function<void(RawClient&)> next;
};

void PrintTo(const Way& way, std::ostream* out) { *out << way.transport; }

std::uint64_t counted_while_delivering(const Way& way, std::size_t messages) {
  Counted server(way.transport);
  std::vector<RawClient> crowd;
  for (std::size_t i = 0; i < readers; ++i) {
    crowd.emplace_back(server.port(), support::long_patience).send(way.request);
    crowd.back().read_until("\r\n\r\n");
    way.next(crowd.back());  // the hello
  }
  RawClient publishes(server.port(), support::long_patience);
  for (std::size_t i = 0; i < messages; ++i) {  // one after the other, so that nothing gathers
    publishes.ask(post("/rooms/lobby/messages", R"({"text":"what is said to everybody"})"));
    for (RawClient& reader : crowd) way.next(reader);
  }
  crowd.clear();
  return server.end();
}

// Why nothing can be counted here; empty where it can.
std::string hindrance() {
  if (std::string_view(SANITIZERS) != "") return "a sanitizer's own instructions would be counted";
  if (!valgrind()) return "valgrind is not installed; with CI=true tests/run installs it";
  return {};
}

class Instructions : public testing::TestWithParam<Way> {};

TEST_P(Instructions, OfADeliveryStayFew) {
  if (const std::string why = hindrance(); !why.empty()) GTEST_SKIP() << why;
  const auto by_few = static_cast<double>(counted_while_delivering(GetParam(), few));
  const auto by_many = static_cast<double>(counted_while_delivering(GetParam(), many));
  const double each = (by_many - by_few) / static_cast<double>((many - few) * readers);
  std::printf("over %s: %.0f instructions per delivery\n", GetParam().transport.c_str(), each);
  EXPECT_LE(each, most_per_delivery);
  EXPECT_GE(each, 50) << "less than a system call takes: this counts something else";
}

INSTANTIATE_TEST_SUITE_P(Over, Instructions,
                         testing::Values(Way{"sse", get("/rooms/lobby/events"),
                                             [](RawClient& reader) { reader.read_chunk(); }},
                                         Way{"websocket", support::upgrade("/rooms/lobby/socket"),
                                             [](RawClient& reader) { reader.read_frame(); }}),
                         [](const auto& info) { return info.param.transport; });

std::uint64_t counted_while_polling(std::size_t polls) {
  Counted server("polling");
  RawClient asks(server.port(), support::long_patience);
  asks.ask(post("/rooms/lobby/messages", R"({"text":"what was said"})"));
  const std::string log = asks.ask(get("/rooms/lobby/messages")).body;
  const std::string cursor = log.substr(11, log.find('"', 11) - 11);
  for (std::size_t i = 0; i < polls; ++i) {
    if (asks.ask(get("/rooms/lobby/messages?after=" + cursor, "Accept: */*\r\n")).status != 204)
      throw std::runtime_error("expected 204");
  }
  asks.close();
  return server.end();
}

TEST(InstructionsOfAPoll, WithNothingNewStayFew) {
  if (const std::string why = hindrance(); !why.empty()) GTEST_SKIP() << why;
  const auto by_few = static_cast<double>(counted_while_polling(few_polls));
  const auto by_many = static_cast<double>(counted_while_polling(many_polls));
  const double each = (by_many - by_few) / static_cast<double>(many_polls - few_polls);
  std::printf("%.0f instructions per poll with nothing new\n", each);
  EXPECT_LE(each, most_per_poll);
}

}  // namespace
