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
      15000};  ///< of silence from the client, then a ping; after as much again it is cut off
};

/// GET /rooms/{room}/socket and GET /echo.
void mount(feed::Routes& routes, feed::Rooms& rooms, Limits limits);

}  // namespace websocket
