#pragma once
// What the kernel has counted of one TCP connection.

#include <cstdint>

namespace bench {

/// Of TCP_INFO, since the connection began. Of a socket that was accepted, the SYN+ACK is not counted: it was sent before there was a socket.
struct TcpInfo {
  std::uint64_t segments_out = 0;
  std::uint64_t bytes_sent = 0;      ///< of data, each time that it was sent
  std::uint64_t retransmitted = 0;   ///< segments
  std::uint64_t unacknowledged = 0;  ///< segments
  std::uint64_t segment_bytes = 0;   ///< of data at most
  std::uint64_t segments_in = 0;
  std::uint64_t bytes_taken = 0;     ///< of data, that the peer has acknowledged: each byte once
  std::uint64_t bytes_received = 0;  ///< of data, each byte once
};

/// Throws std::runtime_error where this is no TCP connection.
TcpInfo tcp_info(int socket);

}  // namespace bench
