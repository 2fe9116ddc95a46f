#include "sse/wire.hpp"

#include <algorithm>
#include <cstddef>
#include <stdexcept>

namespace sse {
namespace {

// A reader removes one space after the colon. There always is one to remove, so that text that begins with a
// space keeps it.
constexpr std::string_view data_field = "data: ";
constexpr std::string_view comment_field = ": ";

void append_lines(std::string& out, std::string_view field, std::string_view text) {
  for (;;) {
    const auto end = std::find_if(text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; });
    out.append(field).append(text.begin(), end).push_back('\n');
    if (end == text.end()) return;
    text.remove_prefix(static_cast<std::size_t>(end - text.begin()));
    text.remove_prefix(text.starts_with("\r\n") ? 2 : 1);
  }
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  using namespace std::string_view_literals;
  if (const std::size_t at = value.find_first_of("\r\n\0"sv); at != std::string_view::npos) {
    throw std::invalid_argument(std::string(name) + " holds CR, LF or NUL at byte " + std::to_string(at) +
                                ", expected one line of text");
  }
  out.append(name).append(": ").append(value).push_back('\n');
}

}  // namespace

std::string encode_event(std::string_view type, std::string_view id, std::string_view data) {
  std::string out;
  // Exact where nothing is left out and the data is one line: 17 bytes of field names, 4 of line ends.
  out.reserve(type.size() + id.size() + data.size() + 21);
  if (!type.empty()) append_field(out, "event", type);
  if (!id.empty()) append_field(out, "id", id);
  append_lines(out, data_field, data);
  out.push_back('\n');
  return out;
}

std::string encode_comment(std::string_view text) {
  std::string out;
  append_lines(out, comment_field, text);
  return out;
}

std::string encode_retry(std::chrono::milliseconds delay) {
  if (delay.count() < 0) {
    throw std::invalid_argument("retry is " + std::to_string(delay.count()) + " ms, expected 0 or more");
  }
  return "retry: " + std::to_string(delay.count()) + "\n";
}

}  // namespace sse
