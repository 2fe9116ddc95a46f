#pragma once
// What the experiments of the suite "peers" share: ours and theirs in one order of cells, and a load that leaves nobody time to gather by himself.

#include "bench/experiment.hpp"
#include "bench/sink.hpp"

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// Rounds of the suite: each has every cell once. From six on there is a 95 % confidence interval of a median.
constexpr unsigned peer_rounds = 6;

/// A cell called EXPERIMENT/ARM/HOW, left out where its peer is not on this machine.
Cell peer_cell(const Setting& setting, const std::string& experiment, const std::string& arm,
               const std::string& how);

/// The files whose change makes other figures, from the source tree.
std::vector<std::string> peer_scripts();

/// Publishes so that `window` messages are outstanding, until `end`, but `most` in all; then waits for what is under way. A message is outstanding
/// until the last reader has it: with 1, nothing can be gathered. `sent`: how many were sent before, and then how many are. False where a message did not
/// come within 5 s.
bool keep_outstanding(Sink& sink, Outlet& outlet, std::size_t window, std::size_t most, Clock::time_point end,
                      std::size_t& sent);

/// How long a peer's server is warmed up: its code is compiled as it runs, and ours is treated alike.
constexpr std::chrono::milliseconds peer_warm_up{400};

}  // namespace bench
