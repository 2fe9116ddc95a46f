#include "feed/message.hpp"

#include <boost/json.hpp>
#include <boost/locale/utf.hpp>

#include <algorithm>
#include <charconv>
#include <utility>

namespace feed {
namespace json = boost::json;
namespace {

constexpr std::size_t shortest_epoch = 4;
constexpr std::size_t longest_epoch = 16;
constexpr std::size_t longest_author = 64;
constexpr std::size_t longest_room_name = 64;

bool is_epoch(std::string_view text) {
  return text.size() >= shortest_epoch && text.size() <= longest_epoch &&
         std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z'); });
}

// What somebody sent, short enough and clean enough to stand in an error text.
std::string shown(std::string_view text) {
  const bool cut = text.size() > 40;
  std::string out(text.substr(0, 40));
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c < 0x20 || c == 0x7f; }, '?');
  return '"' + out + (cut ? "…\"" : "\"");
}

std::string_view kind_of(const json::value& value) { return json::to_string(value.kind()); }

Result<std::string> text_member(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (!value) return invalid("got no \"" + std::string(name) + "\", expected a string");
  const json::string* text = value->if_string();
  if (!text)
    return invalid("\"" + std::string(name) + "\" is of type " + std::string(kind_of(*value)) +
                   ", expected a string");
  return std::string(*text);
}

// What would end a line, or turn around what stands behind it in the line: control characters, separators of lines, and embeddings,
// overrides and isolates of direction (UAX #9, 2). Not the marks U+200E, U+200F and U+061C, which turn nothing around and occur in Arabic
// and Hebrew, and not U+200D, which emoji are joined by.
bool disturbs_a_line(std::uint32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || (c >= 0x2028 && c <= 0x202e) || (c >= 0x2066 && c <= 0x2069);
}

Result<std::int64_t> number_member(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (!value || !value->is_int64() || value->get_int64() < 0) {
    return invalid("expected \"" + std::string(name) + "\" to be a whole number");
  }
  return value->get_int64();
}

}  // namespace

std::string to_string(const Cursor& cursor) { return cursor.epoch + '.' + std::to_string(cursor.seq); }

Result<Cursor> parse_cursor(std::string_view text) {
  const auto wrong = [&] {
    return invalid("cursor is " + shown(text) + ", expected epoch.seq like \"k3f9.17\"");
  };
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos || !is_epoch(text.substr(0, dot))) return wrong();
  const std::string_view digits = text.substr(dot + 1);
  if (digits.empty() || (digits.size() > 1 && digits.front() == '0')) return wrong();
  Cursor cursor{std::string(text.substr(0, dot)), 0};
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), cursor.seq);
  if (error != std::errc() || end != digits.data() + digits.size()) return wrong();
  return cursor;
}

std::string to_string(const After& after) {
  switch (after.kind) {
    case After::Kind::everything:
      return "0";
    case After::Kind::latest:
      return "latest";
    case After::Kind::cursor:
      break;
  }
  return to_string(after.cursor);
}

Result<After> parse_after(std::string_view text) {
  if (text == "0") return After::everything();
  if (text == "latest") return After::latest();
  auto cursor = parse_cursor(text);
  if (!cursor)
    return invalid("cursor is " + shown(text) + ", expected \"0\", \"latest\" or epoch.seq like \"k3f9.17\"");
  return After::at(*std::move(cursor));
}

std::string_view to_string(Gap::Reason reason) {
  switch (reason) {
    case Gap::Reason::epoch:
      return "epoch";
    case Gap::Reason::forgotten:
      return "forgotten";
    case Gap::Reason::unknown:
      break;
  }
  return "unknown";
}

std::string quote(std::string_view text) {
  return json::serialize(json::string_view(text.data(), text.size()));
}

std::string encode(const Hello& hello) {
  std::string out = R"({"cursor":")" + to_string(hello.cursor) + '"';
  if (hello.gap) {
    out += R"(,"gap":{"reason":")";
    out += to_string(hello.gap->reason);
    out += R"(","missed":)" + (hello.gap->missed ? std::to_string(*hello.gap->missed) : "null") + '}';
  }
  return out + '}';
}

Result<Hello> parse_hello(std::string_view text) {
  const auto object = parse_object(text);
  if (!object) return object.error();
  return parse_hello(*object);
}

Result<Hello> parse_hello(const json::object& object) {
  const auto text = text_member(object, "cursor");
  if (!text) return text.error();
  auto cursor = parse_cursor(*text);
  if (!cursor) return cursor.error();
  Hello hello{*std::move(cursor), {}};
  const json::value* member = object.if_contains("gap");
  if (!member) return hello;
  const json::object* gap = member->if_object();
  if (!gap) return invalid("\"gap\" is of type " + std::string(kind_of(*member)) + ", expected an object");
  const auto reason = text_member(*gap, "reason");
  if (!reason) return reason.error();
  hello.gap = Gap{*reason == "epoch"       ? Gap::Reason::epoch
                  : *reason == "forgotten" ? Gap::Reason::forgotten
                                           : Gap::Reason::unknown,
                  {}};
  if (const auto missed = number_member(*gap, "missed")) hello.gap->missed = static_cast<Seq>(*missed);
  return hello;
}

std::string encode(const Message& message) {
  std::string json = R"({"seq":)" + std::to_string(message.seq) + R"(,"at":)" +
                     std::to_string(message.at_ms) + R"(,"author":)" + quote(message.author) + R"(,"text":)" +
                     quote(message.text);
  if (!message.image.empty()) json += R"(,"image":)" + quote(message.image);
  if (!message.user.empty()) json += R"(,"user":)" + quote(message.user);
  return json + '}';
}

Message numbered(Draft draft, Seq seq, std::int64_t at_ms) {
  return {seq,
          at_ms,
          std::move(draft.author),
          std::move(draft.text),
          std::move(draft.image),
          std::move(draft.user)};
}

std::string shortened(std::string_view json, std::size_t most_bytes) {
  // A quote inside of a string is escaped, so none of these can be a part of what somebody wrote. What may stand behind the text is a
  // picture's path and a user, some 70 bytes.
  constexpr std::string_view before = R"(,"text":")";
  constexpr std::string_view behind[] = {R"(","image":")", R"(","user":")"};  // in their order
  constexpr std::size_t longest_end = 128;
  const std::size_t begin = json.find(before) + before.size();
  std::size_t end = begin;  // of what is kept: always between two characters
  for (;;) {
    if (json[end] == '"') return std::string(json);  // all of it
    std::size_t next = end;
    if (json[end] == '\\') {
      next += json[end + 1] == 'u' ? 6 : 2;  // \u001b, or \n
    } else {
      do ++next;
      while ((json[next] & 0xc0) == 0x80);  // the rest of a character in UTF-8
    }
    if (next - begin > most_bytes) break;
    end = next;
  }
  std::string cut(json.substr(0, end));
  cut += "…\"";
  const std::string_view last = json.substr(json.size() - std::min(json.size(), longest_end));
  for (const std::string_view member : behind) {
    const std::size_t at = last.find(member);
    if (at != std::string_view::npos) return cut.append(last.substr(at + 1));
  }
  return cut += '}';
}

Result<Message> parse_message(std::string_view text) {
  const auto object = parse_object(text);
  if (!object) return object.error();
  return parse_message(*object);
}

Result<Message> parse_message(const json::object& object) {
  const auto seq = number_member(object, "seq");
  if (!seq) return seq.error();
  const auto at = number_member(object, "at");
  if (!at) return at.error();
  auto author = text_member(object, "author");
  if (!author) return author.error();
  auto text = text_member(object, "text");
  if (!text) return text.error();
  Message message{static_cast<Seq>(*seq), *at, *std::move(author), *std::move(text)};
  for (const auto& [name, member] : {std::pair("image", &message.image), std::pair("user", &message.user)}) {
    if (!object.contains(name)) continue;
    auto said = text_member(object, name);
    if (!said) return said.error();
    *member = *std::move(said);
  }
  return message;
}

std::string_view image_in(std::string_view text) {
  // Within a string there would be a backslash before each quotation mark; a path has none.
  constexpr std::string_view member = R"(,"image":")";
  const std::size_t at = text.rfind(member);
  if (at == std::string_view::npos) return {};
  const std::string_view image = text.substr(at + member.size());
  return image.substr(0, image.find('"'));
}

Result<Draft> parse_draft(std::string_view text, std::string_view default_author) {
  const auto object = parse_object(text);
  if (!object) return object.error();
  return parse_draft(*object, default_author);
}

Result<Draft> parse_draft(const json::object& object, std::string_view default_author) {
  Draft draft{std::string(default_author), {}};
  if (object.contains("author")) {
    auto author = text_member(object, "author");
    if (!author) return author.error();
    const auto checked = check_author(*author);
    if (!checked) return checked.error();
    draft.author = *std::move(author);
  }
  auto text = text_member(object, "text");
  if (!text) return text.error();
  draft.text = *std::move(text);
  return draft;
}

std::string encode(const Draft& draft) {
  return R"({"author":)" + quote(draft.author) + R"(,"text":)" + quote(draft.text) + '}';
}

std::string valid_utf8(std::string_view text) {
  namespace utf = boost::locale::utf;
  std::string valid;
  for (auto at = text.begin(); at != text.end();) {
    const auto begin = at;
    const utf::code_point c = utf::utf_traits<char>::decode(at, text.end());
    if (c == utf::illegal || c == utf::incomplete) {
      at = begin + 1;
      valid += '?';
    } else {
      valid.append(begin, at);
    }
  }
  return valid;
}

Result<json::object> parse_object(std::string_view text) {
  boost::system::error_code error;
  json::stream_parser parser;
  const std::size_t used = parser.write_some(text.data(), text.size(), error);
  if (!error && used < text.size())
    return invalid("got more after the JSON value, at byte " + std::to_string(used));
  if (!error) parser.finish(error);
  if (error) return invalid("not JSON in UTF-8: " + error.message() + ", at byte " + std::to_string(used));
  json::value value = parser.release();
  if (!value.is_object())
    return invalid("got JSON of type " + std::string(kind_of(value)) + ", expected an object");
  return std::move(value.get_object());
}

Result<> check_author(std::string_view name) {
  if (name.empty() || name.size() > longest_author) {
    return invalid("author is " + std::to_string(name.size()) + " bytes, expected 1 to " +
                   std::to_string(longest_author));
  }
  namespace utf = boost::locale::utf;
  for (auto at = name.begin(); at != name.end();) {
    const utf::code_point c = utf::utf_traits<char>::decode(at, name.end());
    if (c == utf::illegal || c == utf::incomplete) return invalid("author is not UTF-8");
    if (disturbs_a_line(c))
      return invalid(
          "author holds a control character, a line separator or a direction override, expected none");
  }
  return {};
}

Result<> check_room_name(std::string_view name) {
  if (name.empty() || name.size() > longest_room_name) {
    return invalid("room name is " + std::to_string(name.size()) + " bytes, expected 1 to " +
                   std::to_string(longest_room_name));
  }
  // Browsers and other programs take them out of a path before they send it (WHATWG URL, 4.4), encoded or not.
  if (name == "." || name == "..")
    return invalid("room name is \"" + std::string(name) + "\", which no address can hold");
  namespace utf = boost::locale::utf;
  for (auto at = name.begin(); at != name.end();) {
    const utf::code_point c = utf::utf_traits<char>::decode(at, name.end());
    if (c == utf::illegal || c == utf::incomplete) return invalid("room name is not UTF-8");
    if (c < 0x20 || (c >= 0x7f && c < 0xa0)) return invalid("room name holds a control character");
    if (c == '/') return invalid("room name holds a \"/\"");
  }
  return {};
}

}  // namespace feed
