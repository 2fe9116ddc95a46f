#include "bench/plan.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>

namespace bench {
namespace {

// The engine's numbers are fixed by the standard, those of its distributions are not: so these are our own.
double uniform(std::mt19937_64& engine) { return static_cast<double>(engine() >> 11) * 0x1p-53; }  // [0, 1)

// The finalizer of SplitMix64 (Steele, Lea, Flood 2014): every bit depends on every bit.
std::uint64_t mix(std::uint64_t z) {
  z += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace

std::uint64_t derive(std::uint64_t seed, std::string_view part, std::uint64_t number) {
  std::uint64_t state = mix(seed);
  for (const char c : part) state = mix(state ^ static_cast<unsigned char>(c));
  constexpr std::uint64_t end_of_part = 256;  // no character
  return mix(mix(state ^ end_of_part) ^ number);
}

std::vector<std::chrono::nanoseconds> poisson(double per_second, std::chrono::nanoseconds length,
                                              std::uint64_t seed) {
  if (!(per_second > 0))
    throw std::invalid_argument("rate is " + std::to_string(per_second) + ", expected above 0");
  std::mt19937_64 engine(seed);
  std::vector<std::chrono::nanoseconds> due;
  const double end_ns = static_cast<double>(length.count());
  for (double at_ns = 0;;) {
    at_ns -= std::log1p(-uniform(engine)) / per_second * 1e9;  // gaps are exponential
    if (at_ns >= end_ns) return due;
    due.emplace_back(static_cast<std::int64_t>(at_ns));
  }
}

std::vector<std::chrono::nanoseconds> arrivals(std::size_t count, std::chrono::nanoseconds length,
                                               std::uint64_t seed) {
  auto due = phases(count, length, seed);
  std::sort(due.begin(), due.end());
  return due;
}

std::vector<std::size_t> drawn(std::size_t count, std::size_t n, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::vector<std::size_t> numbers(count);
  for (std::size_t& number : numbers) number = engine() % n;
  return numbers;
}

std::vector<std::chrono::nanoseconds> phases(std::size_t pollers, std::chrono::nanoseconds interval,
                                             std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::vector<std::chrono::nanoseconds> first(pollers);
  for (auto& at : first) {
    at = std::chrono::nanoseconds(
        static_cast<std::int64_t>(uniform(engine) * static_cast<double>(interval.count())));
  }
  return first;
}

std::vector<std::chrono::nanoseconds> spread_phases(std::size_t pollers, std::chrono::nanoseconds interval,
                                                    std::uint64_t seed) {
  std::vector<std::chrono::nanoseconds> first = phases(pollers, interval, seed);
  const std::vector<std::size_t> part = shuffled(pollers, derive(seed, "spread"));
  const auto n = static_cast<std::int64_t>(pollers);
  for (std::size_t i = 0; i < pollers; ++i)
    first[i] = (interval * static_cast<std::int64_t>(part[i]) + first[i]) / n;
  return first;
}

std::vector<std::chrono::nanoseconds> scattered(std::size_t count, std::chrono::nanoseconds length,
                                                std::chrono::nanoseconds apart, std::uint64_t seed) {
  if (count == 0) return {};
  const std::chrono::nanoseconds room = length - apart * (count - 1);
  if (room.count() <= 0)
    throw std::invalid_argument(std::to_string(count) + " messages so far apart do not fit into the time");
  std::vector<std::chrono::nanoseconds> due = phases(count, room, seed);
  std::sort(due.begin(), due.end());
  for (std::size_t i = 0; i < count; ++i) due[i] += apart * i;
  return due;
}

std::vector<std::size_t> shuffled(std::size_t n, std::uint64_t seed) {
  std::mt19937_64 engine(seed);
  std::vector<std::size_t> order(n);
  std::iota(order.begin(), order.end(), std::size_t{0});
  for (std::size_t left = n; left > 1; --left)
    std::swap(order[left - 1], order[engine() % left]);  // Fisher-Yates
  return order;
}

}  // namespace bench
