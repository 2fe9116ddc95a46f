#pragma once
// What all three servers answer alike: publishing by POST, the list of rooms, figures, health.

#include "feed/bell.hpp"
#include "feed/error.hpp"
#include "feed/room.hpp"
#include "feed/routes.hpp"

#include <boost/asio/awaitable.hpp>

namespace feed {

/// POST /rooms/{room}/messages, GET /rooms.
void mount_rooms(Routes& routes, Rooms& rooms);

/// What is said to who publishes more often than --publish-rate: with 429, and when the next message may come.
Error too_often(double a_second, Clock::duration wait);
/// Then nothing more is read from it for so long: its further messages wait where they are, and not in a queue here.
net::awaitable<void> rest(Clock::duration time);

/// GET /stats and GET /healthz.
void mount_stats(Routes& routes, Rooms& rooms);

}  // namespace feed
