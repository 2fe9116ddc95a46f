#include "websocket/client.hpp"

#include "websocket/dial.hpp"
#include "websocket/wire.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <variant>

namespace websocket {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace ws = beast::websocket;

// Outlives close(): coroutines that are still in it hold a share.
struct Client::Connection {
  explicit Connection(net::any_io_executor executor)
      : socket(std::move(executor)), turn(socket.get_executor()) {}

  ClientSocket socket;
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
  Dialled to;
  to.host = room_.host;
  to.port = room_.port;
  to.authority = room_.authority;
  to.target = room_.path + "/socket";
  if (after.kind != feed::After::Kind::everything) to.target += "?after=" + feed::to_string(after);
  to.subprotocol = subprotocol;
  to.fields = fields();
  to.silence = silence_;
  std::function<bool()> closed = [this] { return is_closed(); };
  auto dialled = co_await dial(connection->socket, std::move(to), std::move(closed));
  connection->open = dialled.has_value();
  co_return dialled;
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
