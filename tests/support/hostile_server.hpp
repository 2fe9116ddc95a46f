#pragma once
// A server that answers every connection with the bytes that a test says, be they HTTP or not.

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <thread>

namespace support {

/// Connections one after the other, on a thread of its own. Ends when the server is destroyed.
class HostileServer {
 public:
  /// What the script can do with a connection.
  class Peer {
   public:
    /// False where the client is gone, or the server is to end.
    bool send(std::string_view bytes);
    /// The request's head, or what came of it until the client left.
    std::string read_head();
    /// No more bytes from this side.
    void finish_sending();
    /// Returns when the client is gone, or the server is to end.
    void wait_for_end();

   private:
    friend class HostileServer;
    Peer(int fd, const std::atomic<bool>& ending) : fd_(fd), ending_(ending) {}
    bool wait(short events);
    int fd_;
    const std::atomic<bool>& ending_;
  };
  using Script = std::function<void(Peer&)>;

  /// `script` is called with each connection; when it returns, the connection is closed.
  explicit HostileServer(Script script);
  /// Reads the request's head, sends `answer` and closes.
  explicit HostileServer(std::string answer);
  ~HostileServer();

  std::uint16_t port() const { return port_; }
  int connections() const { return connections_; }

 private:
  void run();
  Script script_;
  int listening_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> ending_ = false;
  std::atomic<int> connections_ = 0;
  std::thread thread_;
};

/// The answer to the WebSocket handshake in `head` (RFC 6455, 4.2.2).
std::string accepting(std::string_view head);

}  // namespace support
