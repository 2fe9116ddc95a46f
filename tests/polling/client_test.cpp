// When a poller asks. What it is told is the contract's.
#include "polling/client.hpp"

#include "support/clients.hpp"
#include "support/hostile_server.hpp"
#include "support/loop.hpp"
#include "support/test_server.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr std::size_t polls = 5;

// When each poll came, and when its answer left, by the server's side of one kept connection.
struct Diary {
  std::mutex mutex;
  std::vector<Clock::time_point> asked, answered;
};

// Polls a server that takes `thinking` for each answer, until there were so many polls.
void poll_slow_server(const polling::Timing& timing, std::chrono::milliseconds thinking, Diary& diary) {
  support::HostileServer server([&](support::HostileServer::Peer& peer) {
    while (!peer.read_head().empty()) {
      const auto asked = Clock::now();
      std::this_thread::sleep_for(thinking);
      const std::lock_guard lock(diary.mutex);
      diary.asked.push_back(asked);
      diary.answered.push_back(Clock::now());
      if (!peer.send("HTTP/1.1 204 No Content\r\n\r\n")) return;
    }
  });
  support::Loop loop;
  polling::Client client(loop.executor(), support::address(server.port()), timing);
  const feed::Events events;
  const auto task =
      loop.start(support::read_feed(client, feed::After::at(feed::Cursor{"abcd1234", 0}), events));
  loop.until("five polls", [&diary] {
    const std::lock_guard lock(diary.mutex);
    return diary.asked.size() >= polls;
  });
  client.close();
  loop.until("the poller's end", [&task] { return task.done(); });
}

TEST(PollingClient, PausesAfterEachAnswer) {
  polling::Timing timing;
  timing.interval = 30ms;
  timing.pace = polling::Pace::answer_to_start;
  Diary diary;
  poll_slow_server(timing, 20ms, diary);
  for (std::size_t i = 1; i < polls; ++i) EXPECT_GE(diary.asked[i] - diary.answered[i - 1], 30ms) << i;
}

TEST(PollingClient, PollsNoMoreOftenThanItsIntervalAndNeverTwiceAtOnce) {
  polling::Timing timing;
  timing.interval = 30ms;
  Diary diary;
  const auto begin = Clock::now();
  poll_slow_server(timing, 20ms, diary);
  for (std::size_t i = 1; i < polls; ++i) {
    EXPECT_GE(diary.asked[i] - begin, 30ms * i) << i;
    EXPECT_GE(diary.asked[i], diary.answered[i - 1]) << i;
  }
}

}  // namespace
