// The measuring client's half of what the servers of others speak, on literal bytes; and against these servers, where they are installed.

#include "bench/peers.hpp"
#include "bench/ahead.hpp"
#include "bench/bare.hpp"
#include "bench/dialect.hpp"
#include "bench/experiment.hpp"
#include "bench/goals.hpp"
#include "bench/http_answer.hpp"
#include "bench/nchan.hpp"
#include "bench/peer_cells.hpp"
#include "bench/sink.hpp"
#include "bench/site.hpp"
#include "bench/socketio.hpp"

#include <boost/json.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
namespace fs = std::filesystem;
using bench::Clock;
using bench::SocketIoPacket;
using testing::HasSubstr;
using testing::Not;

const std::string project = SOURCE_DIRECTORY;
const std::string scripts = bench::peers_directory(project);

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

bench::Place place() {
  bench::Place made;
  made.programs = fs::read_symlink("/proc/self/exe").parent_path().string();
  made.root = project;
  return made;
}

feed::Address room() { return *feed::parse_address("http://127.0.0.1:4000/rooms/bench"); }

}  // namespace

// HTTP answers

TEST(HttpAnswer, IsThereWhenItsBodyIs) {
  const std::string whole = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\ncontent-length: 2\r\n\r\nhi";
  for (std::size_t cut = 0; cut < whole.size(); ++cut)
    EXPECT_FALSE(bench::first_answer(whole.substr(0, cut))) << cut;
  const std::string two = whole + "HTTP/1.1 204 No Content\r\n\r\n";
  const auto answer = bench::first_answer(two);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "hi");
  EXPECT_EQ(answer->bytes(), whole.size());
  const auto second = bench::first_answer(std::string_view(two).substr(whole.size()));
  ASSERT_TRUE(second);
  EXPECT_EQ(second->status, 204);
  EXPECT_EQ(second->body, "");
}

TEST(HttpAnswer, HasNoBodyWhereItsStatusSaysSo) {
  // RFC 9110, 8.6: the length is that of the answer to a GET without a condition.
  const auto answer = bench::first_answer("HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nHTTP/");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 304);
  EXPECT_EQ(answer->body, "");
  EXPECT_TRUE(bench::first_answer("HTTP/1.1 101 Switching Protocols\r\n\r\n"));
}

TEST(HttpAnswer, IsRefusedWhereItsEndIsNotKnown) {
  EXPECT_THROW(bench::first_answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
               std::runtime_error);
  EXPECT_THROW(bench::first_answer("SSH-2.0-OpenSSH"), std::runtime_error);
  EXPECT_THROW(bench::first_answer("HTTP/1.0 200 OK\r\n\r\n"), std::runtime_error);
}

TEST(HttpAnswer, NamesItsFieldsInAnyCase) {
  const std::string head = "HTTP/1.1 200 OK\r\nEtag: \"7\"\r\nLast-Modified:Mon\r\nEmpty:\r\n\r\n";
  EXPECT_EQ(bench::field_of(head, "ETag"), "\"7\"");
  EXPECT_EQ(bench::field_of(head, "last-modified"), "Mon");
  EXPECT_EQ(bench::field_of(head, "Empty"), "");
  EXPECT_EQ(bench::field_of(head, "Modified"), "");
}

// Socket.IO

TEST(SocketIo, KnowsItsPackets) {
  const auto is = [](std::string_view text, SocketIoPacket::Kind kind, std::string_view name,
                     std::string_view argument) {
    const SocketIoPacket packet = bench::parse_socketio(text);
    EXPECT_EQ(packet.kind, kind) << text;
    EXPECT_EQ(packet.name, name) << text;
    EXPECT_EQ(packet.argument, argument) << text;
  };
  using Kind = SocketIoPacket::Kind;
  is(R"(0{"sid":"lv_VI97HAXpY6yYWAAAC","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000})",
     Kind::open, "",
     R"({"sid":"lv_VI97HAXpY6yYWAAAC","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000})");
  is(R"(40{"sid":"oSO0OpakMV_3jnilAAAA"})", Kind::connected, "", R"({"sid":"oSO0OpakMV_3jnilAAAA"})");
  is(R"(44{"message":"not authorised"})", Kind::refused, "", R"({"message":"not authorised"})");
  is(R"(42["message",{"seq":17,"text":"a\",\"b"}])", Kind::event, "message",
     R"({"seq":17,"text":"a\",\"b"})");
  is("2", Kind::ping, "", "");
  is("41", Kind::close, "", "");
  is("1", Kind::close, "", "");
}

TEST(SocketIo, RefusesWhatIsNoPacketOfARoom) {
  for (const char* text : {"", "7", "hello", "42", "42[]", "42[1]", "430[]"})
    EXPECT_THROW(bench::parse_socketio(text), std::runtime_error) << text;
}

TEST(SocketIo, SaysWhatAClientMustSay) {
  EXPECT_EQ(bench::socketio_connect("bench"), R"(40{"room":"bench"})");
  EXPECT_EQ(bench::socketio_event("echo", R"({"a":1})"), R"(42["echo",{"a":1}])");
  EXPECT_EQ(bench::socketio_event_bytes("message"), R"(42["message",])"s.size());
  EXPECT_EQ(bench::socketio_answer(bench::parse_socketio(R"(0{"sid":"x"})"), "bench"),
            R"(40{"room":"bench"})");
  EXPECT_EQ(bench::socketio_answer(bench::parse_socketio("2"), "bench"), "3");
  EXPECT_EQ(bench::socketio_answer(bench::parse_socketio(R"(40{"sid":"x"})"), "bench"), std::nullopt);
  EXPECT_EQ(bench::socketio_answer(bench::parse_socketio(R"(42["message",{}])"), "bench"), std::nullopt);
}

// Nchan

TEST(Nchan, TellsAPollerWhereItIs) {
  EXPECT_EQ(bench::nchan_position("HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Length: 2\r\n"
                                  "Last-Modified: Tue, 24 Nov 2026 12:00:00 GMT\r\nEtag: 3\r\n\r\n"),
            "If-Modified-Since: Tue, 24 Nov 2026 12:00:00 GMT\r\nIf-None-Match: 3\r\n");
  EXPECT_THROW(bench::nchan_position("HTTP/1.1 200 OK\r\nServer: nginx\r\n\r\n"), std::runtime_error);
}

TEST(Nchan, IsConfiguredForOneRoomAndForSpeed) {
  EXPECT_EQ(bench::nchan_configuration("/m/ngx_nchan_module.so", "/tmp/x", "127.0.0.1:4000", "/rooms/bench"),
            "load_module /m/ngx_nchan_module.so;\n"
            "daemon off;\n"
            "master_process off;\n"
            "pid /tmp/x/nginx.pid;\n"
            "error_log /tmp/x/error.log error;\n"
            "events { worker_connections 20000; multi_accept on; }\n"
            "http {\n"
            "  access_log off;\n"
            "  client_body_temp_path /tmp/x/body;\n"
            "  proxy_temp_path /tmp/x/proxy;\n"
            "  fastcgi_temp_path /tmp/x/fastcgi;\n"
            "  uwsgi_temp_path /tmp/x/uwsgi;\n"
            "  scgi_temp_path /tmp/x/scgi;\n"
            "  server_tokens off;\n"
            "  sendfile on;\n"
            "  tcp_nopush on;\n"
            "  tcp_nodelay on;\n"
            "  keepalive_timeout 1h;\n"
            "  keepalive_requests 100000000;\n"
            "  open_file_cache max=16;\n"
            "  nchan_shared_memory_size 512M;\n"
            "  nchan_message_buffer_length 20000;\n"
            "  server {\n"
            "    listen 127.0.0.1:4000 backlog=4096;\n"
            "    location = /static.json { root /tmp/x; }\n"
            "    location = /rooms/bench/messages { nchan_publisher http; nchan_channel_id bench; }\n"
            "    location = /rooms/bench/socket { nchan_subscriber websocket; nchan_channel_id bench; }\n"
            "    location = /rooms/bench/events { nchan_subscriber eventsource; nchan_channel_id bench; }\n"
            "    location = /rooms/bench/wait { nchan_subscriber longpoll; nchan_channel_id bench; }\n"
            "    location = /rooms/bench/poll { nchan_subscriber intervalpoll; nchan_channel_id bench; }\n"
            "    location = /rooms/bench/echo { nchan_pubsub websocket; nchan_channel_id echo; }\n"
            "  }\n"
            "}\n");
  EXPECT_THAT(bench::nchan_configuration("", "/tmp/x", "127.0.0.1:4000", "/rooms/bench"),
              Not(HasSubstr("nchan")));
}

// How bare readers talk

TEST(Dialect, OfAStreamIsOneRequest) {
  for (const char* arm : {"ws", "ws_node", "nchan_ws"}) {
    EXPECT_EQ(
        bench::dialect_of(arm, room(), "").greeting,
        "GET /rooms/bench/socket HTTP/1.1\r\nHost: 127.0.0.1:4000\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n");
  }
  for (const char* arm : {"sse", "sse_node", "nchan_sse"}) {
    EXPECT_EQ(
        bench::dialect_of(arm, room(), "").greeting,
        "GET /rooms/bench/events HTTP/1.1\r\nHost: 127.0.0.1:4000\r\nAccept: text/event-stream\r\n\r\n");
  }
  EXPECT_EQ(bench::dialect_of("tcp", room(), "").greeting, "R");
  EXPECT_EQ(bench::dialect_of("ws_node", room(), "").begins, R"({"cursor":")");
  EXPECT_EQ(bench::dialect_of("nchan_ws", room(), "").begins, "\r\n\r\n");
}

TEST(Dialect, OfSocketIoAsksForItsRoomWhenItIsGreeted) {
  const bench::Dialect dialect = bench::dialect_of("socketio", room(), "");
  EXPECT_THAT(dialect.greeting,
              testing::StartsWith("GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n"));
  EXPECT_THAT(R"(0{"sid":"lv_VI97","upgrades":[]})", HasSubstr(dialect.cue));
  EXPECT_EQ(dialect.reply, bench::Bare::frame(bench::text_opcode, R"(40{"room":"bench"})"));
  EXPECT_THAT(R"(42["hello",{"cursor":"peer.0"}])", HasSubstr(dialect.begins));
}

TEST(Dialect, OfAPollerGoesOnWhereTheLastAnswerEnded) {
  const bench::Dialect ours = bench::dialect_of("longpoll", room(), "");
  EXPECT_EQ(
      ours.ask(ours.position),
      "GET /rooms/bench/messages?after=0 HTTP/1.1\r\nHost: 127.0.0.1:4000\r\nAccept: */*\r\nPrefer: wait=25\r\n\r\n");
  const auto page = bench::first_answer(
      "HTTP/1.1 200 OK\r\nContent-Length: 34\r\n\r\n{\"cursor\":\"k3f9.18\",\"messages\":[]}");
  ASSERT_TRUE(page);
  EXPECT_EQ(ours.next(*page), "k3f9.18");
  const auto nothing = bench::first_answer("HTTP/1.1 204 No Content\r\n\r\n");
  ASSERT_TRUE(nothing);
  EXPECT_EQ(ours.next(*nothing), "");

  const bench::Dialect poll = bench::dialect_of("poll_express", room(), "peer");
  EXPECT_EQ(poll.ask(poll.position),
            "GET /rooms/bench/messages?after=peer.0 HTTP/1.1\r\nHost: 127.0.0.1:4000\r\nAccept: */*\r\n\r\n");

  const bench::Dialect nchan = bench::dialect_of("nchan_longpoll", room(), "");
  EXPECT_EQ(nchan.ask(nchan.position), "GET /rooms/bench/wait HTTP/1.1\r\nHost: 127.0.0.1:4000\r\n\r\n");
  const auto message =
      bench::first_answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\nLast-Modified: Mon\r\nEtag: 0\r\n\r\n");
  ASSERT_TRUE(message);
  EXPECT_EQ(
      nchan.ask(nchan.next(*message)),
      "GET /rooms/bench/wait HTTP/1.1\r\nHost: 127.0.0.1:4000\r\nIf-Modified-Since: Mon\r\nIf-None-Match: 0\r\n\r\n");
}

TEST(Dialect, IsRefusedForAnArmThatNobodySpeaks) {
  EXPECT_THROW(bench::dialect_of("null", room(), ""), std::invalid_argument);
}

// Which peers there are

TEST(Peers, AreLockedToTheByteWithoutAnAddress) {
  const boost::json::value package = boost::json::parse(read(scripts + "/package.json"));
  const std::string lock_text = read(scripts + "/package-lock.json");
  EXPECT_THAT(lock_text, Not(HasSubstr("resolved")));
  const boost::json::value lock = boost::json::parse(lock_text);
  for (const char* group : {"dependencies", "optionalDependencies"}) {
    for (const auto& [name, version] : package.at(group).as_object()) {
      const std::string wanted(version.as_string());
      EXPECT_THAT(wanted, testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+")) << name;
      const auto& locked = lock.at("packages").at("node_modules/" + std::string(name)).as_object();
      EXPECT_EQ(locked.at("version"), version) << name;
      EXPECT_TRUE(locked.contains("integrity")) << name;
    }
  }
}

TEST(Peers, HaveTheirScripts) {
  for (const std::string& script : bench::peer_scripts())
    EXPECT_TRUE(fs::exists(project + '/' + script)) << script;
}

TEST(Peers, SayWhyTheyCannotBeMeasured) {
  EXPECT_EQ(bench::why_not("ws", "/nowhere"), "");  // ours
  for (const bench::PeerArm& peer : bench::peer_arms()) {
    if (peer.made != bench::PeerArm::Made::node) continue;
    const std::string reason = bench::why_not(peer.arm, "/nowhere");
    EXPECT_THAT(reason, HasSubstr("bench/peers/setup installs")) << peer.arm;
    bench::Place nowhere = place();
    nowhere.root = "/nowhere";
    try {
      bench::Site site(nowhere, peer.arm);
      ADD_FAILURE() << peer.arm << " was started";
    } catch (const bench::ServerFailed& failure) {
      EXPECT_EQ(failure.what(), reason + '.');
    }
  }
}

// The servers themselves

namespace {

class RealPeer : public testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (const std::string reason = bench::why_not(GetParam(), project); !reason.empty())
      GTEST_SKIP() << reason;
  }
};

std::vector<std::string> arms_that_stream_or_wait() {
  return {"ws_node", "socketio", "nchan_ws", "sse_node", "nchan_sse", "nchan_longpoll"};
}

std::string name_of(const testing::TestParamInfo<std::string>& info) { return info.param; }

}  // namespace

TEST_P(RealPeer, GivesEveryMessageToEveryReaderOnceAndInOrder) {
  constexpr std::size_t readers = 5, messages = 150;
  bench::Site site(place(), GetParam());
  bench::Sink sink(GetParam(), site.room(), "", readers, messages);
  sink.connect();
  const auto outlet = bench::outlet_to(GetParam(), site.room_beside(), 100);
  std::size_t sent = 0;
  const auto deadline = Clock::now() + 10s;
  ASSERT_TRUE(bench::keep_outstanding(sink, *outlet, 1, 20, deadline, sent));
  ASSERT_TRUE(bench::keep_outstanding(sink, *outlet, 64, messages, deadline, sent));
  EXPECT_EQ(sent, messages);
  const bench::Gate gate = bench::once_and_in_order(sink.receipts());
  EXPECT_TRUE(gate.passed) << gate.detail;
  while (outlet->answered(20ms) < messages) ASSERT_LT(Clock::now(), deadline);
  sink.disconnect();
  site.stop();  // throws where it does not end by itself
}

INSTANTIATE_TEST_SUITE_P(Peers, RealPeer, testing::ValuesIn(arms_that_stream_or_wait()), name_of);

// The same bytes as ours: what differs between two numbers, and the time, left out.
TEST(RealPeers, CarryTheSameMessage) {
  for (const char* arm : {"ws_node", "nchan_ws"}) {
    if (!bench::why_not(arm, project).empty()) continue;
    bench::Site site(place(), arm);
    bench::Bare reader(site.room());
    ASSERT_EQ(reader.upgrade(site.room().path + "/socket").status, 101);
    const auto outlet = bench::outlet_to(arm, site.room_beside(), 8);
    outlet->send(0);
    bench::BareFrame frame = reader.receive();
    if (frame.payload.starts_with("{\"hello\"")) frame = reader.receive();
    EXPECT_THAT(frame.payload,
                testing::MatchesRegex(R"(\{"seq":1,"at":[0-9]{13},"author":"bench","text":"00000000"\})"))
        << arm;
    site.stop();
  }
}

TEST(RealSocketIo, GoesOnAsLongAsItsPingsAreAnswered) {
  if (const std::string reason = bench::why_not("socketio", project); !reason.empty()) GTEST_SKIP() << reason;
  bench::Process server(bench::find_program("node"), {scripts + "/socketio.mjs", "--heartbeat", "0.02"}, {});
  bench::Bare bare(
      *feed::parse_address("http://127.0.0.1:" + std::to_string(server.port()) + "/rooms/bench"));
  ASSERT_EQ(bare.upgrade(bench::socketio_path).status, 101);
  std::vector<SocketIoPacket::Kind> kinds;
  std::size_t pings = 0;
  while (pings < 3) {  // the next one comes only when the last one was answered
    const bench::BareFrame frame = bare.receive();
    const SocketIoPacket packet = bench::parse_socketio(frame.payload);
    kinds.push_back(packet.kind);
    pings += packet.kind == SocketIoPacket::Kind::ping;
    if (const auto answer = bench::socketio_answer(packet, "bench")) bare.send(bench::text_opcode, *answer);
  }
  using Kind = SocketIoPacket::Kind;
  EXPECT_EQ(kinds.front(), Kind::open);
  EXPECT_THAT(kinds, testing::Contains(Kind::connected));
  EXPECT_THAT(kinds, testing::Contains(Kind::event));
  server.stop();
}

// The first cell of that arm, measured.
bench::Run measured(const bench::Experiment& experiment, const std::string& arm) {
  bench::Setting setting;
  setting.place = place();
  setting.profile = bench::Profile::full;
  const std::vector<bench::Cell> cells = experiment.cells(setting);
  const auto cell =
      std::find_if(cells.begin(), cells.end(), [&](const bench::Cell& one) { return one.arm == arm; });
  bench::Run run;
  run.cell = cell->name;
  run.arm = arm;
  cell->measure(run);
  return run;
}

TEST(RealPollers, AreToldThatThereIsNothingNew) {
  for (const auto& [arm, status] :
       std::map<std::string, int>{{"poll_express", 204}, {"nchan_poll", 304}, {"nginx_static", 200}}) {
    if (!bench::why_not(arm, project).empty()) continue;
    const bench::Run run = measured(bench::peer_polls_experiment(), arm);
    EXPECT_GT(run.figures.at("requests_per_second"), 0) << arm;
    EXPECT_EQ(run.parameters.at("status"), status) << arm;
  }
}

TEST(RealEchoes, AreWhatWasSaid) {
  for (const char* arm : {"tcp", "ws", "ws_node", "socketio", "nchan_ws"}) {
    if (!bench::why_not(arm, project).empty()) continue;
    const bench::Run run = measured(bench::peer_echo_experiment(), arm);
    EXPECT_EQ(run.samples_ns.size(), 5000u) << arm;
    EXPECT_TRUE(run.gates.at(0).passed) << arm << ": " << run.gates.at(0).detail;
  }
}

TEST(RealPeers, PutAroundAMessageWhatIsPredicted) {
  for (const auto& [arm, bytes] : std::map<std::string, double>{
           {"ws", 102}, {"ws_node", 102}, {"nchan_ws", 102}, {"socketio", 116}, {"sse_node", 126}}) {
    if (!bench::why_not(arm, project).empty()) continue;
    EXPECT_EQ(measured(bench::peer_bytes_experiment(), arm).figures.at("bytes_per_message"), bytes) << arm;
  }
}

// A window

TEST(KeepOutstanding, NeverHasMoreMessagesUnderWayThanAreAllowed) {
  // Counts what was handed over when the last reader had how many.
  class Watched final : public bench::Outlet {
   public:
    Watched(bench::Outlet& outlet, const bench::Sink& sink) : outlet_(outlet), sink_(sink) {}
    void send(std::size_t index) override {
      most = std::max(most, index + 1 - sink_.everywhere());
      outlet_.send(index);
    }
    std::size_t answered(std::chrono::milliseconds patience) override { return outlet_.answered(patience); }
    std::size_t most = 0;

   private:
    bench::Outlet& outlet_;
    const bench::Sink& sink_;
  };
  for (const std::size_t window : {1u, 8u}) {
    bench::Site site(place(), "ws");
    bench::Sink sink("ws", site.room(), "", 3, 100);
    sink.connect();
    const auto outlet = bench::outlet_to("ws", site.room_beside(), 100);
    Watched watched(*outlet, sink);
    std::size_t sent = 0;
    EXPECT_TRUE(bench::keep_outstanding(sink, watched, window, 100, Clock::now() + 10s, sent));
    EXPECT_EQ(sent, 100u);
    EXPECT_EQ(sink.everywhere(), 100u);
    EXPECT_EQ(watched.most, window);
    EXPECT_TRUE(bench::keep_outstanding(sink, watched, window, 200, Clock::now(),
                                        sent));  // no time left: nothing is sent
    EXPECT_EQ(sent, 100u);
    sink.disconnect();
    site.stop();
  }
}

// The goals

TEST(Goals, AreMadeOfCellsThatTheFullProfileMeasures) {
  bench::Setting setting;
  setting.profile = bench::Profile::full;
  std::set<std::string> cells;
  for (const bench::Cell& cell : bench::all_cells(setting)) {
    if (cell.repetitions > 0) cells.insert(cell.name);
  }
  for (const bench::Goal& goal : bench::goals()) {
    for (const bench::Number& number : goal.claim.numbers) {
      for (const bench::Term* term : bench::figures_of(number.value))
        EXPECT_TRUE(cells.contains(term->cell)) << goal.claim.id << ": there is no cell " << term->cell;
    }
  }
}

TEST(Goals, AreMetOrNotAsTheFiguresSay) {
  const auto row_of = [](double ours, double theirs) {
    bench::Results results;
    for (unsigned repetition = 0; repetition < 6; ++repetition) {
      for (const auto& [arm, value] : {std::pair("ws", ours), std::pair("ws_node", theirs)}) {
        bench::Run run;
        run.cell = std::string("peer_connect/") + arm + "/readers:2000";
        run.experiment = "peer_connect";
        run.arm = arm;
        run.repetition = repetition;
        run.figures["cpu_ns_per_connection"] = value * (1 + 0.01 * repetition);
        run.gates = {{"it was measured", true, ""}};
        results.runs.push_back(run);
      }
    }
    const std::string table = bench::markdown(bench::goals_table(results));
    const std::size_t at = table.find("| WebSocket connect");
    return table.substr(at, table.find('\n', at) - at);
  };
  EXPECT_THAT(row_of(20'000, 200'000), testing::AllOf(HasSubstr("| 0.100 |"), HasSubstr("ws (Node): 210 µs"),
                                                      testing::EndsWith("| met |")));
  EXPECT_THAT(row_of(60'000, 200'000), testing::EndsWith("| not met |"));
  EXPECT_THAT(
      bench::markdown(bench::goals_table({})),
      HasSubstr(
          "| bytes of a delivered message of 100, WebSocket | equal to the prediction: 102 | - | - | - | "));
}

TEST(Ahead, IsWhoIsCheaperForCertain) {
  bench::Results results;
  const auto add = [&](const std::string& arm, double memory, double spread) {
    for (unsigned repetition = 0; repetition < 6; ++repetition) {
      bench::Run run;
      run.cell = "peer_memory/" + arm + "/readers:4000";
      run.experiment = "peer_memory";
      run.arm = arm;
      run.repetition = repetition;
      run.figures["user_bytes_per_reader"] = memory * (1 + spread * repetition);
      run.gates = {{"it was measured", true, ""}};
      results.runs.push_back(run);
    }
  };
  add("ws", 9000, 0.001);
  add("sse", 4000, 0.001);
  add("ws_node", 12'000, 0.001);
  add("nchan_ws", 6000, 0.001);
  add("socketio", 8500, 0.05);   // it may as well be dearer
  add("sse_node", 6000, 0.001);  // more than SSE of ours, less than WebSocket
  const bench::Table table = bench::ahead_table(results);
  ASSERT_EQ(table.rows.size(), 1u);
  EXPECT_EQ(table.rows[0][0], "memory of a silent reader: WebSocket, Nchan");
  EXPECT_EQ(table.rows[0][1], "`peer_memory/nchan_ws/readers:4000`");
  EXPECT_THAT(table.rows[0][4], testing::StartsWith("0.66"));
  EXPECT_TRUE(bench::ahead_table({}).rows.empty());
}
