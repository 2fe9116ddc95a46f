#pragma once
// What goes wrong below a server, from outside: the faulty server looks at these levers whenever it asks the system for something.

#include "faults/campaign.hpp"

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace faults {

/// In a file that both processes have mapped. All of it is 0, and nothing fails, until a lever is moved.
struct Levers {
  std::atomic<std::int64_t> clock_shift_s;  ///< of the wall clock, and of no other

  std::atomic<int> write_error;   ///< what writing to files fails with, and making them; 0: it succeeds
  std::atomic<int> sync_error;    ///< what fsync fails with
  std::atomic<int> sync_time_ms;  ///< how long each fsync takes
  std::atomic<std::uint64_t> writes_failed;
  std::atomic<std::uint64_t> syncs;  ///< begun, failed ones too

  /// Memory: while the server works for the client that has this port, the allocation that counts this down to 0 fails, and those behind
  /// it as long as `failures_left` is more than 0. What it does for others always gets its memory.
  std::atomic<std::uint16_t> client_port;
  std::atomic<std::int64_t> allocations_left;
  std::atomic<std::int64_t> failures_left;
  std::atomic<std::uint64_t> allocations_failed;
};
static_assert(std::atomic<std::int64_t>::is_always_lock_free &&
              std::atomic<std::uint64_t>::is_always_lock_free);

/// The variable that tells the faulty server where its levers are.
constexpr std::string_view levers_variable = "FAULT_LEVERS";

/// The side that moves them. The file has no name that anybody else would find, and is gone with this object.
class LeverFile {
 public:
  LeverFile();
  ~LeverFile();
  LeverFile(const LeverFile&) = delete;
  LeverFile& operator=(const LeverFile&) = delete;

  Levers* operator->() const { return levers_; }

  /// How to start a server with all three transports that looks at them.
  std::vector<std::string> command(const Setting& setting, std::vector<std::string> options = {}) const;

 private:
  std::string path_;
  Levers* levers_;
};

}  // namespace faults
