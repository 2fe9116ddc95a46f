#include "support/transcript.hpp"

#include <array>
#include <cstddef>
#include <regex>
#include <utility>

namespace support {

std::string transcript(const std::vector<Relay::Piece>& pieces) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const Relay::Piece& piece : pieces) {
    const std::string_view side = piece.from_client ? "> " : "< ";
    bool begins = true;
    for (const char c : piece.bytes) {
      if (std::exchange(begins, false)) out += side;
      const auto byte = static_cast<unsigned char>(c);
      if (c == '\r') {
        out += "\\r";
      } else if (c == '\n') {
        out += "\\n\n";
        begins = true;
      } else if (c == '\\') {
        out += "\\\\";
      } else if (byte < 0x20 || byte >= 0x7f) {
        out += {'\\', 'x', digits[byte >> 4], digits[byte & 15]};
      } else {
        out += c;
      }
    }
    if (!begins) out += '\n';
  }
  return out;
}

std::string normalised(std::string text) {
  static const std::array<std::pair<std::regex, std::string>, 9> varying{{
      {std::regex(R"(Date: [A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT)"), "Date: DATE"},
      {std::regex(R"("at":\d+)"), R"("at":AT)"},
      {std::regex(R"(("cursor":"|id: |Last-Event-ID: |after=|ETag: "|If-None-Match: ")[0-9a-z]{4,16}\.)"),
       "$1EPOCH."},
      {std::regex(R"((Sec-WebSocket-Key: )[^\\]+)"), "$1KEY"},
      {std::regex(R"((Sec-WebSocket-Accept: )[^\\]+)"), "$1ACCEPT"},
      {std::regex(R"((127\.0\.0\.1):\d+)"), "$1:PORT"},
      {std::regex(R"((User-Agent: [A-Za-z.]+/)[^\\]+)"), "$1VERSION"},
      {std::regex(R"((Server: [A-Za-z.]+/)[^\\]+)"), "$1VERSION"},
      // A client's text frame: its length has the mask bit. What follows differs with the mask.
      {std::regex(R"(> \\x81(\\x[89a-f][0-9a-f])[^\n]*(\n> [^\n]*)*)"), "> \\x81$1MASKED"},
  }};
  for (const auto& [pattern, name] : varying) text = std::regex_replace(text, pattern, name);
  return text;
}

}  // namespace support
