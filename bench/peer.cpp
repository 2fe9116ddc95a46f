#include "bench/peer.hpp"

#include "bench/process.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

namespace bench {

Listening listen_at_server(const Network& network, int kind) {
  Listening listening;
  network.at_server([&] {
    listening.socket = Socket(::socket(AF_INET, kind | SOCK_CLOEXEC, 0));
    const int fd = listening.socket.fd();
    sockaddr_in address{};
    address.sin_family = AF_INET;
    inet_pton(AF_INET, network.listen_host().c_str(), &address.sin_addr);
    socklen_t size = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    if (fd < 0 || ::bind(fd, any, size) != 0 || (kind == SOCK_STREAM && ::listen(fd, 16) != 0) ||
        ::getsockname(fd, any, &size) != 0)
      throw std::runtime_error(std::string("nobody can listen at the far end of the line: ") +
                               std::strerror(errno));
    listening.port = ntohs(address.sin_port);
  });
  return listening;
}

Peer::Peer(Network& network, Manner manner, std::optional<int> core) {
  Listening listening = listen_at_server(network, SOCK_STREAM);
  listening_ = std::move(listening.socket);
  address_ = network.for_clients(listening.port);
  thread_ = std::thread([this, manner, core] {
    if (core) pin_to(*core);
    serve(manner);
  });
}

Peer::~Peer() {
  ::shutdown(listening_.fd(), SHUT_RDWR);  // ends the wait for one who never came
  if (accepted().fd() >= 0) ::shutdown(accepted_.fd(), SHUT_RDWR);
  thread_.join();
}

void Peer::serve(Manner manner) {
  accepted_ = Socket(::accept4(listening_.fd(), nullptr, nullptr, SOCK_CLOEXEC));
  there_ = true;
  there_.notify_all();
  const int fd = accepted_.fd(), on = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  std::array<char, 65536> piece;
  for (ssize_t got = 0; (got = ::recv(fd, piece.data(), piece.size(), 0)) > 0;) {
    const auto size = static_cast<std::size_t>(got);
    if (manner == Manner::echo && ::send(fd, piece.data(), size, MSG_NOSIGNAL) != got) return;
  }
  ::shutdown(fd, SHUT_RDWR);
}

}  // namespace bench
