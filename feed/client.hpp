#pragma once
// The one client interface of the feed. Three transports implement it; whoever uses it cannot tell which.

#include "feed/bell.hpp"
#include "feed/error.hpp"
#include "feed/message.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace feed {

namespace net = boost::asio;

/// What a reader is told. Called on the client's thread, one at a time; must not block, may call publish's caller or close().
struct Events {
  /// The feed begins here, or goes on here behind a gap: what is lost is said, never hidden.
  std::function<void(const Hello&)> hello;
  /// The next message: in order, none twice, none left out since the last hello.
  std::function<void(const Message&)> message;
};

/// A room's feed as seen from one client. Used from one thread, that of its executor. Must outlive what was awaited from it.
class Client {
 public:
  explicit Client(net::any_io_executor executor) : executor_(executor), closing_(executor) {}
  virtual ~Client() = default;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  /// The transport's first contact: nothing for polling, the head of the stream for SSE, a handshake for WebSocket.
  /// `after` is where subscribe() will begin: two of the three must say so when they connect.
  virtual net::awaitable<Result<>> connect(After after) = 0;

  /// Tells `events` every message after the place given to connect(). Ends only with the feed, and returns why: `closed` (close() was
  /// called), `left` or `timed_out` (the connection was lost), `refused`, `invalid` (the server broke the protocol).
  virtual net::awaitable<Error> subscribe(const Events& events) = 0;

  /// The message's place, once the server has given it one. When the answer is lost, it may have happened: it is not
  /// repeated by itself. Errors: `refused` with the status (WebSocket: 0) and the server's reason, and those of subscribe().
  virtual net::awaitable<Result<Cursor>> publish(std::string author, std::string text) = 0;

  /// Ends subscribe() and whatever else is under way, soon.
  virtual void close();

  /// Header fields that go with every request besides the transport's own, as a browser adds cookies: "Cookie: a=b", without CRLF.
  /// Said before connect().
  void send_fields(std::vector<std::string> fields) { fields_ = std::move(fields); }

  bool is_closed() const { return closed_; }
  net::any_io_executor executor() const { return executor_; }

  /// Where to go on after the connection was lost: everything up to here has been told.
  After place() const { return place_; }

  /// Waits until `due` or close(), whichever is first.
  net::awaitable<void> pause(Clock::time_point due);

 protected:
  /// For implementations: what came. They keep the place and tell the events; an Error is a broken promise of the server.
  void begin(After after) { place_ = std::move(after); }
  Result<> take(const Hello& hello, const Events& events);
  Result<> take(const Message& message, const Events& events);

  const std::vector<std::string>& fields() const { return fields_; }

 private:
  net::any_io_executor executor_;
  Bell closing_;
  After place_;
  std::vector<std::string> fields_;
  bool closed_ = false;
};

/// How long to wait before the next attempt: a random time up to a bound that doubles with every failure in a row ("full
/// jitter"), so that the readers of a restarted server do not come back at once.
struct Backoff {
  std::chrono::milliseconds first{500};
  std::chrono::milliseconds most{10000};

  /// `failures` in a row so far, from 1; `random` from [0, 1).
  std::chrono::milliseconds delay(int failures, double random) const;
};

/// Called when the connection was lost, with the reason and the time until the next attempt.
using OnLost = std::function<void(const Error&, std::chrono::milliseconds)>;

/// connect() and subscribe() again and again, each time where the last one ended. Returns when the client was closed, or
/// with the reason why another attempt is pointless: the server refused with 4xx (other than 408, 425 and 429), ended an
/// event stream with 204, or sent what no server of this protocol sends.
net::awaitable<Error> follow(Client& client, After after, const Events& events, Backoff backoff = {},
                             OnLost on_lost = {});

/// A feed's address, taken apart.
struct Address {
  std::string host;       ///< without the brackets of an IPv6 address
  std::string port;       ///< "80" where none is given
  std::string path;       ///< of the room, percent-encoded: "/rooms/lobby"
  std::string origin;     ///< "http://127.0.0.1:8081"
  std::string authority;  ///< what goes into Host: "127.0.0.1:8081"
};

/// Accepts `http://host[:port]/rooms/{room}`, and ws:// as well.
Result<Address> parse_address(std::string_view url);

}  // namespace feed
