#include "bench/dialect.hpp"

#include "bench/bare.hpp"
#include "bench/nchan.hpp"
#include "bench/socketio.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace bench {
namespace {

constexpr std::string_view hello = R"({"cursor":")";  // in it, whatever is around it
constexpr std::string_view end_of_head = "\r\n\r\n";

std::string get(std::string_view path, const feed::Address& room, std::string_view fields) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\n{}\r\n", path, room.authority, fields);
}

// The key of RFC 6455, 1.3.
std::string upgrade(std::string_view path, const feed::Address& room) {
  return get(path, room,
             "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
             "Sec-WebSocket-Version: 13\r\n");
}

Dialect streaming(std::string greeting, std::string_view begins) {
  Dialect dialect;
  dialect.greeting = std::move(greeting);
  dialect.begins = begins;
  return dialect;
}

// The last segment of the room's path.
std::string_view name_of(const feed::Address& room) {
  return std::string_view(room.path).substr(room.path.rfind('/') + 1);
}

// GET /rooms/{room}/messages?after=C, ours and Express's.
Dialect asking(Dialect::Way way, const feed::Address& room, std::string position, std::string_view fields) {
  Dialect dialect;
  dialect.way = way;
  dialect.position = std::move(position);
  dialect.ask = [room, fields = "Accept: */*\r\n" + std::string(fields)](std::string_view after) {
    return get(fmt::format("{}/messages?after={}", room.path, after), room, fields);
  };
  dialect.next = [](const HttpAnswer& answer) {
    const std::string_view body = answer.body;
    if (!body.starts_with(hello)) return std::string();
    return std::string(body.substr(hello.size(), body.find('"', hello.size()) - hello.size()));
  };
  return dialect;
}

}  // namespace

Dialect dialect_of(std::string_view arm, const feed::Address& room, std::string_view epoch) {
  using Way = Dialect::Way;
  if (arm == "tcp") return streaming("R", hello);
  if (arm == "sse" || arm == "sse_node")
    return streaming(get(room.path + "/events", room, "Accept: text/event-stream\r\n"), hello);
  if (arm == "ws" || arm == "ws_node") return streaming(upgrade(room.path + "/socket", room), hello);
  if (arm == "socketio") {
    Dialect dialect =
        streaming(upgrade(socketio_path, room), hello);  // the event that our server greets with
    dialect.cue = R"("sid":")";
    dialect.reply = Bare::frame(text_opcode, socketio_connect(name_of(room)));
    return dialect;
  }
  // Nchan greets nobody: a reader is there when it is answered.
  if (arm == "nchan_ws") return streaming(upgrade(room.path + "/socket", room), end_of_head);
  if (arm == "nchan_sse")
    return streaming(get(room.path + "/events", room, "Accept: text/event-stream\r\n"), end_of_head);
  if (arm == "poll" || arm == "poll_express") return asking(Way::polls, room, fmt::format("{}.0", epoch), {});
  if (arm == "longpoll") return asking(Way::waits, room, "0", "Prefer: wait=25\r\n");
  if (arm == "nchan_longpoll" || arm == "nchan_poll") {
    Dialect dialect;
    dialect.way = arm == "nchan_poll" ? Way::polls : Way::waits;
    const std::string path = room.path + (arm == "nchan_poll" ? "/poll" : "/wait");
    dialect.ask = [room, path](std::string_view fields) { return get(path, room, fields); };
    dialect.next = [](const HttpAnswer& answer) {
      return answer.status == 200 ? nchan_position(answer.head) : std::string();
    };
    return dialect;
  }
  throw std::invalid_argument(fmt::format("no bare reader speaks for the arm \"{}\"", arm));
}

}  // namespace bench
