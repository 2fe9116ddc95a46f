#pragma once
// WebSocket, the client's side: one connection on which both sides speak.

#include "feed/client.hpp"

#include <chrono>
#include <memory>
#include <string>

namespace websocket {

namespace net = boost::asio;

/// Reads and publishes over Beast's WebSocket. See feed::Client for the contract. publish() needs no subscribe() beside it: whichever of
/// the two waits reads for both.
class Client final : public feed::Client {
 public:
  /// `silence`: a server that says nothing for so long is pinged, and after as much again taken for dead.
  Client(net::any_io_executor executor, feed::Address room,
         std::chrono::seconds silence = std::chrono::seconds(20));
  ~Client() override;

  net::awaitable<feed::Result<>> connect(feed::After after) override;
  net::awaitable<feed::Error> subscribe(const feed::Events& events) override;
  net::awaitable<feed::Result<feed::Cursor>> publish(std::string author, std::string text) override;
  void close() override;

 private:
  struct Connection;
  net::awaitable<void> read(Connection& connection);

  feed::Address room_;
  std::chrono::seconds silence_;
  std::shared_ptr<Connection> connection_;
};

}  // namespace websocket
