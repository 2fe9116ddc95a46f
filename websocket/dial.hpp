#pragma once
// How a client of ours opens a WebSocket, whatever is said on it afterwards.

#include "feed/error.hpp"
#include "feed/traffic.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/beast/websocket/stream.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace websocket {

namespace net = boost::asio;

/// A WebSocket on the client's side; without permessage-deflate, which a feed does not ask for.
using ClientSocket = boost::beast::websocket::stream<feed::Stream, false>;

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
/// broke or was none), `closed`. The socket must outlive it.
net::awaitable<feed::Result<>> dial(ClientSocket& socket, Dialled to, std::function<bool()> is_closed);

}  // namespace websocket
