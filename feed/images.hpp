#pragma once
// Pictures over HTTP, the same for all three servers: sent once by POST, and had by GET from where a message says.

#include "feed/pictures.hpp"
#include "feed/room.hpp"
#include "feed/routes.hpp"

#include <cstdint>

namespace feed {

/// Tells the pictures which messages show them, where rooms were restored.
void find_shown(Pictures& pictures, const Rooms& rooms);

/// POST /rooms/{room}/images, GET /images/{name}. `most_bytes`: of one picture.
void mount_images(Routes& routes, Rooms& rooms, Pictures& pictures, std::uint64_t most_bytes);

}  // namespace feed
