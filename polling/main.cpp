// The demo server for polling.

#include "polling/server.hpp"

#include "embedded/polling/client.js.hpp"
#include "feed/server.hpp"
#include "feed/web.hpp"

namespace {

void mount(feed::Server& server) {
  polling::mount(server.routes(), server.rooms());
  feed::mount_page(server, embedded::client_js);
}

}  // namespace

int main(int argc, char** argv) { return feed::run_server(argc, argv, "polling", 8081, mount); }
