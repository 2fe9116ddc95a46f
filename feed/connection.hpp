#pragma once
// One accepted TCP connection: what was read ahead, and the one function that writes.

#include "feed/error.hpp"
#include "feed/quota.hpp"
#include "feed/traffic.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/intrusive/list_hook.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

namespace feed {

class Receipts;

namespace net = boost::asio;
namespace beast = boost::beast;

/// Belongs to the coroutine that serves it and to the thread of its executor.
class Connection
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  /// `so_far`: what came and went already, on the thread that it comes from.
  Connection(net::ip::tcp::socket socket, Traffic& all, const Traffic& so_far = {});
  ~Connection();

  Stream& stream() { return stream_; }
  net::ip::tcp::socket& socket() { return stream_.socket(); }
  beast::flat_buffer& buffer() { return buffer_; }  ///< bytes read ahead of what was asked for
  const Traffic& traffic() { return stream_.rate_policy().own(); }

  /// Writes all bytes: at once as far as the socket takes them, then whenever it takes more. Only one write at a
  /// time; `bytes` stay with the caller until it ends. Errors: `left` (the peer is gone), `timed_out` (it took less
  /// than everything within `write_timeout`).
  net::awaitable<Result<>> write(std::string_view bytes);

  /// Writes what the socket takes at once, nearly always all of it, and returns the rest: for write(), before anything else is
  /// awaited. So a write to a reader who keeps up is a call and not a coroutine. Error: `left`.
  Result<std::string_view> write_now(std::string_view bytes);

  /// As many bytes as the socket takes at once; 0 where it takes none. Error: `left`.
  Result<std::size_t> write_some(std::string_view bytes);

  /// Takes what has arrived, up to a few kilobytes, and forgets it.
  void read_and_drop();

  /// The answers that are to come when something has been kept. While there are any, nobody else may write.
  Receipts& receipts();
  bool owes() const;

  /// No whole head of a request has come: nothing is lost if it is closed now.
  bool idle = false;

  /// Bytes of the head of the request under way, as it came: from the request line to the empty line.
  std::size_t head_bytes = 0;

  /// For --publish-rate.
  TokenBucket publishes;

  /// Set while somebody else than the request loop owns the connection: called once when the server stops.
  std::function<void()> on_stop;

  /// Sends what is written, then end of stream, and reads what the peer still sends, up to a bound, so that a refusal
  /// reaches a peer that is still sending (RFC 9112, 9.6). `announced` are the bytes that it has said it would send.
  net::awaitable<void> close_gently(std::uint64_t announced = 0);

 private:
  Stream stream_;
  beast::flat_buffer buffer_;
  std::unique_ptr<Receipts> receipts_;  // made where it is needed
};

/// Cancels what a socket waits for when time is up, unless it is destroyed before. Beast's own timeout would close the socket, and
/// then there is nobody left to say 408 to.
class TimeLimit {
 public:
  TimeLimit(net::ip::tcp::socket& socket, std::chrono::steady_clock::duration time);
  ~TimeLimit() { state_->socket = nullptr; }
  TimeLimit(const TimeLimit&) = delete;
  TimeLimit& operator=(const TimeLimit&) = delete;
  bool expired() const { return state_->expired; }

 private:
  struct State {
    net::ip::tcp::socket* socket;  // null once the limit is over
    bool expired = false;
  };
  std::shared_ptr<State>
      state_;  // what the handler sees: time may be up while this ends, and it is called all the same
  net::steady_timer timer_;
};

/// Calls `on_left` once when the peer closes or resets the connection while nobody reads from it: for sessions that only
/// write. Bytes that the peer sends meanwhile stay unread, and end the watch. Both references must outlive the watch.
class Watch {
 public:
  Watch(Connection& connection, std::function<void()> on_left);
  ~Watch();
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

 private:
  void wait();
  Connection& connection_;
  std::function<void()> on_left_;
  std::shared_ptr<Watch*> self_;  // what the pending handler sees: null once the watch is over
};

/// A peer that reads nothing for this long is cut off. As long as the kernel waits where nobody has chosen another heartbeat: listener.cpp.
constexpr std::chrono::seconds write_timeout{25};

}  // namespace feed
