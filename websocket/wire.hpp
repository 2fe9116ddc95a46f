#pragma once
// WebSocket on the wire: frames as the server writes them, and the JSON that is in them. Pure; the protocol is Beast's.

#include "feed/error.hpp"
#include "feed/message.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace websocket {

/// The subprotocol of the feed.
constexpr std::string_view subprotocol = "chat.v1";

/// A whole text message in one unmasked frame (RFC 6455, 5.2): a server's frame is the same for everybody, so it can be made once.
std::string text_frame(std::string_view payload);

/// `{"hello":{"cursor":"k3f9.17"}}`
std::string encode_hello(const feed::Hello& hello);
/// `{"gap":{"cursor":"k3f9.17","gap":{…}}}`, to a reader that fell behind.
std::string encode_gap(const feed::Hello& hello);

/// What a client sends: `{"ref":1,"author":"ada","text":"hi"}`.
struct Post {
  std::string ref = "null";  ///< as JSON: a whole number or a string, or null where none came
  feed::Result<feed::Draft> draft;
};
Post parse_post(std::string_view json, std::string_view default_author);
std::string encode_post(std::uint64_t ref, const feed::Draft& draft);

/// The answer: `{"ref":1,"cursor":"k3f9.19"}` or `{"ref":1,"error":"…"}`.
struct Answer {
  std::uint64_t ref = 0;
  feed::Result<feed::Cursor> place;
};
std::string encode_answer(std::string_view ref, const feed::Result<feed::Cursor>& place);

/// The feed begins or, behind a gap, goes on here.
struct Begin {
  feed::Hello hello;
};

/// What a server sends.
using Incoming = std::variant<Begin, feed::Message, Answer>;
feed::Result<Incoming> parse_incoming(std::string_view json);

/// Whether a Sec-WebSocket-Key is the base64 of 16 bytes (RFC 6455, 4.2.1), which Beast does not check.
bool is_key(std::string_view key);

/// Whether a comma-separated list names the token, regardless of case.
bool lists(std::string_view field, std::string_view token);

/// False where text that is UTF-8 so far ends in the middle of a character. Beast does not look where the last fragment is empty.
bool ends_whole(std::string_view text);

}  // namespace websocket
