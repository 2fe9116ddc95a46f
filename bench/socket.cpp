#include "bench/socket.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <stdexcept>

#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace bench {
namespace {

[[noreturn]] void fail(const char* what) {
  throw std::runtime_error(std::string(what) + ": " + std::strerror(errno));
}

}  // namespace

Socket::~Socket() {
  if (fd_ >= 0) ::close(fd_);
}

Socket Socket::connect(const feed::Address& server, const SocketOptions& options) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(server.host.c_str(), server.port.c_str(), &hints, &found))
    throw std::runtime_error(server.authority + ": " + ::gai_strerror(error));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list(found, &::freeaddrinfo);
  Socket socket(::socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (socket.fd_ < 0) fail("no socket");
  if (options.receive_buffer > 0)
    ::setsockopt(socket.fd_, SOL_SOCKET, SO_RCVBUF, &options.receive_buffer, sizeof options.receive_buffer);
  if (options.segment > 0)
    ::setsockopt(socket.fd_, IPPROTO_TCP, TCP_MAXSEG, &options.segment, sizeof options.segment);
  if (::connect(socket.fd_, list->ai_addr, list->ai_addrlen) != 0) fail("no connection to the server");
  const int on = 1;
  ::setsockopt(socket.fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::fcntl(socket.fd_, F_SETFL, ::fcntl(socket.fd_, F_GETFL) | O_NONBLOCK);
  return socket;
}

std::chrono::nanoseconds handshake_time(const feed::Address& server) {
  std::chrono::nanoseconds shortest = std::chrono::nanoseconds::max();
  for (int i = 0; i < 5; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    const Socket socket = Socket::connect(server);
    shortest = std::min<std::chrono::nanoseconds>(shortest, std::chrono::steady_clock::now() - begin);
  }
  return shortest;
}

std::size_t Socket::write_some(std::string_view bytes) const {
  const ssize_t written = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (written >= 0) return static_cast<std::size_t>(written);
  if (errno != EAGAIN && errno != EINTR) fail("write");
  return 0;
}

std::size_t Socket::read_some(char* to, std::size_t size) const {
  const ssize_t got = ::recv(fd_, to, size, 0);
  if (got > 0) return static_cast<std::size_t>(got);
  if (got == 0) throw std::runtime_error("the server closed the connection");
  if (errno != EAGAIN && errno != EINTR) fail("read");
  return 0;
}

bool Socket::wait(std::chrono::milliseconds patience, bool write) const {
  pollfd entry{fd_, static_cast<short>(write ? POLLIN | POLLOUT : POLLIN), 0};
  return ::poll(&entry, 1, static_cast<int>(patience.count())) > 0;
}

void Socket::write_all(std::string_view bytes) const {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!bytes.empty()) {
    bytes.remove_prefix(write_some(bytes));
    if (bytes.empty()) return;
    if (std::chrono::steady_clock::now() > deadline)
      throw std::runtime_error("the server took nothing for 10 s");
    wait(std::chrono::milliseconds(100), true);
  }
}

}  // namespace bench
