#pragma once
// Long polling, message by message: which waited at the server for the next poll.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

namespace bench {

/// When a message left for the server, beside which its publisher sits, and when its reader had it. Nanoseconds of one clock.
struct Told {
  std::int64_t sent_ns;
  std::int64_t received_ns;
};

/// How many of one poller's messages were at the server before the poll that brought them. In the order in which they were received: the poll
/// that brings the first of them was there; each later one leaves when the last answer is there, and takes `one_way`.
std::size_t waited(std::span<const Told> messages, std::chrono::nanoseconds one_way);

}  // namespace bench
