#include "faults/mutations.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <exception>
#include <thread>
#include <utility>

namespace faults {
namespace {

constexpr std::size_t most_shown = 3;  // then it is enough

void change(std::string& bytes, const std::vector<std::string>& pieces, std::mt19937_64& random) {
  const std::size_t at = bytes.empty() ? 0 : random() % bytes.size();
  switch (random() % 5) {
    case 0:
      if (!bytes.empty()) bytes[at] = static_cast<char>(random() % 256);
      break;
    case 1:
      bytes.erase(at, random() % 4 + 1);
      break;
    case 2: {
      const std::string piece = bytes.substr(at, random() % 40 + 1);
      bytes.insert(random() % (bytes.size() + 1), piece);
      break;
    }
    case 3:
      bytes.insert(at, one_of(pieces, random));
      break;
    default: {
      const std::string& piece = one_of(pieces, random);
      bytes.replace(at, piece.size(), piece);
    }
  }
}

}  // namespace

void mutate(std::string& bytes, const std::vector<std::string>& pieces, std::mt19937_64& random) {
  for (std::uint64_t changes = random() % 4 + 1; changes > 0; --changes) change(bytes, pieces, random);
}

void Tally::take(std::string what) {
  ++wrongs;
  if (wrong.size() < most_shown) wrong.push_back(std::move(what));
}

void Tally::add(const Tally& other) {
  mutated += other.mutated;
  connections += other.connections;
  wrongs += other.wrongs;
  for (const std::string& what : other.wrong) {
    if (wrong.size() < most_shown) wrong.push_back(what);
  }
}

Tally on_two_threads(std::uint64_t count, std::uint64_t seed,
                     const std::function<void(std::mt19937_64&, Tally&)>& once) {
  struct Half {
    Tally tally;
    std::exception_ptr failure;
  };
  std::array<Half, 2> halves;
  std::array<std::thread, 2> threads;
  for (std::size_t n = 0; n < halves.size(); ++n) {
    threads[n] = std::thread([&, n] {
      Half& half = halves[n];
      std::mt19937_64 random(2 * seed + n);
      try {
        while (half.tally.mutated < count / 2 && half.tally.wrongs < most_shown) once(random, half.tally);
      } catch (...) {
        half.failure = std::current_exception();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  Tally all;
  for (const Half& half : halves) {
    if (half.failure) std::rethrow_exception(half.failure);
    all.add(half.tally);
  }
  return all;
}

}  // namespace faults
