// A client that does not wait for its answers: while the disk has not got the first message the next ones are read, and every
// answer comes in its turn.
#include "feed/receipts.hpp"

#include "feed/store.hpp"
#include "support/directory.hpp"
#include "support/raw_client.hpp"
#include "support/test_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace feed {
namespace {

using support::Answer;
using support::frame;
using support::get;
using support::post;
using support::RawClient;
using support::TestServer;
using support::upgrade;
using testing::EndsWith;
using testing::HasSubstr;

constexpr std::string_view messages = "/rooms/lobby/messages";

class KeptServer : public testing::Test {
 protected:
  Options options() const {
    Options options;
    options.data = directory.text();
    return options;
  }
  // The numbers of all messages that are on the disk.
  std::size_t kept() {
    std::size_t count = 0;
    Store store(directory.path());
    store.load([&](const Kept&) { ++count; });
    return count;
  }

  support::Directory directory;
};

std::string numbered_post(int n) {
  return post(messages, R"({"author":"ada","text":"message )" + std::to_string(n) + "\"}");
}

// `201` and the place of message `seq`.
void expect_place(const Answer& answer, int seq) {
  EXPECT_EQ(answer.status, 201) << answer.body;
  EXPECT_THAT(answer.body, EndsWith('.' + std::to_string(seq) + "\"}"));
}

class HttpReceipts : public KeptServer {};

TEST_F(HttpReceipts, ComeInTheOrderOfThePosts) {
  TestServer server(options());
  RawClient client(server.port());
  std::string all;
  for (int n = 1; n <= 500; ++n) all += numbered_post(n);
  client.send(all);
  for (int n = 1; n <= 500; ++n) expect_place(client.read_answer(), n);
}

TEST_F(HttpReceipts, AreNotOneATransaction) {
  TestServer server(options());
  RawClient client(server.port());
  std::string all;
  for (int n = 1; n <= 500; ++n) all += numbered_post(n);
  client.send(all);
  for (int n = 1; n <= 500; ++n) expect_place(client.read_answer(), n);
  EXPECT_LT(server.on_thread([](Server& s) { return s.transactions(); }), 250u);
}

TEST_F(HttpReceipts, ComeBeforeTheAnswersToWhatFollows) {
  TestServer server(options());
  RawClient client(server.port());
  client.send(numbered_post(1) + get("/healthz") + numbered_post(2) + post(messages, "no json") +
              numbered_post(3) + post("/nowhere", "{}") + numbered_post(4) +
              "OPTIONS /healthz HTTP/1.1\r\nHost: x\r\n\r\n" + numbered_post(5) + get(messages));
  expect_place(client.read_answer(), 1);
  EXPECT_EQ(client.read_answer().body, "ok\n");
  expect_place(client.read_answer(), 2);
  EXPECT_EQ(client.read_answer().status, 400);
  expect_place(client.read_answer(), 3);
  EXPECT_EQ(client.read_answer().status, 404);
  expect_place(client.read_answer(), 4);
  EXPECT_EQ(client.read_answer().status, 204);
  expect_place(client.read_answer(), 5);
  EXPECT_THAT(client.read_answer().body, HasSubstr("message 5")) << "and are in what is read then";
}

TEST_F(HttpReceipts, ComeBeforeTheEndOfTheConnection) {
  TestServer server(options());
  for (const std::string& last :
       {post(messages, R"({"text":"bye"})", "Content-Type: application/json\r\nConnection: close\r\n"),
        std::string("nonsense\r\n\r\n")}) {
    RawClient client(server.port());
    client.send(numbered_post(1) + numbered_post(2) + last);
    EXPECT_EQ(client.read_answer().status, 201);
    EXPECT_EQ(client.read_answer().status, 201);
    EXPECT_THAT(client.read_answer().status, testing::AnyOf(201, 400));
    EXPECT_EQ(client.read_to_end(), "");
  }
}

TEST_F(HttpReceipts, ComeBeforeTheClientIsToldToGoOn) {
  TestServer server(options());
  RawClient client(server.port());
  client.send(numbered_post(1) +
              "POST /rooms/lobby/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
              "Content-Length: 13\r\nExpect: 100-continue\r\n\r\n");
  expect_place(client.read_answer(), 1);
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  client.send(R"({"text":"hi"})");
  expect_place(client.read_answer(), 2);
}

TEST_F(HttpReceipts, ComeBeforeAStreamAndAnUpgrade) {
  TestServer server(options());
  RawClient streams(server.port());
  streams.send(numbered_post(1) + get("/rooms/lobby/events"));
  expect_place(streams.read_answer(), 1);
  EXPECT_EQ(streams.read_answer().status, 200);
  RawClient upgrades(server.port());
  upgrades.send(numbered_post(2) + upgrade("/rooms/lobby/socket"));
  expect_place(upgrades.read_answer(), 2);
  EXPECT_EQ(upgrades.read_answer().status, 101);
}

TEST_F(HttpReceipts, ComeToWhoHasNothingMoreToSay) {
  TestServer server(options());
  RawClient client(server.port());
  client.send(numbered_post(1) + numbered_post(2));
  client.finish_sending();
  expect_place(client.read_answer(), 1);
  expect_place(client.read_answer(), 2);
}

TEST_F(HttpReceipts, AreNotWaitedForByWhoLeft) {
  {
    TestServer server(options());
    for (int n = 0; n < 20; ++n) {
      RawClient client(server.port());
      for (int m = 0; m < 20; ++m) client.send(numbered_post(m));
      client.close(n % 2 == 0);
    }
    server.wait_for_connections(0);
    RawClient client(server.port());
    EXPECT_EQ(client.ask(numbered_post(1)).status, 201);
  }
  EXPECT_GE(kept(), 1u);
}

TEST_F(HttpReceipts, ComeToAllWhoseMessagesWereTakenWhenTheServerStops) {
  int answered = 0;
  {
    TestServer server(options());
    RawClient client(server.port());
    std::string all;
    for (int n = 1; n <= 50; ++n) all += numbered_post(n);
    client.send(all);
    expect_place(client.read_answer(), 1);
    server.stop();
    const std::string rest = client.read_to_end();
    for (std::size_t at = 0; (at = rest.find("HTTP/1.1 201", at)) != std::string::npos; ++at) ++answered;
  }
  EXPECT_EQ(kept(), static_cast<std::size_t>(answered) + 1);
}

TEST_F(HttpReceipts, CarryWhatBelongsToTheRequest) {
  Options allows = options();
  allows.allow_origin = {"http://localhost:3000"};
  TestServer server(allows);
  RawClient client(server.port());
  const Answer answer = client.ask(post(
      messages, R"({"text":"hi"})", "Content-Type: application/json\r\nOrigin: http://localhost:3000\r\n"));
  EXPECT_EQ(answer.field("Access-Control-Allow-Origin"), "http://localhost:3000");
  EXPECT_EQ(answer.field("Content-Type"), "application/json");
  client.send(
      "POST /rooms/lobby/messages HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: 13\r\n"
      "Connection: keep-alive\r\n\r\n{\"text\":\"hi\"}");
  EXPECT_EQ(client.read_answer().field("Connection"), "keep-alive");
}

class WebSocketReceipts : public KeptServer {
 protected:
  static RawClient connect(TestServer& server) {
    RawClient client(server.port());
    client.send(upgrade("/rooms/lobby/socket"));
    EXPECT_EQ(client.read_answer().status, 101);
    EXPECT_THAT(client.read_frame().payload, HasSubstr("hello"));
    return client;
  }
  static std::string numbered_frame(int n) {
    return frame(R"({"ref":)" + std::to_string(n) + R"(,"text":"message )" + std::to_string(n) + "\"}");
  }
  // The next answer; messages of the room are passed over.
  static std::string read_answer(RawClient& client) {
    for (;;) {
      const support::Frame next = client.read_frame();
      if (next.opcode != 1 || next.payload.starts_with("{\"ref\"")) return next.payload;
    }
  }
};

TEST_F(WebSocketReceipts, ComeInTheOrderOfThePosts) {
  TestServer server(options());
  RawClient client = connect(server);
  std::string all;
  for (int n = 1; n <= 500; ++n) all += n % 7 == 0 ? frame("{}") : numbered_frame(n);
  client.send(all);
  int seq = 0;
  for (int n = 1; n <= 500; ++n) {
    const std::string answer = read_answer(client);
    if (n % 7 == 0) {
      EXPECT_THAT(answer, testing::StartsWith(R"({"ref":null,"error":)"));
    } else {
      EXPECT_THAT(answer, testing::StartsWith("{\"ref\":" + std::to_string(n) + ",\"cursor\":"));
      EXPECT_THAT(answer, EndsWith('.' + std::to_string(++seq) + "\"}"));
    }
  }
  EXPECT_LT(server.on_thread([](Server& s) { return s.transactions(); }), 250u);
}

TEST_F(WebSocketReceipts, ComeBeforeTheConnectionIsClosedForABinaryFrame) {
  TestServer server(options());
  RawClient client = connect(server);
  client.send(numbered_frame(1) + numbered_frame(2) + frame("bytes", 0x82));
  EXPECT_THAT(read_answer(client), HasSubstr("\"ref\":1"));
  EXPECT_THAT(read_answer(client), HasSubstr("\"ref\":2"));
  support::Frame last = client.read_frame();
  while (last.opcode == 1) last = client.read_frame();  // the messages
  EXPECT_EQ(last.close_code(), 1003);
}

TEST_F(WebSocketReceipts, DoNotFollowACloseFrame) {
  TestServer server(options());
  RawClient client = connect(server);
  client.send(numbered_frame(1) + frame("\x03\xe8", 0x88));
  support::Frame last = client.read_frame();
  while (last.opcode == 1) last = client.read_frame();
  EXPECT_EQ(last.close_code(), 1000);
  EXPECT_EQ(client.read_to_end(), "");
  server.wait_for_connections(0);
}

TEST_F(WebSocketReceipts, ComeBeforeTheServersGoodbye) {
  std::size_t answered = 0;
  {
    TestServer server(options());
    RawClient client = connect(server);
    std::string all;
    for (int n = 1; n <= 50; ++n) all += numbered_frame(n);
    client.send(all);
    EXPECT_THAT(read_answer(client), HasSubstr("\"ref\":1,"));
    ++answered;
    std::thread stops([&] { server.stop(); });
    support::Frame next = client.read_frame();
    for (; next.opcode == 1; next = client.read_frame()) answered += next.payload.starts_with("{\"ref\"");
    EXPECT_EQ(next.close_code(), 1001);
    client.send(frame("\x03\xe9", 0x88));
    stops.join();
  }
  EXPECT_GE(kept(), answered);
}

TEST_F(WebSocketReceipts, AreNotWaitedForByWhoLeft) {
  TestServer server(options());
  for (int n = 0; n < 20; ++n) {
    RawClient client = connect(server);
    for (int m = 0; m < 20; ++m) client.send(numbered_frame(m));
    client.close(n % 2 == 0);
  }
  server.wait_for_connections(0);
  RawClient client = connect(server);
  client.send(numbered_frame(1));
  EXPECT_THAT(read_answer(client), HasSubstr("\"cursor\""));
}

TEST_F(KeptServer, UsersAreNamedAfterTheirCookieOnEachTransport) {
  TestServer server(options());
  RawClient client(server.port());
  const std::string cookie = "Cookie: a=b; user=AAAAAAAAAAAAAAAAAAAAAA\r\n";
  client.ask(post(messages, R"({"text":"by POST"})", "Content-Type: application/json\r\n" + cookie));
  client.send(upgrade("/rooms/lobby/socket", cookie));
  client.read_answer();
  EXPECT_THAT(client.read_frame().payload, HasSubstr("hello"));
  EXPECT_THAT(client.read_frame().payload, HasSubstr(R"("author":"guest-mnkmmz","text":"by POST")"));
  client.send(frame(R"({"text":"by frame"})") + frame(R"({"author":"ada","text":"named"})"));
  std::vector<std::string> said;
  while (said.size() < 2) {
    const std::string payload = client.read_frame().payload;
    if (!payload.starts_with("{\"ref\"")) said.push_back(payload);
  }
  EXPECT_THAT(said[0], HasSubstr(R"("author":"guest-mnkmmz","text":"by frame")"));
  EXPECT_THAT(said[1], HasSubstr(R"("author":"ada","text":"named")"));
}

}  // namespace
}  // namespace feed
