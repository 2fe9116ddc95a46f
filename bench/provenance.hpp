#pragma once
// Where and how a run was made: what somebody needs to judge a figure, or to make it again.

#include "bench/result.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace bench {

/// Time of all cores since boot, in ticks.
struct CpuTime {
  std::uint64_t all = 0;
  std::uint64_t stolen = 0;  ///< the hypervisor ran somebody else
};

/// From /proc/stat; zeros where that cannot be read.
CpuTime cpu_time();

/// The share of the time between two readings that was stolen, 0 to 1. A run with more than 0.01 does not count.
double stolen(const CpuTime& before, const CpuTime& after);

/// What holds for the whole execution: commit, compiler, libraries, kernel, CPU, settings of TCP, limits, seed and the time. `repository`
/// is the source tree; where git cannot say its commit, that is "unknown". Never throws for what cannot be read: it is then "unknown".
Provenance provenance(const std::string& repository, std::uint64_t seed);

/// Adds what another suite than the main one needs beside this project: its name, the versions of node and Chromium.
void tell_suite(Provenance& provenance, Suite suite);

/// Adds the end: the time in UTC, and the time stolen since `start`.
void finish(Provenance& provenance, const CpuTime& start);

/// What holds for all sittings of an execution: that of the last one, from the begin of the first to the end of the last. They are kept one by one where
/// there are several; those that made no run are left out. `sittings` has one at least.
void tell_sittings(Results& results, std::vector<Provenance> sittings);

}  // namespace bench
