#pragma once
// A bare TCP socket for the parts of the harness whose bytes and time must be known to the last one: no
// library between them and the kernel.

#include "feed/client.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace bench {

/// What a socket is told before it connects; 0 leaves what the kernel has.
struct SocketOptions {
  int receive_buffer = 0;  ///< bytes; the kernel takes twice that, and for its own things as well
  int segment = 0;         ///< largest one that the peer may send, bytes: 1460 is that of an Ethernet
};

/// Owns a descriptor; moves, does not copy.
class Socket {
 public:
  Socket() = default;
  explicit Socket(int fd) : fd_(fd) {}
  ~Socket();
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

  /// A connection without Nagle's delay, non-blocking. Throws std::runtime_error.
  static Socket connect(const feed::Address& server, const SocketOptions& options = {});

  int fd() const { return fd_; }

  /// As many bytes as the socket takes at once. Throws std::runtime_error where the peer is gone.
  std::size_t write_some(std::string_view bytes) const;
  /// What is there, at most `size` bytes; 0 where there is nothing. Throws std::runtime_error where the peer
  /// is gone.
  std::size_t read_some(char* to, std::size_t size) const;

  /// Waits until it can be read or, where `write` is set, written. False where nothing happened within
  /// `patience`.
  bool wait(std::chrono::milliseconds patience, bool write = false) const;

  /// All of it, within 10 s.
  void write_all(std::string_view bytes) const;

 private:
  int fd_ = -1;
};

/// The round-trip time to a server as TCP's handshake shows it: the shortest of five.
std::chrono::nanoseconds handshake_time(const feed::Address& server);

}  // namespace bench
