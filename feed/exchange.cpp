#include "feed/exchange.hpp"

#include "feed/receipts.hpp"
#include "feed/room.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/string.hpp>
#include <boost/url/parse_query.hpp>
#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>

namespace feed {
namespace {

// A body may take body_time, and a second more for each so many bytes that have come: a phone at the edge of its network gets through
// (64 kbit/s; 5 MiB in 11 minutes), who sends a byte now and then is cut off after little more than body_time.
constexpr std::uint64_t slowest_body = 8192;

// What is read from a file and written at once: some 10 µs, then it is the others' turn.
constexpr std::size_t file_piece = 16 * 1024;

// A body in pieces that is no longer than this is copied together, and is one write.
constexpr std::size_t short_body = 64 * 1024;

}  // namespace

Response problem(http::status status, std::string_view detail, std::string fields) {
  const std::string_view title = http::obsolete_reason(status);
  return {status, "application/problem+json",
          fmt::format(R"({{"status":{},"title":{},"detail":{}}})", static_cast<unsigned>(status),
                      quote(title), quote(valid_utf8(detail))),
          std::move(fields)};
}

Response refusal_of(const Error& error) {
  const bool is_limit = error.status == 429 || error.status == 503 || error.status == 507;
  return problem(static_cast<http::status>(error.status), error.detail, is_limit ? "Retry-After: 1\r\n" : "");
}

Exchange::Exchange(Connection& connection, Request request, std::string allowed_origin,
                   const Proxies* proxies)
    : connection_(connection),
      request_(std::move(request)),
      framing_{std::move(allowed_origin), request_.version(), request_.keep_alive()},
      proxies_(proxies) {}

Result<Room*> Exchange::open_room(Rooms& rooms) const {
  if (Room* there = rooms.find(room_)) return there;  // without asking the kernel who it is
  return rooms.open(room_, client_address());
}

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
  std::optional<std::string> found;
  if (query_.empty()) return found;
  const auto given_twice = [&] {
    return invalid("\"" + std::string(name) + "\" is given more than once, expected once");
  };
  if (query_is_plain_) {
    for (std::string_view rest = query_; !rest.empty();) {
      const std::string_view param = rest.substr(0, rest.find('&'));
      rest.remove_prefix(std::min(param.size() + 1, rest.size()));
      const std::size_t key = std::min(param.find('='), param.size());
      if (param.substr(0, key) != name) continue;
      if (found) return given_twice();
      found = param.substr(std::min(key + 1, param.size()));
    }
    return found;
  }
  const auto params = boost::urls::parse_query(query_);
  if (params.has_error()) return invalid("query is \"" + query_ + "\", expected name=value pairs");
  for (const auto param : *params) {
    if (param.key.decode() != name) continue;
    if (found) return given_twice();
    found = param.has_value ? param.value.decode() : std::string();
  }
  return found;
}

Result<After> Exchange::after() const {
  const auto text = query("after");
  if (!text) return text.error();
  return *text ? parse_after(**text) : After::everything();
}

void Exchange::expect_body(std::uint64_t bytes, std::chrono::milliseconds time) {
  body_.left = bytes;
  body_.time = time;
  body_.expects_continue =  // RFC 9110, 10.1.1
      bytes > 0 && request_.version() >= 11 && beast::iequals(request_[http::field::expect], "100-continue");
}

net::awaitable<Result<std::size_t>> Exchange::read_body(net::mutable_buffer into) {
  if (body_.left < into.size()) into = net::buffer(into, static_cast<std::size_t>(body_.left));
  if (into.size() == 0) co_return std::size_t{0};
  if (connection_.buffer().size() > 0) {  // it came with the head
    const std::size_t some = net::buffer_copy(into, connection_.buffer().data());
    connection_.buffer().consume(some);
    body_.left -= some;
    co_return some;
  }
  if (body_.expects_continue) {
    body_.expects_continue = false;
    if (connection_.owes()) co_await connection_.receipts().told();
    const auto told = co_await connection_.write("HTTP/1.1 100 Continue\r\n\r\n");
    if (!told) co_return told.error();  // the peer left
  }
  if (body_.read == 0) body_.began = std::chrono::steady_clock::now();
  const auto due = body_.began + body_.time + std::chrono::milliseconds(body_.read * 1000 / slowest_body);
  const TimeLimit limit(connection_.socket(), due - std::chrono::steady_clock::now());
  boost::system::error_code error;
  const std::size_t some =
      co_await connection_.stream().async_read_some(into, net::redirect_error(net::use_awaitable, error));
  if (limit.expired()) {
    co_return Error{
        Errc::timed_out,
        fmt::format("the body took more than {:.3g} s and a second for each {} bytes, expected less",
                    std::chrono::duration<double>(body_.time).count(), slowest_body),
        static_cast<int>(http::status::request_timeout)};
  }
  if (error) co_return Error{Errc::left, "read: " + error.message()};
  body_.left -= some;
  body_.read += some;
  co_return some;
}

// What of the body has come with the head, which is all of nearly every one.
void Exchange::take_buffered_body() {
  const auto buffered = connection_.buffer().data();
  const auto some = static_cast<std::size_t>(std::min<std::uint64_t>(body_.left, buffered.size()));
  request_.body().append(static_cast<const char*>(buffered.data()), some);
  connection_.buffer().consume(some);
  body_.left -= some;
}

net::awaitable<Result<>> Exchange::read_whole_body() {
  std::array<char, 4096> piece;
  while (body_.left > 0) {
    const auto some = co_await read_body(net::buffer(piece));
    if (!some) co_return some.error();  // the peer left, or is too slow
    request_.body().append(piece.data(), *some);
  }
  co_return Result<>();
}

void Exchange::decide(http::status status) {
  answer_ = Answer::sized;
  status_ = status;
  if (body_.left > 0) framing_.keep_alive = false;  // what comes next is not a request
}

std::string Exchange::encode_head(const Response& response, std::uint64_t body_bytes,
                                  const Framing& framing) {
  const auto reason = http::obsolete_reason(response.status);
  std::string out;
  out.reserve(256 + response.fields.size() + response.body.size());
  // Appended piece by piece: formatting took half of what an answer without a body costs.
  out += "HTTP/1.1 ";
  out += fmt::format_int(static_cast<unsigned>(response.status)).c_str();
  out += ' ';
  out.append(reason.data(), reason.size());
  out += "\r\nDate: ";
  out += http_date();
  out += "\r\n";
  if (!response.type.empty()) {
    out += "Content-Type: ";
    out += response.type;
    out += "\r\n";
  }
  // RFC 9110, 8.6: 204 and 304 have no body and say no length.
  if (response.status != http::status::no_content && response.status != http::status::not_modified) {
    out += "Content-Length: ";
    out += fmt::format_int(body_bytes).c_str();
    out += "\r\n";
  }
  if (!framing.origin.empty()) {
    out += "Access-Control-Allow-Origin: ";
    out += framing.origin;
    out += "\r\nVary: Origin\r\n";
  }
  out += response.fields;
  if (!framing.keep_alive) {
    out += "Connection: close\r\n";
  } else if (framing.version < 11) {
    out += "Connection: keep-alive\r\n";  // HTTP/1.0 closes where nothing is said
  }
  out += "\r\n";
  return out;
}

std::string Exchange::encode(const Response& response, const Framing& framing) {
  std::string out = encode_head(response, response.body.size(), framing);
  if (!framing.head_only) out += response.body;
  return out;
}

net::awaitable<void> Exchange::reply(Response response) {
  decide(response.status);
  const std::string out = encode(response, framing_);
  if (connection_.owes()) co_await connection_.receipts().told();
  const auto rest = connection_.write_now(out);
  if (!rest || (!rest->empty() && !co_await connection_.write(*rest)))
    framing_.keep_alive = false;  // the peer left
}

net::awaitable<void> Exchange::reply_later(Publication publication,
                                           std::function<Response(const Result<Cursor>&)> answer) {
  decide(http::status::ok);  // if it is another one, `answer` knows
  Receipts::Encode later = [framing = framing_, answer = std::move(answer)](const Result<Cursor>& place) {
    return encode(answer(place), framing);
  };
  co_await connection_.receipts().add(std::move(publication), std::move(later));
}

net::awaitable<void> Exchange::reply(Response beginning, std::vector<Frames> middle, std::string_view end) {
  decide(beginning.status);
  std::uint64_t size = beginning.body.size() + end.size();
  for (const Frames& piece : middle) size += piece.bytes.size();
  std::string out = encode_head(beginning, size, framing_);
  if (connection_.owes()) co_await connection_.receipts().told();
  if (framing_.head_only) {
    middle.clear();
    end = {};
  } else {
    out += std::exchange(beginning.body, {});
  }
  if (size <= short_body) {
    for (const Frames& piece : middle) out += piece.bytes;
    middle.clear();
    out += std::exchange(end, {});
  }
  auto written = co_await connection_.write(out);
  out = {};
  for (Frames& piece : middle) {
    if (written) written = co_await connection_.write(piece.bytes);
    piece = {};  // the room may forget it
  }
  if (written) written = co_await connection_.write(end);
  if (!written) framing_.keep_alive = false;  // the peer left
}

net::awaitable<void> Exchange::reply(Response response, FilePart body) {
  decide(response.status);
  const auto executor = co_await net::this_coro::executor;
  const std::string out = encode_head(response, body.size, framing_);
  if (connection_.owes()) co_await connection_.receipts().told();
  auto written = co_await connection_.write(out);
  std::array<char, file_piece> piece;
  while (written && !framing_.head_only && body.size > 0) {
    const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(body.size, piece.size()));
    const ssize_t got = ::pread(body.fd, piece.data(), wanted, static_cast<off_t>(body.offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) {  // a disk that fails, or somebody cut the file
      framing_.keep_alive = false;
      co_return;
    }
    written = co_await connection_.write({piece.data(), static_cast<std::size_t>(got)});
    body.offset += static_cast<std::uint64_t>(got);
    body.size -= static_cast<std::uint64_t>(got);
    if (body.size > 0) co_await net::post(executor, net::use_awaitable);
  }
  if (!written) framing_.keep_alive = false;  // the peer left
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
