#include "bench/load.hpp"

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;

TEST(Goodput, IsWhatCameInTime) {
  const auto done = bench::goodput(1000, 1000, 2s, 0.3);
  EXPECT_DOUBLE_EQ(done.per_second, 500);
  EXPECT_FALSE(done.saturated);
}

TEST(Goodput, IsThatOfASaturatedServerWhereItIsBehindAndBusy) {
  const auto done = bench::goodput(100'000, 60'000, 1s, 0.99);
  EXPECT_DOUBLE_EQ(done.per_second, 60'000);
  EXPECT_TRUE(done.saturated);
}

// What is under way at the end is not a backlog.
TEST(Goodput, LeavesATwentiethForWhatIsUnderWay) { EXPECT_FALSE(bench::goodput(1000, 960, 1s, 1).saturated); }

// Else a server that has stopped would pass for a busy one.
TEST(Goodput, IsNotSaturatedWhereTheServerHadTimeToSpare) {
  EXPECT_FALSE(bench::goodput(1000, 500, 1s, 0.5).saturated);
}

}  // namespace
