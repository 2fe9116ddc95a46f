#include "bench/longpoll.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <vector>

namespace {

using namespace std::chrono_literals;
using bench::Told;

constexpr auto one_way = 50ms;

Told at_ms(double sent, double received) {
  return {static_cast<std::int64_t>(sent * 1e6), static_cast<std::int64_t>(received * 1e6)};
}

std::size_t waited(const std::vector<Told>& told) { return bench::waited(told, one_way); }

TEST(Waited, IsNobodyWhereThePollIsThereBeforeEachMessage) {
  EXPECT_EQ(waited({}), 0U);
  EXPECT_EQ(waited({at_ms(1000, 1050)}), 0U);
  EXPECT_EQ(waited({at_ms(1000, 1050), at_ms(1200, 1250), at_ms(1301, 1351)}), 0U);
}

// Told at 1050, the client asks again, and is there at 1100.
TEST(Waited, IsWhoCameBeforeTheNextPollWasThere) {
  EXPECT_EQ(waited({at_ms(1000, 1050), at_ms(1001, 1150)}), 1U);
  EXPECT_EQ(waited({at_ms(1000, 1050), at_ms(1099, 1150)}), 1U);
  EXPECT_EQ(waited({at_ms(1000, 1050), at_ms(1101, 1151)}), 0U);
}

TEST(Waited, CountsEachMessageThatOneAnswerBrings) {
  EXPECT_EQ(waited({at_ms(1000, 1050), at_ms(1010, 1150), at_ms(1050, 1150.02), at_ms(1090, 1150.04)}), 3U);
  // The next answer is that of 1150: its poll is there at 1200.
  EXPECT_EQ(waited({at_ms(1000, 1050), at_ms(1010, 1150), at_ms(1120, 1250), at_ms(1199, 1250.02)}), 3U);
}

TEST(Waited, IsNotWhoCameWithTheMessageThatWasAnswered) {
  EXPECT_EQ(waited({at_ms(1000, 1050.1), at_ms(1000.02, 1050.12)}), 0U);
}

}  // namespace
