#pragma once
// A line between a client and a server that can be cut, moved to another server, and listened to.

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace support {

/// Hands on TCP connections from its own port to another one's, on a thread of its own.
class Relay {
 public:
  explicit Relay(std::uint16_t to);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  std::uint16_t port() const { return port_; }

  /// Resets every connection that there is now, on both sides; later ones are handed on. Returns when it is done.
  void cut();
  /// Later connections go to another port; while it is 0, they are reset at once.
  void point_at(std::uint16_t to) { to_ = to; }

  /// From now on what servers say goes nowhere, and is not kept.
  void swallow_answers() { swallowing_ = true; }

  /// A piece of what was said, in the order in which it came by.
  struct Piece {
    bool from_client;
    std::string bytes;
  };
  std::vector<Piece> pieces() const;

 private:
  struct Line {
    int client;
    int server;
    bool client_done = false, server_done = false;  // ended its direction
  };
  void run();
  void admit();
  bool hand_on(int from, int to, bool from_client);  // false: that direction is over
  static void reset(const Line& line);

  std::uint16_t port_ = 0;
  std::atomic<std::uint16_t> to_;
  std::atomic<bool> swallowing_ = false;
  int listening_ = -1;
  int wake_[2] = {-1, -1};  // a byte: cut all lines; closed: end
  std::vector<Line> lines_;
  std::atomic<std::uint64_t> cuts_asked_ = 0, cuts_done_ = 0;
  mutable std::mutex mutex_;  // of pieces_
  std::vector<Piece> pieces_;
  std::thread thread_;
};

}  // namespace support
