#pragma once
// The page that every demo server serves. Its files are compiled in, so that a server is one file that runs anywhere.

#include "feed/server.hpp"

#include <string_view>

namespace feed {

/// Mounts what every transport's client.js imports: /feed.js and /http.js, and /upload.js with the first picture.
void mount_modules(Server& server);

/// Mounts `/` and what the page loads. `client` is the transport's module, served as /client.js; it must outlive the server.
void mount_page(Server& server, std::string_view client);

}  // namespace feed
