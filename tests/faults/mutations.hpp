#pragma once
// Bytes that are almost right.

#include <cstdint>
#include <functional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace faults {

/// One to four small changes, drawn: a byte that is another one, a piece that is gone, twice there, or taken from `pieces`.
void mutate(std::string& bytes, const std::vector<std::string>& pieces, std::mt19937_64& random);

/// The one element or the other.
template <class T>
const T& one_of(const std::vector<T>& all, std::mt19937_64& random) {
  return all[random() % all.size()];
}

/// What a campaign of mutations did, and the first things that were wrong.
struct Tally {
  std::uint64_t mutated = 0;
  std::uint64_t connections = 0;
  std::vector<std::string> wrong;  ///< three at most
  std::uint64_t wrongs = 0;

  void take(std::string what);
  void add(const Tally& other);
};

/// Calls `once` on two threads, each with a generator of its own, until `count` are mutated in all, or several
/// things were wrong: each call does one connection.
Tally on_two_threads(std::uint64_t count, std::uint64_t seed,
                     const std::function<void(std::mt19937_64&, Tally&)>& once);

}  // namespace faults
