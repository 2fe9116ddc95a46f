// The demo server for sse.

#include "sse/server.hpp"

#include "feed/server.hpp"

namespace {

void mount(feed::Server& server) { sse::mount(server.routes(), server.rooms(), server.options().heartbeat); }

}  // namespace

int main(int argc, char** argv) { return feed::run_server(argc, argv, "sse", 8082, mount); }
