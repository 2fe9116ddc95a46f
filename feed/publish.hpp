#pragma once
// What all three servers answer alike: publishing by POST, the list of rooms, figures, health.

#include "feed/room.hpp"
#include "feed/routes.hpp"

namespace feed {

/// POST /rooms/{room}/messages, GET /rooms.
void mount_rooms(Routes& routes, Rooms& rooms);

/// GET /stats and GET /healthz.
void mount_stats(Routes& routes, Rooms& rooms);

}  // namespace feed
