#pragma once
// How much one client may have of something, and how often it may do something.

#include "feed/bell.hpp"

#include <boost/asio/ip/address.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <map>
#include <mutex>

namespace feed {

/// So many for each address. From any thread.
class Quota {
 public:
  /// `each`: 0 is no limit, and then nothing is counted.
  explicit Quota(std::size_t each = 0) : each_(each) {}

  /// False where the address has as many as it may; else it has one more.
  bool take(const net::ip::address& who) {
    if (each_ == 0) return true;
    const std::lock_guard lock(mutex_);
    std::size_t& taken = taken_[who];
    if (taken >= each_) return false;
    ++taken;
    return true;
  }
  void give_back(const net::ip::address& who) {
    if (each_ == 0) return;
    const std::lock_guard lock(mutex_);
    const auto found = taken_.find(who);
    if (found != taken_.end() && --found->second == 0) taken_.erase(found);
  }
  std::size_t each() const { return each_; }

 private:
  const std::size_t each_;
  std::mutex mutex_;
  std::map<net::ip::address, std::size_t> taken_;
};

/// A token bucket: so many a second, and at once as many as a second brings. Kept as the time from which on there is a token.
class TokenBucket {
 public:
  /// Zero, and one is taken; or, and none is taken, how long until there is one. `a_second`: 0 is no limit.
  Clock::duration take(double a_second, Clock::time_point now) {
    if (a_second <= 0) return Clock::duration::zero();
    const auto interval =
        std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(1 / a_second));
    // No more is saved up than a second brings, and one at least.
    free_ = std::max(free_, now - std::max<Clock::duration>(std::chrono::seconds(1) - interval, {}));
    if (free_ > now) return free_ - now;
    free_ += interval;
    return Clock::duration::zero();
  }

 private:
  Clock::time_point free_{};
};

}  // namespace feed
