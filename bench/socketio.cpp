#include "bench/socketio.hpp"

#include "feed/message.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace bench {
namespace {

// The first digit is Engine.IO's (https://socket.io/docs/v4/engine-io-protocol/), the second, after a 4, Socket.IO's.
constexpr std::string_view open_mark = "0", close_mark = "1", ping_mark = "2", pong_mark = "3",
                           connect_mark = "40", disconnect_mark = "41", event_mark = "42", error_mark = "44";

}  // namespace

SocketIoPacket parse_socketio(std::string_view text) {
  using Kind = SocketIoPacket::Kind;
  const auto behind = [text](std::string_view mark) { return text.substr(mark.size()); };
  if (text.starts_with(event_mark)) {
    const std::string_view array = behind(event_mark);
    const std::size_t end = array.find("\",");
    if (array.starts_with("[\"") && array.ends_with(']') && end != std::string_view::npos)
      return {Kind::event, array.substr(2, end - 2), array.substr(end + 2, array.size() - end - 3)};
  }
  if (text.starts_with(connect_mark)) return {Kind::connected, {}, behind(connect_mark)};
  if (text.starts_with(error_mark)) return {Kind::refused, {}, behind(error_mark)};
  if (text == disconnect_mark || text == close_mark) return {Kind::close, {}, {}};
  if (text == ping_mark) return {Kind::ping, {}, {}};
  if (text.starts_with(open_mark)) return {Kind::open, {}, behind(open_mark)};
  throw std::runtime_error(
      fmt::format("Socket.IO said \"{}\", expected a packet that begins with 0, 1, 2, 40, 41, 42[\" or 44",
                  text.substr(0, 60)));
}

std::string socketio_connect(std::string_view room) {
  return fmt::format("{}{{\"room\":{}}}", connect_mark, feed::quote(room));
}

std::string socketio_event(std::string_view name, std::string_view json) {
  return fmt::format("{}[{},{}]", event_mark, feed::quote(name), json);
}

std::optional<std::string> socketio_answer(const SocketIoPacket& packet, std::string_view room) {
  if (packet.kind == SocketIoPacket::Kind::open) return socketio_connect(room);
  if (packet.kind == SocketIoPacket::Kind::ping) return std::string(pong_mark);
  return std::nullopt;
}

std::size_t socketio_event_bytes(std::string_view name) { return socketio_event(name, {}).size(); }

}  // namespace bench
