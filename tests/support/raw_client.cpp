#include "support/raw_client.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace support {
namespace {

using Clock = std::chrono::steady_clock;

[[noreturn]] void fail(std::string_view what) {
  throw std::system_error(errno, std::system_category(), std::string(what));
}

// What came so far, short enough for a failure's text.
std::string shown(std::string_view bytes) {
  return bytes.size() <= 2000 ? std::string(bytes) : std::string(bytes.substr(0, 2000)) + "…";
}

// Waits for `events` on the socket, until `due`.
void wait_for(int fd, short events, Clock::time_point due, std::string_view what, std::string_view so_far) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(due - Clock::now());
    pollfd waited{fd, events, 0};
    const int ready = left.count() > 0 ? ::poll(&waited, 1, static_cast<int>(left.count())) : 0;
    if (ready > 0) return;
    if (ready < 0 && errno == EINTR) continue;
    throw std::runtime_error("waited in vain for " + std::string(what) + "; came so far: \"" + shown(so_far) +
                             '"');
  }
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

}  // namespace

std::string Answer::field(std::string_view name) const {
  std::string_view rest = head;
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find("\r\n"), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 2, rest.size()));
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon != name.size()) continue;
    if (!std::equal(name.begin(), name.end(), line.begin(),
                    [](char a, char b) { return lower(a) == lower(b); }))
      continue;
    const std::size_t value = line.find_first_not_of(' ', colon + 1);
    return value == std::string_view::npos ? std::string() : std::string(line.substr(value));
  }
  return {};
}

int Frame::close_code() const {
  if (opcode != 8 || payload.size() < 2) return 0;
  return static_cast<unsigned char>(payload[0]) << 8 | static_cast<unsigned char>(payload[1]);
}

RawClient::RawClient(std::uint16_t port, std::chrono::seconds patience, const char* where)
    : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)), patience_(patience) {
  if (fd_ < 0) fail("socket");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  ::inet_pton(AF_INET, where, &address.sin_addr);
  if (::connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    const int error = errno;
    ::close(fd_);
    throw std::system_error(error, std::system_category(), "connect");
  }
  const int on = 1;
  ::setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

RawClient RawClient::accepted(int fd) {
  RawClient client;
  client.fd_ = fd;
  return client;
}

RawClient::~RawClient() { close(); }

RawClient::RawClient(RawClient&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), patience_(other.patience_), received_(std::move(other.received_)) {}

RawClient& RawClient::operator=(RawClient&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(patience_, other.patience_);
  std::swap(received_, other.received_);
  return *this;
}

std::size_t RawClient::send_some(std::string_view bytes) {
  const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent < 0 ? 0 : static_cast<std::size_t>(sent);
}

bool RawClient::has_news() const {
  pollfd waited{fd_, POLLIN, 0};
  return !received_.empty() || ::poll(&waited, 1, 0) > 0;
}

void RawClient::send(std::string_view bytes) {
  const auto due = Clock::now() + patience_;
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN) {
      wait_for(fd_, POLLOUT, due, "the peer to take " + std::to_string(bytes.size()) + " bytes", received_);
    } else if (errno != EINTR) {
      return;
    }
  }
}

bool RawClient::receive() {
  char bytes[16384];
  for (;;) {
    const ssize_t got = ::recv(fd_, bytes, sizeof bytes, MSG_DONTWAIT);
    if (got > 0) {
      received_.append(bytes, static_cast<std::size_t>(got));
      return true;
    }
    if (got == 0) return false;
    if (errno == EAGAIN) {
      wait_for(fd_, POLLIN, Clock::now() + patience_, "bytes", received_);
    } else if (errno != EINTR) {
      return false;
    }
  }
}

std::string RawClient::read(std::size_t size) {
  while (received_.size() < size) {
    if (!receive())
      throw std::runtime_error("the connection ended before " + std::to_string(size) + " bytes; came: \"" +
                               shown(received_) + '"');
  }
  std::string out = received_.substr(0, size);
  received_.erase(0, size);
  return out;
}

std::string RawClient::read_until(std::string_view end) {
  std::size_t searched = 0;
  for (;;) {
    const std::size_t at = received_.find(end, searched);
    if (at != std::string::npos) return read(at + end.size());
    searched = received_.size() < end.size() ? 0 : received_.size() - end.size() + 1;
    if (!receive())
      throw std::runtime_error("the connection ended before \"" + std::string(end) + "\"; came: \"" +
                               shown(received_) + '"');
  }
}

std::string RawClient::read_to_end() {
  while (receive()) {
  }
  return std::exchange(received_, {});
}

Answer RawClient::read_answer(bool head_only) {
  Answer answer;
  answer.head = read_until("\r\n\r\n");
  if (!answer.head.starts_with("HTTP/1.1 "))
    throw std::runtime_error("not an answer: \"" + shown(answer.head) + '"');
  answer.status = std::stoi(answer.head.substr(9, 3));
  const std::string length = answer.field("Content-Length");
  if (!length.empty() && !head_only) answer.body = read(std::stoul(length));
  return answer;
}

std::string RawClient::read_chunk() {
  const std::size_t size = std::stoul(read_until("\r\n"), nullptr, 16);
  std::string body = read(size);
  if (read(2) != "\r\n") throw std::runtime_error("no CRLF behind the chunk \"" + shown(body) + '"');
  return body;
}

Frame RawClient::read_frame() {
  const auto number = [](std::string_view bytes) {
    std::size_t value = 0;
    for (const char c : bytes) value = value << 8 | static_cast<unsigned char>(c);
    return value;
  };
  const std::string head = read(2);
  std::size_t size = static_cast<unsigned char>(head[1]);
  if (size == 126) {
    size = number(read(2));
  } else if (size == 127) {
    size = number(read(8));
  }
  if (size > (16u << 20)) throw std::runtime_error("a frame of " + std::to_string(size) + " bytes");
  return {static_cast<unsigned char>(head[0]) & 0x0f, read(size)};
}

Answer RawClient::ask(std::string_view request) {
  send(request);
  return read_answer(request.starts_with("HEAD "));
}

void RawClient::finish_sending() { ::shutdown(fd_, SHUT_WR); }

void RawClient::close(bool abruptly) {
  if (fd_ < 0) return;
  if (abruptly) {
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
  }
  ::close(std::exchange(fd_, -1));
}

void RawClient::set_receive_buffer(int bytes) {
  ::setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
}

std::string get(std::string_view path, std::string_view fields) {
  return "GET " + std::string(path) + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + std::string(fields) + "\r\n";
}

std::string post(std::string_view path, std::string_view body, std::string_view fields) {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + std::string(fields) +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + std::string(body);
}

std::string upgrade(std::string_view path, std::string_view fields) {
  return "GET " + std::string(path) +
         " HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" +
         std::string(fields) + "\r\n";
}

std::string frame(std::string_view payload, unsigned char first) {
  constexpr std::string_view mask = "\x37\xfa\x21\x3d";
  std::string out(1, static_cast<char>(first));
  const auto append_length = [&](int bytes) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8)
      out += static_cast<char>(payload.size() >> shift & 0xff);
  };
  if (payload.size() < 126) {
    out += static_cast<char>(0x80 | payload.size());
  } else if (payload.size() < 65536) {
    out += static_cast<char>(0x80 | 126);
    append_length(2);
  } else {
    out += static_cast<char>(0x80 | 127);
    append_length(8);
  }
  out += mask;
  for (std::size_t i = 0; i < payload.size(); ++i) out += static_cast<char>(payload[i] ^ mask[i % 4]);
  return out;
}

std::uint64_t number_in(std::string_view json, std::string_view name) {
  const std::string key = '"' + std::string(name) + "\":";
  const std::size_t at = json.find(key);
  if (at == std::string_view::npos) throw std::runtime_error("no " + key + " in " + std::string(json));
  return std::stoull(std::string(json.substr(at + key.size(), 20)));
}

}  // namespace support
