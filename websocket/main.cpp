// The demo server for websocket.

#include "websocket/server.hpp"

#include "feed/server.hpp"

namespace {

void mount(feed::Server& server) { websocket::mount(server.routes(), server.rooms(), {server.options().max_message, server.options().heartbeat}); }

}  // namespace

int main(int argc, char** argv) { return feed::run_server(argc, argv, "websocket", 8083, mount); }
