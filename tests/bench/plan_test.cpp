#include "bench/plan.hpp"

#include "bench/stats.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <stdexcept>
#include <vector>

namespace {

using namespace std::chrono_literals;

TEST(Poisson, IsTheSamePlanForTheSameSeedAndAnotherForAnother) {
  EXPECT_EQ(bench::poisson(100, 1s, 5), bench::poisson(100, 1s, 5));
  EXPECT_NE(bench::poisson(100, 1s, 5), bench::poisson(100, 1s, 6));
}

TEST(Poisson, IsAscendingAndEndsBeforeTheRunDoes) {
  const auto due = bench::poisson(500, 2s, 1);
  EXPECT_TRUE(std::is_sorted(due.begin(), due.end()));
  EXPECT_GE(due.front(), 0ns);
  EXPECT_LT(due.back(), 2s);
}

// Mean and variance of the count are both rate times length: 10 000 here, so 4 standard deviations are 400.
TEST(Poisson, HasTheRateThatWasAskedFor) {
  EXPECT_NEAR(static_cast<double>(bench::poisson(1000, 10s, 1).size()), 10'000, 400);
}

// The gaps are exponential: 1 - e^(-gap * rate) of them is uniform on [0, 1].
TEST(Poisson, HasExponentialGaps) {
  const auto due = bench::poisson(1000, 10s, 2);
  std::vector<std::int64_t> shares;
  for (std::size_t i = 1; i < due.size(); ++i) {
    const double gap_s = std::chrono::duration<double>(due[i] - due[i - 1]).count();
    shares.push_back(static_cast<std::int64_t>((1 - std::exp(-gap_s * 1000)) * 1e9));
  }
  std::sort(shares.begin(), shares.end());
  EXPECT_LT(bench::uniform_distance(shares, 0, 1e9), bench::critical_distance(shares.size()));
}

TEST(Poisson, OfNoLengthIsEmptyAndOfNoRateIsRefused) {
  EXPECT_TRUE(bench::poisson(100, 0s, 1).empty());
  EXPECT_THROW(bench::poisson(0, 1s, 1), std::invalid_argument);
  EXPECT_THROW(bench::poisson(-1, 1s, 1), std::invalid_argument);
}

TEST(Arrivals, AreAsManyAsAskedForAndAnywhereInTheRun) {
  const auto due = bench::arrivals(10'000, 2s, 3);
  ASSERT_EQ(due.size(), 10'000U);
  EXPECT_TRUE(std::is_sorted(due.begin(), due.end()));
  std::vector<std::int64_t> sorted;
  for (const auto at : due) sorted.push_back(at.count());
  EXPECT_GE(sorted.front(), 0);
  EXPECT_LT(sorted.back(), 2'000'000'000);
  EXPECT_LT(bench::uniform_distance(sorted, 0, 2e9), bench::critical_distance(sorted.size()));
  EXPECT_EQ(due, bench::arrivals(10'000, 2s, 3));
  EXPECT_NE(due, bench::arrivals(10'000, 2s, 4));
  EXPECT_TRUE(bench::arrivals(0, 2s, 1).empty());
}

// What one room of ten gets of a Poisson process is a Poisson process: its gaps are exponential, with a tenth of the rate.
TEST(Drawn, SplitsAPoissonProcessIntoPoissonProcesses) {
  const auto due = bench::arrivals(100'000, 100s, 5);
  const auto room_of = bench::drawn(due.size(), 10, 6);
  std::vector<std::int64_t> shares;
  std::chrono::nanoseconds last{0};
  for (std::size_t i = 0; i < due.size(); ++i) {
    ASSERT_LT(room_of[i], 10U);
    if (room_of[i] != 7) continue;
    const double gap_s = std::chrono::duration<double>(due[i] - last).count();
    shares.push_back(static_cast<std::int64_t>((1 - std::exp(-gap_s * 100)) * 1e9));
    last = due[i];
  }
  EXPECT_NEAR(static_cast<double>(shares.size()), 10'000, 400);
  std::sort(shares.begin(), shares.end());
  EXPECT_LT(bench::uniform_distance(shares, 0, 1e9), bench::critical_distance(shares.size()));
}

TEST(Phases, LieAnywhereInTheInterval) {
  const auto first = bench::phases(1000, 100ms, 1);
  ASSERT_EQ(first.size(), 1000U);
  std::vector<std::int64_t> sorted;
  for (const auto phase : first) {
    EXPECT_GE(phase, 0ns);
    EXPECT_LT(phase, 100ms);
    sorted.push_back(phase.count());
  }
  std::sort(sorted.begin(), sorted.end());
  EXPECT_LT(bench::uniform_distance(sorted, 0, 100e6), bench::critical_distance(sorted.size()));
  EXPECT_EQ(first, bench::phases(1000, 100ms, 1));
  EXPECT_NE(first, bench::phases(1000, 100ms, 2));
}

TEST(SpreadPhases, HaveOneInEachPartOfTheInterval) {
  auto first = bench::spread_phases(100, 1s, 1);
  EXPECT_EQ(first, bench::spread_phases(100, 1s, 1));
  EXPECT_FALSE(std::is_sorted(first.begin(), first.end()));
  std::sort(first.begin(), first.end());
  for (std::size_t i = 0; i < first.size(); ++i) {
    EXPECT_GE(first[i], 10ms * i);
    EXPECT_LT(first[i], 10ms * (i + 1));
  }
}

TEST(Scattered, HasThatManyWithinTheTimeAndApart) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    const auto due = bench::scattered(7, 1s, 100ms, seed);
    ASSERT_EQ(due.size(), 7U);
    EXPECT_GE(due.front(), 0ns);
    EXPECT_LT(due.back(), 1s);
    for (std::size_t i = 1; i < due.size(); ++i) EXPECT_GE(due[i] - due[i - 1], 100ms);
  }
  EXPECT_TRUE(bench::scattered(0, 1s, 100ms, 1).empty());
  EXPECT_THROW(bench::scattered(12, 1s, 100ms, 1), std::invalid_argument);
}

TEST(Scattered, IsUniformOverTheTimeWhereNothingKeepsThemApart) {
  std::vector<std::int64_t> times;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    for (const auto due : bench::scattered(10, 1s, 0ns, seed)) times.push_back(due.count());
  }
  std::sort(times.begin(), times.end());
  EXPECT_LT(bench::uniform_distance(times, 0, 1e9), bench::critical_distance(times.size()));
}

TEST(Shuffled, HoldsEachArmOnceInAnOrderThatTheSeedDecides) {
  auto order = bench::shuffled(6, 1);
  EXPECT_EQ(order, bench::shuffled(6, 1));
  std::set<std::vector<std::size_t>> orders;
  for (std::uint64_t seed = 0; seed < 50; ++seed) orders.insert(bench::shuffled(6, seed));
  EXPECT_GT(orders.size(), 40U);
  std::sort(order.begin(), order.end());
  EXPECT_EQ(order, (std::vector<std::size_t>{0, 1, 2, 3, 4, 5}));
  EXPECT_TRUE(bench::shuffled(0, 1).empty());
}

TEST(Shuffled, PutsEveryArmFirstEquallyOften) {
  std::vector<int> first(4);
  for (std::uint64_t seed = 0; seed < 4000; ++seed) ++first[bench::shuffled(4, seed).front()];
  for (const int times : first) EXPECT_NEAR(times, 1000, 120);  // 4 standard deviations
}

TEST(Derive, GivesEveryPartAndNumberASeedOfItsOwn) {
  std::set<std::uint64_t> seeds;
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    for (const char* part : {"", "delivery/ws", "delivery/sse"}) {
      for (std::uint64_t number = 0; number < 10; ++number) seeds.insert(bench::derive(seed, part, number));
    }
  }
  EXPECT_EQ(seeds.size(), 300U);
  EXPECT_EQ(bench::derive(1, "delivery/ws", 3), bench::derive(1, "delivery/ws", 3));
}

}  // namespace
