#include "bench/sink.hpp"

#include "bench/interrupt.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <utility>

#include <sys/epoll.h>

namespace bench {
namespace {

constexpr std::string_view number_mark = R"("seq":)";
constexpr std::string_view gap_mark = R"("gap":)";
constexpr std::size_t buffer_bytes = 256 * 1024;
constexpr std::size_t most_waiting = 1000;  // connected, and not told yet where their feed begins
constexpr SocketOptions small_socket{.receive_buffer = 32 * 1024, .segment = 1460};

}  // namespace

Sink::Sink(std::string_view arm, feed::Address room, std::string epoch, std::size_t readers,
           std::size_t messages, std::chrono::nanoseconds interval)
    : Sink(arm, std::vector{std::move(room)}, std::move(epoch), readers, messages, interval) {}

Sink::Sink(std::string_view arm, std::vector<feed::Address> rooms, std::string epoch, std::size_t readers,
           std::size_t messages, std::chrono::nanoseconds interval)
    : rooms_(std::move(rooms)),
      interval_(interval),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      readers_(readers),
      receipts_(readers, Receipts(messages)),
      buffer_(buffer_bytes) {
  for (const feed::Address& room : rooms_) dialects_.push_back(dialect_of(arm, room, epoch));
}

void Sink::connect(std::size_t count) {
  for (; connected_ < count; ++connected_) {
    const std::size_t i = connected_;
    if (i % 64 == 0) check_interrupt();
    // Not so many at once that the server's queue of connections overflows: who is refused there tries again a second later.
    if (streams() && i > begun_ + most_waiting) wait_until_begun(i - most_waiting / 2);
    Reader& reader = readers_[i];
    reader.socket = Socket::connect(room_of(i), reader.small ? small_socket : SocketOptions());
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = i;
    if (::epoll_ctl(epoll_.fd(), EPOLL_CTL_ADD, reader.socket.fd(), &event) != 0)
      throw std::runtime_error(std::string("epoll: ") + std::strerror(errno));
    reader.position = dialect(i).position;
    if (streams()) reader.socket.write_all(dialect(i).greeting);
    if (dialect(i).way == Dialect::Way::waits) ask(i);
  }
  if (streams()) wait_until_begun(count);
}

void Sink::wait_until_begun(std::size_t count) {
  const auto deadline = Clock::now() + std::chrono::seconds(20);
  while (begun_ < count) {
    check_interrupt();
    step(Clock::now() + std::chrono::milliseconds(50));
    if (Clock::now() > deadline)
      throw std::runtime_error(
          fmt::format("{} of {} readers were told where their feed begins, within 20 s", begun_, count));
  }
}

void Sink::ask_once() {
  for (std::size_t i = 0; i < connected_; ++i) {
    if (!readers_[i].begun) ask(i);
    if (i > begun_ + most_waiting) wait_until_begun(i - most_waiting / 2);
  }
  wait_until_begun(connected_);
}

void Sink::make_small(const std::vector<std::size_t>& readers) {
  for (const std::size_t i : readers) readers_.at(i).small = true;
}

void Sink::stall(const std::vector<std::size_t>& readers) {
  for (const std::size_t i : readers) {
    if (std::exchange(readers_.at(i).stalled, true)) continue;
    ++stalled_;
    ::epoll_ctl(epoll_.fd(), EPOLL_CTL_DEL, readers_[i].socket.fd(), nullptr);
  }
}

std::size_t Sink::told_of_a_gap(Clock::time_point deadline) {
  std::vector<Reader*> waiting;
  for (Reader& reader : readers_) {
    if (reader.stalled) waiting.push_back(&reader);
  }
  std::size_t told = 0;
  while (!waiting.empty() && Clock::now() < deadline) {
    check_interrupt();
    std::size_t came = 0;
    std::erase_if(waiting, [&](Reader* reader) {
      const std::size_t got = reader->socket.read_some(buffer_.data(), buffer_.size());
      came += got;
      reader->rest.append(buffer_.data(), got);
      if (reader->rest.find(gap_mark) == std::string::npos) {
        reader->rest.erase(0, reader->rest.size() - std::min(reader->rest.size(), gap_mark.size() - 1));
        return false;
      }
      ++told;
      return true;
    });
    if (came == 0 && !waiting.empty()) waiting.front()->socket.wait(std::chrono::milliseconds(5));
  }
  return told;
}

void Sink::begin_polling(const std::vector<std::chrono::nanoseconds>& phases) {
  const auto now = Clock::now();
  for (std::size_t i = 0; i < readers_.size(); ++i) readers_[i].due = now + phases.at(i);
  next_.resize(readers_.size());
  std::iota(next_.begin(), next_.end(), std::size_t{0});
  std::sort(next_.begin(), next_.end(),
            [this](std::size_t a, std::size_t b) { return readers_[a].due < readers_[b].due; });
}

bool Sink::run_until(std::size_t count, Clock::time_point deadline) {
  goal_ = count;
  there_ = 0;
  for (std::size_t i = 0; i < readers_.size(); ++i) {
    if (!readers_[i].stalled && receipts_[i].count() >= count) ++there_;
  }
  while (there_ < readers_.size() - stalled_) {
    check_interrupt();
    if (Clock::now() >= deadline) return false;
    step(std::min(deadline, Clock::now() + std::chrono::milliseconds(50)));
  }
  return true;
}

void Sink::disconnect() {
  next_.clear();
  for (Reader& reader : readers_) reader.socket = Socket();
}

void Sink::step(Clock::time_point until) {
  ask_who_is_due();
  if (!next_.empty()) until = std::min(until, readers_[next_.front()].due);
  const auto left = std::max<std::chrono::nanoseconds>(until - Clock::now(), std::chrono::nanoseconds(0));
  const timespec patience{left.count() / 1'000'000'000, left.count() % 1'000'000'000};
  std::array<epoll_event, 512> events;
  const int ready =
      ::epoll_pwait2(epoll_.fd(), events.data(), static_cast<int>(events.size()), &patience, nullptr);
  for (int i = 0; i < ready; ++i) read(events[static_cast<std::size_t>(i)].data.u64);
}

void Sink::read(std::size_t i) {
  Reader& reader = readers_[i];
  if (!streams()) {
    const std::size_t got = reader.socket.read_some(buffer_.data(), buffer_.size());
    reader.rest.append(buffer_.data(), got);
    return take_answer(i, Clock::now());
  }
  // What was left of the last piece goes before this one.
  std::copy(reader.rest.begin(), reader.rest.end(), buffer_.begin());
  const std::size_t kept = reader.rest.size();
  const std::size_t got = reader.socket.read_some(buffer_.data() + kept, buffer_.size() - kept);
  const auto now = Clock::now();
  std::string_view bytes(buffer_.data(), kept + got);
  if (!reader.begun && !begin(i, bytes)) {
    reader.rest.assign(bytes);
    return;
  }
  const std::size_t had = receipts_[i].count();
  scan(i, bytes, now);
  if (answers_ && receipts_[i].count() > had) reader.socket.write_all(".");
}

// Whether the reader's feed begins in what has come to it.
bool Sink::begin(std::size_t i, std::string_view bytes) {
  Reader& reader = readers_[i];
  const Dialect& said = dialect(i);
  const bool http = said.greeting.starts_with("GET ");
  if (http && bytes.size() > 12 && !bytes.starts_with("HTTP/1.1 200") && !bytes.starts_with("HTTP/1.1 101"))
    throw std::runtime_error("a reader was refused: " + std::string(bytes.substr(0, bytes.find('\r'))));
  if (!said.cue.empty() && !reader.replied && bytes.find(said.cue) != std::string_view::npos) {
    reader.replied = true;
    reader.socket.write_all(said.reply);
  }
  if (bytes.find(said.begins) == std::string_view::npos) return false;
  reader.begun = true;
  ++begun_;
  return true;
}

// Counts each number that is there as a whole, and keeps what may be the beginning of the next one.
void Sink::scan(std::size_t i, std::string_view bytes, Clock::time_point now) {
  Receipts& receipts = receipts_[i];
  const bool was_there = receipts.count() >= goal_;
  std::size_t done = 0;
  for (;;) {
    const void* found =
        ::memmem(bytes.data() + done, bytes.size() - done, number_mark.data(), number_mark.size());
    if (!found) {
      const std::size_t tail = std::min(number_mark.size() - 1, bytes.size() - done);
      done = bytes.size() - tail;
      break;
    }
    const auto at = static_cast<std::size_t>(static_cast<const char*>(found) - bytes.data());
    std::uint64_t seq = 0;
    const auto [end, error] =
        std::from_chars(bytes.data() + at + number_mark.size(), bytes.data() + bytes.size(), seq);
    if (error != std::errc() || end == bytes.data() + bytes.size()) {
      done = at;  // there may be more digits to come
      break;
    }
    receipts.take(seq, now);
    done = static_cast<std::size_t>(end - bytes.data());
  }
  if (!was_there && receipts.count() >= goal_) ++there_;
  if (streams()) readers_[i].rest.assign(bytes.substr(done));
}

void Sink::take_answer(std::size_t i, Clock::time_point now) {
  Reader& reader = readers_[i];
  const auto answer = first_answer(reader.rest);
  if (!answer) return;
  if (answer->status == 200) {
    scan(i, answer->body, now);
  } else if (answer->status != 204 && answer->status != 304) {
    throw std::runtime_error("a poll was refused: " + reader.rest.substr(0, reader.rest.find('\r')));
  }
  if (std::string next = dialect(i).next(*answer); !next.empty()) reader.position = std::move(next);
  reader.rest.clear();
  reader.asking = false;
  if (!reader.begun) {
    reader.begun = true;
    ++begun_;
  }
  if (dialect(i).way == Dialect::Way::waits) ask(i);
}

void Sink::ask(std::size_t i) {
  Reader& reader = readers_[i];
  reader.asking = true;
  ++polls_;
  reader.socket.write_all(dialect(i).ask(reader.position));
}

std::size_t Sink::everywhere() const {
  std::size_t least = std::numeric_limits<std::size_t>::max();
  for (std::size_t i = 0; i < readers_.size(); ++i) {
    if (!readers_[i].stalled) least = std::min(least, receipts_[i].count());
  }
  return least;
}

// Start to start; who still waits for an answer leaves this turn out.
void Sink::ask_who_is_due() {
  const auto now = Clock::now();
  while (!next_.empty() && readers_[next_.front()].due <= now) {
    const std::size_t i = next_.front();
    next_.pop_front();
    if (!readers_[i].asking) ask(i);
    readers_[i].due += interval_;
    next_.push_back(i);  // all have the same interval, so the order stays
  }
}

}  // namespace bench
