#include "support/relay.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace support {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

void check(bool ok, const char* what) {
  if (!ok) throw std::system_error(errno, std::system_category(), what);
}

}  // namespace

Relay::Relay(std::uint16_t to) : to_(to), listening_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  check(listening_ >= 0, "socket");
  check(::bind(listening_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0, "bind");
  check(::listen(listening_, 128) == 0, "listen");
  check(::getsockname(listening_, reinterpret_cast<sockaddr*>(&address), &size) == 0, "getsockname");
  check(::pipe(wake_) == 0, "pipe");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { run(); });
}

Relay::~Relay() {
  ::close(wake_[1]);
  thread_.join();
  for (const Line& line : lines_) reset(line);
  ::close(wake_[0]);
  ::close(listening_);
}

void Relay::cut() {
  const std::uint64_t mine = ++cuts_asked_;
  check(::write(wake_[1], "x", 1) == 1, "write");
  for (std::uint64_t done = cuts_done_; done < mine; done = cuts_done_) cuts_done_.wait(done);
}

std::vector<Relay::Piece> Relay::pieces() const {
  const std::lock_guard lock(mutex_);
  return pieces_;
}

void Relay::reset(const Line& line) {
  const linger now{1, 0};
  for (const int fd : {line.client, line.server}) {
    ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    ::close(fd);
  }
}

void Relay::admit() {
  const int client = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
  if (client < 0) return;
  const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const Line line{client, server};
  const sockaddr_in address = loopback(to_);
  if (to_ == 0 || ::connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    return reset(line);
  const int on = 1;
  ::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  lines_.push_back(line);
}

bool Relay::hand_on(int from, int to, bool from_client) {
  char bytes[16384];
  const ssize_t got = ::recv(from, bytes, sizeof bytes, 0);
  if (got <= 0) {
    ::shutdown(to, SHUT_WR);
    return false;
  }
  if (!from_client && swallowing_) return true;
  {
    const std::lock_guard lock(mutex_);
    const std::string piece(bytes, static_cast<std::size_t>(got));
    if (!pieces_.empty() && pieces_.back().from_client == from_client) {
      pieces_.back().bytes += piece;
    } else {
      pieces_.push_back({from_client, piece});
    }
  }
  for (ssize_t sent = 0; sent < got;) {
    const ssize_t more = ::send(to, bytes + sent, static_cast<std::size_t>(got - sent), MSG_NOSIGNAL);
    if (more < 0) return false;
    sent += more;
  }
  return true;
}

void Relay::run() {
  for (;;) {
    std::vector<pollfd> waited{{wake_[0], POLLIN, 0}, {listening_, POLLIN, 0}};
    for (const Line& line : lines_) {
      waited.push_back({line.client_done ? -1 : line.client, POLLIN, 0});
      waited.push_back({line.server_done ? -1 : line.server, POLLIN, 0});
    }
    if (::poll(waited.data(), waited.size(), -1) < 0) continue;
    if (waited[0].revents != 0) {
      char byte = 0;
      if (::read(wake_[0], &byte, 1) <= 0) return;
      for (const Line& line : lines_) reset(line);
      lines_.clear();
      ++cuts_done_;
      cuts_done_.notify_all();
      continue;
    }
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      Line& line = lines_[i];
      if (waited[2 + 2 * i].revents != 0) line.client_done = !hand_on(line.client, line.server, true);
      if (waited[3 + 2 * i].revents != 0) line.server_done = !hand_on(line.server, line.client, false);
    }
    std::erase_if(lines_, [](const Line& line) {
      const bool over = line.client_done && line.server_done;
      if (over) {
        ::close(line.client);
        ::close(line.server);
      }
      return over;
    });
    if (waited[1].revents != 0) admit();
  }
}

}  // namespace support
