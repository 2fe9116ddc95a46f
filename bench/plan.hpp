#pragma once
// What is decided by chance is decided before the run, from a seed: the same seed gives the same plan on every machine.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace bench {

/// The seed of one part of an execution: `derive(seed, cell, repetition)`. Another part's is unrelated to it.
std::uint64_t derive(std::uint64_t seed, std::string_view part, std::uint64_t number = 0);

/// When messages are due, from the start of the run, ascending, all before `length`: a Poisson process of `per_second`. Throws
/// std::invalid_argument where `per_second` is not above 0.
std::vector<std::chrono::nanoseconds> poisson(double per_second, std::chrono::nanoseconds length,
                                              std::uint64_t seed);

/// The same with exactly `count` messages: a Poisson process that happens to have so many within `length`. Each may be anywhere in it.
std::vector<std::chrono::nanoseconds> arrivals(std::size_t count, std::chrono::nanoseconds length,
                                               std::uint64_t seed);

/// `count` numbers below `n`, each as likely as another: which of n rooms a message goes to. A Poisson process split at random is a Poisson
/// process in each of them.
std::vector<std::size_t> drawn(std::size_t count, std::size_t n, std::uint64_t seed);

/// When each poller polls first: anywhere in [0, interval), so that no poller keeps step with the messages or with another.
std::vector<std::chrono::nanoseconds> phases(std::size_t pollers, std::chrono::nanoseconds interval,
                                             std::uint64_t seed);

/// The same, but one poller in each n-th part of the interval, at random within it: as many polls fall into any stretch of time
/// as their rate says.
std::vector<std::chrono::nanoseconds> spread_phases(std::size_t pollers, std::chrono::nanoseconds interval,
                                                    std::uint64_t seed);

/// When `count` messages are due, ascending, all within [0, length): a Poisson process of which it is known how many came, and of which no two
/// came within `apart`. Throws std::invalid_argument where so many do not fit.
std::vector<std::chrono::nanoseconds> scattered(std::size_t count, std::chrono::nanoseconds length,
                                                std::chrono::nanoseconds apart, std::uint64_t seed);

/// The numbers 0 to n - 1 in random order: the order of the arms inside a block.
std::vector<std::size_t> shuffled(std::size_t n, std::uint64_t seed);

}  // namespace bench
