#pragma once
// How a client of ours opens a WebSocket, whatever is said on it afterwards.

#include "feed/error.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/rate_policy.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace websocket {

namespace net = boost::asio;

/// A Beast RatePolicy that bounds what a server may say before it speaks WebSocket: Beast reads the whole of its answer, and keeps
/// chunk extensions and trailers of any size.
class AnswerLimit {
 public:
  /// `end_it` is called when so many bytes have come.
  void begin(std::size_t bytes, std::function<void()> end_it) {
    left_ = bytes;
    end_it_ = std::move(end_it);
  }
  void end() { end_it_ = nullptr; }
  bool is_reached() const { return left_ == 0; }

 private:
  friend class boost::beast::rate_policy_access;
  static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();
  std::size_t available_read_bytes() const noexcept { return unlimited; }
  std::size_t available_write_bytes() const noexcept { return unlimited; }
  void transfer_read_bytes(std::size_t bytes) {
    if (!end_it_) return;
    left_ -= std::min(left_, bytes);
    if (left_ == 0) std::exchange(end_it_, nullptr)();
  }
  void transfer_write_bytes(std::size_t) const noexcept {}
  void on_timer() const noexcept {}

  std::size_t left_ = unlimited;
  std::function<void()> end_it_;
};

/// A WebSocket on the client's side; without permessage-deflate, which a feed does not ask for.
using ClientSocket = boost::beast::websocket::stream<
    boost::beast::basic_stream<net::ip::tcp, net::any_io_executor, AnswerLimit>, false>;

/// Whom to connect to, and what to ask for.
struct Dialled {
  std::string host;
  std::string port;
  std::string authority;  ///< what goes into Host: "127.0.0.1:8083"
  std::string target;     ///< "/rooms/lobby/socket?after=k3f9.17"
  std::string subprotocol;
  std::vector<std::string> fields;  ///< further ones: "Cookie: a=b"
  std::chrono::seconds silence{
      20};  ///< of the server, then it is pinged; after as much again it is taken for dead
  std::size_t max_message = 64u << 20;  ///< bytes; a larger one is answered with 1009
};

/// Connects and shakes hands. `is_closed` is asked after each wait. Errors: `unreachable`, `refused` (with the status), `left` (the handshake
/// broke or was none), `too_large`, `closed`. The socket must outlive it.
net::awaitable<feed::Result<>> dial(ClientSocket& socket, Dialled to, std::function<bool()> is_closed);

}  // namespace websocket
