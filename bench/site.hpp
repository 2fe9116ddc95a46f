#pragma once
// Where a run takes place: the server of an arm on one side of a network, the clients on the other.

#include "bench/network.hpp"
#include "bench/nginx_process.hpp"
#include "bench/process.hpp"
#include "bench/temporary_directory.hpp"
#include "feed/client.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// What holds for all runs: the servers' programs, the cores, and servers of somebody else.
struct Place {
  std::string programs;  ///< directory of polling_server and the others
  Cores cores;
  std::map<std::string, feed::Address, std::less<>> servers =
      {};                  ///< by arm: used instead of our own, where there are any
  std::string root = ".";  ///< the source tree
};

/// Another room on the same server for each number: "/rooms/bench-7".
feed::Address numbered(feed::Address room, std::size_t number);

/// How a run wants its server.
struct Serving {
  Link link = {};
  std::chrono::milliseconds heartbeat = std::chrono::hours(1);
  std::vector<std::string> options =
      {};  ///< further ones of the server's command line; those of its history and its limits in the place of ours
  std::vector<std::string> under = {};  ///< a program, and its arguments, that runs the server
};

/// The name of our server's program; empty for null, which has none. Throws std::invalid_argument for an
/// unknown arm, and for those of the peers.
std::string server_of(std::string_view arm);

/// A server of the arm, ours or a peer's, which forgets nothing, and the way to it. While a Site lives, the thread that made it makes its
/// sockets on the clients' side. Used from that thread alone; one at a time.
class Site {
 public:
  /// Of `serving` a peer's server takes the link alone. Throws ServerFailed, NoNetwork, NoFrontProxy.
  Site(const Place& place, std::string_view arm, const Serving& serving = {});

  Network& network() { return *network_; }
  const Network& network() const { return *network_; }
  /// The server's process; null where it is not ours (`--server`), and for the arm null.
  Process* process() { return nginx_ ? &nginx_->process() : process_.get(); }
  /// The room of this run, as the clients reach it.
  const feed::Address& room() const { return room_; }
  /// The same room for who sits beside the server: the publisher, the harness's questions. Sockets to it are made inside
  /// at_server().
  const feed::Address& room_beside() const { return beside_; }
  /// What `make` returns, made on the server's side of the network: `site.at_server([&] { return Control(site.room_beside()); })`.
  template <class Make>
  auto at_server(Make make) {
    std::optional<decltype(make())> made;
    network_->at_server([&] { made.emplace(make()); });
    return std::move(*made);
  }

  /// Throws ServerFailed where the server died.
  void check();
  /// Stops it. Throws ServerFailed where it was gone or, but for Nchan, does not end as it should. Called at the end of a run that went well.
  void stop();

 private:
  void start_peer(const Place& place, std::string_view arm);
  std::unique_ptr<TemporaryDirectory> directory_;  // of nginx
  std::unique_ptr<Network> network_;
  std::unique_ptr<Process> process_;     // stopped before the network goes
  std::unique_ptr<NginxProcess> nginx_;  // in the place of process_, where the peer is one
  bool has_nchan_ = false;
  feed::Address room_, beside_;
};

}  // namespace bench
