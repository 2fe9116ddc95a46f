// The demo server for websocket.

#include "websocket/server.hpp"

#include "embedded/websocket/client.js.hpp"
#include "feed/server.hpp"
#include "feed/web.hpp"

namespace {

void mount(feed::Server& server) {
  const feed::Options& options = server.options();
  websocket::mount(server.routes(), server.rooms(),
                   {options.max_message, options.heartbeat, options.echo_max, options.deflate});
  feed::mount_page(server, embedded::client_js);
}

}  // namespace

int main(int argc, char** argv) { return feed::run_server(argc, argv, "websocket", 8083, mount); }
