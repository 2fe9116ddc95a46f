#include "websocket/dial.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/field.hpp>

#include <algorithm>
#include <utility>

namespace websocket {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
namespace ws = beast::websocket;

// Of an answer to a handshake, with the reason of one that says no. What follows a good one at once may come with it.
constexpr std::size_t most_answer_bytes = std::size_t{256} << 10;

// "Cookie: a=b"
void add(ws::request_type& request, beast::string_view field) {
  const std::size_t colon = std::min(field.find(':'), field.size());
  beast::string_view value = field.substr(std::min(colon + 1, field.size()));
  while (value.starts_with(' ')) value.remove_prefix(1);
  request.insert(field.substr(0, colon), value);
}

}  // namespace

net::awaitable<feed::Result<>> dial(ClientSocket& socket, Dialled to, std::function<bool()> is_closed) {
  beast::error_code error;
  net::ip::tcp::resolver resolver(socket.get_executor());
  const auto endpoints =
      co_await resolver.async_resolve(to.host, to.port, net::redirect_error(net::use_awaitable, error));
  if (!error) {
    beast::get_lowest_layer(socket).expires_after(std::chrono::seconds(10));
    co_await beast::get_lowest_layer(socket).async_connect(endpoints,
                                                           net::redirect_error(net::use_awaitable, error));
  }
  if (is_closed()) co_return feed::Error{feed::Errc::closed, "closed"};
  if (error) co_return feed::Error{feed::Errc::unreachable, to.authority + ": " + error.message()};

  beast::get_lowest_layer(socket).socket().set_option(net::ip::tcp::no_delay(true), error);
  beast::get_lowest_layer(socket).expires_never();
  socket.set_option(ws::stream_base::timeout{std::chrono::seconds(5), 2 * to.silence, true});
  socket.set_option(ws::stream_base::decorator(
      [further = to.fields, subprotocol = to.subprotocol](ws::request_type& request) {
        for (const std::string& field : further) add(request, field);
        if (!subprotocol.empty()) request.set(http::field::sec_websocket_protocol, subprotocol);
      }));
  socket.auto_fragment(false);
  socket.read_message_max(to.max_message);
  ws::response_type answer;
  auto& stream = beast::get_lowest_layer(socket);
  stream.rate_policy().begin(most_answer_bytes, [&stream] {
    beast::error_code ignored;
    stream.socket().close(ignored);
  });
  co_await socket.async_handshake(answer, to.authority, to.target,
                                  net::redirect_error(net::use_awaitable, error));
  stream.rate_policy().end();
  if (is_closed()) co_return feed::Error{feed::Errc::closed, "closed"};
  if (error == ws::error::upgrade_declined) {
    co_return feed::Error{feed::Errc::refused, "status " + std::to_string(answer.result_int()),
                          static_cast<int>(answer.result_int())};
  }
  if (error && stream.rate_policy().is_reached()) {
    co_return feed::Error{feed::Errc::too_large, "the answer to the handshake is larger than " +
                                                     std::to_string(most_answer_bytes) + " bytes, the limit"};
  }
  if (error) co_return feed::Error{feed::Errc::left, "handshake: " + error.message()};
  co_return feed::Result<>();
}

}  // namespace websocket
