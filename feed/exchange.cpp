#include "feed/exchange.hpp"

#include "feed/receipts.hpp"

#include <boost/url/parse_query.hpp>
#include <fmt/format.h>

#include <array>
#include <ctime>

namespace feed {

Response problem(http::status status, std::string_view detail, std::string fields) {
  const std::string_view title = http::obsolete_reason(status);
  return {status, "application/problem+json",
          fmt::format(R"({{"status":{},"title":{},"detail":{}}})", static_cast<unsigned>(status),
                      quote(title), quote(valid_utf8(detail))),
          std::move(fields)};
}

Exchange::Exchange(Connection& connection, Request request, std::string allowed_origin,
                   const Proxies* proxies)
    : connection_(connection),
      request_(std::move(request)),
      framing_{std::move(allowed_origin), request_.version(), request_.keep_alive()},
      proxies_(proxies) {}

net::ip::address Exchange::client_address() const {
  boost::system::error_code error;  // the peer may have left: then there is no address
  const net::ip::address peer = connection_.socket().remote_endpoint(error).address();
  return proxies_ ? proxies_->client(peer, field("X-Forwarded-For")) : peer;
}

bool Exchange::is_secure() const {
  if (!proxies_ || proxies_->none()) return false;
  boost::system::error_code error;
  return proxies_->secure(connection_.socket().remote_endpoint(error).address(), field("X-Forwarded-Proto"));
}

std::string Exchange::field(std::string_view name) const {
  std::string joined;
  const auto [begin, end] = request_.equal_range(boost::beast::string_view(name.data(), name.size()));
  for (auto at = begin; at != end; ++at) {
    if (at != begin) joined += ", ";
    joined.append(at->value().data(), at->value().size());
  }
  return joined;
}

Result<std::optional<std::string>> Exchange::query(std::string_view name) const {
  if (query_.empty()) return std::optional<std::string>();
  const auto params = boost::urls::parse_query(query_);
  if (params.has_error()) return invalid("query is \"" + query_ + "\", expected name=value pairs");
  std::optional<std::string> found;
  for (const auto param : *params) {
    if (param.key.decode() != name) continue;
    if (found) return invalid("\"" + std::string(name) + "\" is given more than once, expected once");
    found = param.has_value ? param.value.decode() : std::string();
  }
  return found;
}

Result<After> Exchange::after() const {
  const auto text = query("after");
  if (!text) return text.error();
  return *text ? parse_after(**text) : After::everything();
}

std::string Exchange::encode(const Response& response, const Framing& framing) {
  const std::string_view reason = http::obsolete_reason(response.status);
  std::string out = fmt::format("HTTP/1.1 {} {}\r\nDate: {}\r\n", static_cast<unsigned>(response.status),
                                reason, http_date());
  if (!response.type.empty()) out += fmt::format("Content-Type: {}\r\n", response.type);
  // RFC 9110, 8.6: 204 and 304 have no body and say no length.
  if (response.status != http::status::no_content && response.status != http::status::not_modified) {
    out += fmt::format("Content-Length: {}\r\n", response.body.size());
  }
  if (!framing.origin.empty())
    out += fmt::format("Access-Control-Allow-Origin: {}\r\nVary: Origin\r\n", framing.origin);
  out += response.fields;
  if (!framing.keep_alive) {
    out += "Connection: close\r\n";
  } else if (framing.version < 11) {
    out += "Connection: keep-alive\r\n";  // HTTP/1.0 closes where nothing is said
  }
  out += "\r\n";
  if (!framing.head_only) out += response.body;
  return out;
}

net::awaitable<void> Exchange::reply(Response response) {
  answer_ = Answer::sized;
  status_ = response.status;
  const std::string out = encode(response, framing_);
  if (connection_.owes()) co_await connection_.receipts().told();
  const auto written = co_await connection_.write(out);
  if (!written) framing_.keep_alive = false;  // the peer left
}

net::awaitable<void> Exchange::reply_later(Publication publication,
                                           std::function<Response(const Result<Cursor>&)> answer) {
  answer_ = Answer::sized;
  status_ = http::status::ok;  // if it is another one, `answer` knows
  Receipts::Encode later = [framing = framing_, answer = std::move(answer)](const Result<Cursor>& place) {
    return encode(answer(place), framing);
  };
  co_await connection_.receipts().add(std::move(publication), std::move(later));
}

net::awaitable<Result<>> Exchange::begin(std::string_view type, std::string_view fields,
                                         std::string_view first) {
  answer_ = Answer::unsized;
  status_ = http::status::ok;
  std::string out = fmt::format(
      "HTTP/1.1 200 OK\r\nDate: {}\r\nContent-Type: {}\r\nTransfer-Encoding: chunked\r\n", http_date(), type);
  if (!framing_.origin.empty())
    out += fmt::format("Access-Control-Allow-Origin: {}\r\nVary: Origin\r\n", framing_.origin);
  out += fields;
  out += "\r\n";
  if (!framing_.head_only) out += first;
  request_ = {};
  connection_.buffer().shrink_to_fit();
  const auto written = co_await connection_.write(out);
  if (written && framing_.head_only) co_return Error{Errc::closed, "HEAD: the head was all"};
  co_return written;
}

net::awaitable<void> Exchange::finish() {
  const auto written = co_await connection_.write("0\r\n\r\n");
  if (!written) co_return;  // the peer left: nobody to say it to
}

Connection& Exchange::take_over() {
  answer_ = Answer::taken_over;
  status_ = http::status::switching_protocols;
  return connection_;
}

std::string chunk(std::string_view bytes) { return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes); }

const std::string& http_date() {
  static thread_local std::time_t at = 0;
  static thread_local std::string text;
  const std::time_t now = std::time(nullptr);
  if (now != at) {
    at = now;
    std::tm utc{};
    gmtime_r(&now, &utc);
    std::array<char, 32> out{};
    text.assign(out.data(), std::strftime(out.data(), out.size(), "%a, %d %b %Y %H:%M:%S GMT", &utc));
  }
  return text;
}

}  // namespace feed
