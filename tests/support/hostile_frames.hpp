#pragma once
// A server's side of a WebSocket that breaks the protocol: for our clients.

#include <boost/beast/websocket/detail/hybi13.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace support {

/// The answer to the handshake in `head` (RFC 6455, 4.2.2).
inline std::string accepting(const std::string& head) {
  const std::string field = "Sec-WebSocket-Key: ";
  const std::size_t begin = head.find(field) + field.size();
  const std::string key = head.substr(begin, head.find("\r\n", begin) - begin);
  boost::beast::websocket::detail::sec_ws_accept_type accept;
  boost::beast::websocket::detail::make_sec_ws_accept(accept, key);
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
         std::string(accept.data(), accept.size()) + "\r\n\r\n";
}

/// A frame of a whole text message, as a server sends it.
inline std::string server_text(std::string_view payload) {
  return "\x81" + std::string(1, static_cast<char>(payload.size())) + std::string(payload);
}

/// What a feed begins with.
inline const std::string server_hello = server_text(R"({"hello":{"cursor":"k3f9.0"}})");

/// What comes behind the hello, or in its place, with what is wrong with it. None of it is a message.
inline std::vector<std::pair<std::string_view, std::string>> bad_server_frames() {
  using namespace std::string_literals;
  const std::string& hello = server_hello;
  return {{"a masked frame", hello + "\x81\x82\x01\x02\x03\x04hi"},
          {"a reserved opcode", hello + "\x83\x02hi"},
          {"a reserved bit", hello + "\xc1\x02hi"},
          {"a ping in fragments", hello + "\x09\x02hi"},
          {"a ping that is too long", hello + "\x89\x7e\x00\x7e"s + std::string(126, 'x')},
          {"a continuation of nothing", hello + "\x80\x02hi"},
          {"a message within a message", hello + "\x01\x02hi\x81\x02hi"},
          {"a length with its highest bit set", hello + "\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff"s},
          {"a length of 1 GiB", hello + "\x81\x7f\x00\x00\x00\x00\x40\x00\x00\x00"s},
          {"a length that is longer than it must be", hello + "\x81\x7e\x00\x02hi"s},
          {"text that is not UTF-8", hello + "\x81\x02\xff\xff"},
          {"a close with a code that is none", hello + "\x88\x02\x03\xed"},
          {"text that is not JSON", hello + server_text("hi")},
          {"JSON that is none of ours", hello + server_text("{}")},
          {"a message before the hello", server_text(R"({"seq":1,"at":1,"author":"a","text":"b"})")},
          {"a message out of order", hello + server_text(R"({"seq":2,"at":1,"author":"a","text":"b"})")}};
}

}  // namespace support
