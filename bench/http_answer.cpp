#include "bench/http_answer.hpp"

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <string>

namespace bench {
namespace {

constexpr std::string_view version = "HTTP/1.1 ";

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

std::string_view field_of(std::string_view head, std::string_view name) {
  for (std::size_t at = head.find("\r\n"); at != std::string_view::npos;) {
    const std::size_t begin = at + 2, end = head.find("\r\n", begin);
    const std::string_view line = head.substr(begin, end == std::string_view::npos ? end : end - begin);
    if (line.size() > name.size() && line[name.size()] == ':' && same(line.substr(0, name.size()), name)) {
      const std::size_t value = line.find_first_not_of(' ', name.size() + 1);
      return value == std::string_view::npos ? std::string_view() : line.substr(value);
    }
    at = end;
  }
  return {};
}

std::optional<HttpAnswer> first_answer(std::string_view came) {
  if (came.substr(0, version.size()) != version.substr(0, came.size()))
    throw std::runtime_error("an answer begins with \"" + std::string(came.substr(0, 20)) +
                             "\", expected HTTP/1.1");
  const std::size_t end = came.find("\r\n\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  HttpAnswer answer;
  answer.head = came.substr(0, end + 4);
  std::from_chars(came.data() + version.size(), came.data() + end, answer.status);
  const std::string_view length = field_of(answer.head, "Content-Length");
  if (length.empty()) {
    if (answer.status >= 200 && answer.status != 204 && answer.status != 304)
      throw std::runtime_error("an answer has no Content-Length: " +
                               std::string(came.substr(0, came.find('\r'))));
    return answer;
  }
  std::size_t bytes = 0;
  std::from_chars(length.data(), length.data() + length.size(), bytes);
  if (answer.status == 304) bytes = 0;  // it says how long the body would be (RFC 9110, 8.6)
  if (came.size() < answer.head.size() + bytes) return std::nullopt;
  answer.body = came.substr(answer.head.size(), bytes);
  return answer;
}

}  // namespace bench
