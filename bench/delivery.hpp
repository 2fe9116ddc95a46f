#pragma once
// Delivery delay: from the time that a message was due to the time that a reader has it. Open loop.

#include "bench/experiment.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace bench {

/// One run of delivery: who reads how, and what is published when.
struct Delivery {
  std::string arm;
  std::size_t payload_bytes = 100;
  std::vector<std::chrono::nanoseconds> plan;  ///< when each message is due
  std::size_t warm_up = 0;                     ///< so many first messages are delivered but not counted
  std::chrono::nanoseconds interval{0};        ///< of poll
  polling::Pace pace = polling::Pace::start_to_start;
  std::vector<std::chrono::nanoseconds>
      phases;  ///< of each poller; its size is the number of readers, for the others too
  Link link;   ///< between server and readers; the publisher sits beside the server
  std::vector<std::string> options;  ///< further ones of the server's command line
  std::size_t window = 0;            ///< unanswered messages at most; 0 is an open loop
  std::function<void(Site&, Clock::time_point start)> disturb;  ///< called when everybody is there, for tests
};

/// What came of it besides what is in the run: delays by message (all readers of the first, all of the second
/// …), warm-up left out.
struct Delivered {
  std::vector<std::int64_t> from_due_ns;
  std::vector<std::int64_t> from_sent_ns;  ///< as a closed loop would have it
  std::chrono::nanoseconds one_way{
      0};  ///< of the line; on the way to somebody else's server half a handshake
};

/// Makes the run: fills figures, gates and samples.
Delivered deliver(const Place& place, const Delivery& delivery, Run& run);

/// The same with what the model expects of polling and of pushing beside it and, where the arm polls, the gate that the delays are uniform.
Delivered deliver_as_expected(const Place& place, const Delivery& delivery, Run& run);

/// The figures of delays as columns.
std::vector<Column> delay_columns();

}  // namespace bench
