#include "support/raw_server.hpp"

#include "support/deadline.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <stdexcept>
#include <system_error>

namespace support {

RawServer::RawServer() : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (fd_ < 0 || ::bind(fd_, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
      ::listen(fd_, 16) != 0 || ::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw std::system_error(errno, std::system_category(), "listen");
  }
  port_ = ntohs(address.sin_port);
}

RawServer::~RawServer() { ::close(fd_); }

RawClient RawServer::accept() {
  pollfd waited{fd_, POLLIN, 0};
  const int ms = static_cast<int>(std::chrono::milliseconds(patience).count());
  const int fd = ::poll(&waited, 1, ms) > 0 ? ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC) : -1;
  if (fd < 0) throw std::runtime_error("waited in vain for a connection");
  return RawClient::accepted(fd);
}

}  // namespace support
