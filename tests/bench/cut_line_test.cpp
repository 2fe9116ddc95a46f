// A line that is cut and mended, and a reader that remembers what the protocol remembers.

#include "bench/cut_line.hpp"
#include "bench/event_source.hpp"
#include "bench/publisher.hpp"
#include "bench/site.hpp"
#include "bench/socket.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <exception>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using bench::Clock;
namespace net = boost::asio;

constexpr auto patience = 20s;

bench::Place place() { return {std::filesystem::read_symlink("/proc/self/exe").parent_path().string(), {}}; }

class Cut : public testing::Test {
 protected:
  bool until(const std::function<bool()>& done) {
    const auto deadline = Clock::now() + patience;
    while (!done()) {
      if (Clock::now() > deadline) return false;
      if (io.stopped()) io.restart();
      io.run_one_for(5ms);
    }
    return true;
  }

  // What comes on that socket until it ends, or `end` is among it. The reason is empty where it did not end.
  std::string read(const bench::Socket& socket, std::string_view end, std::string* reason = nullptr) {
    std::string got;
    until([&] {
      std::array<char, 4096> piece;
      try {
        got.append(piece.data(), socket.read_some(piece.data(), piece.size()));
      } catch (const std::runtime_error& failure) {
        if (reason) *reason = failure.what();
        return true;
      }
      return got.find(end) != std::string::npos;
    });
    return got;
  }

  net::io_context io{1};
  bench::Site site{place(), "sse"};
  bench::CutLine line{io, site.room()};
  const std::string asked = "GET /healthz HTTP/1.1\r\nHost: bench\r\n\r\n";
};

}  // namespace

TEST_F(Cut, HandsOnWhatBothSidesSay) {
  const auto before = Clock::now();
  const bench::Socket socket = bench::Socket::connect(line.room());
  socket.write_all(asked);
  EXPECT_THAT(read(socket, "ok\n"), testing::StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_EQ(line.handed_on(), 1u);
  EXPECT_GE(line.connected(), before);
  EXPECT_LE(line.connected(), Clock::now());
}

TEST_F(Cut, PassesAnEndOnAsAnEnd) {
  const bench::Socket socket = bench::Socket::connect(line.room());
  socket.write_all("GET /healthz HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n");
  std::string reason;
  EXPECT_THAT(read(socket, "no such text", &reason), testing::HasSubstr("ok\n"));
  EXPECT_EQ(reason, "the server closed the connection");
}

TEST_F(Cut, ResetsWhatThereIsAndWhatComesUntilItIsMended) {
  const bench::Socket socket = bench::Socket::connect(line.room());
  socket.write_all(asked);
  read(socket, "ok\n");
  line.cut();
  std::string reason;
  EXPECT_EQ(read(socket, "no such text", &reason), "");
  EXPECT_EQ(reason, "read: Connection reset by peer");

  const bench::Socket refused = bench::Socket::connect(line.room());
  reason.clear();
  read(refused, "no such text", &reason);
  EXPECT_EQ(reason, "read: Connection reset by peer");
  EXPECT_EQ(line.refused(), 1u);
  EXPECT_EQ(line.handed_on(), 1u);

  line.mend();
  const bench::Socket again = bench::Socket::connect(line.room());
  again.write_all(asked);
  EXPECT_THAT(read(again, "ok\n"), testing::EndsWith("ok\n"));
  EXPECT_EQ(line.handed_on(), 2u);
}

TEST_F(Cut, AnEventSourceGoesOnBehindTheLastIdOfTheStream) {
  std::vector<std::string> types, ids;
  bench::EventSource source(io.get_executor(), line.room().origin + line.room().path + "/events",
                            [&](const sse::Event& event) {
                              types.push_back(event.type);
                              ids.push_back(event.last_event_id);
                            });
  std::optional<std::string> ended;
  net::co_spawn(io, source.run(), [&](std::exception_ptr failure, std::string why) {
    EXPECT_FALSE(failure);
    ended = why;
  });
  bench::PostOutlet outlet(site.room_beside(), 8);
  ASSERT_TRUE(until([&] { return types.size() == 1; }));
  outlet.send(0);
  ASSERT_TRUE(until([&] { return types.size() == 2; }));
  line.cut();
  outlet.send(1);
  outlet.send(2);
  ASSERT_TRUE(until([&] { return outlet.answered(0ms) == 3; }));
  line.mend();
  ASSERT_TRUE(until([&] { return types.size() == 5; }));
  EXPECT_THAT(types, testing::ElementsAre("hello", "message", "hello", "message", "message"));
  ASSERT_GE(source.said().size(), 2u);
  EXPECT_EQ(source.said().front(), "");
  EXPECT_EQ(source.said().back(), ids[1]);
  EXPECT_THAT(ids[4], testing::EndsWith(".3"));

  source.close();
  ASSERT_TRUE(until([&] { return ended.has_value(); }));
  EXPECT_EQ(*ended, "");
}

TEST_F(Cut, AnEventSourceEndsWhereTheAnswerIsNoStream) {
  bench::EventSource source(io.get_executor(), line.room().origin + "/healthz", [](const sse::Event&) {});
  std::optional<std::string> ended;
  net::co_spawn(io, source.run(), [&](std::exception_ptr, std::string why) { ended = why; });
  ASSERT_TRUE(until([&] { return ended.has_value(); }));
  EXPECT_THAT(*ended, testing::HasSubstr("expected 200 and text/event-stream"));
}
