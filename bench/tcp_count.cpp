// A file of its own: <linux/tcp.h> and <netinet/tcp.h> both define tcp_info, and only the first has the counters.
#include "bench/tcp_count.hpp"

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace bench {

TcpCount operator-(const TcpCount& a, const TcpCount& b) {
  return {a.bytes_up - b.bytes_up, a.bytes_down - b.bytes_down, a.packets_up - b.packets_up,
          a.packets_down - b.packets_down, a.sent_again - b.sent_again};
}

TcpCount tcp_count(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
    throw std::runtime_error(std::string("no count of this socket: ") + std::strerror(errno));
  TcpCount count;
  count.bytes_up = info.tcpi_bytes_acked > 0 ? info.tcpi_bytes_acked - 1 : 0;
  count.bytes_down = info.tcpi_bytes_received;
  count.packets_up = info.tcpi_segs_out;
  count.packets_down = info.tcpi_segs_in;
  count.sent_again = info.tcpi_total_retrans;
  return count;
}

}  // namespace bench
