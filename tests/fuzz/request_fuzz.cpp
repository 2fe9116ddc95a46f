// Looks for bytes that a server takes for another number of requests than it answers, and for requests that get through the
// guard and the routes although they should not. The way of a request without its socket: parsed, guarded, routed.
#include "feed/exchange.hpp"
#include "feed/guard.hpp"
#include "feed/pictures.hpp"
#include "feed/routes.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/beast/http/parser.hpp>

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace {

namespace net = boost::asio;
namespace http = boost::beast::http;

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

net::awaitable<void> nothing(feed::Exchange&) { co_return; }

const feed::Routes& routes() {
  static const feed::Routes made = [] {
    feed::Routes routes;
    routes.add(http::verb::get, "/", nothing);
    routes.add(http::verb::get, "/stats", nothing);
    routes.add(http::verb::get, "/rooms", nothing);
    routes.add(http::verb::get, "/rooms/{room}/messages", nothing);
    routes.add(http::verb::post, "/rooms/{room}/messages", nothing);
    routes.add(http::verb::get, "/rooms/{room}/events", nothing);
    routes.add_upload(http::verb::post, "/rooms/{room}/images", nothing);
    routes.add(http::verb::get, "/images/{name}", nothing);
    return routes;
  }();
  return made;
}

// One request off the front, as the listener reads it: how many bytes it took; 0 where nothing more is to be read.
std::size_t read_request(std::string_view bytes) {
  http::request_parser<http::string_body> parser;
  parser.header_limit(8192);
  parser.body_limit(boost::none);
  boost::system::error_code error;
  std::size_t used = 0;
  while (!parser.is_header_done() && used < bytes.size() && !error) {
    const std::size_t more = parser.put(net::buffer(bytes.substr(used)), error);
    used += more;
    if (more == 0) break;
  }
  if (error || !parser.is_header_done()) return 0;

  const auto admitted = feed::guard(parser.get(), {"http://localhost:3000"});
  if (!admitted) {
    require(admitted.error().status >= 400 && admitted.error().status < 600, "a refusal has a status");
    return 0;
  }
  require(!parser.chunked(), "no chunked body is read");
  require(parser.get().count(http::field::transfer_encoding) == 0, "no transfer coding gets through");
  require(parser.get().count(http::field::host) <= 1, "no second Host gets through");
  const std::uint64_t body_bytes = parser.content_length().value_or(0);
  if (body_bytes > 65536 || body_bytes > bytes.size() - used) return 0;
  feed::Request request = parser.release();
  require(request.body().empty(), "nothing of the body is parsed with the head");
  request.body() = bytes.substr(used, static_cast<std::size_t>(body_bytes));
  used += static_cast<std::size_t>(body_bytes);

  static net::io_context io;
  feed::Traffic traffic;
  feed::Connection connection(net::ip::tcp::socket(io), traffic);
  feed::Exchange exchange(connection, std::move(request), {});
  const auto found = routes().find(exchange);
  if (const auto* response = std::get_if<feed::Response>(&found)) {
    const auto status = static_cast<unsigned>(response->status);
    require(status == 204 || (status >= 400 && status < 500),
            "a request that is not routed is refused, or is a preflight");
    require(response->fields.empty() || response->fields.ends_with("\r\n"), "fields are whole lines");
  } else {
    require(exchange.room().empty() || static_cast<bool>(feed::check_room_name(exchange.room())),
            "a room's name is checked");
    require(!feed::is_picture_name(exchange.name()) || exchange.name().find('/') == std::string::npos,
            "a picture's name is no path");
    static_cast<void>(exchange.after());
    static_cast<void>(exchange.query("limit"));
  }
  return used;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (int requests = 0; requests < 16 && !bytes.empty(); ++requests) {
    const std::size_t used = read_request(bytes);
    if (used == 0) break;
    bytes.remove_prefix(used);
  }
  return 0;
}
