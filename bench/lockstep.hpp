#pragma once
// One reader, one message at a time: the next is published when the last one is there. So it is known what every byte
// was for, and a wrong prediction shows.

#include "bench/model.hpp"
#include "bench/result.hpp"
#include "bench/site.hpp"
#include "feed/client.hpp"

#include <chrono>
#include <cstddef>
#include <string>

namespace bench {

/// A line without a delay, so that there are packets to count.
inline Link counted_line() { return {.always = true}; }

/// Longer than a receiver holds an acknowledgement back (40 ms, and a tick of the kernel's): what is so far apart stands alone.
constexpr std::chrono::milliseconds apart{50};

/// The messages before those that are counted, so that these and the cursors before them have numbers of two digits, and all are of one size.
constexpr std::size_t before_counting = 10;

/// One run.
struct Lockstep {
  std::string arm;
  std::size_t payload_bytes = 100;
  std::size_t messages = 80;     ///< that are counted: up to 89, so that their numbers have two digits
  std::string profile = "lean";  ///< what the reader says besides the least: see profile_fields()
  std::size_t cookie_bytes = 0;  ///< and a cookie of that size
  Link link = counted_line();
  /// Goes behind the path in the prediction, and nowhere else: the test's own, to see that a wrong prediction does not pass.
  std::string mistake = {};
};

/// Where a run was at some moment: what the reader's connection had carried.
struct Mark {
  Bytes door;  ///< as the server counted it; the floor, which has none, as its reader did
  Bytes predicted;
  PacketCounts line;
  std::uint64_t packets = 0;  ///< predicted, since the reader began
};

/// What a run brought: the set-up, which polling has none of, and the counted messages.
struct Lockstepped {
  Bytes setup, predicted_setup;
  PacketCounts setup_line;
  std::uint64_t predicted_setup_ip_bytes = 0;
  Bytes bytes, predicted;
  PacketCounts line;
  std::uint64_t predicted_packets = 0;
  std::size_t messages = 0;
  std::size_t json_bytes = 0;    ///< of one message
  std::size_t fields_bytes = 0;  ///< what the reader adds to what it asks
  double seconds = 0;
};

/// Makes the run and fills its gates, not its figures.
Lockstepped run_lockstep(const Place& place, const Lockstep& lockstep, Run& run);

/// The figures of bytes by layer, and the set-up's, with what the model says: n, json_bytes_per_message, framing_bytes_per_message,
/// bytes_per_message, ip_bytes_per_message and packets_per_message (where a line counts), setup_bytes, setup_ip_bytes, lockstep_us.
void tell_layers(const Lockstepped& done, Run& run);

}  // namespace bench
