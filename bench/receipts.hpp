#pragma once
// What one reader got, and when: each message once and in order, or it is said what was wrong.

#include "bench/publisher.hpp"
#include "bench/result.hpp"

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

  std::size_t count() const { return count_; }
  bool complete() const { return count_ == at_.size(); }
  bool has(std::size_t index) const { return at_[index] != missing; }
  std::size_t size() const { return at_.size(); }
  /// When message `index`, from 0, came.
  Clock::time_point at(std::size_t index) const { return Clock::time_point(Clock::duration(at_[index])); }

  /// What was wrong, in words; empty where nothing was.
  std::string fault() const;

 private:
  static constexpr std::int64_t missing = std::numeric_limits<std::int64_t>::min();
  std::vector<std::int64_t> at_;
  std::uint64_t last_ = 0;
  std::size_t count_ = 0;
  std::size_t doubled_ = 0, disordered_ = 0, foreign_ = 0;
};

/// Every message at every reader exactly once and in order.
Gate once_and_in_order(std::span<const Receipts> readers);

}  // namespace bench
