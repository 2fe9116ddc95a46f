#include "bench/live/relay.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <exception>
#include <utility>

namespace live {

using boost::system::error_code;
using net::ip::tcp;

namespace {

constexpr std::size_t most_under_way = 1024 * 1024;  // bytes of one direction; then its sender has to wait
constexpr std::size_t most_rooms = 1000;             // whose figures are kept
constexpr std::size_t most_rooms_of_line = 16;       // a page has two
constexpr std::chrono::milliseconds pause_after_failed_accept{50};

// Loopback's segments of 64 KiB make the kernel keep megabytes for a connection. With those of an Ethernet and a window like theirs, what
// a connection keeps beside `most_under_way` is bounded and the same for all.
//
// Who stops reading is played by the relay and not by its kernel: it is what keeps `most_under_way`, more than the page says in a minute.
// A kernel's buffer that is filled by many small segments runs out of memory before the window that it has promised is full. It drops what
// comes then (Linux 6.18, a buffer of 16 KiB after 25 s of 100 messages a second: rto 15.4 s, backoff 6, one segment lost), and whoever sent
// that waits out its backoff, 8 s or 15, whether or not anybody reads again meanwhile. That was no lesson about any of the three.
constexpr int segment_bytes = 1460;
constexpr int window_bytes = 128 * 1024;

net::awaitable<void> until_cancelled(net::steady_timer& timer) {
  error_code cancelled;
  timer.expires_at(Clock::time_point::max());
  co_await timer.async_wait(net::redirect_error(net::use_awaitable, cancelled));
}

}  // namespace

Relay::Relay(net::any_io_executor executor, const Severity& severity)
    : severity_(severity), acceptor_(executor), sweeper_(executor), outage_(executor) {}

Relay::~Relay() = default;

void Relay::listen(const tcp::endpoint& at) {
  acceptor_.open(at.protocol());
  acceptor_.set_option(net::socket_base::reuse_address(true));
  acceptor_.bind(at);
  acceptor_.listen();
  net::co_spawn(acceptor_.get_executor(), accept(), net::detached);
}

void Relay::stop() {
  error_code ignored;
  acceptor_.close(ignored);
  sweeper_.cancel();
  outage_.cancel();
  cut_ = true;  // what is on its way here is too late
  reset_all();
}

void Relay::reset_all() {
  for (Line& line : lines_) line.reset();
}

void Relay::cut() {
  cut_ = true;
  reset_all();
  outage_.expires_after(severity_.outage);
  outage_.async_wait([this](const error_code& error) {
    if (!error) cut_ = false;
  });
}

void Relay::set(const Faults& faults) {
  faults_ = faults;
  for (Line& line : lines_) {
    if (!faults_.hold) release(line);
    line.down.more.cancel();
  }
  sweep();
}

// Resets what has been silent for too long, and looks again a moment later. A look that was planned before is forgotten.
void Relay::sweep() {
  sweeper_.cancel();
  if (!faults_.idle) return;
  const auto now = Clock::now();
  for (Line& line : lines_) {
    if (now - line.active >= severity_.idle_time) line.reset();
  }
  sweeper_.expires_after(severity_.idle_time / 20);
  sweeper_.async_wait([this](const error_code& error) {
    if (!error) sweep();
  });
}

net::awaitable<void> Relay::accept() {
  for (;;) {
    error_code error;
    tcp::socket socket = co_await acceptor_.async_accept(net::redirect_error(net::use_awaitable, error));
    if (!acceptor_.is_open()) co_return;
    if (error) {  // out of descriptors: somebody may leave
      net::steady_timer pause(acceptor_.get_executor(), pause_after_failed_accept);
      co_await pause.async_wait(net::redirect_error(net::use_awaitable, error));
      continue;
    }
    net::co_spawn(acceptor_.get_executor(), serve(std::move(socket)), net::detached);
  }
}

net::awaitable<void> Relay::serve(tcp::socket accepted, std::string said) {
  Line line(std::move(accepted));
  if (cut_) co_return line.reset();
  lines_.push_back(line);
  // A packet there and one back open a connection; the request comes with the third.
  if (faults_.delay) line.up.earliest = Clock::now() + 3 * severity_.one_way;
  error_code error;
  line.server.open(tcp::v4(), error);
  ::setsockopt(line.server.native_handle(), IPPROTO_TCP, TCP_MAXSEG, &segment_bytes, sizeof segment_bytes);
  line.server.set_option(net::socket_base::receive_buffer_size(window_bytes), error);
  const tcp::endpoint to(net::ip::address_v4::loopback(), to_);
  co_await line.server.async_connect(to, net::redirect_error(net::use_awaitable, error));
  if (error || line.over) co_return line.reset();  // nobody is there: the server is being restarted
  for (tcp::socket* socket : {&line.client, &line.server}) {
    socket->set_option(tcp::no_delay(true), error);
    socket->non_blocking(true, error);
  }
  take_up(line, said);

  const auto start = [&](net::awaitable<void> coroutine) {
    ++line.running;
    net::co_spawn(line.client.get_executor(), std::move(coroutine), [&line](std::exception_ptr) {
      if (--line.running == 0) line.ended.cancel();
    });
  };
  start(take(line, line.up));
  start(give(line, line.up));
  start(take(line, line.down));
  start(give(line, line.down));
  while (line.running > 0) co_await until_cancelled(line.ended);
}

// Reads one side until it ends.
net::awaitable<void> Relay::take(Line& line, Way& way) {
  const bool is_up = &way == &line.up;
  std::array<char, 16384> bytes;
  for (;;) {
    error_code error;
    co_await way.from.async_wait(tcp::socket::wait_read, net::redirect_error(net::use_awaitable, error));
    while (!line.over && way.bytes > most_under_way) co_await until_cancelled(way.room);
    if (line.over) co_return;
    const std::size_t got = way.from.read_some(net::buffer(bytes), error);
    if (error == net::error::would_block) continue;
    if (error == net::error::eof) {
      if (!is_up) release(line);
      way.pieces.push_back({way.earliest, {}, {}, true});
      way.more.cancel();
      co_return;
    }
    if (error) co_return line.reset();  // whoever is gone is gone for the other one, too
    line.active = Clock::now();
    if (is_up) {
      take_up(line, {bytes.data(), got});
    } else {
      take_down(line, {bytes.data(), got});
    }
  }
}

void Relay::take_up(Line& line, std::string_view bytes) {
  for (Part& part : line.conversation.up(bytes)) {
    if (!part.room.empty()) {
      Tally& tally = tally_of(part.room);
      tally.up += part.bytes.size();
      tally.requests += part.head;
      if (std::find(line.rooms.begin(), line.rooms.end(), part.room) == line.rooms.end()) {
        if (line.rooms.size() == most_rooms_of_line) line.rooms.clear();
        line.rooms.push_back(part.room);
        ++tally.connections;
      }
    }
    send_on(line.up, std::move(part.bytes), part.room);
  }
}

void Relay::take_down(Line& line, std::string_view bytes) {
  for (Part& part : line.conversation.down(bytes)) {
    if (part.status == 204 && !part.room.empty()) ++tally_of(part.room).empty;
    if (!faults_.hold) {
      send_on(line.down, std::move(part.bytes), part.room);
      continue;
    }
    line.held += part.bytes;
    line.held_room = part.room;
    if (part.last || line.held.size() >= severity_.buffer) release(line);
  }
}

// What was gathered goes on.
void Relay::release(Line& line) {
  if (!line.held.empty()) send_on(line.down, std::exchange(line.held, {}), line.held_room);
}

void Relay::send_on(Way& way, std::string bytes, const std::string& room) {
  const auto due = Clock::now() + (faults_.delay ? severity_.one_way : std::chrono::milliseconds(0));
  way.earliest = std::max(way.earliest, due);
  way.bytes += bytes.size();
  // What was read together leaves together, head and body.
  if (!faults_.delay && !way.pieces.empty() && way.pieces.back().room == room) {
    way.pieces.back().bytes += bytes;
  } else {
    way.pieces.push_back({way.earliest, std::move(bytes), room});
  }
  way.more.cancel();
}

// Writes what is due to the other side.
net::awaitable<void> Relay::give(Line& line, Way& way) {
  const bool is_down = &way == &line.down;
  for (;;) {
    error_code error;
    while (!line.over) {
      if (way.pieces.empty() || (is_down && faults_.stall)) {
        co_await until_cancelled(way.more);
      } else if (way.pieces.front().due > Clock::now()) {
        way.more.expires_at(way.pieces.front().due);
        co_await way.more.async_wait(net::redirect_error(net::use_awaitable, error));
      } else {
        break;
      }
    }
    if (line.over) co_return;
    const Piece piece = std::move(way.pieces.front());
    way.pieces.pop_front();
    way.bytes -= piece.bytes.size();
    way.room.cancel();
    if (piece.end) {
      way.to.shutdown(tcp::socket::shutdown_send, error);
      co_return;
    }
    if (is_down && !piece.room.empty()) tally_of(piece.room).down += piece.bytes.size();
    co_await net::async_write(way.to, net::buffer(piece.bytes),
                              net::redirect_error(net::use_awaitable, error));
    if (error) co_return line.reset();
  }
}

Tally Relay::tally(std::string_view room) const {
  const auto found = tallies_.find(room);
  return found == tallies_.end() ? Tally() : found->second.tally;
}

void Relay::forget(std::string_view room) {
  const auto found = tallies_.find(room);
  if (found != tallies_.end()) tallies_.erase(found);
}

Tally& Relay::tally_of(const std::string& room) {
  if (tallies_.size() >= most_rooms && !tallies_.contains(room)) {
    const auto older = [](const auto& a, const auto& b) { return a.second.last_use < b.second.last_use; };
    tallies_.erase(std::min_element(tallies_.begin(), tallies_.end(), older));
  }
  Kept& kept = tallies_[room];
  kept.last_use = ++uses_;
  return kept.tally;
}

}  // namespace live
