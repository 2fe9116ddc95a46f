#pragma once
// WebSocket, the server's side: the request's connection becomes another protocol, in which both sides may speak.

#include "feed/room.hpp"
#include "feed/routes.hpp"

#include <chrono>
#include <cstddef>

namespace websocket {

struct Limits {
  std::size_t max_message = 65536;  ///< bytes of a message from the client
  std::chrono::milliseconds heartbeat{
      15000};                ///< of silence from the client, then a ping; after as much again it is cut off
  std::size_t echo_max = 0;  ///< bytes of a message at GET /echo, when inflated; 0: max_message
  bool deflate = false;      ///< permessage-deflate at GET /echo
};

/// GET /rooms/{room}/socket and GET /echo.
void mount(feed::Routes& routes, feed::Rooms& rooms, Limits limits);

}  // namespace websocket
