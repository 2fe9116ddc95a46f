#include "faults/framing.hpp"

#include "websocket/wire.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace faults {
namespace {

using Is = Asked::Is;

constexpr std::size_t most_head = 8192;
constexpr std::size_t most_fields = 100;
constexpr std::uint64_t most_body = 65536;

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}
bool is_any_of(char c, std::string_view set) { return set.find(c) != std::string_view::npos; }
// RFC 9110, 5.6.2
bool is_token(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_alphanumeric(c) || is_any_of(c, "!#$%&'*+-.^_`|~");
  });
}
// RFC 3986, 3.2: a host and a port, by the characters that they may have.
bool is_authority(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return is_alphanumeric(c) || is_any_of(c, "-._~!$&'()*+,;=:%[]"); });
}
bool is_visible(char c) { return c > 0x20 && c < 0x7f; }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }
std::string lowered(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Digits alone. Nothing where it is none, or more than 64 bits take.
std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  if (text.empty()) return std::nullopt;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    if (value > (UINT64_MAX - digit) / 10) return std::nullopt;
    value = 10 * value + digit;
  }
  return value;
}

struct Field {
  std::string name;  // in lower case
  std::string value;
};

struct Head {
  std::string method, target;
  bool is_10 = false;
  bool doubtful = false;
  std::vector<Field> fields;

  std::size_t count(std::string_view name) const {
    return static_cast<std::size_t>(
        std::count_if(fields.begin(), fields.end(), [&](const Field& f) { return f.name == name; }));
  }
  // Joined by commas, as a list is.
  std::string value(std::string_view name) const {
    std::string all;
    for (const Field& field : fields) {
      if (field.name == name) all += (all.empty() ? "" : ", ") + field.value;
    }
    return all;
  }
};

// Nothing where it must be refused. `text` ends with the last field's CRLF.
std::optional<Head> read_head(std::string_view text) {
  Head head;
  bool is_first = true;
  while (!text.empty()) {
    const std::size_t end = text.find("\r\n");
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 2);
    if (std::exchange(is_first, false)) {
      // RFC 9112, 3: one space each.
      const std::size_t one = line.find(' ');
      const std::size_t two = one == std::string_view::npos ? one : line.find(' ', one + 1);
      if (two == std::string_view::npos) return std::nullopt;
      head.method = line.substr(0, one);
      head.target = line.substr(one + 1, two - one - 1);
      const std::string_view version = line.substr(two + 1);
      head.is_10 = version == "HTTP/1.0";
      if (!is_token(head.method) || (!head.is_10 && version != "HTTP/1.1")) return std::nullopt;
      if (!head.target.starts_with('/')) return std::nullopt;  // 3.2.1; the other forms are for proxies
      for (const char c : head.target) {
        if (static_cast<unsigned char>(c) <= 0x20 || c == 0x7f) return std::nullopt;
        head.doubtful = head.doubtful || !is_visible(c);
      }
      continue;
    }
    for (const char c : line) {
      if (c == '\0' || c == '\r' || c == '\n') return std::nullopt;  // RFC 9110, 5.5
      const bool is_control = (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f;
      head.doubtful = head.doubtful || is_control;
    }
    if (line.starts_with(' ') || line.starts_with('\t')) {  // RFC 9112, 5.2: refused, or replaced by a space
      if (head.fields.empty()) return std::nullopt;
      head.doubtful = true;
      std::string& value = head.fields.back().value;
      const std::string_view more = trimmed(line);
      value += (value.empty() || more.empty() ? "" : " ") + std::string(more);
      continue;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) return std::nullopt;
    head.fields.push_back({lowered(line.substr(0, colon)), std::string(trimmed(line.substr(colon + 1)))});
  }
  return head;
}

// The bytes of the body; nothing where it is not clear where it ends, or the request must be refused for another reason.
std::optional<std::uint64_t> body_of(const Head& head) {
  if (head.fields.size() > most_fields) return std::nullopt;
  const std::size_t hosts = head.count("host");
  if (hosts > 1 || (hosts == 0 && !head.is_10)) return std::nullopt;
  const std::string host = head.value("host");
  if (!is_authority(host)) return std::nullopt;
  if (head.count("transfer-encoding") > 0) return std::nullopt;  // this server takes none
  if (head.count("origin") > 1) return std::nullopt;
  const std::string origin = head.value("origin");
  if (head.count("origin") == 1 && origin != "http://" + host && origin != "https://" + host)
    return std::nullopt;
  const std::size_t lengths = head.count("content-length");
  if (lengths > 1 || (lengths == 0 && head.method == "POST")) return std::nullopt;
  if (lengths == 0) return 0;
  const auto length = number(head.value("content-length"));
  if (!length || *length > most_body) return std::nullopt;
  return length;
}

// Whether there is less behind the target than "HTTP/1.1" and the line's end take: then a reader may wait for more of it, whatever it is.
bool is_version_cut(std::string_view request) {
  constexpr std::size_t version = 8 + 2;
  const std::size_t one = request.find(' ');
  const std::size_t two = one == std::string_view::npos ? one : request.find(' ', one + 1);
  return two != std::string_view::npos && request.size() - two - 1 < version;
}

bool is_handshake(const Head& head) {
  using websocket::lists;
  const std::string path = head.target.substr(0, head.target.find('?'));
  return head.method == "GET" && !head.is_10 &&
         (path == "/echo" || (path.starts_with("/rooms/") && path.ends_with("/socket"))) &&
         lists(head.value("upgrade"), "websocket") && lists(head.value("connection"), "upgrade") &&
         head.value("sec-websocket-version") == "13" && websocket::is_key(head.value("sec-websocket-key"));
}

struct Answer {
  int status = 0;
  bool is_last = false;
  std::size_t size = 0;
};

// Nothing where it is none, or not whole.
std::optional<Answer> read_answer(std::string_view bytes, bool head_only) {
  constexpr std::string_view version = "HTTP/1.1 ";
  const std::size_t end = bytes.find("\r\n\r\n");
  if (end == std::string_view::npos || !bytes.starts_with(version)) return std::nullopt;
  const auto status = number(bytes.substr(version.size(), 3));
  if (!status || *status < 100 || *status > 599) return std::nullopt;
  Answer answer{static_cast<int>(*status), false, end + 4};
  std::string_view lines = bytes.substr(0, end + 2);
  std::uint64_t length = 0;
  while (!lines.empty()) {
    const std::string line = lowered(lines.substr(0, lines.find("\r\n")));
    lines.remove_prefix(line.size() + 2);
    answer.is_last = answer.is_last || line == "connection: close";
    if (line.starts_with("content-length: ")) length = number(line.substr(16)).value_or(0);
  }
  if (!head_only) answer.size += static_cast<std::size_t>(length);
  if (answer.size > bytes.size()) return std::nullopt;
  return answer;
}

}  // namespace

Asked read_request(std::string_view bytes) {
  // RFC 9112, 2.2: an empty line before a request should be ignored.
  std::size_t begin = 0;
  while (bytes.substr(begin).starts_with("\r\n")) begin += 2;
  const std::size_t end = bytes.find("\r\n\r\n", begin);
  Asked asked;
  if (end == std::string_view::npos) {
    if (bytes.size() - begin > most_head) asked.is = Is::refused;
    return asked;
  }
  const auto head = read_head(bytes.substr(begin, end + 2 - begin));
  asked.is = is_version_cut(bytes.substr(begin)) ? Is::cut : Is::refused;
  if (!head || end + 4 - begin > most_head) return asked;
  const auto body = body_of(*head);
  if (!body) return asked;
  asked.size = end + 4 + static_cast<std::size_t>(*body);
  asked.head_only = head->method == "HEAD";
  asked.is_upgrade = is_handshake(*head);
  asked.is_last = head->is_10 || websocket::lists(head->value("connection"), "close");
  asked.is = asked.size > bytes.size() ? Is::cut : head->doubtful || begin > 0 ? Is::doubtful : Is::good;
  return asked;
}

Verdict judge(std::string_view said, std::string_view heard) {
  Verdict verdict;
  const auto wrong = [&](std::string what) {
    verdict.wrong = std::move(what);
    return verdict;
  };
  for (;;) {
    const std::string_view request = said.substr(verdict.said);
    const Asked asked = request.empty() ? Asked() : read_request(request);
    std::string_view rest = heard.substr(verdict.heard);
    while (rest.starts_with("HTTP/1.1 100 ")) {  // which is no answer yet
      const std::size_t end = std::min(rest.find("\r\n\r\n"), rest.size() - 4) + 4;
      verdict.heard += end;
      rest.remove_prefix(end);
    }
    if (rest.empty()) {
      if (asked.is == Is::cut) return verdict;
      return wrong(fmt::format("no answer to \"{}\"", shown(request)));
    }
    if (request.empty()) return wrong(fmt::format("one answer too many: \"{}\"", shown(rest)));
    auto answer = read_answer(rest, asked.head_only);
    // Who is refused for good may be told why, also where it wanted a head alone.
    if (answer && answer->is_last && answer->size < rest.size()) answer = read_answer(rest, false);
    if (!answer) return wrong(fmt::format("\"{}\" is not a whole answer", shown(rest)));
    verdict.heard += answer->size;
    const bool is_refusal = answer->status >= 400;
    const bool is_end = verdict.heard == heard.size();
    if (answer->status == 101) {
      if (!asked.is_upgrade) return wrong(fmt::format("101 for \"{}\"", shown(request)));
      verdict.said += asked.size;
      verdict.upgraded = true;
      return verdict;
    }
    if (asked.is == Is::refused || asked.is == Is::cut) {
      if (!is_refusal) return wrong(fmt::format("{} for \"{}\"", answer->status, shown(request)));
      if (!is_end) return wrong(fmt::format("a second answer to \"{}\"", shown(request)));
      if (!answer->is_last)
        return wrong(fmt::format("{} without an end for \"{}\"", answer->status, shown(request)));
      return verdict;
    }
    if (answer->is_last) {
      if (!is_end) return wrong(fmt::format("more after the last answer, to \"{}\"", shown(request)));
      return verdict;
    }
    verdict.said += asked.size;
  }
}

std::string shown(std::string_view bytes) {
  constexpr std::size_t most = 400;
  std::string out;
  for (const char c : bytes.substr(0, most)) {
    if (c == '\r')
      out += "\\r";
    else if (c == '\n')
      out += "\\n";
    else if (is_visible(c) || c == ' ')
      out += c;
    else
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
  }
  return bytes.size() > most ? out + "…" : out;
}

}  // namespace faults
