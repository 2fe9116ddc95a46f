#include "bench/publisher.hpp"

#include "bench/nchan.hpp"
#include "bench/process.hpp"
#include "feed/message.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>
#include <time.h>

namespace bench {
namespace {

constexpr std::size_t number_digits = 8;
constexpr std::chrono::seconds patience{5};  // for the last answers
constexpr std::chrono::microseconds awake{
    60};  // a sleeping core takes some 50 µs to come back: so long before, it stays awake
constexpr std::chrono::milliseconds step{20};  // between two looks at whether it was stopped

void write_number(char* to, std::size_t number) {
  for (std::size_t i = number_digits; i-- > 0; number /= 10) to[i] = static_cast<char>('0' + number % 10);
}

void sleep_until(Clock::time_point due) {
  const auto since = due.time_since_epoch();
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since);
  timespec at{seconds.count(), std::chrono::nanoseconds(since - seconds).count()};
  clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, nullptr);
}

void be_there_at(Clock::time_point due) {
  if (due - Clock::now() > awake) sleep_until(due - awake);
  while (Clock::now() < due) {
  }
}

}  // namespace

std::string text_of(std::size_t index, std::size_t bytes) {
  if (bytes < number_digits)
    throw std::invalid_argument("a benchmark's message has 8 bytes of text at least");
  std::string text(bytes, 'x');
  write_number(text.data(), index);
  return text;
}

PostOutlet::PostOutlet(const feed::Address& room, std::size_t payload_bytes)
    : PostOutlet({room}, {}, payload_bytes) {}

PostOutlet::PostOutlet(const std::vector<feed::Address>& rooms, std::vector<std::size_t> room_of,
                       std::size_t payload_bytes)
    : HttpOutlet(rooms.at(0)), room_of_(std::move(room_of)), payload_bytes_(payload_bytes) {
  const std::string body = feed::encode(feed::Draft{std::string(author), text_of(0, payload_bytes)});
  for (const feed::Address& room : rooms) {
    requests_.push_back(fmt::format(
        "POST {}/messages HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
        room.path, room.authority, body.size(), body));
  }
}

void PostOutlet::send(std::size_t index) { write(numbered(index), index, 1); }

void PostOutlet::send_together(std::size_t index, std::size_t count) {
  together_.clear();
  for (std::size_t i = index; i < index + count; ++i) together_ += numbered(i);
  write(together_, index, count);
}

// The request that carries message `index`.
const std::string& PostOutlet::numbered(std::size_t index) {
  std::string& request = requests_[room_of_.empty() ? 0 : room_of_.at(index)];
  write_number(request.data() + request.size() - 2 - payload_bytes_,
               index);  // before the quote and the brace
  return request;
}

std::size_t PostOutlet::take_answers(std::string& came) {
  // An answer begins with its status and ends with the end of its JSON; nothing else in it looks like either.
  constexpr std::string_view begin = "HTTP/1.1 ", end = "\"}";
  std::size_t answers = 0, done = 0;
  for (std::size_t at = 0; (at = came.find(end, done)) != std::string::npos;) {
    const std::size_t status = came.find(begin, done);
    if (status == std::string::npos || came.compare(status + begin.size(), 3, "201") != 0)
      throw std::runtime_error("a message was refused: " + came.substr(done, at + end.size() - done));
    ++answers;
    done = at + end.size();
  }
  came.erase(0, done);
  return answers;
}

void HttpOutlet::write(std::string_view bytes, std::size_t index, std::size_t count) {
  const std::size_t all = bytes.size();
  while (!bytes.empty()) {
    const std::size_t written = socket_.write_some(bytes);
    bytes.remove_prefix(written);
    bytes_out_ += written;
    if (bytes.empty()) break;
    first_held_ = std::min(first_held_, index + (all - bytes.size()) * count / all);
    socket_.wait(std::chrono::milliseconds(100), true);
    read();  // or the server waits for us to read, and we for the server
  }
  read();
}

void HttpOutlet::read() {
  std::array<char, 16384> piece;
  for (;;) {
    const std::size_t got = socket_.read_some(piece.data(), piece.size());
    bytes_in_ += got;
    if (got > 0) {
      came_.append(piece.data(), got);
      answered_ += take_answers(came_);
    }
    if (got < piece.size()) return;
  }
}

std::size_t HttpOutlet::answered(std::chrono::milliseconds patience) {
  read();
  if (patience.count() > 0 && socket_.wait(patience)) read();
  return answered_;
}

std::string tcp_frame(std::size_t index, std::size_t payload_bytes) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const feed::Message message{index + 1, std::chrono::duration_cast<std::chrono::milliseconds>(now).count(),
                              std::string(author), text_of(index, payload_bytes)};
  const std::string json = feed::encode(message);
  std::string frame;
  for (int shift = 24; shift >= 0; shift -= 8) frame += static_cast<char>(json.size() >> shift & 0xff);
  return frame + json;
}

TcpOutlet::TcpOutlet(const feed::Address& server, std::size_t payload_bytes)
    : socket_(Socket::connect(server)), payload_bytes_(payload_bytes) {
  socket_.write_all("P");
}

void TcpOutlet::send(std::size_t index) {
  const std::string frame = tcp_frame(index, payload_bytes_);
  socket_.write_all(frame);
  answered({});
}

void TcpOutlet::send_together(std::size_t index, std::size_t count) {
  std::string frames;
  for (std::size_t i = index; i < index + count; ++i) frames += tcp_frame(i, payload_bytes_);
  socket_.write_all(frames);
  answered({});
}

std::size_t TcpOutlet::answered(std::chrono::milliseconds patience) {
  std::array<char, 4096> piece;
  if (patience.count() > 0) socket_.wait(patience);
  answer_bytes_ += socket_.read_some(piece.data(), piece.size());
  return answer_bytes_ / 4;
}

std::unique_ptr<Outlet> outlet_to(std::string_view arm, const feed::Address& room,
                                  std::size_t payload_bytes) {
  if (arm == "tcp") return std::make_unique<TcpOutlet>(room, payload_bytes);
  if (arm.starts_with("nchan")) return std::make_unique<NchanOutlet>(room, payload_bytes);
  return std::make_unique<PostOutlet>(room, payload_bytes);
}

Publisher::Publisher(Outlet& outlet, std::vector<std::chrono::nanoseconds> plan, std::size_t window,
                     std::size_t first)
    : outlet_(outlet), plan_(std::move(plan)), window_(window), first_(first), sent_(plan_.size()) {}

Publisher::~Publisher() {
  stopped_ = true;
  end();
}

void Publisher::end() {
  joined_ = true;
  joined_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void Publisher::start(Clock::time_point at) {
  start_ = at;
  thread_ = std::thread([this] {
    try {
      run();
    } catch (...) {
      failure_ = std::current_exception();
    }
    if (core_) joined_.wait(false);
  });
}

void Publisher::join() {
  end();
  if (failure_) std::rethrow_exception(failure_);
}

void Publisher::run() {
  if (core_) pin_to(*core_);
  const sched_param priority{1};
  pthread_setschedparam(pthread_self(), SCHED_FIFO, &priority);  // refused: then its lateness tells
  prctl(PR_SET_TIMERSLACK, 1UL);
  gathers_ ? send_what_is_due() : send_one_by_one();
  const auto deadline = Clock::now() + patience;
  while (answered_ < plan_.size() && !stopped_ && Clock::now() < deadline)
    answered_ = outlet_.answered(step) - first_;
  answered_at_ = Clock::now();
}

void Publisher::send_one_by_one() {
  for (std::size_t i = 0; i < plan_.size() && !stopped_; ++i) {
    // Short sleeps, so that a stopped run does not wait for a message that is due much later.
    for (auto left = due(i) - Clock::now(); left > step && !stopped_; left = due(i) - Clock::now())
      sleep_until(std::min(due(i), Clock::now() + step));
    if (stopped_) return;
    be_there_at(due(i));
    while (window_ > 0 && i >= window_ + answered_ && !stopped_) answered_ = outlet_.answered(step) - first_;
    sent_[i] = Clock::now();
    outlet_.send(first_ + i);
    ++handed_over_;
  }
}

void Publisher::send_what_is_due() {
  while (handed_over_ < plan_.size() && !stopped_) {
    auto now = Clock::now();
    if (due(handed_over_) > now) {
      sleep_until(std::max(std::min(due(handed_over_), now + step), now + least_sleep_));
      now = Clock::now();
    }
    std::size_t end = handed_over_;
    while (end < plan_.size() && due(end) <= now) sent_[end++] = now;
    if (end == handed_over_) continue;
    outlet_.send_together(first_ + handed_over_, end - handed_over_);
    handed_over_ = end;
  }
}

std::vector<std::int64_t> Publisher::lateness(std::size_t count) const {
  count = std::min(count, handed_over_);
  std::vector<std::int64_t> late;
  late.reserve(count);
  for (std::size_t i = 0; i < count; ++i) late.push_back((sent_[i] - due(i)).count());
  std::sort(late.begin(), late.end());
  return late;
}

}  // namespace bench
