#include "support/crowd.hpp"

#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace support {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t tail_bytes = 300;

}  // namespace

void Numbers::feed(std::string_view bytes) {
  rest_ += bytes;
  constexpr std::string_view key = "{\"seq\":";
  std::size_t from = 0;
  for (;;) {
    const std::size_t at = rest_.find(key, from);
    if (at == std::string::npos) break;
    const std::size_t end = rest_.find(',', at);
    if (end == std::string::npos) {
      rest_.erase(0, at);
      return;
    }
    const std::uint64_t seq = std::stoull(rest_.substr(at + key.size(), end - at - key.size()));
    in_order_ = in_order_ && seq == last_ + 1;
    last_ = seq;
    from = end;
  }
  rest_.erase(0, rest_.size() < from + key.size() ? from : std::max(from, rest_.size() - key.size()));
}

Crowd::Crowd() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), bytes_(1 << 16) {
  if (epoll_ < 0) throw std::system_error(errno, std::system_category(), "epoll_create1");
}

Crowd::~Crowd() { ::close(epoll_); }

void Crowd::add(std::uint16_t port, std::string_view request) {
  auto& reader = *readers_.emplace_back(std::make_unique<Reader>(port));
  reader.client.send(request);
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = &reader;
  ::epoll_ctl(epoll_, EPOLL_CTL_ADD, reader.client.fd(), &event);
}

void Crowd::read(Reader& reader) {
  const ssize_t got = ::recv(reader.client.fd(), bytes_.data(), bytes_.size(), MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) {
    reader.ended = true;
    ::epoll_ctl(epoll_, EPOLL_CTL_DEL, reader.client.fd(), nullptr);
    reader.client.close();  // the server waits for that
    return;
  }
  const std::string_view bytes(bytes_.data(), static_cast<std::size_t>(got));
  reader.numbers.feed(bytes);
  reader.tail += bytes.substr(bytes.size() - std::min(bytes.size(), tail_bytes));
  if (reader.tail.size() > tail_bytes) reader.tail.erase(0, reader.tail.size() - tail_bytes);
}

void Crowd::read(std::chrono::milliseconds wait) {
  epoll_event events[256];
  const int ready = ::epoll_wait(epoll_, events, 256, static_cast<int>(wait.count()));
  for (int n = 0; n < ready; ++n) read(*static_cast<Reader*>(events[n].data.ptr));
}

bool Crowd::read_until(std::uint64_t last) {
  const auto due = Clock::now() + long_patience;
  const auto has_all = [&](const auto& reader) { return reader->numbers.last() >= last; };
  while (!std::all_of(readers_.begin(), readers_.end(), has_all)) {
    if (ended() > 0 || Clock::now() > due) return false;
    read(std::chrono::milliseconds(100));
  }
  return true;
}

bool Crowd::read_to_end(std::chrono::seconds patience) {
  const auto due = Clock::now() + patience;
  while (ended() < size()) {
    if (Clock::now() > due) return false;
    read(std::chrono::milliseconds(100));
  }
  return true;
}

bool Crowd::in_order() const {
  return std::all_of(readers_.begin(), readers_.end(),
                     [](const auto& reader) { return reader->numbers.in_order(); });
}

std::size_t Crowd::complete(std::uint64_t last) const {
  return static_cast<std::size_t>(std::count_if(
      readers_.begin(), readers_.end(), [&](const auto& reader) { return reader->numbers.last() == last; }));
}

std::size_t Crowd::complete_at_least(std::uint64_t last) const {
  return static_cast<std::size_t>(std::count_if(
      readers_.begin(), readers_.end(), [&](const auto& reader) { return reader->numbers.last() >= last; }));
}

std::size_t Crowd::ended() const {
  return static_cast<std::size_t>(
      std::count_if(readers_.begin(), readers_.end(), [](const auto& reader) { return reader->ended; }));
}

std::size_t Crowd::ended_with(std::string_view bytes) const {
  return static_cast<std::size_t>(std::count_if(readers_.begin(), readers_.end(), [&](const auto& reader) {
    return reader->ended && reader->tail.find(bytes) != std::string::npos;
  }));
}

void wait_for_readers(std::uint16_t port, std::uint64_t readers) {
  RawClient asks(port, long_patience);
  const auto due = Clock::now() + long_patience;
  while (number_in(asks.ask(get("/stats")).body, "readers") != readers) {
    if (Clock::now() > due)
      throw std::runtime_error("waited in vain for " + std::to_string(readers) + " readers");
  }
}

}  // namespace support
