#include "bench/site.hpp"

#include "bench/nchan.hpp"
#include "bench/peers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <utility>

namespace bench {

std::string server_of(std::string_view arm) {
  if (arm == "poll" || arm == "longpoll") return "polling_server";
  if (arm == "sse") return "sse_server";
  if (arm == "ws") return "websocket_server";
  if (arm == "tcp") return "tcp_floor_server";
  if (arm == "null") return {};
  throw std::invalid_argument(
      fmt::format("arm is \"{}\", expected poll, longpoll, sse, ws, tcp or null", arm));
}

feed::Address numbered(feed::Address room, std::size_t number) {
  room.path += fmt::format("-{}", number);
  return room;
}

Site::Site(const Place& place, std::string_view arm, const Serving& serving)
    // A server that is not ours is where it is: no line of ours leads there.
    : network_(std::make_unique<Network>(place.servers.empty() ? serving.link : Link())) {
  if (find_peer(arm)) {
    start_peer(place, arm);
    return;
  }
  const std::string program = server_of(arm);
  if (program.empty()) return;
  if (!place.servers.empty()) {
    const auto found = place.servers.find(arm);
    if (found == place.servers.end())
      throw ServerFailed(fmt::format("none of the servers given speaks {}.", arm));
    // A room that nobody has been in: its log begins with this run.
    static const std::uint64_t execution = static_cast<std::uint64_t>(
        std::chrono::system_clock::now().time_since_epoch() / std::chrono::microseconds(1));
    static unsigned rooms = 0;
    room_ = beside_ = found->second;
    room_.path = beside_.path = fmt::format("/rooms/bench-{:x}-{}", execution, ++rooms);
    return;
  }
  std::vector<std::string> arguments = serving.under;
  arguments.insert(arguments.end(),
                   {place.programs + '/' + program, "--host", network_->listen_host(), "--port", "0"});
  if (arm != "tcp") {
    const auto seconds = std::chrono::duration<double>(serving.heartbeat).count();
    const std::pair<std::string, std::string> usual[] = {{"--history", "100000000"},
                                                         {"--history-bytes", "1099511627776"},
                                                         {"--max-connections", "1000000"},
                                                         {"--heartbeat", fmt::format("{}", seconds)}};
    for (const auto& [name, value] : usual) {
      if (std::find(serving.options.begin(), serving.options.end(), name) != serving.options.end()) continue;
      arguments.insert(arguments.end(), {name, value});
    }
  }
  arguments.insert(arguments.end(), serving.options.begin(), serving.options.end());
  const auto core = place.cores.apart() ? std::optional<int>(place.cores.server) : std::nullopt;
  const std::string first = arguments.front();
  arguments.erase(arguments.begin());
  process_ = std::make_unique<Process>(first, arguments, core, network_->server_namespace());
  room_ = network_->for_clients(process_->port());
  beside_ = network_->beside(process_->port());
  network_->enter();
}

void Site::start_peer(const Place& place, std::string_view arm) {
  const PeerArm& peer = *find_peer(arm);
  if (const std::string reason = why_not(arm, place.root); !reason.empty()) throw ServerFailed(reason + '.');
  std::uint16_t port = 0;
  if (peer.made == PeerArm::Made::node) {
    const auto core = place.cores.apart() ? std::optional<int>(place.cores.server) : std::nullopt;
    process_ = std::make_unique<Process>(
        find_program("node"),
        std::vector<std::string>{fmt::format("{}/{}", peers_directory(place.root), peer.script), "--host",
                                 network_->listen_host(), "--port", "0"},
        core, network_->server_namespace());
    port = process_->port();
  } else {
    directory_ = std::make_unique<TemporaryDirectory>("peer");
    std::ofstream(directory_->path() / "static.json") << R"({"cursor":"peer.0","messages":[]})";
    has_nchan_ = peer.made == PeerArm::Made::nchan;
    const std::string module = has_nchan_ ? find_nchan() : std::string();
    const std::string path = network_->beside(1).path;  // of the room, the same at every port
    const auto configuration = [&](const std::string& listen) {
      return nchan_configuration(module, directory_->path(), listen, path);
    };
    nginx_ = std::make_unique<NginxProcess>(directory_->path(), *network_, place.cores, configuration);
    port = nginx_->port();
  }
  room_ = network_->for_clients(port);
  beside_ = network_->beside(port);
  network_->enter();
}

void Site::check() {
  if (Process* const server = process()) server->check();
}

void Site::stop() {
  Process* const server = process();
  if (!server) return;
  // Nchan 1.3.6 frees something twice at the end of an nginx that is one process, and aborts.
  if (has_nchan_) return server->kill();
  server->stop();
}

}  // namespace bench
