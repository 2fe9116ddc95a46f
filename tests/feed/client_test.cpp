#include "feed/client.hpp"

#include "support/clients.hpp"
#include "support/hostile_server.hpp"
#include "support/test_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <string>
#include <string_view>

namespace feed {
namespace {

using namespace std::chrono_literals;

TEST(Backoff, IsARandomTimeUpToABoundThatDoubles) {
  const Backoff backoff{500ms, 10000ms};
  EXPECT_EQ(backoff.delay(1, 0), 0ms);
  EXPECT_EQ(backoff.delay(1, 0.5), 250ms);
  EXPECT_EQ(backoff.delay(2, 0.5), 500ms);
  EXPECT_EQ(backoff.delay(3, 0.5), 1000ms);
  EXPECT_EQ(backoff.delay(5, 0.5), 4000ms);
  EXPECT_LT(backoff.delay(1, 0.999999), 500ms);
  EXPECT_GE(backoff.delay(1, 0.999999), 499ms);
}

TEST(Backoff, NeverGrowsBeyondItsMost) {
  const Backoff backoff{500ms, 10000ms};
  for (const int failures : {6, 7, 20, 21, 22, 64, 1000, 2'000'000'000}) {
    EXPECT_EQ(backoff.delay(failures, 0.5), 5000ms) << failures;
    EXPECT_EQ(backoff.delay(failures, 0), 0ms) << failures;
  }
}

TEST(Backoff, OfHoursDoesNotOverflow) {
  const Backoff backoff{std::chrono::hours(1), std::chrono::hours(24)};
  EXPECT_EQ(backoff.delay(1000, 0.5), std::chrono::hours(12));
}

TEST(ParseAddress, TakesARoomsAddressApart) {
  const auto address = parse_address("http://127.0.0.1:8081/rooms/lobby");
  ASSERT_TRUE(address) << address.error().detail;
  EXPECT_EQ(address->host, "127.0.0.1");
  EXPECT_EQ(address->port, "8081");
  EXPECT_EQ(address->path, "/rooms/lobby");
  EXPECT_EQ(address->origin, "http://127.0.0.1:8081");
  EXPECT_EQ(address->authority, "127.0.0.1:8081");
}

TEST(ParseAddress, KnowsThePortOfHttpAndTakesWsForTheSame) {
  const auto address = parse_address("ws://example.org/rooms/lobby");
  ASSERT_TRUE(address) << address.error().detail;
  EXPECT_EQ(address->port, "80");
  EXPECT_EQ(address->origin, "http://example.org");
}

TEST(ParseAddress, KnowsIpv6) {
  const auto address = parse_address("http://[::1]:8081/rooms/lobby");
  ASSERT_TRUE(address) << address.error().detail;
  EXPECT_EQ(address->host, "::1");
  EXPECT_EQ(address->authority, "[::1]:8081");
}

TEST(ParseAddress, KeepsAPathEncoded) {
  const auto address = parse_address("http://h/rooms/%EC%84%9C%EC%9A%B8%20%3F");
  ASSERT_TRUE(address) << address.error().detail;
  EXPECT_EQ(address->path, "/rooms/%EC%84%9C%EC%9A%B8%20%3F");
}

TEST(ParseAddress, RefusesWhatIsNoRoomsAddress) {
  for (const std::string_view text : {"",
                                      "lobby",
                                      "/rooms/lobby",
                                      "127.0.0.1:8081/rooms/lobby",
                                      "https://h/rooms/lobby",
                                      "wss://h/rooms/lobby",
                                      "ftp://h/rooms/lobby",
                                      "http:///rooms/lobby",
                                      "http://h",
                                      "http://h/",
                                      "http://h/rooms",
                                      "http://h/rooms/",
                                      "http://h/rooms/a/b",
                                      "http://h/room/a",
                                      "http://h/rooms/lobby/",
                                      "http://h/rooms/lobby?after=0",
                                      "http://h/rooms/lobby#x",
                                      "http://h:x/rooms/lobby",
                                      "http://h/rooms/a%2Fb",
                                      "http://h/rooms/%00",
                                      "http://h/rooms/%FF",
                                      "http://h/rooms/a b",
                                      "http://h/rooms/%zz"}) {
    const auto address = parse_address(text);
    ASSERT_FALSE(address) << text;
    EXPECT_THAT(address.error().detail,
                testing::AnyOf(testing::HasSubstr("expected"), testing::StartsWith("room name ")))
        << text;
  }
}

// Ends with follow()'s reason; throws where follow() goes on.
Error follow_once(support::Over over, const support::HostileServer& server) {
  support::Loop loop;
  const auto client = support::make_client(over, loop, support::address(server.port()));
  const Events events;
  std::set<std::string> lost;
  const auto task =
      loop.start(follow(*client, {}, events, {1ms, 1ms}, [&](const Error& why, std::chrono::milliseconds) {
        lost.insert(why.detail);
        if (server.connections() > 3) client->close();
      }));
  loop.until("the end", [&] { return task.done(); });
  EXPECT_THAT(lost, testing::IsEmpty());
  return task.value();
}

TEST(Follow, EndsWhereTheServerSaysThatTheRequestWasWrong) {
  EXPECT_EQ(follow_once(support::Over::sse,
                        support::HostileServer("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"))
                .status,
            400);
  EXPECT_EQ(follow_once(support::Over::polling,
                        support::HostileServer("HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"))
                .status,
            403);
  EXPECT_EQ(follow_once(support::Over::websocket,
                        support::HostileServer("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"))
                .status,
            404);
}

TEST(Follow, EndsWhereAnEventStreamSaysThatThereIsNothingToReconnectTo) {
  // WHATWG HTML, 9.2.3: 204 tells an EventSource to stop.
  EXPECT_EQ(follow_once(support::Over::sse, support::HostileServer("HTTP/1.1 204 No Content\r\n\r\n")).status,
            204);
}

TEST(Follow, GoesOnWhereTheServerIsOnlyBusy) {
  for (const std::string_view status : {"408 Request Timeout", "429 Too Many Requests", "500 Oops",
                                        "502 Bad Gateway", "503 Service Unavailable"}) {
    const support::HostileServer server("HTTP/1.1 " + std::string(status) + "\r\nContent-Length: 0\r\n\r\n");
    for (const support::Over over : {support::Over::polling, support::Over::sse, support::Over::websocket}) {
      support::Loop loop;
      const auto client = support::make_client(over, loop, support::address(server.port()));
      const Events events;
      int lost = 0;
      const auto task = loop.start(
          follow(*client, {}, events, {1ms, 2ms}, [&](const Error&, std::chrono::milliseconds delay) {
            EXPECT_LE(delay, 2ms);
            if (++lost == 3) client->close();
          }));
      loop.until("the end", [&] { return task.done(); });
      EXPECT_EQ(lost, 3) << status;
      EXPECT_EQ(task.value().code, Errc::closed);
    }
  }
}

}  // namespace
}  // namespace feed
