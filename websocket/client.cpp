#include "websocket/client.hpp"

#include "feed/traffic.hpp"
#include "websocket/wire.hpp"

#include <boost/asio/bind_executor.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/field.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <algorithm>
#include <deque>
#include <map>
#include <optional>
#include <utility>
#include <variant>

namespace websocket {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace ws = beast::websocket;

namespace {

// "Cookie: a=b"
void add(ws::request_type& request, beast::string_view field) {
  const std::size_t colon = std::min(field.find(':'), field.size());
  beast::string_view value = field.substr(std::min(colon + 1, field.size()));
  while (value.starts_with(' ')) value.remove_prefix(1);
  request.insert(field.substr(0, colon), value);
}

}  // namespace

// Outlives close(): coroutines that are still in it hold a share.
struct Client::Connection {
  explicit Connection(net::any_io_executor executor)
      : socket(std::move(executor)), turn(socket.get_executor()) {}

  ws::stream<feed::Stream, false> socket;
  beast::flat_buffer buffer;
  std::deque<Incoming> early;  // of the feed, read while nobody subscribed
  std::map<std::uint64_t, std::optional<feed::Result<feed::Cursor>>>
      answers;  // by ref; none yet where it is awaited
  std::uint64_t next_ref = 1;
  feed::Bell turn;    // rung when something was read or written: those who wait look again
  bool open = false;  // the handshake is done
  bool reading = false, writing = false;
  std::optional<feed::Error> ended;

  void end(feed::Error why) {
    if (!ended) ended = std::move(why);
    turn.ring();
  }
};

Client::Client(net::any_io_executor executor, feed::Address room, std::chrono::seconds silence)
    : feed::Client(std::move(executor)), room_(std::move(room)), silence_(silence) {}

Client::~Client() = default;

net::awaitable<feed::Result<>> Client::connect(feed::After after) {
  if (is_closed()) co_return feed::Error{feed::Errc::closed, "closed"};
  begin(after);
  auto connection = std::make_shared<Connection>(executor());
  connection_ = connection;
  auto& socket = connection->socket;
  beast::error_code error;
  net::ip::tcp::resolver resolver(executor());
  const auto endpoints =
      co_await resolver.async_resolve(room_.host, room_.port, net::redirect_error(net::use_awaitable, error));
  if (!error) {
    beast::get_lowest_layer(socket).expires_after(std::chrono::seconds(10));
    co_await beast::get_lowest_layer(socket).async_connect(endpoints,
                                                           net::redirect_error(net::use_awaitable, error));
  }
  if (is_closed()) co_return feed::Error{feed::Errc::closed, "closed"};
  if (error) co_return feed::Error{feed::Errc::unreachable, room_.authority + ": " + error.message()};

  beast::get_lowest_layer(socket).socket().set_option(net::ip::tcp::no_delay(true), error);
  beast::get_lowest_layer(socket).expires_never();
  socket.set_option(ws::stream_base::timeout{std::chrono::seconds(5), 2 * silence_, true});
  socket.set_option(ws::stream_base::decorator([further = fields()](ws::request_type& request) {
    for (const std::string& field : further) add(request, field);
    request.set(http::field::sec_websocket_protocol,
                beast::string_view(subprotocol.data(), subprotocol.size()));
  }));
  socket.auto_fragment(false);
  socket.read_message_max(std::size_t{64} << 20);
  std::string target = room_.path + "/socket";
  if (after.kind != feed::After::Kind::everything) target += "?after=" + feed::to_string(after);
  ws::response_type answer;
  co_await socket.async_handshake(answer, room_.authority, target,
                                  net::redirect_error(net::use_awaitable, error));
  if (is_closed()) co_return feed::Error{feed::Errc::closed, "closed"};
  if (error == ws::error::upgrade_declined) {
    co_return feed::Error{feed::Errc::refused, "status " + std::to_string(answer.result_int()),
                          static_cast<int>(answer.result_int())};
  }
  if (error) co_return feed::Error{feed::Errc::left, "handshake: " + error.message()};
  connection->open = true;
  co_return feed::Result<>();
}

// Reads one message of the server's. Answers go to those who wait for them, the rest into `early`.
net::awaitable<void> Client::read(Connection& connection) {
  connection.reading = true;
  beast::error_code error;
  co_await connection.socket.async_read(connection.buffer, net::redirect_error(net::use_awaitable, error));
  connection.reading = false;
  if (error) {
    const auto& reason = connection.socket.reason();
    const bool goodbye = error == ws::error::closed && reason.code != ws::close_code::none;
    std::string detail = goodbye ? "the server closed with " + std::to_string(reason.code) + ' ' +
                                       std::string(reason.reason.data(), reason.reason.size())
                                 : error.message();
    const feed::Errc code = is_closed()                      ? feed::Errc::closed
                            : error == beast::error::timeout ? feed::Errc::timed_out
                                                             : feed::Errc::left;
    connection.end({code, std::move(detail)});
    co_return;
  }
  const auto bytes = connection.buffer.data();
  auto incoming = parse_incoming({static_cast<const char*>(bytes.data()), bytes.size()});
  connection.buffer.clear();
  if (!incoming) {
    connection.end(incoming.error());
    co_return;
  }
  if (const auto* answer = std::get_if<Answer>(&*incoming)) {
    const auto awaited = connection.answers.find(answer->ref);
    if (awaited != connection.answers.end()) awaited->second = answer->place;
  } else {
    connection.early.push_back(*std::move(incoming));
  }
  connection.turn.ring();
}

net::awaitable<feed::Error> Client::subscribe(const feed::Events& events) {
  const auto connection = connection_;
  if (!connection) co_return feed::Error{feed::Errc::left, "not connected"};
  for (;;) {
    while (!connection->early.empty()) {
      if (is_closed()) co_return feed::Error{feed::Errc::closed, "closed"};
      const Incoming incoming = std::move(connection->early.front());
      connection->early.pop_front();
      const auto* begin = std::get_if<Begin>(&incoming);
      const auto taken = begin ? take(begin->hello, events) : take(std::get<feed::Message>(incoming), events);
      if (!taken) co_return taken.error();
    }
    if (is_closed()) co_return feed::Error{feed::Errc::closed, "closed"};
    if (connection->ended) co_return *connection->ended;
    if (connection->reading) {  // a publish() is reading
      feed::Waiter waiter;
      co_await connection->turn.wait(waiter);
    } else {
      co_await read(*connection);
    }
  }
}

net::awaitable<feed::Result<feed::Cursor>> Client::publish(std::string author, std::string text) {
  const auto connection = connection_;
  if (!connection || !connection->open || connection->ended) {
    co_return feed::Error{feed::Errc::unreachable, "not connected"};
  }
  const std::uint64_t ref = connection->next_ref++;
  const feed::Draft draft{std::move(author), std::move(text)};
  const std::string frame = encode_post(ref, draft);
  while (connection->writing) {
    feed::Waiter waiter;
    co_await connection->turn.wait(waiter);
  }
  if (connection->ended) co_return feed::Error{feed::Errc::unreachable, "not connected"};
  connection->answers.emplace(ref, std::nullopt);
  connection->writing = true;
  beast::error_code error;
  co_await connection->socket.async_write(net::buffer(frame), net::redirect_error(net::use_awaitable, error));
  connection->writing = false;
  connection->turn.ring();
  if (error) co_return feed::Error{feed::Errc::left, "write: " + error.message()};
  while (!connection->answers.at(ref)) {
    if (connection->ended) co_return *connection->ended;
    if (connection->reading) {
      feed::Waiter waiter;
      co_await connection->turn.wait(waiter);
    } else {
      co_await read(*connection);
    }
  }
  const auto answer = connection->answers.extract(ref);
  co_return *answer.mapped();
}

void Client::close() {
  if (is_closed()) return;
  feed::Client::close();
  if (!connection_) return;
  if (connection_->socket.is_open()) {
    // A proper goodbye; the server's own ends the read that is under way.
    connection_->socket.async_close(ws::close_code::normal, [connection = connection_](beast::error_code) {});
  } else {
    beast::get_lowest_layer(connection_->socket).close();
  }
}

}  // namespace websocket
