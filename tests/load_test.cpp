// What must hold when there is a lot of everything: nothing lost, nothing doubled, nothing out of order, and memory within its
// bounds. Against the real programs, in processes of their own. No test here measures time.
#include "support/child.hpp"
#include "support/crowd.hpp"
#include "support/raw_client.hpp"

#include <gtest/gtest.h>

#include <sys/resource.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <ostream>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using support::Child;
using support::Crowd;
using support::frame;
using support::get;
using support::Numbers;
using support::post;
using support::RawClient;
using support::upgrade;
using support::wait_for_readers;

using Clock = std::chrono::steady_clock;

// The thread sanitizer remembers every access: what a program takes under it says nothing.
#ifdef __SANITIZE_THREAD__
constexpr bool memory_can_be_measured = false;
#else
constexpr bool memory_can_be_measured = true;
#endif

std::string program(std::string_view transport) {
  return std::string(PROGRAM_DIRECTORY) + '/' + std::string(transport) + "_server";
}

std::string request_of(std::string_view transport) {
  return transport == "sse" ? get("/rooms/lobby/events") : upgrade("/rooms/lobby/socket");
}

TEST(Numbers, AreFoundWhateverTheCuts) {
  const std::string stream =
      "id: k3f9.1\ndata: {\"seq\":1,\"at\":1}\n\nid: k3f9.2\ndata: {\"seq\":2,\"at\":1}\n\n{\"se{\"seq\":3,";
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    for (std::size_t second = cut; second <= stream.size(); ++second) {
      Numbers numbers;
      numbers.feed(std::string_view(stream).substr(0, cut));
      numbers.feed(std::string_view(stream).substr(cut, second - cut));
      numbers.feed(std::string_view(stream).substr(second));
      ASSERT_EQ(numbers.last(), 3u) << cut << ' ' << second;
      ASSERT_TRUE(numbers.in_order());
    }
  }
}

struct Setting {
  std::string transport;
  std::string threads;
};

void PrintTo(const Setting& setting, std::ostream* out) {
  *out << setting.transport << " --threads " << setting.threads;
}

class Load : public testing::TestWithParam<Setting> {
 protected:
  static std::string reads() { return request_of(GetParam().transport); }
  static std::vector<std::string> command(std::vector<std::string> options = {}) {
    std::vector<std::string> words{program(GetParam().transport), "--port", "0", "--threads",
                                   GetParam().threads};
    words.insert(words.end(), options.begin(), options.end());
    return words;
  }
};

TEST_P(Load, FiveThousandReadersGetEverything) {
  constexpr std::uint64_t readers = 5000;
  constexpr std::uint64_t messages = 20;
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < readers + 100) {
    limit.rlim_cur = std::min<rlim_t>(limit.rlim_max, readers + 1000);
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  if (limit.rlim_cur < readers + 100)
    GTEST_SKIP() << "this machine allows " << limit.rlim_cur << " descriptors, " << readers + 100
                 << " are needed";
  Child server(command({"--max-connections", "6000", "--heartbeat", "600"}));
  const std::uint16_t port = server.port();
  Crowd crowd;
  for (std::uint64_t n = 0; n < readers; ++n) crowd.add(port, reads());
  wait_for_readers(port, readers);

  RawClient publishes(port, support::long_patience);
  for (std::uint64_t n = 0; n < messages; ++n)
    ASSERT_EQ(publishes.ask(post("/rooms/lobby/messages", R"({"text":"hi"})")).status, 201);

  EXPECT_TRUE(crowd.read_until(messages));
  EXPECT_TRUE(crowd.in_order());
  EXPECT_EQ(crowd.complete(messages), readers);
  EXPECT_EQ(support::number_in(publishes.ask(get("/stats")).body, "gaps"), 0u);
}

TEST_P(Load, ASecondOfAThousandMessagesReachesAHundredReaders) {
  constexpr std::uint64_t readers = 100;
  constexpr std::uint64_t messages = 1000;
  Child server(command());
  const std::uint16_t port = server.port();
  Crowd crowd;
  for (std::uint64_t n = 0; n < readers; ++n) crowd.add(port, reads());
  wait_for_readers(port, readers);

  std::atomic<std::uint64_t> accepted = 0;
  std::thread publisher([&] {
    RawClient publishes(port, support::long_patience);
    const auto start = Clock::now();
    for (std::uint64_t n = 0; n < messages; ++n) {
      std::this_thread::sleep_until(
          start + std::chrono::milliseconds(n));  // the rate is what is asked for, not a wait for something
      if (publishes.ask(post("/rooms/lobby/messages", R"({"author":"ada","text":"sixteen bytes..."})"))
              .status == 201)
        ++accepted;
    }
  });
  const bool all = crowd.read_until(messages);
  publisher.join();

  EXPECT_TRUE(all);
  EXPECT_EQ(accepted, messages);
  EXPECT_TRUE(crowd.in_order());
  EXPECT_EQ(crowd.complete(messages), readers);
}

TEST_P(Load, AFloodReachesEveryReaderThatKeepsUpWithTheLog) {
  constexpr std::uint64_t readers = 20;
  constexpr std::uint64_t messages = 5000;
  Child server(command({"--history", "10000", "--history-bytes", "100000000"}));
  const std::uint16_t port = server.port();
  Crowd crowd;
  for (std::uint64_t n = 0; n < readers; ++n) crowd.add(port, reads());
  wait_for_readers(port, readers);

  std::thread publisher([&] {
    RawClient publishes(port, support::long_patience);
    std::string requests;
    for (std::uint64_t n = 0; n < 100; ++n) requests += post("/rooms/lobby/messages", R"({"text":"hi"})");
    for (std::uint64_t n = 0; n < messages / 100; ++n) {
      publishes.send(requests);
      for (int answer = 0; answer < 100; ++answer) publishes.read_answer();
    }
  });
  const bool all = crowd.read_until(messages);
  publisher.join();

  EXPECT_TRUE(all);
  EXPECT_TRUE(crowd.in_order());
}

TEST_P(Load, ReadersThatNeverReadCostLittleMemoryAndNobodyElseNotices) {
  if (!memory_can_be_measured) GTEST_SKIP();
  constexpr std::uint64_t stuck = 100;
  constexpr std::uint64_t messages = 2000;
  Child server(command({"--history-bytes", "1000000"}));
  const std::uint16_t port = server.port();
  std::vector<RawClient> never_read;
  for (std::uint64_t n = 0; n < stuck; ++n) {
    never_read.emplace_back(port);
    never_read.back().set_receive_buffer(4096);
    never_read.back().send(reads());
  }
  Crowd crowd;
  crowd.add(port, reads());
  wait_for_readers(port, stuck + 1);
  RawClient publishes(port, support::long_patience);
  const std::string body = "{\"text\":\"" + std::string(10'000, 'x') + "\"}";
  for (int n = 0; n < 100; ++n) publishes.ask(post("/rooms/lobby/messages", body));
  EXPECT_TRUE(crowd.read_until(100));
  const std::size_t before = server.resident_bytes();

  for (std::uint64_t n = 100; n < messages; ++n) {  // 19 MB for each of them
    ASSERT_EQ(publishes.ask(post("/rooms/lobby/messages", body)).status, 201);
    ASSERT_TRUE(crowd.read_until(n + 1));
  }

  EXPECT_TRUE(crowd.in_order());
  // A block of 16 KiB or one larger frame each, and what the allocator keeps; the kernel's buffers are bounded by itself.
  EXPECT_LE(server.resident_bytes(), before + stuck * 64 * 1024 + (8u << 20));
}

std::string name_of(const testing::TestParamInfo<Setting>& info) { return info.param.transport; }

INSTANTIATE_TEST_SUITE_P(Over, Load, testing::Values(Setting{"sse", "1"}, Setting{"websocket", "1"}),
                         name_of);
INSTANTIATE_TEST_SUITE_P(OnTwoThreads, Load, testing::Values(Setting{"sse", "2"}, Setting{"websocket", "2"}),
                         name_of);

TEST(LoadOfRooms, APublisherCannotMakeARoomForgetItsLimit) {
  if (!memory_can_be_measured) GTEST_SKIP();
  Child server({program("polling"), "--port", "0", "--history", "100", "--history-bytes", "1000000"});
  const std::uint16_t port = server.port();
  RawClient publishes(port, support::long_patience);
  const std::string body = "{\"text\":\"" + std::string(50'000, 'x') + "\"}";
  const auto publish = [&](int count) {
    for (int n = 0; n < count; ++n) ASSERT_EQ(publishes.ask(post("/rooms/lobby/messages", body)).status, 201);
  };
  publish(100);
  const std::size_t before = server.resident_bytes();
  publish(2000);  // 100 MB
  EXPECT_LE(server.resident_bytes(), before + (8u << 20));
  EXPECT_LE(publishes.ask(get("/rooms/lobby/messages")).body.size(), 1'001'000u);
}

}  // namespace
