// What is refused and how: with the status that wire.md says and a reason that says what was got and what was expected.
// After each refusal, and whenever a client leaves, the server goes on and nothing of it stays behind.
#include "support/bad_input.hpp"
#include "support/raw_client.hpp"
#include "support/test_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <ostream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using namespace std::string_literals;
using namespace std::string_view_literals;
using support::Answer;
using support::bad_requests;
using support::BadRequest;
using support::frame;
using support::get;
using support::post;
using support::RawClient;
using support::TestServer;
using support::Transports;
using support::upgrade;
using testing::HasSubstr;

// A healthy client still gets what it asks for.
void expect_healthy(TestServer& server) {
  RawClient client(server.port());
  const Answer answer = client.ask(get("/healthz"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "ok\n");
}

// The form that every refusal has (RFC 9457).
void expect_problem(const Answer& answer, int status, std::string_view title, std::string_view detail) {
  EXPECT_EQ(answer.status, status) << answer.head << answer.body;
  EXPECT_EQ(answer.field("Content-Type"), "application/problem+json");
  EXPECT_EQ(answer.body.substr(0, 1), "{");
  EXPECT_THAT(answer.body, HasSubstr("\"status\":" + std::to_string(status)));
  EXPECT_THAT(answer.body, HasSubstr("\"title\":\"" + std::string(title) + '"'));
  EXPECT_THAT(answer.body, HasSubstr(std::string(detail)));
}

// --- requests, each against each of the three servers -----------------------------------------------------------------

class Refusal : public testing::TestWithParam<std::tuple<Transports, std::size_t>> {};

TEST_P(Refusal, IsSaidWithStatusAndReasonAndTheServerGoesOn) {
  const auto& [transports, index] = GetParam();
  const BadRequest& bad = bad_requests()[index];
  TestServer server({}, transports);
  RawClient client(server.port());

  const Answer answer = client.ask(bad.request);

  if (bad.name == "FoldedField") {  // RFC 9112, 5.2: refused, or the fold replaced by a space
    EXPECT_TRUE(answer.status == 400 || answer.status == 415) << answer.head;
  } else {
    expect_problem(answer, bad.status, bad.title, bad.detail);
  }
  EXPECT_EQ(answer.field("Allow").empty(), answer.status != 405);
  EXPECT_EQ(answer.field("Access-Control-Allow-Origin"), "");
  client.finish_sending();
  // One request gets one answer: nothing in it was taken for a second one.
  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_EQ(server.counters().published, 0u);
  EXPECT_GE(server.counters().refused, 1u);
  expect_healthy(server);
  client.close();
  server.wait_for_connections(0);
}

std::string_view name_of(Transports transports) {
  return transports == Transports::polling ? "Polling" : transports == Transports::sse ? "Sse" : "WebSocket";
}

INSTANTIATE_TEST_SUITE_P(Servers, Refusal,
                         testing::Combine(testing::Values(Transports::polling, Transports::sse,
                                                          Transports::websocket),
                                          testing::Range<std::size_t>(0, bad_requests().size())),
                         [](const auto& info) {
                           return std::string(name_of(std::get<0>(info.param))) + "_" +
                                  std::string(bad_requests()[std::get<1>(info.param)].name);
                         });

// --- cursors, on the path of each transport ---------------------------------------------------------------------------

const std::vector<std::string_view>& bad_cursors() {
  static const std::vector<std::string_view> all{"1",
                                                 "-1",
                                                 "k3f9",
                                                 "k3f9.",
                                                 ".17",
                                                 "k3f9.-1",
                                                 "k3f9.+1",
                                                 "k3f9.01",
                                                 "k3f9.1x",
                                                 "k3f9.1.2",
                                                 "k3f9.18446744073709551616",
                                                 "k3f9.99999999999999999999999",
                                                 "K3F9.1",
                                                 "k3f.1",
                                                 "k3f9k3f9k3f9k3f9k.1",
                                                 "k3%209.1",
                                                 "%00",
                                                 "latest%20",
                                                 "LATEST",
                                                 "",
                                                 "k3f9.1%0d%0aX:%20y",
                                                 "%EA%B0%80%EA%B0%80.1",
                                                 "00",
                                                 "0x1",
                                                 "null"};
  return all;
}

TEST(BadCursor, IsRefusedByPolling) {
  TestServer server;
  RawClient client(server.port());
  for (const std::string_view cursor : bad_cursors()) {
    SCOPED_TRACE(cursor);
    expect_problem(client.ask(get("/rooms/lobby/messages?after=" + std::string(cursor))), 400, "Bad Request",
                   "cursor is ");
  }
  expect_healthy(server);
}

TEST(BadCursor, IsRefusedByAnEventStream) {
  TestServer server;
  RawClient client(server.port());
  for (const std::string_view cursor : bad_cursors()) {
    SCOPED_TRACE(cursor);
    expect_problem(client.ask(get("/rooms/lobby/events?after=" + std::string(cursor))), 400, "Bad Request",
                   "cursor is ");
  }
  expect_healthy(server);
}

TEST(BadCursor, IsRefusedByASocketBeforeItIsOne) {
  TestServer server;
  RawClient client(server.port());
  for (const std::string_view cursor : bad_cursors()) {
    SCOPED_TRACE(cursor);
    expect_problem(client.ask(upgrade("/rooms/lobby/socket?after=" + std::string(cursor))), 400,
                   "Bad Request", "cursor is ");
  }
  expect_healthy(server);
}

TEST(BadCursor, AsLastEventIdIsAnsweredWithAGapSinceAnythingElseWouldEndAnEventSourceForGood) {
  TestServer server;
  server.publish("lobby", "ada", "hi");
  for (const std::string_view id :
       {"1", "-1", "k3f9", "k3f9.99999999999999999999999", "no cursor at all", "k3f9.1 "}) {
    SCOPED_TRACE(id);
    RawClient client(server.port());
    const Answer answer =
        client.ask(get("/rooms/lobby/events", "Last-Event-ID: " + std::string(id) + "\r\n"));
    EXPECT_EQ(answer.status, 200);
    EXPECT_THAT(client.read_chunk(), HasSubstr("\"gap\":{\"reason\":"));
    EXPECT_THAT(client.read_chunk(), HasSubstr("\"text\":\"hi\""));
  }
}

TEST(BadCursor, GivenTwiceIsRefused) {
  TestServer server;
  RawClient client(server.port());
  expect_problem(client.ask(get("/rooms/lobby/messages?after=0&after=latest")), 400, "Bad Request",
                 "more than once");
  expect_problem(client.ask(get("/rooms/lobby/events?after=0&after=0")), 400, "Bad Request",
                 "more than once");
  expect_problem(client.ask(upgrade("/rooms/lobby/socket?after=0&after=0")), 400, "Bad Request",
                 "more than once");
}

TEST(BadLimit, IsRefused) {
  TestServer server;
  RawClient client(server.port());
  for (const std::string_view limit : {"0", "-1", "x", "", "1x", "99999999999999999999999", "1.5"}) {
    SCOPED_TRACE(limit);
    expect_problem(client.ask(get("/rooms/lobby/messages?limit=" + std::string(limit))), 400, "Bad Request",
                   "expected a whole number from 1");
  }
}

TEST(BadRoomName, IsRefusedOnThePathOfEachTransport) {
  TestServer server;
  RawClient client(server.port());
  for (const std::string_view path : {"messages", "events"}) {
    expect_problem(client.ask(get("/rooms/a%2Fb/" + std::string(path))), 400, "Bad Request", "room name");
    expect_problem(client.ask(get("/rooms/%FF/" + std::string(path))), 400, "Bad Request", "room name");
  }
  expect_problem(client.ask(upgrade("/rooms/a%2Fb/socket")), 400, "Bad Request", "room name");
  EXPECT_EQ(server.on_thread([](feed::Server& s) { return s.rooms().all().size(); }), 0u);
}

// --- at the limit -----------------------------------------------------------------------------------------------------

class AtTheLimit : public testing::TestWithParam<Transports> {};

TEST_P(AtTheLimit, ABodyOfExactlyTheLimitIsTakenAndOneByteMoreIsNot) {
  feed::Options options;
  options.max_message = 1000;
  TestServer server(options, GetParam());
  const auto body_of = [](std::size_t size) {
    const std::string frame = R"({"text":""})";
    return R"({"text":")" + std::string(size - frame.size(), 'x') + R"("})";
  };
  RawClient client(server.port());
  EXPECT_EQ(client.ask(post("/rooms/lobby/messages", body_of(1000))).status, 201);

  const Answer refused = client.ask(post("/rooms/lobby/messages", body_of(1001)));

  expect_problem(refused, 413, "Payload Too Large",
                 "the body is larger than 1000 bytes, the limit of --max-message");
  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_EQ(server.counters().published, 1u);
}

TEST_P(AtTheLimit, ABodyThatIsTooLargeIsRefusedBeforeItIsSent) {
  TestServer server({}, GetParam());
  RawClient client(server.port());
  client.send(
      "POST /rooms/lobby/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000000000\r\n\r\n");
  expect_problem(client.read_answer(), 413, "Payload Too Large", "larger than 65536 bytes");
}

TEST_P(AtTheLimit, ARoomOf64BytesAndAnAuthorOf64BytesAreTaken) {
  TestServer server({}, GetParam());
  RawClient client(server.port());
  const std::string name(64, 'a');
  EXPECT_EQ(
      client.ask(post("/rooms/" + name + "/messages", R"({"author":")" + name + R"(","text":""})")).status,
      201);
}

TEST_P(AtTheLimit, AHeadOf8000BytesIsTaken) {
  TestServer server({}, GetParam());
  RawClient client(server.port());
  EXPECT_EQ(client.ask(get("/healthz", "X: " + std::string(7900, 'a') + "\r\n")).status, 200);
}

TEST_P(AtTheLimit, OneConnectionMoreThanAllowedIsToldToComeBack) {
  feed::Options options;
  options.max_connections = 2;
  TestServer server(options, GetParam());
  RawClient one(server.port());
  RawClient two(server.port());
  EXPECT_EQ(one.ask(get("/healthz")).status, 200);
  EXPECT_EQ(two.ask(get("/healthz")).status, 200);

  RawClient three(server.port());
  const Answer refused = three.ask(get("/healthz"));

  expect_problem(refused, 503, "Service Unavailable", "there are 2 connections already");
  EXPECT_EQ(refused.field("Retry-After"), "1");
  EXPECT_EQ(three.read_to_end(), "");
  one.close();
  server.wait_for_connections(1);
  RawClient four(server.port());
  EXPECT_EQ(four.ask(get("/healthz")).status, 200);
  EXPECT_EQ(two.ask(get("/healthz")).status, 200);
}

TEST_P(AtTheLimit, OneConnectionMoreThanAllowedFromAnAddressIsToldToComeBack) {
  feed::Options options;
  options.max_connections_per_address = 1;
  TestServer server(options, GetParam());
  RawClient one(server.port());
  EXPECT_EQ(one.ask(get("/healthz")).status, 200);

  RawClient two(server.port());
  const Answer refused = two.ask(get("/healthz"));

  expect_problem(refused, 429, "Too Many Requests", "there are 1 connections from this address already");
  EXPECT_EQ(refused.field("Retry-After"), "1");
  one.close();
  two.close();
  server.wait_for_connections(0);
  EXPECT_EQ(RawClient(server.port()).ask(get("/healthz")).status, 200);
}

TEST_P(AtTheLimit, WhoPublishesTooOftenIsToldWhenToComeBackAndNothingIsQueued) {
  feed::Options options;
  options.publish_rate = 20;
  TestServer server(options, GetParam());
  RawClient client(server.port());
  const std::string request = post("/rooms/lobby/messages", R"({"text":"hi"})");
  int taken = 0;
  Answer answer = client.ask(request);
  for (; answer.status == 201; ++taken) answer = client.ask(request);

  expect_problem(answer, 429, "Too Many Requests", "more than 20 messages a second");
  EXPECT_EQ(answer.field("Retry-After"), "1");
  EXPECT_GE(taken, 20);
  EXPECT_EQ(server.counters().published, static_cast<std::uint64_t>(taken));
  EXPECT_EQ(client.ask(request).status, 201) << "it is read again when it may say something";
  EXPECT_EQ(RawClient(server.port()).ask(request).status, 201) << "another connection has a rate of its own";
}

TEST_P(AtTheLimit, OneRoomMoreThanAllowedIsRefused) {
  feed::Options options;
  options.max_rooms = 3;
  TestServer server(options, GetParam());
  server.publish("cellar", "ada", "hi");  // made by the server itself
  RawClient client(server.port());
  const auto say = [&](std::string_view room) {
    return client.ask(post("/rooms/" + std::string(room) + "/messages", R"({"text":"hi"})"));
  };
  EXPECT_EQ(say("lobby").status, 201);
  EXPECT_EQ(say("garden").status, 201);

  expect_problem(say("attic"), 503, "Service Unavailable", "there are 3 rooms already");
  EXPECT_EQ(say("lobby").status, 201);
}

TEST_P(AtTheLimit, AClientMakesNoMoreRoomsThanItMay) {
  feed::Options options;
  options.max_rooms_per_client = 2;
  TestServer server(options, GetParam());
  RawClient client(server.port());
  const auto say = [&](std::string_view room) {
    return client.ask(post("/rooms/" + std::string(room) + "/messages", R"({"text":"hi"})"));
  };
  EXPECT_EQ(say("lobby").status, 201);
  EXPECT_EQ(say("garden").status, 201);

  const Answer refused = say("attic");

  expect_problem(refused, 429, "Too Many Requests", "this client has made 2 rooms already");
  EXPECT_EQ(refused.field("Retry-After"), "1");
  server.publish("attic", "ada", "hi");  // what somebody else has made, it may use
  EXPECT_EQ(say("attic").status, 201);
}

TEST_P(AtTheLimit, AHeadThatComesTooSlowlyIsToldSo) {
  feed::Options options;
  options.head_time = std::chrono::milliseconds(100);
  TestServer server(options, GetParam());
  RawClient client(server.port());

  client.send("GET /healthz HTTP/1.1\r\nHost: ");

  expect_problem(client.read_answer(), 408, "Request Timeout", "the head took more than 0.1 s");
  EXPECT_EQ(client.read_to_end(), "");
  server.wait_for_connections(0);
}

TEST_P(AtTheLimit, ABodyThatComesTooSlowlyIsToldSo) {
  feed::Options options;
  options.body_time = std::chrono::milliseconds(100);
  TestServer server(options, GetParam());
  RawClient client(server.port());

  client.send(
      "POST /rooms/lobby/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 28\r\n\r\n{\"text\"");

  expect_problem(client.read_answer(), 408, "Request Timeout", "the body took more than 0.1 s");
  EXPECT_EQ(client.read_to_end(), "");
  server.wait_for_connections(0);
  EXPECT_EQ(server.counters().published, 0u);
}

TEST_P(AtTheLimit, AConnectionOnWhichNothingComesIsClosed) {
  feed::Options options;
  options.head_time = std::chrono::milliseconds(100);
  TestServer server(options, GetParam());
  RawClient client(server.port());

  EXPECT_THAT(client.read_to_end(), testing::AnyOf("", testing::StartsWith("HTTP/1.1 408 ")));
  server.wait_for_connections(0);
}

INSTANTIATE_TEST_SUITE_P(Servers, AtTheLimit,
                         testing::Values(Transports::polling, Transports::sse, Transports::websocket),
                         [](const auto& info) { return std::string(name_of(info.param)); });

// --- what is allowed --------------------------------------------------------------------------------------------------

TEST(Origin, ThisServersOwnIsFine) {
  TestServer server;
  RawClient client(server.port());
  const std::string own = "Origin: http://127.0.0.1\r\n";
  EXPECT_EQ(client.ask(get("/stats", own)).status, 200);
  EXPECT_EQ(
      client
          .ask(post("/rooms/lobby/messages", R"({"text":"hi"})", own + "Content-Type: application/json\r\n"))
          .status,
      201);
  EXPECT_EQ(client.ask(get("/stats", own)).field("Access-Control-Allow-Origin"), "");
  EXPECT_EQ(client.ask(upgrade("/rooms/lobby/socket", own)).status, 101);
}

TEST(Origin, OneThatIsAllowedIsToldSoInEveryAnswer) {
  feed::Options options;
  options.allow_origin = {"http://localhost:3000"};
  TestServer server(options);
  const std::string origin = "Origin: http://localhost:3000\r\n";
  RawClient client(server.port());

  for (const Answer& answer :
       {client.ask(get("/stats", origin)), client.ask(get("/rooms/lobby/messages", origin)),
        client.ask(get("/nowhere", origin)),
        client.ask(
            post("/rooms/lobby/messages", R"({"text":"hi"})", origin + "Content-Type: application/json\r\n")),
        client.ask(post("/rooms/lobby/messages", "bad", origin + "Content-Type: application/json\r\n"))}) {
    EXPECT_EQ(answer.field("Access-Control-Allow-Origin"), "http://localhost:3000") << answer.head;
    EXPECT_EQ(answer.field("Vary"), "Origin") << answer.head;
    EXPECT_EQ(answer.field("Access-Control-Allow-Credentials"), "");
  }
  EXPECT_EQ(client.ask(get("/rooms/lobby/events", origin)).field("Access-Control-Allow-Origin"),
            "http://localhost:3000");
  EXPECT_EQ(RawClient(server.port()).ask(upgrade("/rooms/lobby/socket", origin)).status, 101);
}

TEST(Origin, OneThatIsAllowedMayAskBeforeItPosts) {
  feed::Options options;
  options.allow_origin = {"http://localhost:3000"};
  TestServer server(options);
  RawClient client(server.port());

  const Answer answer = client.ask(
      "OPTIONS /rooms/lobby/messages HTTP/1.1\r\nHost: x\r\nOrigin: http://localhost:3000\r\nAccess-Control-Request-Method: POST\r\n"
      "Access-Control-Request-Headers: content-type\r\n\r\n");

  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.field("Access-Control-Allow-Origin"), "http://localhost:3000");
  EXPECT_THAT(answer.field("Access-Control-Allow-Methods"), HasSubstr("POST"));
  EXPECT_THAT(answer.field("Access-Control-Allow-Headers"), HasSubstr("Content-Type"));
}

TEST(Origin, ToAllowOneDoesNotAllowAnother) {
  feed::Options options;
  options.allow_origin = {"http://localhost:3000"};
  TestServer server(options);
  for (const std::string_view origin :
       {"http://localhost:30000", "http://localhost", "https://localhost:3000", "http://LOCALHOST:3000.",
        "http://localhost:3000/"}) {
    RawClient client(server.port());
    EXPECT_EQ(client.ask(get("/stats", "Origin: " + std::string(origin) + "\r\n")).status, 403) << origin;
  }
}

TEST(Origin, AForeignHandshakeIsRefusedBeforeItIsASocket) {
  TestServer server;
  RawClient client(server.port());
  expect_problem(client.ask(upgrade("/rooms/lobby/socket", "Origin: http://evil.example\r\n")), 403,
                 "Forbidden", "expected this server's own");
  server.wait_for_readers(0);
}

TEST(ContentType, MayBeWrittenInAnyCaseAndHaveACharset) {
  TestServer server;
  RawClient client(server.port());
  for (const std::string_view type : {"application/json; charset=utf-8", "Application/JSON",
                                      "application/json ;charset=UTF-8", "application/json;"}) {
    EXPECT_EQ(client
                  .ask(post("/rooms/lobby/messages", R"({"text":"hi"})",
                            "Content-Type: " + std::string(type) + "\r\n"))
                  .status,
              201)
        << type;
  }
}

TEST(Requests, OneAfterTheOtherOnOneConnectionAreAnsweredInTheirOrder) {
  TestServer server;
  RawClient client(server.port());
  std::string requests;
  for (int n = 1; n <= 50; ++n) requests += post("/rooms/lobby/messages", R"({"text":"hi"})");
  client.send(requests);
  for (int n = 1; n <= 50; ++n) {
    const Answer answer = client.read_answer();
    EXPECT_EQ(answer.status, 201);
    EXPECT_THAT(answer.body, testing::EndsWith('.' + std::to_string(n) + "\"}"));
  }
}

TEST(Requests, ARefusalOfWhatWasAskedKeepsTheConnection) {
  TestServer server;
  RawClient client(server.port());
  EXPECT_EQ(client.ask(get("/nowhere")).status, 404);
  EXPECT_EQ(client.ask(post("/rooms/lobby/messages", "bad")).status, 400);
  EXPECT_EQ(client.ask(post("/rooms/lobby/messages", R"({"text":"hi"})", "")).status, 415);
  EXPECT_EQ(client.ask(get("/healthz")).status, 200);
  EXPECT_EQ(server.counters().accepted, 1u);
}

TEST(Requests, HeadIsAnsweredLikeGetWithoutABody) {
  TestServer server;
  RawClient client(server.port());
  const Answer answer = client.ask("HEAD /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.field("Content-Length"), "3");
  EXPECT_EQ(client.ask(get("/healthz")).body, "ok\n");
}

// Of which a client would take the body for the next answer.
TEST(Requests, HeadIsAnsweredWithoutABodyWhateverIsWrong) {
  TestServer server;
  RawClient client(server.port());
  for (const std::string_view target : {"/nowhere", "/%zz", "/rooms/a%2Fb/messages", "/\xff"}) {
    SCOPED_TRACE(target);
    const Answer answer = client.ask("HEAD " + std::string(target) + " HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_GE(answer.status, 400);
    EXPECT_EQ(client.ask(get("/healthz")).body, "ok\n");
  }
}

TEST(Requests, WhoExpectsAContinueIsToldToGoOn) {
  TestServer server;
  RawClient client(server.port());
  const std::string body = R"({"text":"hi"})";
  client.send(
      "POST /rooms/lobby/messages HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: " +
      std::to_string(body.size()) + "\r\n\r\n");
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(client.ask(body).status, 201);
}

TEST(Requests, Http10IsAnsweredAndClosed) {
  TestServer server;
  RawClient client(server.port());
  client.send("GET /healthz HTTP/1.0\r\n\r\n");
  EXPECT_THAT(client.read_to_end(), testing::EndsWith("\r\n\r\nok\n"));
}

TEST(Requests, ATrailerCannotAddAField) {
  TestServer server;
  RawClient client(server.port());
  const Answer answer = client.ask(
      "POST /rooms/lobby/messages HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTrailer: Content-Type\r\n\r\n"
      "d\r\n{\"text\":\"hi\"}\r\n0\r\nContent-Type: application/json\r\n\r\n");
  EXPECT_EQ(answer.status, 411);
  EXPECT_EQ(client.read_to_end(), "");
  EXPECT_EQ(server.counters().published, 0u);
}

// --- WebSocket handshakes and frames ----------------------------------------------------------------------------------

TEST(Handshake, ThatIsNoneIsRefusedWithTheReason) {
  TestServer server;
  for (const support::BadHandshake& bad : support::bad_handshakes()) {
    SCOPED_TRACE(bad.name);
    const Answer answer = RawClient(server.port()).ask(bad.request);
    expect_problem(answer, bad.status, bad.status == 426 ? "Upgrade Required" : "Bad Request", bad.detail);
    EXPECT_EQ(answer.field("Upgrade"), bad.status == 426 ? "websocket" : "");
    EXPECT_EQ(answer.field("Sec-WebSocket-Version"), bad.status == 426 ? "13" : "");
  }
}

TEST(Handshake, ChoosesTheSubprotocolWhereItIsOffered) {
  TestServer server;
  const auto chosen = [&](std::string_view offered) {
    RawClient client(server.port());
    return client.ask(upgrade("/rooms/lobby/socket", offered)).field("Sec-WebSocket-Protocol");
  };
  EXPECT_EQ(chosen("Sec-WebSocket-Protocol: chat.v1\r\n"), "chat.v1");
  EXPECT_EQ(chosen("Sec-WebSocket-Protocol: soap, chat.v1\r\n"), "chat.v1");
  EXPECT_EQ(chosen("Sec-WebSocket-Protocol: chat.v2\r\n"), "");
  EXPECT_EQ(chosen(""), "");
}

// A client whose handshake is done and whose hello has come.
class SocketClient : public RawClient {
 public:
  explicit SocketClient(TestServer& server) : RawClient(server.port()) {
    EXPECT_EQ(ask(upgrade("/rooms/lobby/socket")).status, 101);
    EXPECT_THAT(read_frame().payload, testing::StartsWith(R"({"hello":{"cursor":")"));
  }
  // The next frame, where it is a close frame; else 0.
  int read_close() { return read_frame().close_code(); }
};

// The connection ends, and nothing of it stays.
void expect_end(SocketClient& client, TestServer& server) {
  client.read_to_end();
  server.wait_for_readers(0);
  server.wait_for_connections(0);
  expect_healthy(server);
}

TEST(BadFrame, ABinaryOneIsAnsweredWith1003) {
  TestServer server;
  SocketClient client(server);
  client.send(frame(R"({"ref":1,"text":"hi"})", 0x82));
  EXPECT_EQ(client.read_close(), 1003);
  client.send(frame("\x03\xeb", 0x88));
  expect_end(client, server);
  EXPECT_EQ(server.counters().published, 0u);
}

TEST(BadFrame, OneTooManyIsAnsweredWithTheTimeToWaitAndTheConnectionGoesOn) {
  feed::Options options;
  options.publish_rate = 20;
  TestServer server(options);
  SocketClient client(server);
  int said = 0;
  // The answer to one more; messages come in between.
  const auto say = [&] {
    const std::string ref = R"({"ref":)" + std::to_string(++said);
    client.send(frame(ref + R"(,"text":"hi"})"));
    std::string answer = client.read_frame().payload;
    while (!answer.starts_with(ref)) answer = client.read_frame().payload;
    return answer;
  };
  std::string answer = say();
  while (answer.find("\"cursor\"") != std::string::npos) answer = say();

  EXPECT_GT(said, 20);
  EXPECT_THAT(answer, testing::HasSubstr("more than 20 messages a second"));
  EXPECT_THAT(answer, testing::ContainsRegex("the next one may come in [0-9]+ ms"));
  EXPECT_THAT(say(), testing::HasSubstr("\"cursor\""));
}

TEST(BadFrame, AnUnmaskedOneIsAnsweredWith1002) {
  TestServer server;
  SocketClient client(server);
  client.send("\x81\x02hi");
  EXPECT_EQ(client.read_close(), 1002);
  client.finish_sending();
  expect_end(client, server);
}

TEST(BadFrame, IsAnsweredWithTheCodeThatSaysWhatIsWrong) {
  for (const support::BadFrames& bad : support::bad_frames()) {
    SCOPED_TRACE(bad.name);
    TestServer server;
    SocketClient client(server);
    client.send(bad.bytes);
    support::Frame got = client.read_frame();
    while (got.opcode == 1) got = client.read_frame();  // the answer to what was right before
    EXPECT_THAT(bad.codes, testing::Contains(got.close_code()));
    client.finish_sending();
    expect_end(client, server);
    EXPECT_EQ(server.counters().published, 0u);
  }
}

TEST(BadFrame, TextThatIsNotUtf8IsAnsweredWith1007) {
  TestServer server;
  for (const std::string_view text :
       {"\xff", "\xc0\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80", "{\"text\":\"\xea\xb0"}) {
    SCOPED_TRACE(testing::PrintToString(text));
    SocketClient client(server);
    client.send(frame(text));
    EXPECT_EQ(client.read_close(), 1007);
    client.finish_sending();
    expect_end(client, server);
  }
  EXPECT_EQ(server.counters().published, 0u);
}

TEST(BadFrame, AMessageOfExactlyTheLimitIsTakenAndOneByteMoreIsAnsweredWith1009) {
  feed::Options options;
  options.max_message = 1000;
  TestServer server(options);
  const auto text_of = [](std::size_t size) {
    const std::string around = R"({"ref":1,"text":""})";
    return R"({"ref":1,"text":")" + std::string(size - around.size(), 'x') + R"("})";
  };
  SocketClient client(server);
  client.send(frame(text_of(1000)));
  const std::string first = client.read_frame().payload;
  const std::string second = client.read_frame().payload;
  EXPECT_THAT(first + second, HasSubstr(R"({"ref":1,"cursor":")"));

  client.send(frame(text_of(1001)));

  EXPECT_EQ(client.read_close(), 1009);
  client.finish_sending();
  expect_end(client, server);
  EXPECT_EQ(server.counters().published, 1u);
}

TEST(BadFrame, ALengthOf2To62IsAnsweredWith1009BeforeItIsSent) {
  TestServer server;
  SocketClient client(server);
  client.send("\x81\xff\x40\x00\x00\x00\x00\x00\x00\x00\x01\x02\x03\x04"s);
  EXPECT_EQ(client.read_close(), 1009);
  client.finish_sending();
  expect_end(client, server);
}

TEST(BadFrame, AMessageInFragmentsThatIsTooLargeIsAnsweredWith1009) {
  feed::Options options;
  options.max_message = 1000;
  TestServer server(options);
  SocketClient client(server);
  std::string fragments = frame(std::string(100, ' '), 0x01);
  for (int n = 0; n < 10; ++n) fragments += frame(std::string(100, ' '), 0x00);
  client.send(fragments);
  EXPECT_EQ(client.read_close(), 1009);
  client.finish_sending();
  expect_end(client, server);
}

TEST(BadFrame, MalformedJsonIsAnsweredWithAnErrorAndTheConnectionGoesOn) {
  TestServer server;
  SocketClient client(server);
  const auto answer_to = [&](std::string_view text) {
    client.send(frame(text));
    return client.read_frame().payload;
  };
  EXPECT_THAT(answer_to("hello"), testing::StartsWith(R"({"ref":null,"error":"not JSON)"));
  EXPECT_THAT(answer_to(""), testing::StartsWith(R"({"ref":null,"error":"not JSON)"));
  EXPECT_THAT(answer_to("[]"), testing::StartsWith(R"({"ref":null,"error":"got JSON of type array)"));
  EXPECT_THAT(answer_to(R"({"ref":1})"), testing::StartsWith(R"({"ref":1,"error":"got no \"text\")"));
  EXPECT_THAT(answer_to(R"({"ref":2,"text":7})"),
              testing::StartsWith(R"({"ref":2,"error":"\"text\" is of type int64)"));
  EXPECT_THAT(answer_to(R"({"ref":"three","author":"","text":"hi"})"),
              testing::StartsWith(R"({"ref":"three","error":"author is 0 bytes)"));
  EXPECT_THAT(answer_to(R"({"ref":[],"text":"hi"})"),
              testing::StartsWith(R"({"ref":null,"error":"expected \"ref\")"));
  EXPECT_THAT(answer_to(R"({"ref":4,"text":"\ud800"})"),
              testing::StartsWith(R"({"ref":null,"error":"not JSON in UTF-8)"));
  EXPECT_THAT(answer_to(std::string(10000, '[')), testing::StartsWith(R"({"ref":null,"error":"not JSON)"));
  EXPECT_THAT(answer_to(R"({"ref":6,"author":"\u202eada","text":"hi"})"),
              testing::StartsWith(R"({"ref":6,"error":"author holds a control character)"));
  EXPECT_EQ(server.counters().published, 0u);
  EXPECT_EQ(server.counters().refused, 10u);

  client.send(frame(R"({"ref":5,"author":"ada","text":"hi"})"));
  const std::string both = client.read_frame().payload + client.read_frame().payload;
  EXPECT_THAT(both, HasSubstr(R"({"ref":5,"cursor":")"));
  EXPECT_THAT(both, HasSubstr(R"("author":"ada","text":"hi"})"));
}

TEST(Frames, APingIsAnsweredWithWhatItHolds) {
  TestServer server;
  SocketClient client(server);
  client.send(frame("are you there", 0x89));
  const support::Frame pong = client.read_frame();
  EXPECT_EQ(pong.opcode, 10);
  EXPECT_EQ(pong.payload, "are you there");
}

TEST(Frames, ACloseIsAnsweredWithItsCodeAndTheConnectionEnds) {
  TestServer server;
  SocketClient client(server);
  client.send(frame("\x03\xe8", 0x88));
  EXPECT_EQ(client.read_close(), 1000);
  client.finish_sending();
  expect_end(client, server);
}

TEST(Frames, AClientThatDoesNotHangUpAfterTheCloseIsCutOff) {
  feed::Options options;
  options.heartbeat = std::chrono::milliseconds(100);
  TestServer server(options);
  for (const std::string& last : {frame("\x03\xe8", 0x88), frame("hi", 0x82), "\x81\x02hi"s, frame("\xff")}) {
    SCOPED_TRACE(testing::PrintToString(last));
    SocketClient client(server);
    client.send(last);
    EXPECT_NE(client.read_close(), 0);
    server.wait_for_readers(0);
    server.wait_for_connections(0);
  }
}

TEST(Frames, AClientThatIsSilentIsPingedAndThenCutOff) {
  feed::Options options;
  options.heartbeat = std::chrono::milliseconds(100);
  TestServer server(options);
  SocketClient client(server);
  EXPECT_EQ(client.read_frame().opcode, 9);
  client.read_to_end();
  server.wait_for_readers(0);
  server.wait_for_connections(0);
}

TEST(Frames, AClientThatAnswersEachPingStays) {
  feed::Options options;
  options.heartbeat = std::chrono::milliseconds(100);
  TestServer server(options);
  SocketClient client(server);
  for (int n = 0; n < 5; ++n) {
    const support::Frame ping = client.read_frame();
    EXPECT_EQ(ping.opcode, 9);
    client.send(frame(ping.payload, 0x8a));
  }
  server.publish("lobby", "ada", "hi");
  EXPECT_THAT(client.read_frame().payload, HasSubstr("\"text\":\"hi\""));
}

TEST(EventStream, SaysACommentWhenItIsSilent) {
  feed::Options options;
  options.heartbeat = std::chrono::milliseconds(50);
  TestServer server(options);
  RawClient client(server.port());
  client.ask(get("/rooms/lobby/events"));
  client.read_chunk();
  for (int n = 0; n < 3; ++n) EXPECT_THAT(client.read_chunk(), testing::MatchesRegex(":.*\n"));
  server.publish("lobby", "ada", "hi");
  std::string chunk = client.read_chunk();
  for (int n = 0; n < 100 && chunk.starts_with(':'); ++n) chunk = client.read_chunk();
  EXPECT_THAT(chunk, HasSubstr("\"text\":\"hi\""));
}

TEST(Poll, TheWholeLogHasATagAndIsNotSentAgain) {
  TestServer server;
  RawClient client(server.port());
  server.publish("lobby", "ada", "hi");
  const Answer first = client.ask(get("/rooms/lobby/messages"));
  EXPECT_EQ(first.status, 200);
  const std::string tag = first.field("ETag");
  EXPECT_THAT(tag, testing::EndsWith(".1-1\""));

  EXPECT_EQ(client.ask(get("/rooms/lobby/messages", "If-None-Match: " + tag + "\r\n")).status, 304);
  EXPECT_EQ(client.ask(get("/rooms/lobby/messages", "If-None-Match: W/" + tag + "\r\n")).status, 304);

  server.publish("lobby", "ada", "hi");
  EXPECT_EQ(client.ask(get("/rooms/lobby/messages", "If-None-Match: " + tag + "\r\n")).status, 200);
}

TEST(Poll, ALimitGivesTheOldestAndTheCursorBehindThem) {
  TestServer server;
  RawClient client(server.port());
  std::string epoch;
  for (int n = 0; n < 5; ++n) epoch = server.publish("lobby", "ada", "hi").epoch;
  const Answer page = client.ask(get("/rooms/lobby/messages?limit=2&after=" + epoch + ".1"));
  EXPECT_THAT(page.body, testing::StartsWith("{\"cursor\":\"" + epoch + ".3\",\"messages\":[{\"seq\":2,"));
  EXPECT_THAT(page.body, testing::Not(HasSubstr("\"seq\":4")));
}

TEST(Poll, AWaitIsAppliedAndSaidAndEndsWithAMessage) {
  TestServer server;
  const feed::Cursor last = server.publish("lobby", "ada", "hi");
  RawClient client(server.port());
  client.send(get("/rooms/lobby/messages?after=" + to_string(last), "Prefer: wait=99\r\n"));
  server.wait_for_readers(1);
  server.publish("lobby", "ada", "there");
  const Answer answer = client.read_answer();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.field("Preference-Applied"), "wait=60");
  EXPECT_THAT(answer.body, HasSubstr("\"text\":\"there\""));
}

TEST(Poll, AWaitThatBringsNothingIsAnswered204) {
  TestServer server;
  const feed::Cursor last = server.publish("lobby", "ada", "hi");
  RawClient client(server.port());
  const Answer answer =
      client.ask(get("/rooms/lobby/messages?after=" + to_string(last), "Prefer: wait=1\r\n"));
  EXPECT_EQ(answer.status, 204);
  EXPECT_EQ(answer.field("Preference-Applied"), "wait=1");
}

TEST(FallingBehind, IsSaidOnAStreamAndOnASocketAndTheRestComes) {
  feed::Options options;
  options.history.messages = 10;
  TestServer server(options);
  RawClient streams(server.port());
  SocketClient talks(server);
  streams.ask(get("/rooms/lobby/events"));
  streams.read_chunk();
  server.wait_for_readers(2);

  // In one turn of the server's loop, so that no reader can keep up.
  server.on_thread([](feed::Server& s) {
    for (int n = 0; n < 100; ++n) s.rooms().open("lobby").publish({"ada", "hi"});
    return true;
  });

  EXPECT_THAT(streams.read_chunk(),
              testing::AllOf(testing::StartsWith("event: gap\n"),
                             HasSubstr(R"(.90","gap":{"reason":"forgotten","missed":90}})")));
  EXPECT_THAT(streams.read_chunk(), HasSubstr(R"({"seq":91,)"));
  EXPECT_THAT(talks.read_frame().payload,
              testing::AllOf(testing::StartsWith(R"({"gap":{"cursor":")"),
                             HasSubstr(R"(.90","gap":{"reason":"forgotten","missed":90}})")));
  EXPECT_THAT(talks.read_frame().payload, HasSubstr(R"({"seq":91,)"));
}

TEST(Frames, AMessageInFragmentsWithAPingBetweenThemIsOneMessage) {
  TestServer server;
  SocketClient client(server);
  client.send(frame(R"({"ref":1,"te)", 0x01) + frame("x", 0x89) + frame("", 0x00) +
              frame(R"(xt":"hi"})", 0x80));
  std::string all;
  for (int n = 0; n < 3; ++n) all += client.read_frame().payload + '\n';
  EXPECT_THAT(all, HasSubstr(R"({"ref":1,"cursor":")"));
  EXPECT_THAT(all, HasSubstr(R"("text":"hi")"));
}

TEST(Frames, ThatComeWithTheHandshakeAreNotLostInSilence) {
  TestServer server;
  RawClient client(server.port());
  client.send(upgrade("/rooms/lobby/socket") + frame(R"({"ref":1,"text":"hi"})"));
  // RFC 6455, 4.1 lets no client do that: it may be refused.
  const Answer answer = client.read_answer();
  if (answer.status == 400) return expect_problem(answer, 400, "Bad Request", "expected");
  EXPECT_EQ(answer.status, 101);
  std::string all;
  for (int n = 0; n < 3; ++n) all += client.read_frame().payload + '\n';
  EXPECT_THAT(all, HasSubstr(R"({"ref":1,"cursor":")"));
}

TEST(Echo, SendsBackEveryFrameAsItCame) {
  TestServer server;
  RawClient client(server.port());
  ASSERT_EQ(client.ask(upgrade("/echo")).status, 101);
  for (const std::size_t size : {0, 1, 125, 126, 65535, 65536}) {
    for (const unsigned char first : {0x81, 0x82}) {
      client.send(frame(std::string(size, 'x'), first));
      const support::Frame back = client.read_frame();
      EXPECT_EQ(back.opcode, first & 0x0f);
      EXPECT_EQ(back.payload, std::string(size, 'x'));
    }
  }
  client.send(frame("\x03\xe8", 0x88));
  EXPECT_EQ(client.read_frame().close_code(), 1000);
  client.finish_sending();
  client.read_to_end();
  server.wait_for_connections(0);
}

// --- clients that leave -----------------------------------------------------------------------------------------------

struct Departure {
  std::string_view name;
  std::string said;
};

void PrintTo(const Departure& departure, std::ostream* out) { *out << departure.name; }

class Leaving : public testing::TestWithParam<Departure> {};

TEST_P(Leaving, AfterAnyNumberOfBytesLeavesNothingBehind) {
  TestServer server;
  server.publish("lobby", "ada", "hi");
  const std::string& said = GetParam().said;
  for (std::size_t cut = 0; cut <= said.size(); ++cut) {
    for (const bool abruptly : {false, true}) {
      RawClient client(server.port());
      client.send(std::string_view(said).substr(0, cut));
      client.close(abruptly);
    }
    if (cut % 16 == 0) {
      server.wait_for_connections(0);
      expect_healthy(server);
    }
  }
  server.wait_for_connections(0);
  server.wait_for_readers(0);
  expect_healthy(server);
}

TEST_P(Leaving, AfterItsRequestWasAnsweredLeavesNothingBehind) {
  TestServer server;
  server.publish("lobby", "ada", "hi");
  for (const bool abruptly : {false, true}) {
    RawClient client(server.port());
    client.send(GetParam().said);
    if (GetParam().name != "LongPoll") client.read(1);
    client.close(abruptly);
    server.wait_for_connections(0);
    server.wait_for_readers(0);
  }
  expect_healthy(server);
}

INSTANTIATE_TEST_SUITE_P(
    Clients, Leaving,
    testing::Values(Departure{"Poll", get("/rooms/lobby/messages")},
                    Departure{"LongPoll", get("/rooms/lobby/messages?after=latest", "Prefer: wait=60\r\n")},
                    Departure{"Post", post("/rooms/lobby/messages", R"({"author":"ada","text":"hi"})")},
                    Departure{"EventStream", get("/rooms/lobby/events")},
                    Departure{"Socket", upgrade("/rooms/lobby/socket") + frame(R"({"ref":1,"text":"hi"})")},
                    Departure{"Echo", upgrade("/echo") + frame("hello")}),
    [](const auto& info) { return std::string(info.param.name); });

TEST(Leaving, ALongPollThatWaitsIsNoticed) {
  TestServer server;
  const feed::Cursor last = server.publish("lobby", "ada", "hi");
  for (const bool abruptly : {false, true}) {
    RawClient client(server.port());
    client.send(get("/rooms/lobby/messages?after=" + to_string(last), "Prefer: wait=60\r\n"));
    server.wait_for_readers(1);
    client.close(abruptly);
    server.wait_for_readers(0);
    server.wait_for_connections(0);
  }
}

TEST(Leaving, InTheMiddleOfAFloodIsNoticed) {
  feed::Options options;
  options.history.messages = 100'000;
  options.history.bytes = 64 << 20;
  TestServer server(options);
  for (const std::string& request : {get("/rooms/lobby/events"), upgrade("/rooms/lobby/socket")}) {
    for (const bool abruptly : {false, true}) {
      RawClient client(server.port());
      client.set_receive_buffer(4096);
      client.send(request);
      server.wait_for_readers(1);
      // More than the socket's buffers take: the session stands in the middle of a write.
      server.on_thread([](feed::Server& s) {
        for (int n = 0; n < 2000; ++n) s.rooms().open("lobby").publish({"ada", std::string(10'000, 'x')});
        return true;
      });
      client.close(abruptly);
      server.wait_for_readers(0);
      server.wait_for_connections(0);
    }
  }
  expect_healthy(server);
}

TEST(Leaving, OfOneReaderIsNothingToTheOthers) {
  TestServer server;
  RawClient stays(server.port());
  stays.send(get("/rooms/lobby/events"));
  EXPECT_EQ(stays.read_answer().status, 200);
  stays.read_chunk();
  for (int n = 1; n <= 20; ++n) {
    RawClient leaves(server.port());
    leaves.send(n % 2 == 0 ? get("/rooms/lobby/events") : upgrade("/rooms/lobby/socket"));
    server.wait_for_readers(2);
    leaves.close(n % 3 == 0);
    server.publish("lobby", "ada", "message " + std::to_string(n));
    EXPECT_THAT(stays.read_chunk(), HasSubstr("\"text\":\"message " + std::to_string(n) + "\"}"));
    server.wait_for_readers(1);
  }
}

TEST(Publishing, ByTwoRawClientsAtOnceGivesEachMessageAPlaceOfItsOwn) {
  TestServer server;
  std::vector<std::thread> threads;
  std::vector<std::vector<std::string>> places(2);
  for (std::size_t who = 0; who < 2; ++who) {
    threads.emplace_back([&, who] {
      RawClient client(server.port());
      for (int n = 0; n < 200; ++n)
        places[who].push_back(client.ask(post("/rooms/lobby/messages", R"({"text":"hi"})")).body);
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::vector<std::string> all = places[0];
  all.insert(all.end(), places[1].begin(), places[1].end());
  std::sort(all.begin(), all.end());
  EXPECT_EQ(all.size(), 400u);
  EXPECT_EQ(std::unique(all.begin(), all.end()), all.end());
}

// --- the end ----------------------------------------------------------------------------------------------------------

TEST(Stopping, TellsEveryReaderInItsOwnProtocol) {
  TestServer server;
  RawClient polls(server.port());
  polls.send(get("/rooms/lobby/messages?after=latest"));
  const std::string cursor = polls.read_answer().body.substr(11);
  RawClient waits(server.port());
  RawClient streams(server.port());
  SocketClient talks(server);
  RawClient echoes(server.port());
  EXPECT_EQ(echoes.ask(upgrade("/echo")).status, 101);
  const feed::Cursor last = server.publish("lobby", "ada", "hi");
  talks.read_frame();
  waits.send(get("/rooms/lobby/messages?after=" + to_string(last), "Prefer: wait=60\r\n"));
  streams.send(get("/rooms/lobby/events?after=latest"));
  EXPECT_EQ(streams.read_answer().status, 200);
  streams.read_chunk();
  server.wait_for_readers(3);

  std::thread stopping([&] { server.stop(); });

  EXPECT_EQ(waits.read_answer().status, 204);
  EXPECT_EQ(waits.read_to_end(), "");
  EXPECT_THAT(streams.read_to_end(), testing::MatchesRegex("c\r\nretry: [1-5][0-9]{3}\n\r\n0\r\n\r\n"));
  EXPECT_EQ(talks.read_close(), 1001);
  talks.send(frame("\x03\xe9", 0x88));
  EXPECT_EQ(talks.read_to_end(), "");
  EXPECT_EQ(echoes.read_frame().close_code(), 1001);
  echoes.send(frame("\x03\xe9", 0x88));
  EXPECT_EQ(echoes.read_to_end(), "");
  EXPECT_EQ(polls.read_to_end(), "");
  for (RawClient* client : {&waits, &streams, static_cast<RawClient*>(&talks), &echoes, &polls})
    client->close();
  stopping.join();
}

// Of a publisher that does not pause, some message has always been read and not yet answered.
TEST(Stopping, SaysNothingBehindAGoodbye) {
  std::string all;
  for (int n = 1; n <= 2000; ++n) all += frame("{\"ref\":" + std::to_string(n) + R"(,"text":"hello"})");
  for (int round = 0; round < 10; ++round) {
    TestServer server;
    SocketClient talks(server);
    talks.send(all);
    talks.read_frame();
    std::thread stopping([&] { server.stop(); });
    support::Frame last = talks.read_frame();
    while (last.opcode == 1) last = talks.read_frame();
    EXPECT_EQ(last.close_code(), 1001);
    talks.send(frame("\x03\xe9", 0x88));
    EXPECT_EQ(talks.read_to_end(), "");
    talks.close();
    stopping.join();
  }
}

}  // namespace
