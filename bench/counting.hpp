#pragma once
// What a load takes a server's program, counted from outside where the machine's own counters cannot be read: instructions by callgrind, system
// calls by strace. Both are the same whatever else the machine does. Of programs that are compiled as they run there is
// nothing: under callgrind they are others.

#include "bench/site.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace bench {

/// Of the whole life of the arm's server, while `load` is put on it: two loads that differ in one thing alone tell what that takes. Both throw what
/// Site and `load` throw, and std::runtime_error where they are told nothing.
std::uint64_t count_instructions(const Place& place, std::string_view arm, Serving serving,
                                 const std::function<void(Site&)>& load);  ///< in user mode
/// Without those of the clock, which need no call of the kernel.
std::uint64_t count_system_calls(const Place& place, std::string_view arm, Serving serving,
                                 const std::function<void(Site&)>& load);

/// Why nothing can be counted here; empty where it can.
std::string why_not_counted();

}  // namespace bench
