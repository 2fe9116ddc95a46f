#pragma once
// The far end of a bare TCP connection, as little as there can be: what the floors of a line are measured with.

#include "bench/network.hpp"
#include "bench/socket.hpp"

#include <atomic>
#include <cstdint>
#include <optional>
#include <thread>

namespace bench {

/// What it does with the bytes of its one connection.
enum class Manner {
  echo,  ///< sends each piece back
  keep,  ///< reads on until the other side says that this was all; then it leaves
};

/// A thread that listens on the server's side of the network and serves one connection.
class Peer {
 public:
  /// `core`: where it runs; nothing: anywhere. Throws std::runtime_error. The network must outlive it.
  Peer(Network& network, Manner manner, std::optional<int> core = {});
  /// Ends the connection.
  ~Peer();
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  /// As clients reach it.
  const feed::Address& address() const { return address_; }
  /// Its end of the connection: waits until there is one.
  const Socket& accepted() const {
    there_.wait(false);
    return accepted_;
  }

 private:
  void serve(Manner manner);
  Socket listening_, accepted_;
  std::atomic<bool> there_ = false;  // accepted_ is what it will be
  feed::Address address_;
  std::thread thread_;
};

/// Listens at any free port of that side. Throws std::runtime_error.
struct Listening {
  Socket socket;
  std::uint16_t port = 0;
};
Listening listen_at_server(const Network& network, int kind);

}  // namespace bench
