// What the mirror tells is what was sent: the wire panel of the chat page counts requests by it.
#include "feed/mirror.hpp"

#include "support/raw_client.hpp"
#include "support/test_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <regex>
#include <string>
#include <string_view>

namespace {

using support::Answer;
using support::number_in;
using support::RawClient;
using testing::HasSubstr;
using testing::Not;

class MirrorTest : public testing::Test {
 protected:
  support::TestServer server{
      {}, support::Transports::polling, [](feed::Server& with) { feed::mount_mirror(with.routes()); }};
  RawClient client{server.port()};
};

// As Chromium sends it.
constexpr std::string_view browser =
    "GET /mirror HTTP/1.1\r\n"
    "Host: 127.0.0.1:8083\r\n"
    "Connection: keep-alive\r\n"
    "Pragma: no-cache\r\n"
    "Cache-Control: no-cache\r\n"
    "sec-ch-ua-platform: \"Linux\"\r\n"
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36\r\n"
    "Accept: */*\r\n"
    "Sec-Fetch-Site: same-origin\r\n"
    "Accept-Encoding: gzip, deflate, br, zstd\r\n"
    "Cookie: user=abcdefghijklmnopqrstuv\r\n"
    "\r\n";

std::size_t sum_of_lines(const std::string& body) {
  std::size_t sum = 0;
  const std::regex line(R"#(\["[^"]+",(\d+)\])#");
  for (std::sregex_iterator at(body.begin(), body.end(), line), end; at != end; ++at)
    sum += std::stoul((*at)[1]);
  return sum;
}

TEST_F(MirrorTest, TellsTheBytesOfTheHeadThatWasSent) {
  const Answer answer = client.ask(browser);

  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(number_in(answer.body, "bytes"), browser.size());
  EXPECT_EQ(answer.field("Cache-Control"), "no-store");
}

TEST_F(MirrorTest, TellsTheBytesOfEachLineInTheirOrder) {
  const Answer answer = client.ask(
      "GET /mirror HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: user=abcdefghijklmnopqrstuv\r\nX-A:\r\n\r\n");

  EXPECT_THAT(answer.body,
              HasSubstr(R"("fields":[["request-line",22],["host",17],["cookie",37],["x-a",7]])"));
}

TEST_F(MirrorTest, TheLinesAndTheEmptyOneAreTheHead) {
  const Answer answer = client.ask(browser);

  EXPECT_EQ(sum_of_lines(answer.body) + 2, browser.size()) << answer.body;
}

TEST_F(MirrorTest, DoesNotTellWhatTheFieldsSay) {
  const Answer answer = client.ask(browser);

  EXPECT_THAT(answer.body, Not(HasSubstr("abcdefghijklmnopqrstuv")));
  EXPECT_THAT(answer.body, Not(HasSubstr("Mozilla")));
}

TEST_F(MirrorTest, CountsWhiteSpaceThatNeedNotBeThere) {
  const std::string request = "GET /mirror HTTP/1.1\r\nHost:   127.0.0.1  \r\nAccept:*/*\r\n\r\n";

  EXPECT_EQ(number_in(client.ask(request).body, "bytes"), request.size());
}

TEST_F(MirrorTest, CountsTheHeadOfAPostAndNotItsBody) {
  const std::string head =
      "POST /mirror HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 16\r\n\r\n";

  const Answer answer = client.ask(head + R"({"text":"hello"})");

  EXPECT_EQ(number_in(answer.body, "bytes"), head.size());
  EXPECT_THAT(answer.body, HasSubstr(R"(["request-line",23])"));
}

TEST_F(MirrorTest, CountsARequestThatComesInTwoPiecesWhereverItIsCut) {
  for (std::size_t cut = 1; cut < browser.size(); ++cut) {
    client.send(browser.substr(0, cut));
    client.send(browser.substr(cut));
    ASSERT_EQ(number_in(client.read_answer().body, "bytes"), browser.size()) << "cut at " << cut;
  }
}

TEST_F(MirrorTest, TellsRequestsApartThatComeAtOnce) {
  const std::string first = support::get("/mirror", "X-Long: 1234567890\r\n");
  const std::string second = support::get("/mirror");

  client.send(first + second + first);

  EXPECT_EQ(number_in(client.read_answer().body, "bytes"), first.size());
  EXPECT_EQ(number_in(client.read_answer().body, "bytes"), second.size());
  EXPECT_EQ(number_in(client.read_answer().body, "bytes"), first.size());
}

// The counter at the door is another instrument: both must say the same.
TEST_F(MirrorTest, AgreesWithTheBytesThatTheServerCounts) {
  RawClient asks(server.port());
  const std::string stats = support::get("/stats");
  const std::uint64_t before = number_in(asks.ask(stats).body, "bytes_in");

  const std::uint64_t told = number_in(client.ask(browser).body, "bytes");

  EXPECT_EQ(number_in(asks.ask(stats).body, "bytes_in") - before - stats.size(), told);
}

}  // namespace
