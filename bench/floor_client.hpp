#pragma once
// The floor as a feed: messages with four bytes of length before each, on a bare TCP connection.

#include "feed/client.hpp"

#include <boost/asio/ip/tcp.hpp>

#include <cstdint>
#include <string>

namespace bench {

namespace net = boost::asio;

/// The epoch of the floor's server, which has no log.
constexpr std::string_view floor_epoch = "floor";

/// Says "R", and is told `{"cursor":"floor.0"}` and then messages. See feed::Client for the contract.
class FloorClient final : public feed::Client {
 public:
  FloorClient(net::any_io_executor executor, feed::Address server)
      : feed::Client(executor), socket_(executor), server_(std::move(server)) {}

  net::awaitable<feed::Result<>> connect(feed::After after) override;
  net::awaitable<feed::Error> subscribe(const feed::Events& events) override;
  net::awaitable<feed::Result<feed::Cursor>> publish(std::string author, std::string text) override;
  void close() override;

  std::uint64_t bytes_read() const { return bytes_read_; }

 private:
  feed::Result<> take_frames(std::string& bytes, const feed::Events& events);
  net::ip::tcp::socket socket_;
  feed::Address server_;
  std::uint64_t bytes_read_ = 0;
  bool begun_ = false;
};

}  // namespace bench
