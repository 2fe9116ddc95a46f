// One listener serves everything: a page, and four kinds of conversation.

#include "bench/bare.hpp"
#include "bench/protocol.hpp"
#include "embedded/websocket/client.js.hpp"
#include "feed/server.hpp"
#include "feed/web.hpp"
#include "polling/server.hpp"
#include "sse/server.hpp"
#include "websocket/server.hpp"

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
  const auto answered = [&](int status, int expected) {
    kinds += status == expected;
    return status == expected;
  };
  Bare page(room), socket(room), stream(room), poll(room);
  answered(page.ask("GET", "/").status, 200);
  const bool is_socket = answered(socket.upgrade(room.path + "/socket").status, 101);
  const bool is_stream =
      answered(stream.begin(room.path + "/events", "Accept: text/event-stream\r\n").status, 200);
  answered(page.ask("POST", room.path + "/messages", "Content-Type: application/json\r\n",
                    R"({"author":"ada","text":"to all"})")
               .status,
           201);
  const BareAnswer polled = poll.ask("GET", room.path + "/messages?after=0");
  answered(polled.status, 200);
  // One POST, heard by all.
  constexpr std::string_view said = R"("text":"to all"})";
  double heard = polled.body.find(said) != std::string::npos;
  if (is_socket) {
    socket.receive();  // the hello
    heard += socket.receive().payload.find(said) != std::string::npos;
  }
  if (is_stream) heard += stream.read_until(said).find(said) != std::string::npos;
  tell(run, "kinds", kinds, 5);
  tell(run, "messages", heard, 3);
}

}  // namespace bench
