#include "feed/mirror.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace feed {
namespace {

std::string lower_case(std::string_view name) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
  return lower;
}

net::awaitable<void> mirror(Exchange& exchange) {
  const Request& request = exchange.request();
  // RFC 9112, 3: method SP target SP version CRLF
  const std::size_t request_line = request.method_string().size() + 1 + request.target().size() + 1 +
                                   std::string_view("HTTP/1.1\r\n").size();
  std::string body = fmt::format(R"({{"bytes":{},"fields":[["request-line",{}])",
                                 exchange.connection().head_bytes, request_line);
  for (const auto& field : request) {
    const auto name = field.name_string();
    const std::size_t line = name.size() + 2 + field.value().size() + 2;  // a colon and a space, CRLF
    body += fmt::format(R"(,[{},{}])", quote(lower_case({name.data(), name.size()})), line);
  }
  Response sizes{http::status::ok, "application/json", body + "]}", "Cache-Control: no-store\r\n"};
  co_await exchange.reply(std::move(sizes));
}

}  // namespace

void mount_mirror(Routes& routes) {
  routes.add(http::verb::get, "/mirror", mirror);
  routes.add(http::verb::post, "/mirror", mirror);
}

}  // namespace feed
