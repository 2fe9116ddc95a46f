// All three transports on one listener: what the campaign attacks. The demo servers have one each.

#include "feed/server.hpp"
#include "polling/server.hpp"
#include "sse/server.hpp"
#include "websocket/server.hpp"

namespace {

void mount(feed::Server& server) {
  const feed::Options& options = server.options();
  polling::mount(server.routes(), server.rooms());
  sse::mount(server.routes(), server.rooms(), options.heartbeat);
  websocket::mount(server.routes(), server.rooms(),
                   {options.max_message, options.heartbeat, options.echo_max, options.deflate});
}

}  // namespace

int main(int argc, char** argv) { return feed::run_server(argc, argv, "mixed", 8084, mount); }
