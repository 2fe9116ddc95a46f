#pragma once
// Polling, the server's side: every question gets an answer of its own, with a sized body.

#include "feed/room.hpp"
#include "feed/routes.hpp"

namespace polling {

/// GET /rooms/{room}/messages, for short polling and, with `Prefer: wait`, for long polling.
void mount(feed::Routes& routes, feed::Rooms& rooms);

}  // namespace polling
