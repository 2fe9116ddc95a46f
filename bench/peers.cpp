#include "bench/peers.hpp"

#include "bench/nchan.hpp"
#include "bench/nginx.hpp"
#include "bench/pipe.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <vector>

#include <unistd.h>

namespace bench {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 4> libraries{"ws", "express", "socket.io", "bufferutil"};

std::string path() {
  const char* const path = std::getenv("PATH");
  return path ? path : "";
}

fs::path installed(const std::string& root, std::string_view library) {
  return fs::path(peers_directory(root)) / "node_modules" / library / "package.json";
}

// What npm has installed of it.
std::string version_of(const std::string& root, std::string_view library) {
  std::ifstream in(installed(root, library));
  const std::string text(std::istreambuf_iterator<char>(in), {});
  boost::system::error_code error;
  const boost::json::value package = boost::json::parse(text, error);
  if (error || !package.is_object()) return "not installed";
  const boost::json::value* version = package.as_object().if_contains("version");
  return version && version->is_string() ? std::string(version->as_string()) : "not installed";
}

// The first line of what a program says.
std::string said_by(const std::vector<std::string>& command) {
  try {
    const std::string said = pipe_through(command, command[0], {});
    return said.substr(0, said.find('\n'));
  } catch (const std::runtime_error&) {
    return "not installed";
  }
}

std::string package(const std::string& name) {
  return said_by({"dpkg-query", "-W", "-f", "${Version}\n", name});
}

}  // namespace

std::span<const PeerArm> peer_arms() {
  using Made = PeerArm::Made;
  static constexpr std::array all{
      PeerArm{"ws_node", Made::node, "ws_express.mjs", "WebSocket, ws (Node)", "ws"},
      PeerArm{"socketio", Made::node, "socketio.mjs", "WebSocket, Socket.IO", "ws"},
      PeerArm{"nchan_ws", Made::nchan, "", "WebSocket, Nchan", "ws"},
      PeerArm{"sse_node", Made::node, "sse_node.mjs", "SSE, Node", "sse"},
      PeerArm{"nchan_sse", Made::nchan, "", "SSE, Nchan", "sse"},
      PeerArm{"nchan_longpoll", Made::nchan, "", "long polling, Nchan", "longpoll"},
      PeerArm{"poll_express", Made::node, "polling_express.mjs", "polling, Express", "poll"},
      PeerArm{"nchan_poll", Made::nchan, "", "polling, Nchan", "poll"},
      PeerArm{"nginx_static", Made::nginx, "", "polling, a file from nginx", "poll"},
  };
  return all;
}

const PeerArm* find_peer(std::string_view arm) {
  const auto all = peer_arms();
  const auto found =
      std::find_if(all.begin(), all.end(), [arm](const PeerArm& one) { return one.arm == arm; });
  return found == all.end() ? nullptr : &*found;
}

std::string peers_directory(const std::string& root) { return (fs::path(root) / "bench" / "peers").string(); }

std::string find_program(std::string_view name) {
  std::istringstream places(path());
  for (std::string place; std::getline(places, place, ':');) {
    const std::string program = fmt::format("{}/{}", place, name);
    if (!place.empty() && ::access(program.c_str(), X_OK) == 0) return program;
  }
  return {};
}

std::string why_not(std::string_view arm, const std::string& root) {
  const PeerArm* const peer = find_peer(arm);
  if (!peer) return {};
  if (peer->made == PeerArm::Made::node) {
    if (find_program("node").empty()) return "node is not installed; bench/peers/setup installs it";
    const bool there = std::all_of(libraries.begin(), libraries.end(), [&](std::string_view library) {
      return library == "bufferutil" || fs::exists(installed(root, library));  // that one is optional
    });
    return there ? ""
                 : fmt::format("the libraries in {} are not installed; bench/peers/setup installs them",
                               peers_directory(root));
  }
  if (find_nginx(path()).empty()) return "nginx is not installed; bench/peers/setup installs it";
  if (peer->made == PeerArm::Made::nchan && find_nchan().empty())
    return "Nchan is not installed (libnginx-mod-nchan); bench/peers/setup installs it";
  return {};
}

std::map<std::string, std::string> peer_versions(const std::string& root) {
  std::map<std::string, std::string> versions{{"node", said_by({"node", "--version"})}};
  for (const std::string_view library : libraries) versions.emplace(library, version_of(root, library));
  for (const char* name : {"nginx", "libnginx-mod-nchan"}) versions.emplace(name, package(name));
  return versions;
}

}  // namespace bench
