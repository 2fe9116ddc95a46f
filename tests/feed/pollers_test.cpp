// Who counts as somebody who reads by polling, and for how long.
#include "feed/pollers.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace feed {
namespace {

using namespace std::chrono_literals;

constexpr Clock::time_point start{1h};

TEST(Pollers, AreCountedOnceEach) {
  Pollers pollers;
  EXPECT_EQ(pollers.count(start), 0u);
  pollers.polled("ada", start);
  pollers.polled("bob", start + 1s);
  pollers.polled("ada", start + 1s);
  EXPECT_EQ(pollers.count(start + 1s), 2u);
}

TEST(Pollers, ThatHaveNotPolledLatelyAreGone) {
  Pollers pollers;
  pollers.polled("ada", start);
  pollers.polled("bob", start + 3s);
  EXPECT_EQ(pollers.count(start + Pollers::lately), 2u);
  EXPECT_EQ(pollers.count(start + Pollers::lately + 1ms), 1u);
  pollers.polled("bob", start + 7s);
  EXPECT_EQ(pollers.count(start + 3s + Pollers::lately + 1ms), 1u) << "bob polled again";
  EXPECT_EQ(pollers.count(start + 1h), 0u);
}

TEST(Pollers, AreNeverMoreThanSoMany) {
  Pollers pollers;
  for (std::size_t n = 0; n < 2 * Pollers::most; ++n) pollers.polled(std::to_string(n), start);
  EXPECT_EQ(pollers.count(start), Pollers::most);
  pollers.polled("late", start + Pollers::lately + 1ms);
  EXPECT_EQ(pollers.count(start + Pollers::lately + 1ms), 1u) << "there is room when the others are gone";
}

}  // namespace
}  // namespace feed
