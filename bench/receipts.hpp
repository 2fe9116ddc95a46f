#pragma once
// What one reader got, and when: each message once and in order, or it is said what was wrong.

#include "bench/publisher.hpp"
#include "bench/result.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace bench {

/// One reader's messages by their place in the room, from 1. Written on the hot path: one store a message.
class Receipts {
 public:
  explicit Receipts(std::size_t messages) : at_(messages, missing) {}

  void take(std::uint64_t seq, Clock::time_point now) {
    if (seq == 0 || seq > at_.size()) {
      ++foreign_;
      return;
    }
    if (seq <= last_) {
      ++(at_[seq - 1] == missing ? disordered_ : doubled_);
    } else {
      last_ = seq;
    }
    if (at_[seq - 1] != missing) return;
    at_[seq - 1] = now.time_since_epoch().count();
    ++count_;
  }

  /// The first `count` messages are not for this reader: it begins behind them. Before the first take().
  void begin_behind(std::size_t count) {
    std::fill_n(at_.begin(), count, not_ours);
    count_ = begin_ = last_ = count;
  }

  std::size_t count() const { return count_; }  ///< with those that were not for it
  std::size_t begin() const { return begin_; }  ///< how many those are
  bool complete() const { return count_ == at_.size(); }
  bool has(std::size_t index) const { return at_[index] > not_ours; }
  std::size_t size() const { return at_.size(); }
  /// When message `index`, from 0, came.
  Clock::time_point at(std::size_t index) const { return Clock::time_point(Clock::duration(at_[index])); }

  /// What was wrong, in words; empty where nothing was.
  std::string fault() const;
  /// The same for a run that was broken off: whatever is missing must be so at the end.
  std::string fault_so_far() const;

 private:
  std::string describe(std::size_t lost) const;
  static constexpr std::int64_t missing = std::numeric_limits<std::int64_t>::min();
  static constexpr std::int64_t not_ours = missing + 1;
  std::vector<std::int64_t> at_;
  std::uint64_t last_ = 0;
  std::size_t count_ = 0;
  std::size_t begin_ = 0;
  std::size_t doubled_ = 0, disordered_ = 0, foreign_ = 0;
};

/// Every message at every reader exactly once and in order.
Gate once_and_in_order(std::span<const Receipts> readers);
/// As far as the readers came before the run was broken off, where the server had more to do than it could.
Gate once_and_in_order_so_far(std::span<const Receipts> readers);

}  // namespace bench
