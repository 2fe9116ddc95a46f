#include "bench/tcp_info.hpp"

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

#include <linux/tcp.h>  // defines the same names as <netinet/tcp.h>, and more fields
#include <netinet/in.h>
#include <sys/socket.h>

namespace bench {

TcpInfo tcp_info(int socket) {
  struct tcp_info info {};
  socklen_t size = sizeof info;
  if (::getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
    throw std::runtime_error(std::string("TCP_INFO: ") + std::strerror(errno));
  // RFC 4898 counts the SYN of this side as a byte that was acknowledged.
  const std::uint64_t taken = info.tcpi_bytes_acked > 0 ? info.tcpi_bytes_acked - 1 : 0;
  return {info.tcpi_segs_out,
          info.tcpi_bytes_sent,
          info.tcpi_total_retrans,
          info.tcpi_unacked,
          info.tcpi_snd_mss,
          info.tcpi_segs_in,
          taken,
          info.tcpi_bytes_received};
}

}  // namespace bench
