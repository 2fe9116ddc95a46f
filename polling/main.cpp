// The demo server for polling.

#include "polling/server.hpp"

#include "feed/server.hpp"

namespace {

void mount(feed::Server& server) { polling::mount(server.routes(), server.rooms()); }

}  // namespace

int main(int argc, char** argv) { return feed::run_server(argc, argv, "polling", 8081, mount); }
