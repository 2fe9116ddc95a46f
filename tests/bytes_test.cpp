// The bytes counted at the door are those that the protocol says, to the byte: the expected ones are written down here
// from the RFCs, not made by the code that they check.
#include "support/raw_client.hpp"
#include "support/test_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace {

using support::Answer;
using support::frame;
using support::get;
using support::post;
using support::RawClient;

// What varies always has the same length: the date 29 bytes, the epoch 8, `at` 13 digits.
constexpr std::string_view date = "Sun, 06 Nov 1994 08:49:37 GMT";
constexpr std::string_view epoch = "k3f9k3f9";

std::string message(std::size_t text_bytes, std::string_view seq = "1") {
  return R"({"seq":)" + std::string(seq) + R"(,"at":1763780000123,"author":"ada","text":")" +
         std::string(text_bytes, 'x') + R"("})";
}
std::string cursor(std::string_view seq) { return '"' + std::string(epoch) + '.' + std::string(seq) + '"'; }
std::string sized(std::string_view head, std::string_view body) {
  return std::string(head) + "Date: " + std::string(date) +
         "\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" +
         std::string(body);
}
// RFC 9112, 7.1
std::size_t chunk_bytes(std::size_t size) {
  std::size_t digits = 1;
  for (std::size_t rest = size; rest >= 16; rest /= 16) ++digits;
  return digits + 2 + size + 2;
}
// RFC 6455, 5.2, without a mask
std::size_t frame_bytes(std::size_t size) { return 2 + (size < 126 ? 0 : size < 65536 ? 2 : 8) + size; }

class BytesTest : public testing::TestWithParam<std::size_t> {
 protected:
  BytesTest() : asks(server.port()) { begin(); }

  // Counts from here on. The question itself is counted too: it comes in after what is counted was read, and its answer goes
  // out before.
  void begin() {
    asks.send(stats_request);
    start = asks.read_answer();
  }
  struct Counted {
    std::uint64_t in, out;
  };
  Counted counted() {
    asks.send(stats_request);
    const Answer now = asks.read_answer();
    const auto between = [&](std::string_view name) {
      return support::number_in(now.body, name) - support::number_in(start.body, name);
    };
    return {between("bytes_in") - stats_request.size(),
            between("bytes_out") - start.head.size() - start.body.size()};
  }
  std::string text() const { return std::string(GetParam(), 'x'); }
  std::string real_epoch() const { return start.body.substr(start.body.find("\"epoch\":\"") + 9, 8); }

  support::TestServer server;
  RawClient asks;
  const std::string stats_request = get("/stats");
  Answer start;
};

TEST_P(BytesTest, ARoundOfNothingCountsNothing) {
  const Counted bytes = counted();
  EXPECT_EQ(bytes.in, 0u);
  EXPECT_EQ(bytes.out, 0u);
}

TEST_P(BytesTest, OfAPollThatBringsNothing) {
  server.publish("lobby", "ada", text());
  RawClient client(server.port());
  const std::string request = get("/rooms/lobby/messages?after=" + real_epoch() + ".1");
  const std::string expected = "HTTP/1.1 204 No Content\r\nDate: " + std::string(date) + "\r\n\r\n";

  client.send(request);
  const std::string got = client.read_answer().head;

  EXPECT_EQ(got.size(), expected.size()) << got;
  const Counted bytes = counted();
  EXPECT_EQ(bytes.in, request.size());
  EXPECT_EQ(bytes.out, expected.size());
}

TEST_P(BytesTest, OfAPollThatBringsOneMessage) {
  server.publish("lobby", "ada", text());
  RawClient client(server.port());
  const std::string request = get("/rooms/lobby/messages?after=" + real_epoch() + ".0");
  const std::string expected = sized(
      "HTTP/1.1 200 OK\r\n", R"({"cursor":)" + cursor("1") + R"(,"messages":[)" + message(GetParam()) + "]}");

  const Answer answer = client.ask(request);

  EXPECT_EQ(answer.head.size() + answer.body.size(), expected.size()) << answer.head;
  const Counted bytes = counted();
  EXPECT_EQ(bytes.in, request.size());
  EXPECT_EQ(bytes.out, expected.size());
}

TEST_P(BytesTest, OfAPollOfTheWholeLog) {
  server.publish("lobby", "ada", text());
  RawClient client(server.port());
  const std::string request = get("/rooms/lobby/messages");
  const std::string expected =
      sized("HTTP/1.1 200 OK\r\n",
            R"({"cursor":)" + cursor("1") + R"(,"messages":[)" + message(GetParam()) + "]}") +
      "ETag: \"" + std::string(epoch) + ".1-1\"\r\n";

  const Answer answer = client.ask(request);

  EXPECT_EQ(counted().out, expected.size()) << answer.head;
}

TEST_P(BytesTest, OfAPost) {
  RawClient client(server.port());
  const std::string body = R"({"author":"ada","text":")" + text() + R"("})";
  const std::string request =
      "POST /rooms/lobby/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: " +
      std::to_string(body.size()) + "\r\n\r\n" + body;
  const std::string expected = sized("HTTP/1.1 201 Created\r\n", R"({"cursor":)" + cursor("1") + "}");

  const Answer answer = client.ask(request);

  EXPECT_EQ(answer.head.size() + answer.body.size(), expected.size()) << answer.head;
  const Counted bytes = counted();
  EXPECT_EQ(bytes.in, request.size());
  EXPECT_EQ(bytes.out, expected.size());
}

TEST_P(BytesTest, OfAnEventStreamAndOneEvent) {
  RawClient client(server.port());
  const std::string request = get("/rooms/lobby/events");
  const std::string head =
      "HTTP/1.1 200 OK\r\nDate: " + std::string(date) +
      "\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\nCache-Control: no-store\r\nX-Accel-Buffering: no\r\n\r\n";
  const std::string hello = "retry: 1000\nevent: hello\nid: " + std::string(epoch) +
                            ".0\ndata: {\"cursor\":" + cursor("0") + "}\n\n";
  const std::string event = "id: " + std::string(epoch) + ".1\ndata: " + message(GetParam()) + "\n\n";

  client.send(request);
  EXPECT_EQ(client.read_answer().head.size(), head.size());
  EXPECT_EQ(client.read_chunk().size(), hello.size());
  Counted bytes = counted();
  EXPECT_EQ(bytes.in, request.size());
  EXPECT_EQ(bytes.out, head.size() + chunk_bytes(hello.size()));

  begin();
  server.publish("lobby", "ada", text());
  EXPECT_EQ(client.read_chunk().size(), event.size());
  bytes = counted();
  EXPECT_EQ(bytes.in, 0u);
  EXPECT_EQ(bytes.out, chunk_bytes(event.size()));
}

TEST_P(BytesTest, OfAHandshakeAndOneMessage) {
  RawClient client(server.port());
  const std::string request =
      "GET /rooms/lobby/socket HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
      "Sec-WebSocket-Version: 13\r\n\r\n";
  // RFC 6455, 1.3: the answer to the key above. Beast adds its name, whose length is its own business.
  std::string head =
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
  const std::string hello = R"({"hello":{"cursor":)" + cursor("0") + "}}";

  const Answer answer = client.ask(request);
  if (const std::string name = answer.field("Server"); !name.empty()) head += "Server: " + name + "\r\n";
  EXPECT_EQ(answer.head.size(), head.size()) << answer.head;
  EXPECT_EQ(client.read_frame().payload.size(), hello.size());
  Counted bytes = counted();
  EXPECT_EQ(bytes.in, request.size());
  EXPECT_EQ(bytes.out, head.size() + frame_bytes(hello.size()));

  begin();
  server.publish("lobby", "ada", text());
  EXPECT_EQ(client.read_frame().payload.size(), message(GetParam()).size());
  bytes = counted();
  EXPECT_EQ(bytes.in, 0u);
  EXPECT_EQ(bytes.out, frame_bytes(message(GetParam()).size()));
}

TEST_P(BytesTest, OfAMessageThatIsPublishedOverTheSocket) {
  RawClient client(server.port());
  client.ask(support::upgrade("/rooms/lobby/socket"));
  client.read_frame();
  begin();
  const std::string post = R"({"ref":1,"author":"ada","text":")" + text() + R"("})";

  client.send(frame(post));
  client.read_frame();
  client.read_frame();

  const Counted bytes = counted();
  EXPECT_EQ(bytes.in, frame_bytes(post.size()) + 4);  // the mask
  EXPECT_EQ(bytes.out, frame_bytes((R"({"ref":1,"cursor":)" + cursor("1") + "}").size()) +
                           frame_bytes(message(GetParam()).size()));
}

TEST_P(BytesTest, OfAPingAndItsPong) {
  RawClient client(server.port());
  client.ask(support::upgrade("/rooms/lobby/socket"));
  client.read_frame();
  begin();

  client.send(frame("hello", 0x89));
  client.read_frame();

  const Counted bytes = counted();
  EXPECT_EQ(bytes.in, 2u + 4 + 5);
  EXPECT_EQ(bytes.out, 2u + 5);
}

INSTANTIATE_TEST_SUITE_P(OfText, BytesTest, testing::Values(16, 100, 1000, 10'000));

}  // namespace
