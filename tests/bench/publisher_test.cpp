#include "bench/publisher.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using bench::Clock;

// Notes what it is given.
class Notebook final : public bench::Outlet {
 public:
  void send(std::size_t index) override { send_together(index, 1); }
  void send_together(std::size_t index, std::size_t count) override {
    writes.emplace_back(index, count);
    sent += count;
  }
  std::size_t answered(std::chrono::milliseconds) override { return sent; }

  std::vector<std::pair<std::size_t, std::size_t>> writes;
  std::size_t sent = 0;
};

TEST(GatheringPublisher, HandsOverTogetherWhatIsDueAndNothingEarly) {
  Notebook outlet;
  const std::vector<std::chrono::nanoseconds> plan{0ns, 0ns, 0ns, 30ms, 60ms};
  bench::Publisher publisher(outlet, plan);
  publisher.gather();
  publisher.start(Clock::now());
  publisher.join();
  ASSERT_FALSE(outlet.writes.empty());
  EXPECT_EQ(outlet.writes[0].first, 0U);
  EXPECT_GE(outlet.writes[0].second, 3U);
  std::size_t next = 0;
  for (const auto& [index, count] : outlet.writes) {
    EXPECT_EQ(index, next);
    next += count;
  }
  EXPECT_EQ(next, plan.size());
  EXPECT_EQ(publisher.handed_over(), plan.size());
  EXPECT_GE(publisher.lateness().front(), 0);
}

TEST(GatheringPublisher, SleepsAtLeastAsLongAsItIsTold) {
  Notebook outlet;
  std::vector<std::chrono::nanoseconds> plan;
  for (int i = 0; i < 1000; ++i) plan.push_back(i * 50us);
  bench::Publisher publisher(outlet, plan);
  publisher.gather(10ms);
  publisher.start(Clock::now() + 1ms);
  publisher.join();
  EXPECT_LE(outlet.writes.size(),
            100U);  // six sleeps, and what came due while it wrote: not one write for each
  EXPECT_EQ(outlet.sent, 1000U);
}

TEST(GatheringPublisher, NumbersItsMessagesFromTheFirst) {
  Notebook outlet;
  bench::Publisher publisher(outlet, std::vector<std::chrono::nanoseconds>(3), 0, 100);
  publisher.gather();
  publisher.start(Clock::now());
  publisher.stop();  // maybe before it began: then nothing was handed over
  publisher.join();
  for (const auto& [index, count] : outlet.writes) EXPECT_EQ(index, 100U);
  EXPECT_EQ(publisher.lateness().size(), publisher.handed_over());
}

}  // namespace
