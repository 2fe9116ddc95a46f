// The demo server for sse.

#include "sse/server.hpp"

#include "embedded/sse/client.js.hpp"
#include "feed/server.hpp"
#include "feed/web.hpp"

namespace {

void mount(feed::Server& server) {
  sse::mount(server.routes(), server.rooms(), server.options().heartbeat);
  feed::mount_page(server, embedded::client_js);
}

}  // namespace

int main(int argc, char** argv) { return feed::run_server(argc, argv, "sse", 8082, mount); }
