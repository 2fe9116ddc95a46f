#include "support/hostile_server.hpp"

#include <boost/beast/websocket/detail/hybi13.hpp>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

namespace support {
namespace {

// How soon the thread notices that it is to end.
constexpr int glance_ms = 20;

}  // namespace

bool HostileServer::Peer::wait(short events) {
  while (!ending_) {
    pollfd waited{fd_, events, 0};
    if (::poll(&waited, 1, glance_ms) > 0) return true;
  }
  return false;
}

bool HostileServer::Peer::send(std::string_view bytes) {
  while (!bytes.empty()) {
    if (!wait(POLLOUT)) return false;
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN && errno != EINTR) return false;
    if (sent > 0) bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::string HostileServer::Peer::read_head() {
  std::string head;
  while (!head.ends_with("\r\n\r\n") && wait(POLLIN)) {
    char byte = 0;
    if (::recv(fd_, &byte, 1, 0) != 1) break;
    head += byte;
  }
  return head;
}

void HostileServer::Peer::finish_sending() { ::shutdown(fd_, SHUT_WR); }

void HostileServer::Peer::wait_for_end() {
  char bytes[4096];
  while (wait(POLLIN) && ::recv(fd_, bytes, sizeof bytes, 0) > 0) {
  }
}

HostileServer::HostileServer(Script script)
    : script_(std::move(script)), listening_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* any = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listening_, any, size) != 0 || ::listen(listening_, 16) != 0 ||
      ::getsockname(listening_, any, &size) != 0) {
    throw std::system_error(errno, std::system_category(), "listen");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { run(); });
}

HostileServer::HostileServer(std::string answer)
    : HostileServer([answer = std::move(answer)](Peer& peer) {
        peer.read_head();
        peer.send(answer);
      }) {}

HostileServer::~HostileServer() {
  ending_ = true;
  thread_.join();
  ::close(listening_);
}

void HostileServer::run() {
  while (!ending_) {
    pollfd waited{listening_, POLLIN, 0};
    if (::poll(&waited, 1, glance_ms) <= 0) continue;
    const int fd = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0) continue;
    ++connections_;
    Peer peer(fd, ending_);
    script_(peer);
    ::close(fd);
  }
}

std::string accepting(std::string_view head) {
  constexpr std::string_view field = "Sec-WebSocket-Key: ";
  const std::size_t begin = head.find(field) + field.size();
  const std::string_view key = head.substr(begin, head.find("\r\n", begin) - begin);
  boost::beast::websocket::detail::sec_ws_accept_type accept;
  boost::beast::websocket::detail::make_sec_ws_accept(accept, {key.data(), key.size()});
  return "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: " +
         std::string(accept.data(), accept.size()) + "\r\n\r\n";
}

}  // namespace support
