#pragma once
// Two write frames on one WebSocket: Beast (pong, close) and the room's tape. The gate lets one frame end before the next begins.

#include "feed/bell.hpp"
#include "feed/connection.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/buffer_traits.hpp>
#include <boost/beast/core/buffers_to_string.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/websocket/teardown.hpp>

#include <exception>
#include <string>
#include <string_view>
#include <utility>

namespace websocket {

namespace net = boost::asio;
namespace beast = boost::beast;

/// The layer below Beast's websocket::stream. Belongs to the connection's thread; the connection must outlive it.
class Gate {
 public:
  using executor_type = feed::Stream::executor_type;

  explicit Gate(feed::Connection& connection)
      : connection_(connection), turn_(connection.stream().get_executor()) {}

  executor_type get_executor() { return connection_.stream().get_executor(); }
  feed::Stream& next_layer() { return connection_.stream(); }
  const feed::Stream& next_layer() const { return connection_.stream(); }

  /// Whole frames, after those that are under way. Errors as in Connection::write.
  net::awaitable<feed::Result<>> write(std::string_view frames);

  /// What goes at once of whole frames, nothing while others are under way; returns the rest. As in Connection::write_now: the rest
  /// goes to write() before anything else is awaited, so nobody can come in between.
  feed::Result<std::string_view> write_now(std::string_view frames);

  /// Whoever owns the gate waits for this before it destroys it: ends the writes of Beast's that nobody else waits for (a pong
  /// to a client that does not read).
  net::awaitable<void> drained();

  /// Ends the connection once the peer has read what was written, or does not.
  net::awaitable<void> close() { return connection_.close_gently(); }

  /// What came with the handshake first: a client need not wait for the answer to it before it sends frames.
  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return net::async_initiate<Token, void(beast::error_code, std::size_t)>(
        [this](auto handler, const Buffers& to) {
          if (connection_.buffer().size() == 0) {
            connection_.stream().async_read_some(to, std::move(handler));
            return;
          }
          const std::size_t count = net::buffer_copy(to, connection_.buffer().data());
          connection_.buffer().consume(count);
          net::post(get_executor(),
                    beast::bind_front_handler(std::move(handler), beast::error_code(), count));
        },
        token, buffers);
  }

  /// What Beast writes. All of it or an error, although it says "some": a frame of Beast's is not cut in two either.
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return net::async_initiate<Token, void(beast::error_code, std::size_t)>(
        [this](auto handler, const Buffers& from) {
          const std::size_t size = beast::buffer_bytes(from);
          beast::error_code error;
          const std::size_t written = busy_ ? 0 : write_some(from, error);
          if (error || written == size) {
            net::post(get_executor(), beast::bind_front_handler(std::move(handler), error, written));
            return;
          }
          ++finishing_;
          if (written > 0) busy_ = true;  // in the middle of a frame
          std::string rest = beast::buffers_to_string(from).substr(written);
          net::co_spawn(
              get_executor(), finish(std::move(rest), written > 0),
              [handler = std::move(handler), size](std::exception_ptr failure, feed::Result<> all) mutable {
                if (failure) std::rethrow_exception(failure);
                std::move(handler)(all ? beast::error_code() : net::error::broken_pipe, all ? size : 0);
              });
        },
        token, buffers);
  }

 private:
  template <class Buffers>
  std::size_t write_some(const Buffers& buffers, beast::error_code& error) {
    const std::size_t written = connection_.socket().write_some(buffers, error);
    if (error == net::error::would_block) error = {};
    connection_.stream().rate_policy().count_out(written);
    return written;
  }
  net::awaitable<feed::Result<>> finish(std::string bytes, bool has_begun);
  void abandon();

  feed::Connection& connection_;
  feed::Bell turn_;
  bool busy_ = false;
  int finishing_ = 0;                // writes of Beast's that were not done at once
  feed::Waiter* drained_ = nullptr;  // who waits for them to end
};

/// Beast asks these of a layer: how to end the connection below it. Gently: Beast's own teardown stops reading after one piece, and a
/// client that is still sending would get a reset and never see the close frame with its reason.
void teardown(beast::role_type role, Gate& gate, beast::error_code& error);

template <class Handler>
void async_teardown(beast::role_type, Gate& gate, Handler&& handler) {
  net::co_spawn(gate.get_executor(), gate.close(),
                [handler = std::forward<Handler>(handler)](std::exception_ptr failure) mutable {
                  if (failure) std::rethrow_exception(failure);
                  std::move(handler)(beast::error_code());
                });
}

}  // namespace websocket
