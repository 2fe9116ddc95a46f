// The relays over real sockets: what they hand on, what they count, and each fault.

#include "bench/live/relay.hpp"

#include "support/deadline.hpp"
#include "support/raw_client.hpp"
#include "support/raw_server.hpp"
#include "support/test_server.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <functional>
#include <future>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <type_traits>

namespace {

using namespace std::chrono_literals;
using live::Faults;
using live::Relay;
using live::Severity;
using live::Tally;
using support::frame;
using support::get;
using support::post;
using support::RawClient;
using support::RawServer;
using support::upgrade;
using Clock = std::chrono::steady_clock;

// A relay on a thread of its own, before the server at `to`.
class Running {
 public:
  explicit Running(std::uint16_t to, Severity severity = {}) : relay_(io_.get_executor(), severity) {
    relay_.listen({boost::asio::ip::address_v4::loopback(), 0});
    relay_.point_at(to);
    port_ = relay_.port();
    thread_ = std::thread([this] { io_.run(); });
  }

  // What `ask` returns on the relay's thread.
  template <class Ask>
  auto on_thread(Ask ask) {
    std::packaged_task<std::invoke_result_t<Ask, Relay&>(Relay&)> task(std::move(ask));
    auto result = task.get_future();
    boost::asio::post(io_, [&] { task(relay_); });
    return result.get();
  }

  ~Running() {
    on_thread([](Relay& relay) { relay.stop(); });
    thread_.join();
  }

  std::uint16_t port() const { return port_; }
  void set(const Faults& faults) {
    on_thread([&](Relay& relay) { relay.set(faults); });
  }
  Tally tally(std::string_view room) {
    return on_thread([&](Relay& relay) { return relay.tally(room); });
  }

  // Looks again with every turn of the relay's loop.
  void wait_until(std::string_view what, const std::function<bool(Relay&)>& is_so) {
    const auto due = Clock::now() + support::patience;
    while (!on_thread(is_so)) {
      if (Clock::now() > due) throw std::runtime_error("waited in vain for " + std::string(what));
      std::this_thread::yield();
    }
  }

 private:
  boost::asio::io_context io_{1};
  Relay relay_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

Faults stalled() {
  Faults faults;
  faults.stall = true;
  return faults;
}

Faults delayed() {
  Faults faults;
  faults.delay = true;
  return faults;
}

Faults held() {
  Faults faults;
  faults.hold = true;
  return faults;
}

Faults killed_when_idle() {
  Faults faults;
  faults.idle = true;
  return faults;
}

std::string page_of(std::string_view bytes) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(bytes.size()) + "\r\n\r\n" +
         std::string(bytes);
}

constexpr std::string_view stream_head =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";

// A connection through the relay, both ends in the test's hands, after one request.
struct Ends {
  Ends(Running& relay, RawServer& server, std::string_view path = "/rooms/lobby/events")
      : client(relay.port()), upstream((client.send(get(path)), server.accept())) {
    upstream.read_until("\r\n\r\n");
  }
  RawClient client;
  RawClient upstream;
};

// Another exchange through the relay, whole. What the relay had to do before it is done then.
void exchange_something_else(Running& relay, RawServer& server) {
  Ends other(relay, server, "/healthz");
  other.upstream.send(page_of("ok"));
  EXPECT_EQ(other.client.read_answer().body, "ok");
}

// The same while nothing goes back: another request has gone by.
void exchange_nothing(Running& relay, RawServer& server) { const Ends other(relay, server, "/healthz"); }

// --- counting ---

TEST(Relay, CountsTheBytesThatWereSentByRoom) {
  support::TestServer server;
  Running relay(server.port());
  RawClient client(relay.port());
  Tally lobby;
  const auto ask = [&](const std::string& request) {
    const support::Answer answer = client.ask(request);
    lobby.up += request.size();
    lobby.down += answer.head.size() + answer.body.size();
    ++lobby.requests;
    lobby.empty += answer.status == 204;
    return answer;
  };
  lobby.connections = 1;
  EXPECT_EQ(ask(get("/rooms/lobby/messages?after=0")).status, 204);
  EXPECT_EQ(ask(post("/rooms/lobby/messages", R"({"text":"hi"})")).status, 201);
  EXPECT_EQ(ask(get("/rooms/lobby/messages?after=0")).status, 200);
  EXPECT_EQ(lobby.empty, 1u);

  EXPECT_EQ(client.ask(get("/healthz")).status, 200);  // on the same connection, and nobody's
  client.ask(get("/rooms/other/messages"));
  EXPECT_EQ(relay.tally("lobby"), lobby);
  EXPECT_EQ(relay.tally("other").requests, 1u);
  EXPECT_EQ(relay.tally("other").connections, 1u);
  EXPECT_EQ(relay.tally("nobody"), Tally());
}

TEST(Relay, CountsTheFramesOfAWebSocketWithTheRequestThatOpenedIt) {
  support::TestServer server;
  Running relay(server.port());
  RawClient client(relay.port());
  const std::string handshake = upgrade("/rooms/lobby/socket"), said = frame(R"({"ref":1,"text":"hi"})");
  const support::Answer accepted = client.ask(handshake);
  ASSERT_EQ(accepted.status, 101);
  std::size_t down = accepted.head.size();
  const auto count = [&down](const support::Frame& frame) {
    ASSERT_LT(frame.payload.size(), 126u);
    down += 2 + frame.payload.size();
  };
  count(client.read_frame());  // the hello
  client.send(said);
  count(client.read_frame());  // the message and the answer, in either order
  count(client.read_frame());
  const Tally tally = relay.tally("lobby");
  EXPECT_EQ(tally, (Tally{1, 1, 0, handshake.size() + said.size(), down}));
}

TEST(Relay, CountsAStreamAsOneRequest) {
  RawServer server;
  Running relay(server.port());
  Ends ends(relay, server);
  ends.upstream.send(stream_head);
  std::size_t sent = stream_head.size();
  for (int i = 0; i < 100; ++i) {
    constexpr std::string_view event = "d\r\ndata: hello\n\n\r\n";
    ends.upstream.send(event);
    sent += event.size();
  }
  EXPECT_EQ(ends.client.read(sent).size(), sent);
  const Tally tally = relay.tally("lobby");
  EXPECT_EQ(tally, (Tally{1, 1, 0, get("/rooms/lobby/events").size(), sent}));
}

TEST(Relay, ForgetsWhatItIsToldToAndOneOfAThousandOthers) {
  support::TestServer server;
  Running relay(server.port());
  RawClient client(relay.port());
  client.ask(get("/rooms/first/messages"));
  client.ask(get("/rooms/second/messages"));
  relay.on_thread([](Relay& running) { running.forget("second"); });
  EXPECT_EQ(relay.tally("second"), Tally());
  EXPECT_EQ(relay.tally("first").requests, 1u);
  for (int i = 0; i < 1000; ++i) client.ask(get("/rooms/room" + std::to_string(i) + "/messages"));
  EXPECT_EQ(relay.tally("first"), Tally());
  EXPECT_EQ(relay.tally("room999").requests, 1u);
}

TEST(Relay, HandsOnAnEndAsAnEndAndWhatCameBeforeIt) {
  RawServer server;
  Running relay(server.port());
  Ends ends(relay, server);
  const std::string large(1 << 20, 'x');
  std::thread sending([&] {
    ends.upstream.send(page_of(large));
    ends.upstream.finish_sending();
  });
  EXPECT_EQ(ends.client.read_to_end(), page_of(large));
  sending.join();
  ends.client.close();
  EXPECT_EQ(ends.upstream.read_to_end(), "");
}

TEST(Relay, ResetsABrowserThatNoServerIsThereFor) {
  std::uint16_t nobody = 0;
  {
    const RawServer gone;
    nobody = gone.port();
  }
  Running relay(nobody);
  RawClient client(relay.port());
  client.send(get("/"));
  EXPECT_EQ(client.read_to_end(), "");
}

// --- cut ---

TEST(Relay, CutsEveryConnectionAndTakesNoneUntilTheOutageIsOver) {
  support::TestServer server;
  Severity severity;
  severity.outage = 200ms;
  Running relay(server.port(), severity);
  RawClient stream(relay.port()), kept(relay.port());
  stream.send(get("/rooms/lobby/events"));
  stream.read_until("event: hello");
  EXPECT_EQ(kept.ask(get("/healthz")).status, 200);

  const auto began = Clock::now();
  relay.on_thread([](Relay& running) { running.cut(); });
  stream.read_to_end();
  kept.read_to_end();
  server.wait_for_readers(0);  // on the server's side as well
  try {
    RawClient refused(relay.port());
    refused.send(get("/healthz"));
    EXPECT_EQ(refused.read_to_end(), "");
  } catch (const std::system_error&) {
    // reset before it was there
  }
  relay.wait_until("the end of the outage", [](Relay& running) { return !running.is_cut(); });
  EXPECT_GE(Clock::now() - began, severity.outage);
  EXPECT_EQ(RawClient(relay.port()).ask(get("/healthz")).status, 200);
}

// --- stall ---

// As much as the server's socket takes: until it has taken nothing for a while.
std::size_t fill(RawClient& upstream) {
  const std::string block(4096, 'x');
  std::size_t filled = 0;
  for (;;) {
    pollfd writable{upstream.fd(), POLLOUT, 0};
    if (::poll(&writable, 1, 200) == 0) return filled;
    filled += upstream.send_some(block);
  }
}

TEST(Relay, HandsOnNothingWhileItIsStalledAndTakesOnlySoMuch) {
  RawServer server;
  Running relay(server.port());
  Ends ends(relay, server);
  relay.set(stalled());
  const int send_buffer = 64 * 1024;  // the sender's own part is not what is looked at
  ASSERT_EQ(::setsockopt(ends.upstream.fd(), SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof send_buffer), 0);
  const std::size_t filled = fill(ends.upstream);
  EXPECT_GT(filled, 1024u * 1024);  // the relay keeps that
  EXPECT_LT(filled, 2048u * 1024);  // and its kernel not loopback's megabytes besides
  EXPECT_FALSE(ends.client.has_news());

  // The other way is open.
  ends.client.send(get("/more"));
  EXPECT_EQ(ends.upstream.read(get("/more").size()), get("/more"));

  relay.set({});
  EXPECT_EQ(ends.client.read(filled), std::string(filled, 'x'));
  ends.upstream.send("!");
  EXPECT_EQ(ends.client.read(1), "!");
}

TEST(Relay, HandsOnWhatItKeptAndTheEndWhenAStallIsOver) {
  RawServer server;
  Running relay(server.port());
  Ends ends(relay, server);
  relay.set(stalled());
  ends.upstream.send(page_of("hello"));
  ends.upstream.finish_sending();
  exchange_nothing(relay, server);
  EXPECT_FALSE(ends.client.has_news());
  EXPECT_EQ(relay.tally("lobby").down, 0u);
  relay.set({});
  EXPECT_EQ(ends.client.read_to_end(), page_of("hello"));
}

TEST(Relay, NoticesABrowserThatLeavesWhileItIsStalled) {
  RawServer server;
  Running relay(server.port());
  Ends ends(relay, server);
  relay.set(stalled());
  fill(ends.upstream);
  ends.client.close(true);
  EXPECT_EQ(ends.upstream.read_to_end(), "");
  relay.wait_until("the end of the line", [](Relay& running) { return running.lines() == 0; });
}

// --- delay ---

TEST(Relay, DelaysEachWay) {
  support::TestServer server;
  Severity severity;
  severity.one_way = 40ms;
  Running relay(server.port(), severity);
  RawClient kept(relay.port());
  EXPECT_EQ(kept.ask(get("/healthz")).status, 200);
  relay.set(delayed());
  auto began = Clock::now();
  EXPECT_EQ(kept.ask(get("/healthz")).status, 200);
  EXPECT_GE(Clock::now() - began, 2 * severity.one_way);

  began = Clock::now();  // a new connection takes a round trip more
  EXPECT_EQ(RawClient(relay.port()).ask(get("/healthz")).status, 200);
  EXPECT_GE(Clock::now() - began, 4 * severity.one_way);
}

TEST(Relay, KeepsTheOrderWhenADelayBeginsAndEnds) {
  RawServer server;
  Severity severity;
  severity.one_way = 20ms;
  Running relay(server.port(), severity);
  Ends ends(relay, server);
  std::string sent(stream_head);
  ends.upstream.send(stream_head);
  for (int i = 0; i < 20; ++i) {
    relay.set(i % 2 == 0 ? delayed() : Faults());
    const std::string event = "e\r\ndata: " + std::to_string(100000 + i) + "\n\n\r\n";
    ends.upstream.send(event);
    sent += event;
    exchange_something_else(relay, server);  // so that the relay has taken it before the next change
  }
  EXPECT_EQ(ends.client.read(sent.size()), sent);
}

// --- hold ---

TEST(Relay, HoldsAStreamBackUntilItsLastChunk) {
  RawServer server;
  Running relay(server.port());
  relay.set(held());
  Ends ends(relay, server);
  const std::string events = std::string(stream_head) + "d\r\ndata: hello\n\n\r\nd\r\ndata: again\n\n\r\n";
  ends.upstream.send(events);
  exchange_something_else(relay, server);
  EXPECT_FALSE(ends.client.has_news());
  EXPECT_EQ(relay.tally("lobby").down, 0u);  // what is held back has not been handed on
  ends.upstream.send("0\r\n\r\n");
  EXPECT_EQ(ends.client.read(events.size() + 5), events + "0\r\n\r\n");
}

TEST(Relay, HandsOnAFullBuffer) {
  RawServer server;
  Severity severity;
  Running relay(server.port(), severity);
  relay.set(held());
  Ends ends(relay, server);
  std::string sent(stream_head);
  ends.upstream.send(stream_head);
  while (sent.size() < severity.buffer - 100) {
    constexpr std::string_view event = "d\r\ndata: hello\n\n\r\n";
    ends.upstream.send(event);
    sent += event;
  }
  exchange_something_else(relay, server);
  EXPECT_FALSE(ends.client.has_news());
  const std::string rest = "c8\r\n" + std::string(200, 'x') + "\r\n";
  ends.upstream.send(rest);
  EXPECT_EQ(ends.client.read(sent.size() + rest.size()), sent + rest);
}

TEST(Relay, HandsOnAnAnswerOfAKnownLengthWhenItIsWhole) {
  RawServer server;
  Running relay(server.port());
  relay.set(held());
  Ends ends(relay, server);
  const std::string answer = page_of("hello, world");
  ends.upstream.send(answer.substr(0, answer.size() - 1));
  exchange_something_else(relay, server);
  EXPECT_FALSE(ends.client.has_news());
  ends.upstream.send(answer.substr(answer.size() - 1));
  EXPECT_EQ(ends.client.read(answer.size()), answer);
}

TEST(Relay, DoesNotHoldAnUpgradedConnection) {
  support::TestServer server;
  Running relay(server.port());
  relay.set(held());
  RawClient client(relay.port());
  ASSERT_EQ(client.ask(upgrade("/echo")).status, 101);
  client.send(frame("hello"));
  EXPECT_EQ(client.read_frame().payload, "hello");
}

TEST(Relay, HandsOnWhatItHeldWhenThatEnds) {
  RawServer server;
  Running relay(server.port());
  relay.set(held());
  Ends ends(relay, server);
  ends.upstream.send(stream_head);
  exchange_something_else(relay, server);
  EXPECT_FALSE(ends.client.has_news());
  relay.set({});
  EXPECT_EQ(ends.client.read(stream_head.size()), stream_head);
}

TEST(Relay, HandsOnWhatItHeldWhenTheServerEnds) {
  RawServer server;
  Running relay(server.port());
  relay.set(held());
  Ends ends(relay, server);
  ends.upstream.send(stream_head);
  ends.upstream.finish_sending();
  EXPECT_EQ(ends.client.read_to_end(), stream_head);
}

// --- idle ---

TEST(Relay, ResetsWhatIsIdleAndNothingElse) {
  support::TestServer server;
  Severity severity;
  severity.idle_time = 300ms;
  Running relay(server.port(), severity);
  RawClient silent(relay.port()), busy(relay.port());
  const auto began = Clock::now();
  const auto due = began + support::patience;
  silent.send(get("/rooms/lobby/events"));
  silent.read_until("event: hello");
  silent.read_until("\n\n\r\n");
  relay.set(killed_when_idle());
  while (!silent.has_news() && Clock::now() < due) ASSERT_EQ(busy.ask(get("/healthz")).status, 200);
  silent.read_to_end();  // the reset
  EXPECT_GE(Clock::now() - began, severity.idle_time);
  EXPECT_EQ(busy.ask(get("/healthz")).status, 200);
  server.wait_for_readers(0);
}

TEST(Relay, ResetsNothingAnyMoreWhenThatIsSwitchedOff) {
  support::TestServer server;
  Severity severity;
  severity.idle_time = 20ms;
  Running relay(server.port(), severity);
  relay.set(killed_when_idle());
  RawClient first(relay.port());
  first.read_to_end();  // it was silent, and was reset
  relay.set({});
  RawClient silent(relay.port()), busy(relay.port());
  silent.send(get("/rooms/lobby/events"));
  silent.read_until("event: hello");
  silent.read_until("\n\n\r\n");
  const auto due = Clock::now() + 10 * severity.idle_time;
  while (Clock::now() < due) ASSERT_EQ(busy.ask(get("/healthz")).status, 200);
  EXPECT_FALSE(silent.has_news());
}

}  // namespace
