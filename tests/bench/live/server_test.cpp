// The page's server: what it serves and to whom, the buttons, a restart, and its end.

#include "bench/live/server.hpp"

#include "support/child.hpp"
#include "support/deadline.hpp"
#include "support/raw_client.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace {

using support::Answer;
using support::Child;
using support::frame;
using support::get;
using support::post;
using support::RawClient;
using support::upgrade;
using testing::HasSubstr;
using testing::Not;
namespace json = boost::json;
using Clock = std::chrono::steady_clock;

live::Options options() {
  live::Options some;
  some.root = SOURCE_DIRECTORY;
  return some;
}

// The whole of it, on a thread of its own.
class Running {
 public:
  explicit Running(live::Options some = options()) : server_(std::move(some)) {
    server_.start();
    port_ = server_.port();
    thread_ = std::thread([this] { server_.run(); });
  }
  ~Running() { stop(); }
  void stop() {
    if (!thread_.joinable()) return;
    server_.stop();
    thread_.join();
  }

  std::uint16_t port() const { return port_; }
  const std::vector<std::string>& missing() const { return server_.missing(); }
  Answer ask(const std::string& request) const { return RawClient(port_).ask(request); }

  json::value state(const std::string& room = "live") const {
    const Answer answer = ask(get("/live.json?room=" + room));
    EXPECT_EQ(answer.status, 200) << answer.body;
    return json::parse(answer.body);
  }
  std::uint16_t pane(const char* name) const {
    return static_cast<std::uint16_t>(state().at("panes").at(name).at("port").as_int64());
  }
  Answer press(std::string_view command) const { return ask(post("/live/faults", command)); }

  json::value wait_until(std::string_view what, bool (*is_so)(const json::value&)) const {
    const auto due = Clock::now() + support::patience;
    for (;;) {
      json::value now = state();
      if (is_so(now)) return now;
      if (Clock::now() > due) throw std::runtime_error("waited in vain for " + std::string(what));
      std::this_thread::yield();
    }
  }

 private:
  live::Server server_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

std::uint64_t number(const json::value& pane, const char* name) {
  return static_cast<std::uint64_t>(pane.at(name).as_int64());
}

// --- what is served ---

TEST(LiveServer, ServesThePageAndLetsItShowThePanesAlone) {
  const Running live;
  const Answer page = live.ask("GET / HTTP/1.1\r\nHost: some.host:8080\r\n\r\n");
  EXPECT_EQ(page.status, 200);
  EXPECT_THAT(page.body, HasSubstr("<iframe data-pane=\"ws\""));
  std::string frames = "frame-src";
  for (const char* name : {"poll", "sse", "ws"})
    frames += " http://some.host:" + std::to_string(live.pane(name));
  EXPECT_EQ(
      page.field("Content-Security-Policy"),
      "default-src 'self'; base-uri 'none'; form-action 'none'; " + frames + "; frame-ancestors 'none'");
  for (const char* path : {"/live.css", "/live.js", "/words.js", "/pace.js", "/feed.js", "/http.js",
                           "/websocket.js", "/claims.json"})
    EXPECT_EQ(live.ask(get(path)).status, 200) << path;
}

TEST(LiveServer, ServesEachPaneFromItsRelayAndLetsThePageAloneShowIt) {
  const Running live;
  for (const char* name : {"poll", "sse", "ws"}) {
    const std::uint16_t port = live.pane(name);
    const Answer pane =
        RawClient(port).ask("GET / HTTP/1.1\r\nHost: some.host:" + std::to_string(port) + "\r\n\r\n");
    EXPECT_EQ(pane.status, 200);
    EXPECT_THAT(pane.body, HasSubstr("data-figure=\"p99\""));
    EXPECT_THAT(pane.field("Content-Security-Policy"),
                HasSubstr("frame-ancestors http://some.host:" + std::to_string(live.port())));
    for (const char* path :
         {"/pane.js", "/figures.js", "/strip.js", "/pace.js", "/words.js", "/feed.js", "/http.js",
          "/polling.js", "/sse.js", "/websocket.js", "/live.css", "/chart.js", "/chart.css"})
      EXPECT_EQ(RawClient(port).ask(get(path)).status, 200) << path;
    EXPECT_EQ(number(live.state("live").at("panes").at(name), "down"), 0u);  // pages are not the feed's
  }
}

TEST(LiveServer, HasNoWordsForAnAddressOfIpv6InAPolicy) {
  const Running live;
  const Answer page = live.ask("GET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n");
  EXPECT_THAT(page.field("Content-Security-Policy"),
              HasSubstr("frame-src http://*:" + std::to_string(live.pane("poll")) + " http://*:"));
}

TEST(LiveServer, SaysNothingOfAHostThatIsNoName) {
  const Running live;
  for (const std::string_view host : {"a;script-src *", "a b", "'none'", "", "a,b"}) {
    const Answer page = live.ask("GET / HTTP/1.1\r\nHost: " + std::string(host) + "\r\n\r\n");
    EXPECT_THAT(page.head, Not(HasSubstr("script-src"))) << host;
    if (page.status == 400) continue;  // refused as no host at all
    EXPECT_THAT(page.field("Content-Security-Policy"), HasSubstr("frame-src 'none'; ")) << host;
  }
}

TEST(LiveServer, SaysWhatItDoesWithout) {
  live::Options bare = options();
  bare.root = std::filesystem::temp_directory_path() / "there is nothing here";
  const Running live(bare);
  ASSERT_EQ(live.missing().size(), 2u);
  EXPECT_THAT(live.missing()[0], HasSubstr("the charts: uPlot is not installed; \"npm ci\" in bench/live"));
  EXPECT_THAT(live.missing()[1], HasSubstr("claims.md: cannot be read"));
  EXPECT_EQ(live.state().at("missing").as_array().size(), 2u);
  EXPECT_EQ(live.ask(get("/claims.json")).body, R"({"claims":[]})");
  EXPECT_EQ(RawClient(live.pane("poll")).ask(get("/chart.js")).body, "");
}

// --- the buttons ---

TEST(LiveServer, SwitchesFaultsAndSaysWhichAreOn) {
  const Running live;
  const char* all[] = {"stall", "delay", "hold", "idle"};
  for (const char* fault : all) {
    const Answer answer = live.press(std::string(R"({"fault":")") + fault + R"(","on":true})");
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(json::parse(answer.body).at("faults").at(fault).as_bool());
    EXPECT_TRUE(live.state().at("faults").at(fault).as_bool());
  }
  const Answer answer = live.ask(post("/live/reset", R"({"room":"live"})"));
  EXPECT_EQ(answer.status, 200);
  for (const char* fault : all) EXPECT_FALSE(json::parse(answer.body).at("faults").at(fault).as_bool());
}

TEST(LiveServer, AFaultIsThatOfAllThree) {
  live::Options quick = options();
  quick.severity.one_way = std::chrono::milliseconds(20);
  const Running live(quick);
  live.press(R"({"fault":"delay","on":true})");
  for (const char* name : {"poll", "sse", "ws"}) {
    const auto began = Clock::now();
    EXPECT_EQ(RawClient(live.pane(name)).ask(get("/healthz")).status, 200);
    EXPECT_GE(Clock::now() - began, 4 * quick.severity.one_way) << name;
  }
}

TEST(LiveServer, SaysThatTheLineIsCutAsLongAsItIs) {
  live::Options quick = options();
  quick.severity.outage = std::chrono::milliseconds(200);
  const Running live(quick);
  EXPECT_TRUE(json::parse(live.press(R"({"fault":"cut"})").body).at("faults").at("cut").as_bool());
  live.wait_until("the end of the outage",
                  [](const json::value& now) { return !now.at("faults").at("cut").as_bool(); });
}

TEST(LiveServer, RefusesWhatItDoesNotKnow) {
  const Running live;
  const std::pair<std::string, std::string> cases[] = {
      {post("/live/faults", R"({"fault":"fire","on":true})"),
       "expected one of cut, stall, delay, hold, idle, restart"},
      {post("/live/faults", "{"), "JSON"},
      {post("/live/reset", "{}"), "\\\"room\\\" is no string, expected a room's name"},
      {post("/live/reset", R"({"room":"a/b"})"), "room name"},
      {get("/live.json?room=a%2Fb"), "room name"},
      {get("/live.json?room=a&room=b"), "more than once"},
  };
  for (const auto& [request, words] : cases) {
    const Answer answer = live.ask(request);
    EXPECT_EQ(answer.status, 400) << request;
    EXPECT_EQ(answer.field("Content-Type"), "application/problem+json");
    EXPECT_THAT(answer.body, HasSubstr(words)) << request;
  }
  const std::string form = "Content-Type: application/x-www-form-urlencoded\r\n";
  for (const char* path : {"/live/faults", "/live/reset"}) {
    EXPECT_EQ(live.ask(post(path, R"({"fault":"cut"})", form)).status, 415);
    EXPECT_EQ(live.ask(get(path)).status, 405);
    EXPECT_EQ(live.ask(post(path, R"({"fault":"cut"})",
                            "Content-Type: application/json\r\nOrigin: http://elsewhere.example\r\n"))
                  .status,
              403);
  }
  EXPECT_FALSE(live.state().at("faults").at("cut").as_bool());
}

// --- the feed behind it ---

TEST(LiveServer, HandsThePublishersSocketOnToTheServerThatThePanesRead) {
  const Running live;
  RawClient publisher(live.port()), reader(live.pane("sse"));
  const std::string origin = "Origin: http://127.0.0.1\r\n";
  ASSERT_EQ(publisher.ask(upgrade("/rooms/mine/socket", origin)).status, 101);
  publisher.read_frame();  // the hello
  reader.send(get("/rooms/mine/events"));
  reader.read_until("event: hello");
  publisher.send(frame(R"({"ref":1,"text":"1 1.0 hello"})"));
  EXPECT_THAT(publisher.read_frame().payload + publisher.read_frame().payload,
              HasSubstr(R"("ref":1,"cursor")"));
  reader.read_until("1 1.0 hello");

  const json::value state = live.state("mine");
  EXPECT_EQ(number(state, "pages"), 1u);
  EXPECT_EQ(number(state.at("panes").at("sse"), "requests"), 1u);
  EXPECT_EQ(number(state.at("panes").at("ws"), "requests"), 0u);

  live.ask(post("/live/reset", R"({"room":"mine"})"));
  EXPECT_EQ(number(live.state("mine").at("panes").at("sse"), "requests"), 0u);
}

TEST(LiveServer, HandsOnNothingButAWebSocketOfItsOwnPage) {
  const Running live;
  EXPECT_EQ(live.ask(upgrade("/rooms/mine/socket", "Origin: http://elsewhere.example\r\n")).status, 403);
  EXPECT_EQ(live.ask(get("/rooms/mine/socket")).status, 426);
}

TEST(LiveServer, AFaultIsNotThePublishers) {
  const Running live;
  RawClient publisher(live.port());
  ASSERT_EQ(publisher.ask(upgrade("/rooms/mine/socket")).status, 101);
  publisher.read_frame();
  live.press(R"({"fault":"stall","on":true})");
  live.press(R"({"fault":"cut"})");
  publisher.send(frame(R"({"ref":1,"text":"hello"})"));
  EXPECT_THAT(publisher.read_frame().payload + publisher.read_frame().payload,
              HasSubstr(R"("ref":1,"cursor")"));
}

// A stream that says where it is: its cursor, and what it was told of a gap.
std::string hello_of(RawClient& reader, const std::string& request) {
  reader.send(request);
  reader.read_until("event: hello\n");
  reader.read_until("data: ");
  return reader.read_until("\n\n");
}

TEST(LiveServer, ARestartGivesANewEpochAndItsReadersAGap) {
  const Running live;
  const std::uint16_t port = live.pane("sse");
  RawClient(port).ask(post("/rooms/mine/messages", R"({"text":"hi"})"));
  RawClient reader(port);
  const std::string before = hello_of(reader, get("/rooms/mine/events?after=latest"));
  const std::string epoch(live.state().at("epoch").as_string());
  EXPECT_EQ(before, R"({"cursor":")" + epoch + ".1\"}\n\n");

  EXPECT_EQ(live.press(R"({"fault":"restart"})").status, 200);
  EXPECT_THAT(reader.read_to_end(), testing::EndsWith("0\r\n\r\n"));  // told, and not cut off
  const json::value after = live.wait_until(
      "the new server", [](const json::value& now) { return !now.at("faults").at("restart").as_bool(); });
  const std::string next(after.at("epoch").as_string());
  EXPECT_NE(next, epoch);

  RawClient resumed(port);
  EXPECT_EQ(hello_of(resumed, get("/rooms/mine/events", "Last-Event-ID: " + epoch + ".1\r\n")),
            R"({"cursor":")" + next + R"(.0","gap":{"reason":"epoch","missed":null}})" + "\n\n");
}

TEST(LiveServer, EndsWhileEverythingIsStalled) {
  Running live;
  RawClient reader(live.pane("ws"));
  ASSERT_EQ(reader.ask(upgrade("/rooms/mine/socket")).status, 101);
  live.press(R"({"fault":"stall","on":true})");
  const auto began = Clock::now();
  live.stop();
  EXPECT_LT(Clock::now() - began, std::chrono::seconds(4));
  reader.read_to_end();
}

// --- the program ---

std::vector<std::string> program(std::vector<std::string> words) {
  words.insert(words.begin(), std::string(PROGRAM_DIRECTORY) + "/live_server");
  return words;
}

TEST(LiveProgram, SaysFirstWhereItListensAndEndsWhenItIsInterrupted) {
  Child live(program({"--port", "0", "--rate", "5", "--interval", "0.5"}));
  const std::uint16_t port = live.port();
  const json::value state = json::parse(RawClient(port).ask(get("/live.json")).body);
  EXPECT_EQ(state.at("begin").at("rate").to_number<double>(), 5);
  EXPECT_EQ(state.at("begin").at("interval_ms").as_int64(), 500);
  live.signal(SIGINT);
  EXPECT_EQ(live.wait(), 0);
}

TEST(LiveProgram, SaysWhichPortCannotBeHad) {
  const Running taken;
  Child live(program({"--port", std::to_string(taken.port())}));
  EXPECT_EQ(live.wait(), 1);
  EXPECT_THAT(live.errors(), HasSubstr("cannot listen on 127.0.0.1:" + std::to_string(taken.port())));

  Child panes(program({"--port", "0", "--pane-port", std::to_string(taken.pane("poll"))}));
  EXPECT_EQ(panes.wait(), 1);
  const std::string errors = panes.errors();
  EXPECT_THAT(errors, HasSubstr("for the pane \"poll\": "));
  EXPECT_THAT(errors, HasSubstr("choose others with --pane-port"));
}

TEST(LiveProgram, EndsWith2AtAWrongCommandLine) {
  for (const std::vector<std::string>& words : {std::vector<std::string>{"--no-such-option"},
                                                {"--rate", "101"},
                                                {"--rate", "-1"},
                                                {"--interval", "0"},
                                                {"--pane-port", "65535"},
                                                {"--heartbeat", "soon"},
                                                {"surplus"}}) {
    Child live(program(words));
    EXPECT_EQ(live.wait(), 2) << testing::PrintToString(words);
  }
}

}  // namespace
