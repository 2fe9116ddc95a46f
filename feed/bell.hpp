#pragma once
// How coroutines wait for something to happen in a room: they stand in a list, and a ring resumes them all.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>

#include <chrono>
#include <cstddef>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <type_traits>
#include <utility>

namespace feed {

namespace net = boost::asio;
using Clock = std::chrono::steady_clock;

/// Why a wait ended.
enum class Wake {
  rung,   ///< the bell was rung
  due,    ///< the waiter's own time is up
  woken,  ///< Waiter::wake, meant for this waiter alone
};

class Bell;

/// One coroutine's place at a bell. Belongs to that coroutine's frame; stays where it is while it waits. The suspended
/// coroutine is kept in the waiter itself, so waiting and waking allocate nothing. The price: a frame that owns the waiter
/// that owns the frame is freed only by waking it, so every wait must be ended before its loop is given up.
class Waiter
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  Waiter() = default;
  ~Waiter() {
    if (resume_) resume_(*this, std::nullopt);
  }
  Waiter(const Waiter&) = delete;
  Waiter& operator=(const Waiter&) = delete;

  /// Waits for wake() alone; completes with void(Wake).
  template <class Token = net::deferred_t>
  auto wait(Token&& token = {}) {
    return net::async_initiate<Token, void(Wake)>(
        [](auto handler, Waiter* self) {
          self->keep(std::move(handler));
          if (std::exchange(self->woken_, false)) self->finish(Wake::woken);
        },
        token, this);
  }

  /// Ends this wait now, or the next one at once.
  void wake() {
    if (resume_) {
      finish(Wake::woken);
    } else {
      woken_ = true;
    }
  }

 private:
  friend class Bell;
  void finish(Wake why) {
    unlink();
    std::exchange(resume_, nullptr)(*this, why);
  }
  template <class Handler>
  void keep(Handler&& handler) {
    using Kept = std::decay_t<Handler>;
    static_assert(sizeof(Kept) <= sizeof(storage_));
    ::new (static_cast<void*>(storage_)) Kept(std::forward<Handler>(handler));
    resume_ = [](Waiter& self, std::optional<Wake> why) {
      auto* kept = std::launder(reinterpret_cast<Kept*>(self.storage_));
      Kept handler = std::move(*kept);
      kept->~Kept();
      if (why) std::move(handler)(*why);
    };
  }

  alignas(std::max_align_t) std::byte storage_[64];
  void (*resume_)(Waiter&, std::optional<Wake>) = nullptr;  // no value: the handler is destroyed, not called
  Clock::time_point due_{};
  bool woken_ = false;
};

/// Rung by one, heard by all who wait. Resumes them one after the other, in the order in which they began to wait, inside
/// ring(): call it from a handler of its own, where nothing else is half done. Who hears it must not destroy the bell. One thread.
class Bell {
 public:
  explicit Bell(net::any_io_executor executor) : timer_(std::move(executor)) {}

  /// Everybody who waits now hears it, or the `most` who have waited longest; who begins to wait because of it hears the next one.
  /// Returns how many heard it.
  std::size_t ring(std::size_t most = std::numeric_limits<std::size_t>::max());

  bool anybody() const { return !waiting_.empty(); }

  /// Completes with void(Wake): when the bell is rung, when the waiter is woken, or at `due`.
  template <class Token = net::deferred_t>
  auto wait(Waiter& waiter, Clock::time_point due = Clock::time_point::max(), Token&& token = {}) {
    return net::async_initiate<Token, void(Wake)>(
        [](auto handler, Bell* bell, Waiter* self, Clock::time_point until) {
          self->keep(std::move(handler));
          self->due_ = until;
          bell->waiting_.push_back(*self);
          if (std::exchange(self->woken_, false)) return self->finish(Wake::woken);
          if (until < bell->timer_due_) bell->arm(until);
        },
        token, this, &waiter, due);
  }

 private:
  using List = boost::intrusive::list<Waiter, boost::intrusive::constant_time_size<false>>;
  void arm(Clock::time_point due);
  void on_timer();

  List waiting_;
  net::steady_timer timer_;  // one for all waiters: armed for the earliest of them, never moved by a wake-up
  Clock::time_point timer_due_ = Clock::time_point::max();
  std::shared_ptr<const void> alive_ = std::make_shared<char>();
};

}  // namespace feed
