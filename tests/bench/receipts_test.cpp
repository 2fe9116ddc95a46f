#include "bench/receipts.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace {

using bench::Clock;
using bench::Receipts;

Receipts with(std::size_t messages, std::initializer_list<std::uint64_t> came) {
  Receipts receipts(messages);
  for (const std::uint64_t seq : came) receipts.take(seq, Clock::now());
  return receipts;
}

TEST(ReceiptsOfABrokenOffRun, MayLackTheEndAndNothingElse) {
  EXPECT_EQ(with(5, {1, 2, 3}).fault(), "2 lost");
  EXPECT_EQ(with(5, {1, 2, 3}).fault_so_far(), "");
  EXPECT_EQ(with(5, {}).fault_so_far(), "");
  EXPECT_EQ(with(5, {1, 3}).fault_so_far(), "1 lost");
  EXPECT_EQ(with(5, {1, 2, 2}).fault_so_far(), "1 doubled");
}

TEST(ReceiptsOfALateReader, DoNotMissWhatWasNotForIt) {
  Receipts receipts(4);
  receipts.begin_behind(2);
  EXPECT_FALSE(receipts.has(0));
  EXPECT_FALSE(receipts.complete());
  receipts.take(3, Clock::now());
  receipts.take(4, Clock::now());
  EXPECT_TRUE(receipts.has(3));
  EXPECT_TRUE(receipts.complete());
  EXPECT_EQ(receipts.fault(), "");
}

TEST(ReceiptsOfALateReader, CallWhatWasNotForItDoubled) {
  Receipts receipts(4);
  receipts.begin_behind(2);
  receipts.take(2, Clock::now());
  EXPECT_EQ(receipts.fault(), "2 lost, 1 doubled");
}

TEST(ReceiptsGate, SaysHowFarTheReadersCame) {
  const std::vector<Receipts> readers{with(5, {1, 2, 3}), with(5, {1, 2})};
  EXPECT_FALSE(bench::once_and_in_order(readers).passed);
  const bench::Gate gate = bench::once_and_in_order_so_far(readers);
  EXPECT_TRUE(gate.passed);
  EXPECT_EQ(gate.detail, "2 readers, 2 to 3 messages each");
}

}  // namespace
