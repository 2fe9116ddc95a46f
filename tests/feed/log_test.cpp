#include "feed/log.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <string>

namespace feed {
namespace {

constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

Log log_of(Seq last, HistoryLimits limits = {unlimited, unlimited}) {
  Log log("k3f9", limits);
  for (Seq seq = 1; seq <= last; ++seq) log.append({"ada", "hi"}, 1'000'000'000'000);
  return log;
}

// {"seq":1,"at":1000000000000,"author":"ada","text":"hi"}
constexpr std::size_t message_bytes = 55;

TEST(Log, NumbersItsMessagesFrom1) {
  Log log("k3f9", {});
  EXPECT_EQ(log.cursor(), (Cursor{"k3f9", 0}));
  EXPECT_EQ(log.first(), 1u);
  EXPECT_EQ(log.append({"ada", "hi"}, 1), (Cursor{"k3f9", 1}));
  EXPECT_EQ(log.append({"ada", "hi"}, 2), (Cursor{"k3f9", 2}));
  EXPECT_EQ(log.at(2), R"({"seq":2,"at":2,"author":"ada","text":"hi"})");
}

TEST(Log, KeepsAPicturesPath) {
  Log log("k3f9", {});
  log.append({"ada", "", "/images/0123456789abcdef0123456789abcdef.png"}, 1);
  EXPECT_EQ(
      log.at(1),
      R"({"seq":1,"at":1,"author":"ada","text":"","image":"/images/0123456789abcdef0123456789abcdef.png"})");
}

TEST(Log, HasItsMessagesSideBySideWithCommas) {
  Log log("k3f9", {});
  log.append({"a", "x"}, 1);
  log.append({"b", "y"}, 2);
  EXPECT_EQ(log.json().read(0).bytes,
            R"({"seq":1,"at":1,"author":"a","text":"x"},{"seq":2,"at":2,"author":"b","text":"y"},)");
}

TEST(Log, GoesOnFromAnyNumber) {
  Log log("k3f9", {3, unlimited}, 41);
  EXPECT_EQ(log.first(), 41u);
  EXPECT_EQ(log.last(), 40u);
  EXPECT_EQ(log.append(encode(Message{41, 1, "ada", "hi"})), (Cursor{"k3f9", 41}));
  EXPECT_EQ(log.append({"ada", "there"}, 2), (Cursor{"k3f9", 42}));
  EXPECT_EQ(log.at(41), R"({"seq":41,"at":1,"author":"ada","text":"hi"})");
  EXPECT_EQ(log.at(42), R"({"seq":42,"at":2,"author":"ada","text":"there"})");
  EXPECT_EQ(log.locate(After::at({"k3f9", 41})), (Hello{{"k3f9", 41}, {}}));
  EXPECT_EQ(log.locate(After::at({"k3f9", 30})), (Hello{{"k3f9", 40}, Gap{Gap::Reason::forgotten, 10}}));
  for (int n = 0; n < 5; ++n) log.append({"ada", "hi"}, 3);
  EXPECT_EQ(log.first(), 45u);
}

TEST(Log, ForgetsTheOldestWhenThereAreTooMany) {
  const Log log = log_of(10, {3, unlimited});
  EXPECT_EQ(log.first(), 8u);
  EXPECT_EQ(log.last(), 10u);
}

TEST(Log, ForgetsTheOldestWhenTheyAreTooLarge) {
  EXPECT_EQ(log_of(9, {unlimited, 4 * message_bytes}).first(), 6u);
  EXPECT_EQ(log_of(9, {unlimited, 4 * message_bytes - 1}).first(), 7u);
}

TEST(Log, KeepsTheNewestHoweverLarge) {
  Log log("k3f9", {10, 100});
  log.append({"ada", "hi"}, 1);
  log.append({"ada", std::string(1'000'000, 'x')}, 1);
  EXPECT_EQ(log.first(), 2u);
  EXPECT_EQ(log.last(), 2u);
  log.append({"ada", "hi"}, 1);
  EXPECT_EQ(log.first(), 3u);
}

TEST(Log, LocatesEverythingBeforeTheOldest) {
  EXPECT_EQ(log_of(0).locate(After::everything()), (Hello{{"k3f9", 0}, {}}));
  EXPECT_EQ(log_of(10).locate(After::everything()), (Hello{{"k3f9", 0}, {}}));
  EXPECT_EQ(log_of(10, {3, unlimited}).locate(After::everything()), (Hello{{"k3f9", 7}, {}}));
}

TEST(Log, LocatesLatestBehindTheNewest) {
  EXPECT_EQ(log_of(0).locate(After::latest()), (Hello{{"k3f9", 0}, {}}));
  EXPECT_EQ(log_of(10).locate(After::latest()), (Hello{{"k3f9", 10}, {}}));
}

TEST(Log, LocatesACursorWhereItIs) {
  const Log log = log_of(10, {3, unlimited});  // 8, 9, 10
  for (const Seq seq : {7u, 8u, 9u, 10u})
    EXPECT_EQ(log.locate(After::at({"k3f9", seq})), (Hello{{"k3f9", seq}, {}}));
}

TEST(Log, LocatesAForgottenCursorBehindAGapWithWhatIsMissed) {
  const Log log = log_of(10, {3, unlimited});  // 8, 9, 10
  EXPECT_EQ(log.locate(After::at({"k3f9", 6})), (Hello{{"k3f9", 7}, Gap{Gap::Reason::forgotten, 1}}));
  EXPECT_EQ(log.locate(After::at({"k3f9", 0})), (Hello{{"k3f9", 7}, Gap{Gap::Reason::forgotten, 7}}));
}

TEST(Log, LocatesACursorAheadBehindAGapWithEverything) {
  const Log log = log_of(10, {3, unlimited});
  const Hello expected{{"k3f9", 7}, Gap{Gap::Reason::unknown, {}}};
  EXPECT_EQ(log.locate(After::at({"k3f9", 11})), expected);
  EXPECT_EQ(log.locate(After::at({"k3f9", std::numeric_limits<Seq>::max()})), expected);
}

TEST(Log, LocatesACursorOfAnotherEpochBehindAGapWithEverything) {
  const Log log = log_of(10, {3, unlimited});
  const Hello expected{{"k3f9", 7}, Gap{Gap::Reason::epoch, {}}};
  EXPECT_EQ(log.locate(After::at({"xxxx", 9})), expected);
  EXPECT_EQ(log.locate(After::at({"xxxx", 0})), expected);
  EXPECT_EQ(log.locate(After::at({"k3f9k", 9})), expected);
}

TEST(Log, ResumesWhereAReaderWasOrBehindAGap) {
  const Log log = log_of(10, {3, unlimited});
  EXPECT_EQ(log.resume(7), (Hello{{"k3f9", 7}, {}}));
  EXPECT_EQ(log.resume(10), (Hello{{"k3f9", 10}, {}}));
  EXPECT_EQ(log.resume(4), (Hello{{"k3f9", 7}, Gap{Gap::Reason::forgotten, 3}}));
}

}  // namespace
}  // namespace feed
