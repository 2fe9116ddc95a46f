#include "feed/bell.hpp"

#include "support/loop.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

namespace feed {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

net::awaitable<Wake> wait(Bell& bell, Waiter& waiter, Clock::time_point due) {
  co_return co_await bell.wait(waiter, due, net::use_awaitable);
}
net::awaitable<Wake> wait_alone(Waiter& waiter) { co_return co_await waiter.wait(net::use_awaitable); }

class BellTest : public testing::Test {
 protected:
  support::Task<Wake> start(Waiter& waiter, Clock::time_point due = Clock::time_point::max()) {
    return loop.start(wait(bell, waiter, due));
  }
  void until_waiting(std::size_t) {
    bool turned = false;
    net::post(loop.executor(), [&] { turned = true; });
    loop.until("a turn", [&] { return turned; });
  }

  support::Loop loop;
  Bell bell{loop.executor()};
};

TEST_F(BellTest, ResumesAllWhoWait) {
  std::vector<std::unique_ptr<Waiter>> waiters;
  std::vector<support::Task<Wake>> tasks;
  for (int n = 0; n < 100; ++n) {
    waiters.push_back(std::make_unique<Waiter>());
    tasks.push_back(start(*waiters.back()));
  }
  loop.until("somebody", [&] { return bell.anybody(); });
  until_waiting(100);
  bell.ring();
  for (const auto& task : tasks) {
    loop.until("its end", [&] { return task.done(); });
    EXPECT_EQ(task.value(), Wake::rung);
  }
  EXPECT_FALSE(bell.anybody());
}

TEST_F(BellTest, ResumesThoseWhoHaveWaitedLongestWhereNotAllAreMeant) {
  Waiter waiters[5];
  std::vector<support::Task<Wake>> tasks;
  for (Waiter& waiter : waiters) {
    tasks.push_back(start(waiter));
    loop.turn();
  }
  EXPECT_EQ(bell.ring(3), 3u);
  loop.turn();
  for (int n = 0; n < 5; ++n) EXPECT_EQ(tasks[static_cast<std::size_t>(n)].done(), n < 3) << n;
  EXPECT_EQ(bell.ring(3), 2u);
  EXPECT_EQ(bell.ring(3), 0u);
  for (const auto& task : tasks) loop.until("its end", [&] { return task.done(); });
}

net::awaitable<int> count_rings(Bell& bell, int& heard) {
  Waiter waiter;
  for (; heard < 3; ++heard) co_await bell.wait(waiter);
  co_return heard;
}

TEST_F(BellTest, WhoWaitsAgainBecauseOfARingHearsTheNextOne) {
  int heard = 0;
  const auto task = loop.start(count_rings(bell, heard));
  for (int n = 0; n < 3; ++n) {
    loop.until("a waiter", [&] { return bell.anybody(); });
    EXPECT_EQ(heard, n);
    bell.ring();
    EXPECT_EQ(heard, n + 1);
  }
  loop.until("its end", [&] { return task.done(); });
}

TEST_F(BellTest, ARingThatNobodyHearsIsForgotten) {
  bell.ring();
  Waiter waiter;
  const auto task = start(waiter);
  loop.until("a waiter", [&] { return bell.anybody(); });
  EXPECT_FALSE(task.done());
  bell.ring();
  loop.until("its end", [&] { return task.done(); });
}

TEST_F(BellTest, AWaitEndsWhenItIsDueAndNotBefore) {
  Waiter waiter;
  const auto due = Clock::now() + milliseconds(15);
  EXPECT_EQ(loop.run(wait(bell, waiter, due)), Wake::due);
  EXPECT_GE(Clock::now(), due);
}

TEST_F(BellTest, ATimeThatHasPassedEndsAWaitAtOnce) {
  Waiter waiter;
  EXPECT_EQ(loop.run(wait(bell, waiter, Clock::now() - hours(1))), Wake::due);
}

TEST_F(BellTest, TimesInAnyOrderAreKept) {
  std::vector<std::unique_ptr<Waiter>> waiters;
  std::vector<support::Task<Wake>> tasks;
  std::vector<Clock::time_point> dues;
  for (const int ms : {40, 5, 90, 1, 60, 20}) {
    waiters.push_back(std::make_unique<Waiter>());
    dues.push_back(Clock::now() + milliseconds(ms));
    tasks.push_back(start(*waiters.back(), dues.back()));
  }
  Waiter patient;
  const auto never = start(patient, Clock::now() + hours(1));
  for (std::size_t n = 0; n < tasks.size(); ++n) {
    loop.until("its end", [&] { return tasks[n].done(); });
    EXPECT_EQ(tasks[n].value(), Wake::due);
    EXPECT_GE(Clock::now(), dues[n]);
  }
  EXPECT_FALSE(never.done());
  bell.ring();
  EXPECT_EQ((loop.until("its end", [&] { return never.done(); }), never.value()), Wake::rung);
}

TEST_F(BellTest, ATimeThatBeginsAfterARingIsKeptToo) {
  for (int n = 0; n < 3; ++n) {
    Waiter rung;
    const auto task = start(rung, Clock::now() + hours(1));
    loop.until("a waiter", [&] { return bell.anybody(); });
    bell.ring();
    loop.until("its end", [&] { return task.done(); });
    Waiter due;
    EXPECT_EQ(loop.run(wait(bell, due, Clock::now() + milliseconds(5))), Wake::due);
  }
}

TEST_F(BellTest, WakeIsForOneWaiterAlone) {
  Waiter one;
  Waiter other;
  const auto woken = start(one);
  const auto waits = start(other);
  loop.until("a waiter", [&] { return bell.anybody(); });
  until_waiting(2);
  one.wake();
  loop.until("its end", [&] { return woken.done(); });
  EXPECT_EQ(woken.value(), Wake::woken);
  EXPECT_FALSE(waits.done());
  bell.ring();
  loop.until("the other's end", [&] { return waits.done(); });
}

TEST_F(BellTest, WakeBeforeTheWaitEndsItAtOnceAndOnlyThatOne) {
  Waiter waiter;
  waiter.wake();
  EXPECT_EQ(loop.run(wait(bell, waiter, Clock::time_point::max())), Wake::woken);
  EXPECT_FALSE(bell.anybody());
  const auto again = start(waiter);
  loop.until("a waiter", [&] { return bell.anybody(); });
  bell.ring();
  loop.until("its end", [&] { return again.done(); });
  EXPECT_EQ(again.value(), Wake::rung);
}

TEST_F(BellTest, AWaiterNeedsNoBellToBeWoken) {
  Waiter waiter;
  const auto task = loop.start(wait_alone(waiter));
  until_waiting(1);
  EXPECT_FALSE(task.done());
  waiter.wake();
  loop.until("its end", [&] { return task.done(); });
  EXPECT_EQ(task.value(), Wake::woken);
}

net::awaitable<int> wake_another_when_rung(Bell& bell, Waiter& mine, Waiter& another) {
  co_await bell.wait(mine);
  another.wake();
  co_return 1;
}

TEST_F(BellTest, WhoIsResumedMayWakeAnotherThatTheSameRingIsAboutToResume) {
  Waiter first;
  Waiter second;
  const auto one = loop.start(wake_another_when_rung(bell, first, second));
  const auto two = start(second);
  until_waiting(2);
  bell.ring();
  loop.until("both ends", [&] { return one.done() && two.done(); });
  EXPECT_EQ(two.value(), Wake::woken);
}

TEST(BellAtTheEnd, CoroutinesThatStillWaitAreDestroyedWithTheirLoop) {
  // The sanitizers say whether that is so.
  support::Loop loop;
  Bell bell(loop.executor());
  Waiter waiter;
  const auto task = loop.start(wait(bell, waiter, Clock::now() + hours(1)));
  loop.until("a waiter", [&] { return bell.anybody(); });
  EXPECT_FALSE(task.done());
}

}  // namespace
}  // namespace feed
