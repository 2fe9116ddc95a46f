#pragma once
// Engine.IO 4 and, inside it, Socket.IO 5, as far as a reader of one room needs them: each packet is a text message of the WebSocket whose
// first characters say what it is. Pure. What a server of ours on Socket.IO understands besides is in bench/peers/socketio.mjs.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace bench {

/// Where the WebSocket is opened: without the long polls that Socket.IO would begin with.
constexpr std::string_view socketio_path = "/socket.io/?EIO=4&transport=websocket";

/// One packet. Points into the text that it was parsed from.
struct SocketIoPacket {
  enum class Kind {
    open,       ///< `0{"sid":…}`: the server's first word
    connected,  ///< `40{"sid":…}`: we are in the namespace
    refused,    ///< `44{"message":…}`: we are not
    event,      ///< `42["message",{…}]`
    ping,       ///< `2`: to be answered
    close,      ///< `1`, `41`
  };
  Kind kind = Kind::close;
  std::string_view name;  ///< of an event, without its quotes
  std::string_view
      argument;  ///< of an event, the first and only one, as JSON; of the others what follows the digits
};

/// Throws std::runtime_error with what came where it is none of these. Simplified: of the namespace "/" alone, no acknowledgement is asked for, and the
/// name of an event has no escapes.
SocketIoPacket parse_socketio(std::string_view text);

/// `40{"room":"bench"}`: the namespace "/", and the room that the server is to put us into.
std::string socketio_connect(std::string_view room);

/// `42["echo",{…}]`
std::string socketio_event(std::string_view name, std::string_view json);

/// What a client must say to that packet: to the first word that it wants to be connected, to a ping `3`. Nothing to the others.
std::optional<std::string> socketio_answer(const SocketIoPacket& packet, std::string_view room);

/// Bytes that an event has more than the JSON of its argument: `42["message",` and `]`.
std::size_t socketio_event_bytes(std::string_view name);

}  // namespace bench
