// sse_client as a suite drives it: a server on this side says what the stream is, and what is printed is read as it comes.
#include "support/child.hpp"
#include "support/raw_client.hpp"
#include "support/raw_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <string_view>

namespace {

using support::Child;
using support::RawClient;
using support::RawServer;
using testing::HasSubstr;
using testing::Not;

constexpr std::string_view stream_head =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n";

std::string status(std::string_view line, std::string_view fields = {}) {
  return "HTTP/1.1 " + std::string(line) + "\r\n" + std::string(fields) +
         "Connection: close\r\nContent-Length: 0\r\n\r\n";
}

std::string event(std::string_view data, std::string_view id = {}) {
  return R"({"event":"message","data":")" + std::string(data) + R"(","lastEventId":")" + std::string(id) +
         "\"}";
}

class SseClient : public testing::Test {
 protected:
  // The next connection, and the head of its request.
  RawClient accept() {
    RawClient connection = server.accept();
    request = connection.read_until("\r\n\r\n");
    return connection;
  }
  RawClient stream() {
    RawClient connection = accept();
    connection.send(stream_head);
    return connection;
  }

  RawServer server;
  std::string request;
  Child program{{std::string(PROGRAM_DIRECTORY) + "/sse_client",
                 "http://127.0.0.1:" + std::to_string(server.port()) + "/stream?x=y"}};
};

TEST_F(SseClient, AsksAsAnEventSourceDoes) {
  accept();
  EXPECT_THAT(request, testing::StartsWith("GET /stream?x=y HTTP/1.1\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nAccept: text/event-stream\r\n"));
  EXPECT_THAT(request, HasSubstr("\r\nCache-Control: no-cache\r\n"));
  EXPECT_THAT(request, Not(HasSubstr("Last-Event-ID")));
}

TEST_F(SseClient, PrintsEachEventWithItsLastByteAlsoWhereThatIsACr) {
  RawClient connection = stream();
  for (const std::string_view end : {"\n\n", "\r\r", "\r\n\r", "\n\r"}) {
    const std::string bytes = "data: hi" + std::string(end);
    for (const char& c : bytes) connection.send({&c, 1});
    EXPECT_EQ(program.read_line(), event("hi"));  // and nothing more was sent
  }
  connection.send("retry: 5\n");
  EXPECT_EQ(program.read_line(), R"({"retry":5})");
  connection.send("event: hello\rdata: a\rdata: b\r\r");
  EXPECT_EQ(program.read_line(), R"({"event":"hello","data":"a\nb","lastEventId":""})");
}

TEST_F(SseClient, ReadsAStreamInChunksOfAnySize) {
  RawClient connection = accept();
  connection.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n");
  connection.send("3\r\ndat\r\n8\r\na: hi\n\nd\r\n");
  EXPECT_EQ(program.read_line(), event("hi"));
  connection.send("a\r\nata: you\n\n\r\n");
  EXPECT_EQ(program.read_line(), event("you"));
}

TEST_F(SseClient, ComesBackWithTheIdOfTheLastEventWhenTheStreamEnds) {
  {
    RawClient connection = stream();
    connection.send("retry: 1\nid: 7\ndata: a\n\nid: 8\ndata: cut off");
    EXPECT_EQ(program.read_line(), R"({"retry":1})");
    EXPECT_EQ(program.read_line(), event("a", "7"));
  }
  {
    RawClient connection = stream();
    EXPECT_THAT(request, HasSubstr("\r\nLast-Event-ID: 7\r\n"));
    connection.send(
        "\xEF\xBB\xBF"
        "data: b\n\n");
    EXPECT_EQ(program.read_line(), event("b", "7"));
    connection.close(true);  // a reset is an end like another
  }
  RawClient connection = stream();
  EXPECT_THAT(request, HasSubstr("\r\nLast-Event-ID: 7\r\n"));
  connection.send("id\ndata: c\n\n");
  EXPECT_EQ(program.read_line(), event("c", ""));
  connection.close();
  accept();
  EXPECT_THAT(request, Not(HasSubstr("Last-Event-ID")));
}

TEST_F(SseClient, ComesBackWhenAConnectionEndsBeforeItsAnswer) {
  stream().send("retry: 1\n");
  EXPECT_EQ(program.read_line(), R"({"retry":1})");
  for (int n = 0; n < 5; ++n) server.accept().close();
  stream().send("data: a\n\n");
  EXPECT_EQ(program.read_line(), event("a"));
}

TEST_F(SseClient, WaitsAsLongAsTheStreamSaid) {
  RawClient connection = stream();
  connection.send("retry: 300\n");
  EXPECT_EQ(program.read_line(), R"({"retry":300})");
  const auto before = std::chrono::steady_clock::now();
  connection.close();
  accept();
  EXPECT_GE(std::chrono::steady_clock::now() - before, std::chrono::milliseconds(300));
}

TEST_F(SseClient, EndsWith0At204) {
  stream().send("retry: 1\ndata: a\n\n");
  EXPECT_EQ(program.read_line(), R"({"retry":1})");
  EXPECT_EQ(program.read_line(), event("a"));
  accept().send(status("204 No Content"));
  EXPECT_EQ(program.wait(), 0);
}

TEST_F(SseClient, EndsWith1AtAnyOtherStatus) {
  accept().send(status("503 Service Unavailable"));
  EXPECT_EQ(program.wait(), 1);
  EXPECT_THAT(program.errors(), HasSubstr("status 503"));
}

TEST_F(SseClient, EndsWith1AtAnotherType) {
  accept().send(status("200 OK", "Content-Type: text/html\r\n"));
  EXPECT_EQ(program.wait(), 1);
  EXPECT_THAT(program.errors(), HasSubstr("text/html"));
}

TEST_F(SseClient, TakesTheTypeInAnyCaseAndWithParameters) {
  RawClient connection = accept();
  connection.send("HTTP/1.1 200 OK\r\nContent-Type: Text/Event-Stream ;charset=utf-8\r\n\r\ndata: a\n\n");
  EXPECT_EQ(program.read_line(), event("a"));
}

TEST_F(SseClient, FollowsRedirects) {
  accept().send(status("307 Temporary Redirect", "Location: /elsewhere\r\n"));
  RawClient connection = stream();
  EXPECT_THAT(request, testing::StartsWith("GET /elsewhere "));
  connection.send("data: a\n\n");
  EXPECT_EQ(program.read_line(), event("a"));
}

TEST_F(SseClient, EndsWith1WhereARedirectGoesNowhere) {
  accept().send(status("301 Moved Permanently"));
  EXPECT_EQ(program.wait(), 1);
}

TEST(SseClientCommand, EndsWith2WhereThereIsNoAddress) {
  const std::string program = std::string(PROGRAM_DIRECTORY) + "/sse_client";
  EXPECT_EQ(Child({program}).wait(), 2);
  EXPECT_EQ(Child({program, "stream"}).wait(), 2);
  EXPECT_EQ(Child({program, "--help"}).wait(), 0);
}

}  // namespace
