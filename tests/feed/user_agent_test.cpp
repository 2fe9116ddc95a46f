// What our clients make of servers that do what no server should: they say what went wrong, soon, and take no more memory
// than they were ready to.
#include "feed/user_agent.hpp"

#include "polling/client.hpp"
#include "support/clients.hpp"
#include "support/hostile_server.hpp"
#include "support/raw_server.hpp"
#include "support/test_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace feed {
namespace {

using support::HostileServer;
using support::Over;
using testing::HasSubstr;

std::string url(std::uint16_t port, std::string_view path = "/") {
  return "http://127.0.0.1:" + std::to_string(port) + std::string(path);
}

class UserAgentTest : public testing::Test {
 protected:
  Result<Fetched> fetch(std::uint16_t port, std::string_view path = "/") {
    Fetch request;
    request.url = url(port, path);
    return loop.run(agent.fetch(std::move(request)));
  }

  support::Loop loop;
  UserAgent agent{loop.executor()};
};

TEST_F(UserAgentTest, FetchesABodyWithItsStatusAndType) {
  const HostileServer server(
      "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: 5\r\n\r\nhello");
  const auto answer = fetch(server.port());
  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_EQ(answer->status, 404);
  EXPECT_EQ(answer->type, "text/plain; charset=utf-8");
  EXPECT_EQ(answer->body, "hello");
}

TEST_F(UserAgentTest, FetchesABodyInChunks) {
  const HostileServer server(
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n7;x=y\r\n, world\r\n0\r\n\r\n");
  EXPECT_EQ(fetch(server.port())->body, "hello, world");
}

TEST_F(UserAgentTest, FetchesABodyThatEndsWithItsConnection) {
  const HostileServer server("HTTP/1.1 200 OK\r\n\r\nhello");
  EXPECT_EQ(fetch(server.port())->body, "hello");
}

TEST_F(UserAgentTest, SkipsWhatIsSaidBeforeTheAnswer) {
  const HostileServer server(
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  const auto answer = fetch(server.port());
  ASSERT_TRUE(answer) << answer.error().detail;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "ok");
}

TEST_F(UserAgentTest, KeepsItsConnection) {
  support::TestServer server;
  for (int n = 0; n < 10; ++n) EXPECT_EQ(fetch(server.port(), "/healthz")->status, 200);
  EXPECT_EQ(agent.connections(), 1u);
}

TEST_F(UserAgentTest, WhatWasSentToAServerThatIsGoneBeforeItsAnswerMayHaveHappened) {
  auto server = std::make_unique<support::RawServer>();
  const std::uint16_t port = server->port();
  std::thread serving([&server] {
    support::RawClient connection = server->accept();
    connection.read_until("first");
    connection.send("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
    connection.read_until("second");
    server.reset();  // nobody listens any more when the connection ends
    connection.close();
  });
  const auto post = [&](std::string body) {
    Fetch request;
    request.method = "POST";
    request.url = url(port);
    request.body = std::move(body);
    return loop.run(agent.fetch(std::move(request)));
  };
  const auto answered = post("first");
  const auto lost = post("second");
  serving.join();
  EXPECT_TRUE(answered);
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, Errc::left)
      << lost.error().detail;  // not `unreachable`, which would be: never sent
}

TEST_F(UserAgentTest, TellsTheBodyAsItComesAndTheHeadBefore) {
  const HostileServer server("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\nhello");
  std::string told;
  Fetch request;
  request.url = url(server.port());
  request.on_head = [&](int status, std::string_view type) {
    told += std::to_string(status) + ' ' + std::string(type) + ' ';
  };
  request.on_body = [&](std::string_view piece) {
    told += piece;
    return true;
  };
  const auto answer = loop.run(agent.fetch(std::move(request)));
  EXPECT_TRUE(answer);
  EXPECT_EQ(told, "200 text/event-stream hello");
  EXPECT_EQ(answer->body, "");
}

TEST_F(UserAgentTest, TellsTheHeadOfAStreamThatSaysNothingYet) {
  const HostileServer server([](HostileServer::Peer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n");
    peer.wait_for_end();
  });
  int status = 0;
  Fetch request;
  request.url = url(server.port());
  request.on_head = [&](int code, std::string_view) { status = code; };
  request.on_body = [](std::string_view) { return true; };
  const auto task = loop.start(agent.fetch(std::move(request)));
  loop.until("the head", [&] { return status != 0; });
  EXPECT_EQ(status, 200);
  EXPECT_FALSE(task.done());
  agent.close();
  loop.until("the end", [&] { return task.done(); });
  EXPECT_EQ(task.value().error().code, Errc::closed);
}

TEST_F(UserAgentTest, ABodyThatIsCutIsAnError) {
  for (const std::string_view answer : {"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello",
                                        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
                                        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel",
                                        "HTTP/1.1 200 OK\r\nContent-Le", ""}) {
    SCOPED_TRACE(answer);
    const HostileServer server{std::string(answer)};
    const auto got = fetch(server.port());
    ASSERT_FALSE(got);
    EXPECT_EQ(got.error().code, Errc::left) << got.error().detail;
    EXPECT_NE(got.error().detail, "");
  }
}

TEST_F(UserAgentTest, WhatIsNotHttpIsAnError) {
  for (const std::string_view answer :
       {"hello\r\n\r\n", "HTTP/9.9 200 OK\r\n\r\n", "HTTP/1.1 abc\r\n\r\n", "\x16\x03\x01\x02\x00\x01\x00",
        "\x81\x05hello", "HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"}) {
    SCOPED_TRACE(testing::PrintToString(answer));
    const HostileServer server{std::string(answer)};
    const auto got = fetch(server.port());
    EXPECT_FALSE(got);
  }
}

TEST_F(UserAgentTest, ALengthOfAGibibyteTakesNoMoreMemoryThanIsAllowed) {
  const HostileServer server([](HostileServer::Peer& peer) {
    peer.read_head();
    const std::string megabyte(1 << 20, 'x');
    bool goes_on = peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n");
    for (int n = 0; goes_on && n < 1024; ++n) goes_on = peer.send(megabyte);
  });
  Fetch request;
  request.url = url(server.port());
  request.max_body = 1 << 20;
  const auto got = loop.run(agent.fetch(std::move(request)));
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Errc::too_large);
  EXPECT_EQ(got.error().detail, "the body is larger than 1048576 bytes, the limit");
}

// As many fields as the client takes, each of 1000 bytes.
HostileServer::Script endless_head(std::atomic<std::size_t>& sent) {
  return [&sent](HostileServer::Peer& peer) {
    peer.read_head();
    const std::string field = "X: " + std::string(995, 'x') + "\r\n";
    std::string fields;
    for (int n = 0; n < 100; ++n) fields += field;
    bool goes_on = peer.send("HTTP/1.1 200 OK\r\n");
    for (int n = 0; goes_on && n < 1000; ++n) {  // 100 MB at most
      goes_on = peer.send(fields);
      if (goes_on) sent += fields.size();
    }
  };
}

constexpr std::size_t tolerable_head = 8 << 20;  // what the sockets' buffers hold included

TEST_F(UserAgentTest, AHeadWithoutAnEndIsAnErrorAndTakesLittleMemory) {
  std::atomic<std::size_t> sent = 0;
  const HostileServer server(endless_head(sent));
  const auto got = fetch(server.port());
  ASSERT_FALSE(got);
  EXPECT_LT(sent, tolerable_head) << got.error().detail;
}

TEST_F(UserAgentTest, AFieldWithoutAnEndIsAnErrorAndTakesLittleMemory) {
  std::atomic<std::size_t> sent = 0;
  const HostileServer server([&](HostileServer::Peer& peer) {
    peer.read_head();
    const std::string piece(100'000, 'x');
    bool goes_on = peer.send("HTTP/1.1 200 OK\r\nX: ");
    for (int n = 0; goes_on && n < 1000; ++n) {
      goes_on = peer.send(piece);
      if (goes_on) sent += piece.size();
    }
  });
  const auto got = fetch(server.port());
  ASSERT_FALSE(got);
  EXPECT_LT(sent, tolerable_head) << got.error().detail;
}

TEST_F(UserAgentTest, TrailersWithoutAnEndAreTooLarge) {
  std::atomic<std::size_t> sent = 0;
  const HostileServer server([&](HostileServer::Peer& peer) {
    peer.read_head();
    std::string trailers;
    for (int n = 0; n < 100; ++n) trailers += "X: " + std::string(995, 'x') + "\r\n";
    bool goes_on = peer.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n");
    for (int n = 0; goes_on && n < 1000; ++n) {
      goes_on = peer.send(trailers);
      if (goes_on) sent += trailers.size();
    }
  });
  const auto got = fetch(server.port());
  ASSERT_FALSE(got);
  EXPECT_EQ(got.error().code, Errc::too_large) << got.error().detail;
  EXPECT_LT(sent, tolerable_head);
}

TEST_F(UserAgentTest, ARedirectIsNotFollowed) {
  support::TestServer elsewhere;
  const HostileServer server("HTTP/1.1 302 Found\r\nLocation: " + url(elsewhere.port(), "/healthz") +
                             "\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(fetch(server.port())->status, 302);
  EXPECT_EQ(elsewhere.counters().accepted, 0u);
}

TEST_F(UserAgentTest, ABombThatIsCompressedStaysCompressed) {
  // Nothing was asked to be compressed, so nothing is taken apart.
  const HostileServer server("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello");
  EXPECT_EQ(fetch(server.port())->body, "hello");
}

TEST_F(UserAgentTest, AServerThatSaysNothingIsTimedOut) {
  const HostileServer server([](HostileServer::Peer& peer) { peer.wait_for_end(); });
  Fetch request;
  request.url = url(server.port());
  request.timeout = std::chrono::milliseconds(100);
  EXPECT_EQ(loop.run(agent.fetch(std::move(request))).error().code, Errc::timed_out);
}

TEST_F(UserAgentTest, AStreamThatFallsSilentIsTimedOut) {
  const HostileServer server([](HostileServer::Peer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\n\r\nhello");
    peer.wait_for_end();
  });
  Fetch request;
  request.url = url(server.port());
  request.timeout = {};
  request.silence = std::chrono::milliseconds(100);
  const auto answer = loop.run(agent.fetch(std::move(request)));
  EXPECT_EQ(answer.error().code, Errc::timed_out);
  EXPECT_EQ(answer.error().detail, "nothing came for 0.1 s");
}

TEST_F(UserAgentTest, AStreamThatIsReadHoldsNoTimerWhenItEnds) {
  const HostileServer server("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
  Fetch request;
  request.url = url(server.port());
  request.silence = std::chrono::hours(1);
  EXPECT_EQ(loop.run(agent.fetch(std::move(request)))->body, "hello");
  agent.close();
  loop.finish();  // would run for an hour
}

// --- redirects --------------------------------------------------------------------------------------------------------

// Answers at / with the head, and at /there with "hello".
HostileServer redirecting(std::string head) {
  return HostileServer([head = std::move(head)](HostileServer::Peer& peer) {
    const bool is_there = peer.read_head().starts_with("GET /there ");
    peer.send(is_there ? "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"
                       : head);
  });
}

std::string elsewhere(std::string_view status, std::string_view field) {
  return "HTTP/1.1 " + std::string(status) + " Elsewhere\r\n" + std::string(field) +
         "Content-Type: text/html\r\nConnection: close\r\nContent-Length: 4\r\n\r\nbody";
}

TEST_F(UserAgentTest, FollowsRedirectsAndTellsOfTheLastAnswerAlone) {
  for (const std::string_view status : {"301", "302", "303", "307", "308"}) {
    const HostileServer server = redirecting(elsewhere(status, "Location: /there\r\n"));
    std::string heads;
    std::string body;
    Fetch request;
    request.url = url(server.port());
    request.redirects = 1;
    request.on_head = [&](int code, std::string_view type) {
      heads += std::to_string(code) + std::string(type);
    };
    request.on_body = [&](std::string_view piece) {
      body += piece;
      return true;
    };
    const auto answer = loop.run(agent.fetch(std::move(request)));
    ASSERT_TRUE(answer) << status << answer.error().detail;
    EXPECT_EQ(heads, "200text/plain") << status;
    EXPECT_EQ(body, "hello") << status;
  }
}

TEST_F(UserAgentTest, ARedirectInACircleIsInvalid) {
  const HostileServer server = redirecting(elsewhere("301", "Location: /\r\n"));
  Fetch request;
  request.url = url(server.port());
  request.redirects = 5;
  EXPECT_EQ(loop.run(agent.fetch(std::move(request))).error().code, Errc::invalid);
  EXPECT_EQ(server.connections(), 6);
}

TEST_F(UserAgentTest, ARedirectToNowhereIsTheAnswer) {
  for (const std::string_view field : {"", "Location:\r\n", "Location: \r\n"}) {
    const HostileServer server = redirecting(elsewhere("301", field));
    Fetch request;
    request.url = url(server.port());
    request.redirects = 5;
    const auto answer = loop.run(agent.fetch(std::move(request)));
    ASSERT_TRUE(answer) << field << answer.error().detail;
    EXPECT_EQ(answer->status, 301) << field;
    EXPECT_EQ(answer->body, "body") << field;
  }
}

TEST_F(UserAgentTest, ARedirectToAnotherSchemeIsNotFollowed) {
  const HostileServer server = redirecting(elsewhere("302", "Location: file:///etc/passwd\r\n"));
  Fetch request;
  request.url = url(server.port());
  request.redirects = 5;
  EXPECT_FALSE(loop.run(agent.fetch(std::move(request))));
}

TEST_F(UserAgentTest, NoServerIsUnreachable) {
  std::uint16_t port = 0;
  {
    const HostileServer server("");
    port = server.port();
  }
  EXPECT_EQ(fetch(port).error().code, Errc::unreachable);
}

TEST_F(UserAgentTest, OtherSchemesAreNotForIt) {
  for (const std::string_view address :
       {"file:///etc/passwd", "ftp://127.0.0.1/", "gopher://127.0.0.1/", "not an address"}) {
    Fetch request;
    request.url = address;
    EXPECT_FALSE(loop.run(agent.fetch(std::move(request)))) << address;
  }
}

TEST_F(UserAgentTest, OnBodyEndsATransferThatHasNoEnd) {
  const HostileServer server([](HostileServer::Peer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\n\r\n");
    while (peer.send("hello")) {
    }
  });
  Fetch request;
  request.url = url(server.port());
  request.on_body = [](std::string_view) { return false; };
  EXPECT_EQ(loop.run(agent.fetch(std::move(request))).error().code, Errc::closed);
}

TEST_F(UserAgentTest, ManyTransfersAtOnceAllEnd) {
  support::TestServer server;
  std::vector<support::Task<Result<Fetched>>> tasks;
  for (int n = 0; n < 50; ++n) {
    Fetch request;
    request.url = url(server.port(), "/healthz");
    tasks.push_back(loop.start(agent.fetch(std::move(request))));
  }
  for (const auto& task : tasks) {
    loop.until("its end", [&] { return task.done(); });
    ASSERT_TRUE(task.value()) << task.value().error().detail;
    EXPECT_EQ(task.value()->body, "ok\n");
  }
}

TEST_F(UserAgentTest, CloseEndsAllTransfers) {
  const HostileServer server([](HostileServer::Peer& peer) { peer.wait_for_end(); });
  std::vector<support::Task<Result<Fetched>>> tasks;
  for (int n = 0; n < 10; ++n) {
    Fetch request;
    request.url = url(server.port());
    tasks.push_back(loop.start(agent.fetch(std::move(request))));
  }
  loop.until("a connection", [&] { return agent.connections() > 0; });
  agent.close();
  for (const auto& task : tasks) {
    loop.until("its end", [&] { return task.done(); });
    EXPECT_EQ(task.value().error().code, Errc::closed);
  }
  EXPECT_EQ(fetch(server.port()).error().code, Errc::closed);
}

// --- what the clients of a feed make of it ----------------------------------------------------------------------------

Error read_from(Over over, const HostileServer& server) {
  support::Loop loop;
  support::Subscription reader(over, loop, support::address(server.port()));
  reader.wait_for_end();
  return reader.reason();
}

TEST(HostileToPolling, WhatIsNoPageIsInvalid) {
  const auto page = [](std::string_view body) {
    const HostileServer server("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " +
                               std::to_string(body.size()) + "\r\n\r\n" + std::string(body));
    return read_from(Over::polling, server);
  };
  EXPECT_EQ(page("<html>").code, Errc::invalid);
  EXPECT_EQ(page("{}").code, Errc::invalid);
  EXPECT_THAT(page(R"({"cursor":"k3f9.3","messages":[{"seq":1,"at":1,"author":"a","text":"t"}]})").detail,
              HasSubstr("the page's cursor is k3f9.3"));
}

TEST(HostileToPolling, AHoleInTheOrderIsInvalid) {
  const std::string body =
      R"({"cursor":"k3f9.3","messages":[{"seq":1,"at":1,"author":"a","text":"t"},{"seq":3,"at":1,"author":"a","text":"t"}]})";
  const HostileServer server("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) +
                             "\r\n\r\n" + body);
  support::Loop loop;
  support::Subscription reader(Over::polling, loop, support::address(server.port()));
  reader.wait_for_end();
  EXPECT_EQ(reader.reason(), (Error{Errc::invalid, "got message 3, expected 2"}));
}

TEST(HostileToPolling, ARefusalHasItsReason) {
  const std::string body = R"({"status":429,"detail":"too many"})";
  const HostileServer server(
      "HTTP/1.1 429 Too Many Requests\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  EXPECT_EQ(read_from(Over::polling, server), (Error{Errc::refused, "status 429: too many", 429}));
}

TEST(HostileToPolling, LongPollsThatAreNotHeldAreNotAskedAgainAtOnce) {
  const HostileServer server([](HostileServer::Peer& peer) {
    const bool is_first = peer.read_head().find("after=") == std::string::npos;
    peer.send(is_first ? "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n{\"cursor\":\"k3f9.0\",\"messages\":[]}"
                       : "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
  });
  support::Loop loop;
  polling::Timing timing;
  timing.wait = std::chrono::seconds(25);
  timing.interval = std::chrono::hours(1);
  polling::Client client(loop.executor(), support::address(server.port()), timing);
  const Events events;
  auto reading = loop.start(follow(client, {}, events));
  loop.until("the poll that is not held", [&] { return client.polls() == 2; });
  // In which a third one would come and go.
  const HostileServer other("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  UserAgent agent(loop.executor());
  for (int n = 0; n < 20; ++n) {
    Fetch request;
    request.url = url(other.port());
    loop.run(agent.fetch(std::move(request)));
  }
  EXPECT_EQ(client.polls(), 2u);
  client.close();
  loop.until("its end", [&] { return reading.done(); });
}

std::string stream_of(std::string_view body) {
  return "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n" + std::string(body);
}

TEST(HostileToSse, AnswersThatAreNoStreamSaySo) {
  EXPECT_EQ(read_from(Over::sse, HostileServer("HTTP/1.1 204 No Content\r\n\r\n")).status, 204);
  EXPECT_EQ(
      read_from(Over::sse, HostileServer("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"))
          .status,
      302);
  EXPECT_EQ(read_from(Over::sse, HostileServer("HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n")).status,
            500);
  EXPECT_EQ(
      read_from(Over::sse,
                HostileServer("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi")),
      (Error{Errc::invalid, "the answer is \"text/html\", expected text/event-stream"}));
  EXPECT_EQ(read_from(Over::sse, HostileServer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")).code,
            Errc::invalid);
}

TEST(HostileToSse, AWrongTypeWithoutAnEndDoesNotHang) {
  const HostileServer server([](HostileServer::Peer& peer) {
    peer.read_head();
    peer.send("HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n\r\n");
    while (peer.send(std::string(10'000, 'x'))) {
    }
  });
  EXPECT_EQ(read_from(Over::sse, server).code, Errc::invalid);
}

TEST(HostileToSse, EventsThatBreakThePromiseAreInvalid) {
  const std::string hello = "event: hello\ndata: {\"cursor\":\"k3f9.0\"}\n\n";
  const auto message = [](int seq) {
    return "data: {\"seq\":" + std::to_string(seq) + ",\"at\":1,\"author\":\"a\",\"text\":\"t\"}\n\n";
  };
  EXPECT_EQ(read_from(Over::sse, HostileServer(stream_of(message(1)))),
            (Error{Errc::invalid, "got a message before the hello"}));
  EXPECT_EQ(read_from(Over::sse, HostileServer(stream_of(hello + message(2)))),
            (Error{Errc::invalid, "got message 2, expected 1"}));
  EXPECT_EQ(read_from(Over::sse, HostileServer(stream_of(hello + "data: hello\n\n"))).code, Errc::invalid);
  EXPECT_EQ(read_from(Over::sse, HostileServer(stream_of("event: hello\ndata: {}\n\n"))).code, Errc::invalid);
  EXPECT_EQ(read_from(Over::sse, HostileServer(stream_of(hello))).code, Errc::left);
}

TEST(HostileToSse, ALineWithoutAnEndIsTooLarge) {
  std::atomic<std::size_t> sent = 0;
  const HostileServer server([&](HostileServer::Peer& peer) {
    peer.read_head();
    bool goes_on = peer.send(stream_of("data: "));
    const std::string piece(100'000, 'x');
    for (int n = 0; goes_on && n < 1000; ++n) {
      goes_on = peer.send(piece);
      if (goes_on) sent += piece.size();
    }
  });
  EXPECT_EQ(read_from(Over::sse, server).code, Errc::too_large);
  EXPECT_LT(sent, std::size_t{16} << 20);
}

TEST(HostileToSse, AHeadWithoutAnEndTakesLittleMemory) {
  std::atomic<std::size_t> sent = 0;
  const HostileServer server(endless_head(sent));
  read_from(Over::sse, server);
  EXPECT_LT(sent, tolerable_head);
}

TEST(HostileToWebSocket, WhatIsNoSocketSaysSo) {
  EXPECT_EQ(
      read_from(Over::websocket, HostileServer("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")).status,
      404);
  EXPECT_EQ(read_from(Over::websocket,
                      HostileServer("HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n"))
                .status,
            302);
  EXPECT_EQ(read_from(Over::websocket, HostileServer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")).status,
            200);
  EXPECT_NE(read_from(Over::websocket, HostileServer("hello\r\n\r\n")).detail, "");
  EXPECT_NE(read_from(Over::websocket, HostileServer("")).detail, "");
}

TEST(HostileToWebSocket, AnAcceptForAnotherKeyIsRefused) {
  const HostileServer server(
      "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
  EXPECT_NE(read_from(Over::websocket, server).code, Errc::closed);
}

TEST(HostileToWebSocket, AHeadWithoutAnEndTakesLittleMemory) {
  std::atomic<std::size_t> sent = 0;
  const HostileServer server(endless_head(sent));
  read_from(Over::websocket, server);
  EXPECT_LT(sent, tolerable_head);
}

TEST(HostileToWebSocket, AnAnswerWithoutAnEndIsTooLarge) {
  const std::string chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::string& begin :
       {std::string("HTTP/1.1 404 Not Found\r\n\r\n"), chunked + "1;", chunked + "0\r\nX: "}) {
    std::atomic<std::size_t> sent = 0;
    const HostileServer server([&](HostileServer::Peer& peer) {
      peer.read_head();
      const std::string piece(100'000, 'x');
      bool goes_on = peer.send(begin);
      for (int n = 0; goes_on && n < 1000; ++n) {
        goes_on = peer.send(piece);
        if (goes_on) sent += piece.size();
      }
    });
    EXPECT_EQ(read_from(Over::websocket, server).code, Errc::too_large) << begin;
    EXPECT_LT(sent, tolerable_head) << begin;
  }
}

}  // namespace
}  // namespace feed
