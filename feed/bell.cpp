#include "feed/bell.hpp"

#include <algorithm>

namespace feed {
namespace {

// With many waiters whose times differ a little, the timer runs at most this often; a wait ends late by as much.
constexpr std::chrono::milliseconds timer_rest{10};

}  // namespace

std::size_t Bell::ring(std::size_t most) {
  List heard;
  std::size_t count = 0;
  if (most == std::numeric_limits<std::size_t>::max()) {
    heard.swap(waiting_);
  } else {
    auto end = waiting_.begin();
    for (std::size_t n = 0; n < most && end != waiting_.end(); ++n) ++end;
    heard.splice(heard.end(), waiting_, waiting_.begin(), end);
  }
  for (; !heard.empty(); ++count) heard.front().finish(Wake::rung);
  if (waiting_.empty() &&
      timer_due_ != Clock::time_point::max()) {  // a timer for nobody would keep the loop running
    timer_due_ = Clock::time_point::max();
    timer_.cancel();
  }
  return count;
}

void Bell::arm(Clock::time_point due) {
  timer_due_ = due;
  timer_.expires_at(due);
  // A timer that has run out can't be cancelled any more: its handler comes even after the bell is gone.
  timer_.async_wait(
      [this, alive = std::weak_ptr<const void>(alive_)](const boost::system::error_code& error) {
        if (!error && !alive.expired()) on_timer();
      });
}

void Bell::on_timer() {
  const Clock::time_point now = Clock::now();
  timer_due_ = Clock::time_point::max();
  List due;
  Clock::time_point next = Clock::time_point::max();
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    Waiter& waiter = *at++;
    if (waiter.due_ <= now) {
      waiter.unlink();
      due.push_back(waiter);
    } else {
      next = std::min(next, waiter.due_);
    }
  }
  while (!due.empty()) due.front().finish(Wake::due);
  next = std::max(next, now + timer_rest);
  if (!waiting_.empty() && next < timer_due_) arm(next);
}

}  // namespace feed
