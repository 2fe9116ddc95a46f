#pragma once
// Bytes are counted at the one door that every connection of every transport walks through: above TCP, below HTTP and
// WebSocket.

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/rate_policy.hpp>

#include <cstddef>
#include <cstdint>
#include <limits>

namespace feed {

/// Bytes of TCP payload.
struct Traffic {
  std::uint64_t in = 0;
  std::uint64_t out = 0;
};

/// A Beast RatePolicy that limits nothing and counts everything. Beast asks it for asynchronous operations only; who
/// reads or writes on the socket itself calls count_in and count_out.
class CountingPolicy {
 public:
  CountingPolicy() = default;
  explicit CountingPolicy(Traffic& all, const Traffic& so_far = {}) : own_(so_far), all_(&all) {}

  void count_in(std::size_t bytes) {
    own_.in += bytes;
    if (all_) all_->in += bytes;
  }
  void count_out(std::size_t bytes) {
    own_.out += bytes;
    if (all_) all_->out += bytes;
  }
  const Traffic& own() const { return own_; }

 private:
  friend class boost::beast::rate_policy_access;
  static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();
  std::size_t available_read_bytes() const noexcept { return unlimited; }
  std::size_t available_write_bytes() const noexcept { return unlimited; }
  void transfer_read_bytes(std::size_t bytes) noexcept { count_in(bytes); }
  void transfer_write_bytes(std::size_t bytes) noexcept { count_out(bytes); }
  void on_timer() const noexcept {}

  Traffic own_;
  Traffic* all_ = nullptr;
};

/// The one stream type, on both sides.
using Stream = boost::beast::basic_stream<boost::asio::ip::tcp, boost::asio::any_io_executor, CountingPolicy>;

}  // namespace feed
