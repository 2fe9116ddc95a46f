#pragma once
// Server-sent events, the server's side: one answer that does not end, and grows by an event for every message.

#include "feed/room.hpp"
#include "feed/routes.hpp"

#include <chrono>

namespace sse {

/// GET /rooms/{room}/events. After `heartbeat` of silence a reader gets a comment line.
void mount(feed::Routes& routes, feed::Rooms& rooms, std::chrono::milliseconds heartbeat);

}  // namespace sse
