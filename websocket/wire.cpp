#include "websocket/wire.hpp"

#include <boost/beast/core/string.hpp>
#include <boost/json.hpp>

#include <algorithm>
#include <utility>

namespace websocket {
namespace {

namespace json = boost::json;

std::string wrap(std::string_view name, const feed::Hello& hello) {
  return "{\"" + std::string(name) + "\":" + feed::encode(hello) + '}';
}

}  // namespace

std::string text_frame(std::string_view payload) {
  constexpr char final_text = '\x81';  // FIN and opcode 1
  std::string frame(1, final_text);
  const auto append_length = [&](int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
      frame += static_cast<char>(payload.size() >> shift & 0xff);
  };
  if (payload.size() < 126) {
    append_length(1);
  } else if (payload.size() < 65536) {
    frame += '\x7e';
    append_length(2);
  } else {
    frame += '\x7f';
    append_length(8);
  }
  return frame.append(payload);
}

std::string encode_hello(const feed::Hello& hello) { return wrap("hello", hello); }
std::string encode_gap(const feed::Hello& hello) { return wrap("gap", hello); }

Post parse_post(std::string_view text, std::string_view default_author) {
  const auto object = feed::parse_object(text);
  if (!object) return {"null", object.error()};
  Post post{"null", feed::parse_draft(*object, default_author)};
  const json::value* ref = object->if_contains("ref");
  if (!ref || ref->is_null()) return post;
  if (!ref->is_int64() && !ref->is_uint64() && !ref->is_string())
    return {"null", feed::invalid("expected \"ref\" to be a whole number or a string")};
  post.ref = json::serialize(*ref);
  return post;
}

std::string encode_post(std::uint64_t ref, const feed::Draft& draft) {
  return "{\"ref\":" + std::to_string(ref) + ',' + feed::encode(draft).substr(1);
}

std::string encode_answer(std::string_view ref, const feed::Result<feed::Cursor>& place) {
  std::string answer = "{\"ref\":" + std::string(ref);
  if (place) return answer + ",\"cursor\":\"" + feed::to_string(*place) + "\"}";
  return answer + ",\"error\":" + feed::quote(place.error().detail) + '}';
}

feed::Result<Incoming> parse_incoming(std::string_view text) {
  const auto object = feed::parse_object(text);
  if (!object) return object.error();
  for (const std::string_view name : {"hello", "gap"}) {
    const json::value* member = object->if_contains(json::string_view(name.data(), name.size()));
    if (!member) continue;
    if (!member->is_object()) return feed::invalid("expected \"" + std::string(name) + "\" to be an object");
    auto hello = feed::parse_hello(member->get_object());
    if (!hello) return hello.error();
    return Incoming(Begin{*std::move(hello)});
  }
  if (const json::value* ref = object->if_contains("ref")) {
    if (ref->is_null())
      return feed::invalid("the server could not read what was sent: " + std::string(text.substr(0, 200)));
    if (!ref->is_int64()) return feed::invalid("expected \"ref\" to be a number that was sent");
    const auto number = static_cast<std::uint64_t>(ref->get_int64());
    const json::value* error = object->if_contains("error");
    if (error && error->is_string()) {
      return Incoming(Answer{number, feed::Error{feed::Errc::refused, std::string(error->get_string())}});
    }
    const auto place = feed::parse_hello(*object);
    if (!place) return place.error();
    return Incoming(Answer{number, place->cursor});
  }
  auto message = feed::parse_message(*object);
  if (!message) return message.error();
  return Incoming(*std::move(message));
}

bool is_key(std::string_view key) {
  // 16 bytes are 22 characters of base64 and two of padding; the last one carries 4 bits that must be 0.
  constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  if (key.size() != 24 || !key.ends_with("==")) return false;
  const bool clean = std::all_of(key.begin(), key.begin() + 22,
                                 [&](char c) { return alphabet.find(c) != std::string_view::npos; });
  return clean && alphabet.find(key[21]) % 16 == 0;
}

bool lists(std::string_view field, std::string_view token) {
  while (!field.empty()) {
    const std::size_t end = std::min(field.find(','), field.size());
    std::string_view element = field.substr(0, end);
    while (!element.empty() && (element.front() == ' ' || element.front() == '\t')) element.remove_prefix(1);
    while (!element.empty() && (element.back() == ' ' || element.back() == '\t')) element.remove_suffix(1);
    if (boost::beast::iequals({element.data(), element.size()}, {token.data(), token.size()})) return true;
    field.remove_prefix(std::min(end + 1, field.size()));
  }
  return false;
}

bool ends_whole(std::string_view text) {
  // RFC 3629, 3: the first byte of a character says how many it has; the others begin with the bits 10.
  for (std::size_t behind = 1; behind < 4 && behind <= text.size(); ++behind) {
    const auto byte = static_cast<unsigned char>(text[text.size() - behind]);
    if ((byte & 0xc0) == 0x80) continue;
    const std::size_t size = byte < 0xc0 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return size <= behind;
  }
  return true;
}

}  // namespace websocket
