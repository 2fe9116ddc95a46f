// sse_lines: the SSE parser behind a line protocol on standard input, for suites of byte streams in any language.
//
//   N          a new stream
//   F <hex>    feed these bytes
//   E          the end of the stream
//   Q          quit
//
// After every line but Q: what it brought, a line of JSON each, then a line with a dot. After E first the last event id.

#include "sse/parser.hpp"
#include "suites/lines.hpp"

#include <cstdio>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>

namespace {

// Room for what suites like to send in one event; the feed's own clients are content with less.
constexpr std::size_t max_event_bytes = std::size_t{64} << 20;

void say(const std::string& line) { std::cout << line << '\n'; }

struct Printer final : sse::Parser::Handler {
  void on_event(const sse::Event& event) override { say(suites::event_line(event)); }
  void on_retry(std::chrono::milliseconds retry) override { say(suites::retry_line(retry)); }
};

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Nothing where it is not hexadecimal, or half a byte is missing.
std::optional<std::string> bytes_of(std::string_view hex) {
  if (hex.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  bytes.reserve(hex.size() / 2);
  for (std::size_t n = 0; n < hex.size(); n += 2) {
    const int high = digit(hex[n]);
    const int low = digit(hex[n + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    bytes += static_cast<char>(high << 4 | low);
  }
  return bytes;
}

int fail(const std::string& why) {
  std::cerr << "sse_lines: " << why << '\n';
  return 2;
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  Printer printer;
  std::optional<sse::Parser> parser;
  parser.emplace(printer, max_event_bytes);
  for (std::string line; std::getline(std::cin, line);) {
    if (line.ends_with('\r')) line.pop_back();
    if (line == "Q") return 0;
    if (line == "N") {
      parser.emplace(printer, max_event_bytes);
    } else if (line == "E") {
      say(R"({"final":)" + feed::quote(parser->last_event_id()) + '}');
      parser.emplace(printer, max_event_bytes);  // what follows is another stream, said or not
    } else if (line == "F" || line.starts_with("F ")) {
      const auto bytes = bytes_of(std::string_view(line).substr(line.size() < 2 ? 1 : 2));
      if (!bytes)
        return fail("got \"" + line.substr(0, 60) + "\", expected F and hexadecimal digits, two a byte");
      if (!parser->feed(*bytes)) return fail("an event is larger than 64 MiB, the limit");
    } else {
      return fail("got \"" + line.substr(0, 60) + "\", expected N, F <hex>, E or Q");
    }
    std::cout << ".\n" << std::flush;
  }
  return 0;
}
