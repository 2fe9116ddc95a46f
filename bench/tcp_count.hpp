#pragma once
// What a TCP connection has carried, as the kernel counts it for its owner: payload and packets, both ways.

#include <cstdint>

namespace bench {

/// Since the connection began; "up" is what this side sent. Payload counts once, however often it was sent.
struct TcpCount {
  std::uint64_t bytes_up = 0;  ///< acknowledged by the peer, its SYN (which counts as a byte) left out
  std::uint64_t bytes_down = 0;
  std::uint64_t packets_up = 0;
  std::uint64_t packets_down = 0;
  std::uint64_t sent_again = 0;  ///< packets
  std::uint64_t bytes() const { return bytes_up + bytes_down; }
};
TcpCount operator-(const TcpCount& a, const TcpCount& b);

/// Of that socket. Throws std::runtime_error where it is none.
TcpCount tcp_count(int fd);

}  // namespace bench
