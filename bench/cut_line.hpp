#pragma once
// A line between a reader and its server that can be cut and mended, as when a train goes into a tunnel and the operator's gateway
// forgets the connection.

#include "feed/client.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

namespace bench {

namespace net = boost::asio;

/// Hands connections on from a port of its own, on the loop of the reader: a hop on loopback more, and no thread. Must live until
/// the loop has run its last.
class CutLine {
 public:
  CutLine(net::io_context& io, const feed::Address& to);
  ~CutLine();
  CutLine(const CutLine&) = delete;
  CutLine& operator=(const CutLine&) = delete;

  /// The same room, by way of this line.
  const feed::Address& room() const { return room_; }

  /// Resets every connection, on both sides, and from now on new ones as soon as they come.
  void cut();
  /// New ones are handed on again.
  void mend() { whole_ = true; }

  /// When the last connection came that was handed on.
  std::chrono::steady_clock::time_point connected() const { return connected_; }
  std::uint64_t handed_on() const { return handed_on_; }
  std::uint64_t refused() const { return refused_; }

 private:
  using Socket = net::ip::tcp::socket;
  struct Pair;
  net::awaitable<void> accept();
  static net::awaitable<void> hand_on(std::shared_ptr<Pair> pair, net::ip::tcp::endpoint to);
  static net::awaitable<void> pump(std::shared_ptr<Pair> pair, Socket& from, Socket& to);

  net::ip::tcp::acceptor acceptor_;
  net::ip::tcp::endpoint to_;
  feed::Address room_;
  std::vector<std::weak_ptr<Pair>> pairs_;
  bool whole_ = true;
  std::chrono::steady_clock::time_point connected_;
  std::uint64_t handed_on_ = 0, refused_ = 0;
};

}  // namespace bench
