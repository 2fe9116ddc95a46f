// One listener serves everything: a page, and four kinds of conversation.

#include "bench/bare.hpp"
#include "bench/protocol.hpp"
#include "embedded/websocket/client.js.hpp"
#include "feed/server.hpp"
#include "feed/web.hpp"
#include "polling/server.hpp"
#include "sse/server.hpp"
#include "websocket/server.hpp"

#include <fmt/format.h>

#include <string>
#include <thread>

namespace bench {
namespace {

// A server that speaks all of them, on a thread of its own; the demo servers speak one each.
class Everything {
 public:
  Everything() : server_(feed::Options{}) {
    const feed::Options& options = server_.options();
    polling::mount(server_.routes(), server_.rooms());
    sse::mount(server_.routes(), server_.rooms(), options.heartbeat);
    websocket::mount(server_.routes(), server_.rooms(), {options.max_message, options.heartbeat});
    feed::mount_page(server_, embedded::client_js);
    server_.start();
    thread_ = std::thread([this] { server_.run(); });
  }
  ~Everything() {
    server_.stop();
    thread_.join();
  }
  feed::Address room() const { return *feed::parse_address(server_.url() + "/rooms/bench"); }

 private:
  feed::Server server_;
  std::thread thread_;
};

}  // namespace

void measure_one_port(const Place&, Run& run) {
  const Everything server;
  const feed::Address room = server.room();
  double kinds = 0;
  const auto expect = [&](const char* what, int status, int expected) {
    kinds += status == expected;
    run.gates.push_back(equal(fmt::format("status of {}", what), status, expected));
  };
  Bare page(room), socket(room), stream(room), poll(room);
  expect("the page", page.ask("GET", "/").status, 200);
  expect("the WebSocket's handshake", socket.upgrade(room.path + "/socket").status, 101);
  expect("the event stream", stream.begin(room.path + "/events", "Accept: text/event-stream\r\n").status,
         200);
  expect("the POST",
         page.ask("POST", room.path + "/messages", "Content-Type: application/json\r\n",
                  R"({"author":"ada","text":"to all"})")
             .status,
         201);
  const BareAnswer polled = poll.ask("GET", room.path + "/messages?after=0");
  expect("the poll", polled.status, 200);
  // One POST, heard by all.
  constexpr std::string_view said = R"("text":"to all"})";
  double heard = polled.body.find(said) != std::string::npos;
  socket.receive();  // the hello
  heard += socket.receive().payload.find(said) != std::string::npos;
  heard += stream.read_until(said).find(said) != std::string::npos;
  tell_exactly(run, "kinds", kinds, 5);
  tell_exactly(run, "messages", heard, 3);
}

}  // namespace bench
