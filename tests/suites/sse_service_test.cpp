// sse_service as the sse-contract-tests suite drives it: the suite is on this side, with a server for the streams and one for what it is told.
#include "support/child.hpp"
#include "support/raw_client.hpp"
#include "support/raw_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <optional>
#include <string>
#include <string_view>

namespace {

using support::Answer;
using support::Child;
using support::get;
using support::post;
using support::RawClient;
using support::RawServer;
using testing::HasSubstr;
using testing::Not;

std::string erase(std::string_view path) {
  return "DELETE " + std::string(path) + " HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
}

// What follows "http://host" in an address.
std::string path_of(const std::string& address) { return address.substr(address.find('/', 7)); }

std::string event(std::string_view data, std::string_view id = {}, std::string_view type = "message") {
  return R"({"kind":"event","event":{"type":")" + std::string(type) + R"(","data":")" + std::string(data) +
         R"(","id":")" + std::string(id) + "\"}}";
}

class SseService : public testing::Test {
 protected:
  SseService()
      : service({std::string(PROGRAM_DIRECTORY) + "/sse_service", "--port", "0"}), port(service.port()) {}

  Answer ask(const std::string& request) { return RawClient(port).ask(request); }

  // Has a stream made; `more` are further members of what is asked, each with a comma before it.
  std::string make(const std::string& more = {}) {
    const std::string wanted = R"({"tag":"a test","streamUrl":"http://127.0.0.1:)" +
                               std::to_string(streams.port()) +
                               R"(/stream","callbackUrl":"http://127.0.0.1:)" +
                               std::to_string(callbacks.port()) + "/callbacks/9\"" + more + '}';
    const Answer answer = ask(post("/", wanted));
    EXPECT_EQ(answer.status, 201) << answer.body;
    EXPECT_THAT(answer.field("Location"), testing::StartsWith("http://127.0.0.1/streams/"));
    return path_of(answer.field("Location"));
  }
  RawClient accept() {
    RawClient connection = streams.accept();
    request = connection.read_until("\r\n\r\n");
    return connection;
  }
  RawClient stream() {
    RawClient connection = accept();
    connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
    return connection;
  }
  // The next thing that the suite is told; all of one stream's come over one connection.
  std::string told() {
    if (!callback) callback = callbacks.accept();
    const std::string head = callback->read_until("\r\n\r\n");
    EXPECT_THAT(head, testing::StartsWith("POST /callbacks/9/" + std::to_string(++number) + " HTTP/1.1\r\n"));
    const std::string key = "Content-Length: ";
    std::string body = callback->read(std::stoul(head.substr(head.find(key) + key.size())));
    callback->send("HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n");
    return body;
  }

  RawServer streams;
  RawServer callbacks;
  std::string request;
  std::optional<RawClient> callback;
  int number = 0;
  Child service;
  const std::uint16_t port;
};

TEST_F(SseService, SaysWhatItCan) {
  const Answer answer = ask(get("/"));
  EXPECT_EQ(answer.status, 200);
  for (const std::string capability :
       {"bom", "comments", "headers", "last-event-id", "payload-size-stress-testable", "post", "read-timeout",
        "report", "restart", "server-directed-shutdown-request"})
    EXPECT_THAT(answer.body, HasSubstr('"' + capability + '"'));
}

TEST_F(SseService, TellsEventsAndCommentsInTheirOrder) {
  const std::string path = make();
  RawClient connection = stream();
  EXPECT_THAT(request, testing::StartsWith("GET /stream HTTP/1.1\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nAccept: text/event-stream\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nCache-Control: no-cache\r\n"));
  EXPECT_THAT(request, Not(HasSubstr("Last-Event-ID")));
  connection.send(":Hello\nevent: greeting\nid: abc\ndata: Hello\n\ndata: World\n\n");
  EXPECT_EQ(told(), R"({"kind":"comment","comment":"Hello"})");
  EXPECT_EQ(told(), event("Hello", "abc", "greeting"));
  EXPECT_EQ(told(), event("World", "abc"));
  EXPECT_EQ(ask(erase(path)).status, 204);
  EXPECT_EQ(connection.read_to_end(), "");  // it has left
  EXPECT_EQ(ask(erase(path)).status, 404);
}

TEST_F(SseService, SendsFieldsMethodAndBodyAlsoWhenItComesBack) {
  for (const std::string method : {"POST", "REPORT"}) {
    const std::string path =
        make(R"(,"method":")" + method + R"(","body":"{\"hello\":\"world\"}","initialDelayMs":0,)" +
             R"("headers":{"content-type":"application/json; charset=utf-8","x-one":"1"})");
    const auto check = [&](RawClient& connection) {
      EXPECT_THAT(request, testing::StartsWith(method + " /stream HTTP/1.1\r\n"));
      EXPECT_THAT(request, HasSubstr("\r\ncontent-type: application/json; charset=utf-8\r\n"));
      EXPECT_THAT(request, HasSubstr("\r\nx-one: 1\r\n"));
      EXPECT_EQ(connection.read(17), R"({"hello":"world"})");
    };
    {
      RawClient first = stream();
      check(first);
    }
    RawClient second = stream();
    check(second);
    EXPECT_EQ(ask(erase(path)).status, 204);
  }
}

TEST_F(SseService, BeginsWithTheIdThatItIsGiven) {
  make(R"(,"lastEventId":"abc","headers":null)");
  RawClient connection = stream();
  EXPECT_THAT(request, HasSubstr("\r\nLast-Event-ID: abc\r\n"));
  connection.send("data: a\n\n");
  EXPECT_EQ(told(), event("a", "abc"));
}

TEST_F(SseService, ComesBackWithTheLastIdAndWithoutWhatWasUnfinished) {
  make(R"(,"initialDelayMs":0)");
  {
    RawClient connection = stream();
    connection.send("id: abc\ndata: Hello\n\nid: def\ndata: Goodbye");
    EXPECT_EQ(told(), event("Hello", "abc"));
  }
  EXPECT_THAT(told(), testing::StartsWith(R"({"kind":"error","error":)"));
  RawClient connection = stream();
  EXPECT_THAT(request, HasSubstr("\r\nLast-Event-ID: abc\r\n"));
  connection.send("data: We meet again\n\n");
  EXPECT_EQ(told(), event("We meet again", "abc"));
}

TEST_F(SseService, RestartsWithoutAnError) {
  const std::string path = make(R"(,"initialDelayMs":60000)");  // a restart waits for nothing
  RawClient first = stream();
  first.send("data: Hello\n\n");
  EXPECT_EQ(told(), event("Hello"));
  EXPECT_EQ(ask(post(path, R"({"command":"restart"})")).status, 204);
  RawClient second = stream();
  EXPECT_EQ(first.read_to_end(), "");
  second.send("data: Thanks\n\n");
  EXPECT_EQ(told(), event("Thanks"));
}

TEST_F(SseService, TakesAStreamThatIsSilentForLost) {
  make(R"(,"initialDelayMs":0,"readTimeoutMs":1000)");
  RawClient first = stream();
  first.send("data: Hello\n\n");
  EXPECT_EQ(told(), event("Hello"));
  EXPECT_EQ(told(), R"({"kind":"error","error":"nothing came for 1 s"})");
  RawClient second = stream();
  second.send("data: again\n\n");
  EXPECT_EQ(told(), event("again"));
}

TEST_F(SseService, FollowsRedirects) {
  make();
  accept().send(
      "HTTP/1.1 301 Moved Permanently\r\nLocation: /there\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  RawClient connection = stream();
  EXPECT_THAT(request, testing::StartsWith("GET /there "));
  connection.send("data: hello\n\n");
  EXPECT_EQ(told(), event("hello"));
}

TEST_F(SseService, TellsAnErrorWhereARedirectGoesNowhereAndWhereThereIsNoStream) {
  for (const std::string_view answer : {"301 Moved Permanently", "307 Temporary Redirect", "404 Not Found"}) {
    const std::string path = make();
    accept().send("HTTP/1.1 " + std::string(answer) + "\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    EXPECT_EQ(told(), R"({"kind":"error","error":"status )" + std::string(answer.substr(0, 3)) + "\"}");
    EXPECT_EQ(ask(erase(path)).status, 204);
    callback.reset();
    number = 0;
  }
}

TEST_F(SseService, TellsLargeEvents) {
  make();
  RawClient connection = stream();
  const std::string large(5u << 20, 'x');
  connection.send("data: " + large + "\n\n");
  EXPECT_TRUE(told() == event(large));
}

TEST_F(SseService, RefusesWhatItCannotMakeAStreamOf) {
  const std::string urls = R"("streamUrl":"http://127.0.0.1:1/","callbackUrl":"http://127.0.0.1:1/")";
  for (const std::string& body :
       {std::string("no JSON"), std::string("{}"), std::string(R"({"streamUrl":"http://127.0.0.1:1/"})"),
        std::string(R"({"streamUrl":1,"callbackUrl":"http://127.0.0.1:1/"})"),
        "{" + urls + R"(,"initialDelayMs":-1})", "{" + urls + R"(,"readTimeoutMs":"soon"})",
        "{" + urls + R"(,"headers":[]})", "{" + urls + R"(,"headers":{"a":1}})",
        "{" + urls + R"(,"headers":{"a":"b\r\nc: d"}})", "{" + urls + R"(,"lastEventId":"a\nb"})"}) {
    EXPECT_EQ(ask(post("/", body)).status, 400) << body;
  }
}

TEST_F(SseService, RefusesCommandsThatItDoesNotKnow) {
  const std::string path = make();
  RawClient connection = stream();
  EXPECT_EQ(ask(post(path, R"({"command":"dance"})")).status, 400);
  EXPECT_EQ(ask(post(path, "restart")).status, 400);
  EXPECT_EQ(ask(post("/streams/99", R"({"command":"restart"})")).status, 404);
}

TEST_F(SseService, QuitsWhenItIsToldToWithStreamsUnderWay) {
  make();
  RawClient connection = stream();
  EXPECT_EQ(ask(erase("/")).status, 204);
  EXPECT_EQ(service.wait(), 0);
}

TEST_F(SseService, QuitsAtASignalWithStreamsUnderWay) {
  make();
  RawClient connection = stream();
  service.signal(SIGTERM);
  EXPECT_EQ(service.wait(), 0);
}

}  // namespace
