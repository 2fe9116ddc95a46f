#pragma once
// A chat message, its place in a room, and both as text, byte for byte the same on every transport.

#include "feed/error.hpp"

#include <boost/json/fwd.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace feed {

/// A message's place in its room: the first is 1, there are no gaps. 0 is "before the first".
using Seq = std::uint64_t;

/// "I have everything up to and including `seq`" of the log that was given `epoch` when it was made.
struct Cursor {
  std::string epoch;  ///< 4 to 16 characters of [0-9a-z]
  Seq seq = 0;

  bool operator==(const Cursor&) const = default;
};

/// `k3f9.17`
std::string to_string(const Cursor& cursor);

/// Accepts exactly what to_string makes: no sign, no leading zero, seq below 2^64.
Result<Cursor> parse_cursor(std::string_view text);

/// Where a reader begins: after a cursor, with everything the log has, or only with what comes now.
struct After {
  enum class Kind { everything, latest, cursor };
  Kind kind = Kind::everything;
  Cursor cursor;  ///< used for Kind::cursor alone

  static After everything() { return {}; }
  static After latest() { return {Kind::latest, {}}; }
  static After at(Cursor cursor) { return {Kind::cursor, std::move(cursor)}; }
  bool operator==(const After&) const = default;
};

/// `0`, `latest`, or a cursor.
std::string to_string(const After& after);
Result<After> parse_after(std::string_view text);

/// Why a reader's cursor could not be honoured, and how many messages it will never see (where that is known).
struct Gap {
  enum class Reason {
    epoch,      ///< the cursor is of another log: the room was made anew
    forgotten,  ///< the log is bounded and has dropped what follows the cursor
    unknown,    ///< the cursor is ahead of the log
  };
  Reason reason;
  std::optional<Seq> missed;

  bool operator==(const Gap&) const = default;
};

std::string_view to_string(Gap::Reason reason);

/// The first thing that a reader gets: where its feed begins, and what is missing before that.
struct Hello {
  Cursor cursor;
  std::optional<Gap> gap;

  bool operator==(const Hello&) const = default;
};

/// `{"cursor":"k3f9.17"}`, with `"gap":{"reason":"epoch","missed":null}` where there is one.
std::string encode(const Hello& hello);
Result<Hello> parse_hello(std::string_view json);
Result<Hello> parse_hello(const boost::json::object& object);

/// What somebody wants to say; a message once the room has given it a place.
struct Draft {
  std::string author;
  std::string text;
  std::string image{};  ///< the path of a picture, "/images/….gif"; empty for none. Set by the server alone
  std::string user{};   ///< by the public id; empty for none. Set by the server alone
};

struct Message {
  Seq seq = 0;
  std::int64_t at_ms = 0;  ///< the server's clock, milliseconds since 1970
  std::string author;
  std::string text;
  std::string image{};  ///< the path of a picture on the same server; empty for none
  std::string user{};   ///< who said it: 6 characters of [0-9a-z]; empty where there was no cookie

  bool operator==(const Message&) const = default;
};

/// What a draft becomes once it has its place.
Message numbered(Draft draft, Seq seq, std::int64_t at_ms);

/// One line: `{"seq":17,"at":1763780000123,"author":"ada","text":"hi"}`, with `"image":"/images/….gif"` and then
/// `"user":"5ek7e5"` at its end where there is one.
std::string encode(const Message& message);

/// The same message, as encode() made it, with a text of `most_bytes` at most: where it was longer it ends with "…". For lists, in
/// which a long text would be sent to be thrown away. Does not parse: it costs what it returns.
std::string shortened(std::string_view json, std::size_t most_bytes);

Result<Message> parse_message(std::string_view json);
/// The picture's path in a message that encode() made; empty where it has none. Found without parsing.
std::string_view image_in(std::string_view json);
Result<Message> parse_message(const boost::json::object& object);

/// `{"author":"ada","text":"hi"}`; author may be left out and is then `default_author`, other members are ignored: also `image`
/// and `user`, which nobody but the server may set.
/// An author is as check_author() wants it. Errors: not JSON, not UTF-8, not an object, a member of another type.
Result<Draft> parse_draft(std::string_view json, std::string_view default_author);
Result<Draft> parse_draft(const boost::json::object& object, std::string_view default_author);

/// `{"author":"ada","text":"hi"}`, what a client sends.
std::string encode(const Draft& draft);

/// The text as a JSON string with its quotes.
std::string quote(std::string_view text);

/// The text with a question mark in place of each byte that is not part of UTF-8: what somebody sent, to be shown.
std::string valid_utf8(std::string_view text);

/// Parses a JSON object. Errors say where and why: not JSON, not UTF-8, nested deeper than 32, or not an object.
Result<boost::json::object> parse_object(std::string_view json);

/// Authors are 1 to 64 bytes of UTF-8 without control characters, separators of lines, and what overrides the direction of text: a name
/// stands in one line with what others say.
Result<> check_author(std::string_view name);

/// Room names are 1 to 64 bytes of UTF-8 without control characters and without `/`, and neither `.` nor `..`.
Result<> check_room_name(std::string_view name);

}  // namespace feed
