// The header profiles are what a browser was seen to send, to the byte.

#include "bench/browser.hpp"
#include "bench/model.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace {

using namespace std::string_view_literals;

const feed::Address room = *feed::parse_address("http://127.0.0.1:18081/rooms/lobby");

bench::Target target(std::string_view arm) {
  return {room.authority, room.path, bench::fields_bytes(bench::browser_fields(arm, room))};
}

// Recorded from Chromium 156, but for the word Headless in its name.
TEST(BrowserFields, AreThoseOfAFetch) {
  constexpr auto request =
      "GET /rooms/lobby/messages?after=abcd1234.1 HTTP/1.1\r\nHost: 127.0.0.1:18081\r\nConnection: keep-alive\r\nsec-ch-ua-platform: \"Linux\"\r\n"
      "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36\r\n"
      "sec-ch-ua: \"Not:A-Brand\";v=\"8\", \"Chromium\";v=\"156\"\r\nsec-ch-ua-mobile: ?0\r\nAccept: */*\r\nSec-Fetch-Site: same-origin\r\n"
      "Sec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\nReferer: http://127.0.0.1:18081/\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n"
      "Accept-Language: en-US,en;q=0.9\r\n\r\n"sv;
  EXPECT_EQ(bench::poll_request_bytes(target("poll"), "abcd1234.1"sv.size()), request.size());
}

TEST(BrowserFields, AreThoseOfAnEventSource) {
  constexpr auto request =
      "GET /rooms/lobby/events HTTP/1.1\r\nHost: 127.0.0.1:18081\r\nConnection: keep-alive\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n"
      "sec-ch-ua-platform: \"Linux\"\r\n"
      "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36\r\n"
      "Accept: text/event-stream\r\nsec-ch-ua: \"Not:A-Brand\";v=\"8\", \"Chromium\";v=\"156\"\r\nsec-ch-ua-mobile: ?0\r\n"
      "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\nReferer: http://127.0.0.1:18081/\r\n"
      "Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-US,en;q=0.9\r\n\r\n"sv;
  EXPECT_EQ(bench::sse_request_bytes(target("sse")), request.size());
}

TEST(BrowserFields, AreThoseOfAWebSocket) {
  constexpr auto request =
      "GET /rooms/lobby/socket?after=0 HTTP/1.1\r\nHost: 127.0.0.1:18081\r\nConnection: Upgrade\r\nPragma: no-cache\r\nCache-Control: no-cache\r\n"
      "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36\r\n"
      "Upgrade: websocket\r\nOrigin: http://127.0.0.1:18081\r\nSec-WebSocket-Version: 13\r\nAccept-Encoding: gzip, deflate, br, zstd\r\n"
      "Accept-Language: en-US,en;q=0.9\r\nSec-WebSocket-Key: qtYWEqWzKQeKQgabwBssCA==\r\n"
      "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\nSec-WebSocket-Protocol: chat.v1\r\n\r\n"sv;
  EXPECT_EQ(bench::websocket_request_bytes(target("ws"), "0"sv.size()), request.size());
}

TEST(BrowserFields, AreThoseOfAPost) {
  constexpr auto request =
      "POST /rooms/lobby/messages HTTP/1.1\r\nHost: 127.0.0.1:18081\r\nConnection: keep-alive\r\nContent-Length: 28\r\n"
      "sec-ch-ua-platform: \"Linux\"\r\n"
      "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36\r\n"
      "sec-ch-ua: \"Not:A-Brand\";v=\"8\", \"Chromium\";v=\"156\"\r\nContent-Type: application/json\r\nsec-ch-ua-mobile: ?0\r\nAccept: */*\r\n"
      "Origin: http://127.0.0.1:18081\r\nSec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\n"
      "Referer: http://127.0.0.1:18081/\r\nAccept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: en-US,en;q=0.9\r\n\r\n"
      R"({"author":"ada","text":"hi"})"sv;
  EXPECT_EQ(bench::post(target("post"), "ada", "hi", 10).up, request.size());
}

TEST(BrowserFields, AreUnknownOfOtherArms) {
  EXPECT_THROW(bench::browser_fields("tcp", room), std::invalid_argument);
  EXPECT_THROW(bench::profile_fields("mobile", "poll", room), std::invalid_argument);
}

TEST(Cookie, HasTheSizeThatIsAskedFor) {
  EXPECT_TRUE(bench::cookie_field(0).empty());
  for (const std::size_t bytes : {9u, 100u, 4000u}) {
    const auto field = bench::cookie_field(bytes);
    ASSERT_EQ(field.size(), 1u);
    EXPECT_EQ(field[0].size(), "Cookie: "sv.size() + bytes);
    EXPECT_EQ(field[0].find_first_of("\r\n;,\" ", "Cookie: "sv.size()), std::string::npos);
  }
  EXPECT_THROW(bench::cookie_field(8), std::invalid_argument);
}

TEST(Profile, IsNothingABrowsersOrThatAndACookie) {
  EXPECT_TRUE(bench::profile_fields("lean", "tcp", room).empty());
  const std::size_t browser = bench::fields_bytes(bench::profile_fields("browser", "poll", room));
  EXPECT_EQ(browser, bench::fields_bytes(bench::browser_fields("poll", room)));
  EXPECT_EQ(bench::fields_bytes(bench::profile_fields("cookie", "poll", room)),
            browser + "Cookie: \r\n"sv.size() + 500);
}

}  // namespace
