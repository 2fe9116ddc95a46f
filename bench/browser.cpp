#include "bench/browser.hpp"

#include <fmt/format.h>

#include <stdexcept>

namespace bench {
namespace {

constexpr std::string_view agent =
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";
constexpr std::string_view brands = R"(sec-ch-ua: "Not:A-Brand";v="8", "Chromium";v="156")";
constexpr std::string_view encoding = "Accept-Encoding: gzip, deflate, br, zstd";
constexpr std::string_view language = "Accept-Language: en-US,en;q=0.9";
constexpr std::size_t typical_cookie = 500;  // a session, a consent, an analytics id or two

}  // namespace

std::vector<std::string> browser_fields(std::string_view arm, const feed::Address& room) {
  const std::string origin = "Origin: " + room.origin, referer = "Referer: " + room.origin + '/';
  std::vector<std::string> fields;
  const auto add = [&fields](std::string_view field) { fields.emplace_back(field); };
  if (arm == "ws") {
    for (const std::string_view field :
         {std::string_view("Pragma: no-cache"), std::string_view("Cache-Control: no-cache"), agent,
          std::string_view(origin), encoding, language,
          std::string_view("Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits")})
      add(field);
    return fields;
  }
  if (arm != "poll" && arm != "longpoll" && arm != "post" && arm != "sse")
    throw std::invalid_argument(
        fmt::format("a browser has no \"{}\", expected poll, longpoll, post, sse or ws", arm));
  add("Connection: keep-alive");
  if (arm == "sse") {
    add("Pragma: no-cache");
    add("Cache-Control: no-cache");
  }
  add(R"(sec-ch-ua-platform: "Linux")");
  add(agent);
  add(brands);
  add("sec-ch-ua-mobile: ?0");
  if (arm == "post") add(origin);
  add("Sec-Fetch-Site: same-origin");
  add("Sec-Fetch-Mode: cors");
  add("Sec-Fetch-Dest: empty");
  add(referer);
  add(encoding);
  add(language);
  return fields;
}

std::vector<std::string> cookie_field(std::size_t bytes) {
  if (bytes == 0) return {};
  constexpr std::string_view name = "session=", alphabet = "k3f9q7w1z5x8c2v6";
  if (bytes <= name.size())
    throw std::invalid_argument(
        fmt::format("a cookie is {} bytes, expected none or {} at least", bytes, name.size() + 1));
  std::string field = "Cookie: ";
  field += name;
  for (std::size_t i = name.size(); i < bytes; ++i) field += alphabet[i * 7 % alphabet.size()];
  return {field};
}

std::vector<std::string> profile_fields(std::string_view profile, std::string_view arm,
                                        const feed::Address& room) {
  if (profile == "lean") return {};
  if (profile != "browser" && profile != "cookie")
    throw std::invalid_argument(fmt::format("profile is \"{}\", expected lean, browser or cookie", profile));
  std::vector<std::string> fields = browser_fields(arm, room);
  if (profile == "cookie") {
    for (std::string& field : cookie_field(typical_cookie)) fields.push_back(std::move(field));
  }
  return fields;
}

}  // namespace bench
