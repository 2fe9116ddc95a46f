#include "feed/room.hpp"

#include "support/loop.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace feed {
namespace {

std::string in_brackets(const Cursor& cursor, std::string_view) {
  return '<' + std::to_string(cursor.seq) + '>';
}
std::string in_braces(const Cursor& cursor, std::string_view json) {
  return '{' + to_string(cursor) + ' ' + std::to_string(json.size()) + '}';
}

class RoomTest : public testing::Test {
 protected:
  explicit RoomTest(HistoryLimits limits = {}) : room("lobby", "k3f9", limits, loop.executor(), counters) {}
  void publish(int count) {
    for (int n = 0; n < count; ++n) room.publish({"ada", "hi"});
  }
  // Everything that is posted and needs no time.
  void settle() {
    bool settled = false;
    for (int turn = 0; turn < 1000; ++turn) {
      settled = false;
      net::post(loop.executor(), [&] { settled = true; });
      loop.until("a turn of the loop", [&] { return settled; });
    }
  }

  support::Loop loop;
  Counters counters;
  Room room;
};

net::awaitable<Result<News>> next(Reader& reader, Clock::time_point due, std::size_t limit) {
  co_return co_await reader.next(due, limit);
}

constexpr auto never = Clock::time_point::max();

TEST_F(RoomTest, GivesAMessageThePlaceThatPublishReturns) {
  EXPECT_EQ(room.publish({"ada", "hi"}).place().value(), (Cursor{"k3f9", 1}));
  EXPECT_EQ(room.publish({"ada", "hi"}).place().value(), (Cursor{"k3f9", 2}));
  EXPECT_EQ(counters.published, 2u);
}

TEST_F(RoomTest, AReaderGetsWhatIsThereWithoutWaiting) {
  publish(3);
  Reader reader(room, in_brackets, After::everything());
  EXPECT_EQ(reader.ready().frames.bytes, "<1><2><3>");
  EXPECT_EQ(reader.ready().frames.count, 0u);
  EXPECT_EQ(reader.position(), (Cursor{"k3f9", 3}));
}

TEST_F(RoomTest, AReaderThatWaitsIsGivenWhatIsPublished) {
  Reader reader(room, in_brackets, After::everything());
  const auto news = loop.start(next(reader, never, Reader::unlimited));
  settle();
  EXPECT_FALSE(news.done());
  publish(1);
  loop.until("news", [&] { return news.done(); });
  EXPECT_EQ(news.value()->frames.bytes, "<1>");
}

TEST_F(RoomTest, WhatIsPublishedInOneTurnGathersIntoOneWrite) {
  Reader reader(room, in_brackets, After::everything());
  const auto news = loop.start(next(reader, never, Reader::unlimited));
  settle();
  publish(10);
  loop.until("news", [&] { return news.done(); });
  EXPECT_EQ(news.value()->frames.count, 10u);
}

// Publishes one message at each turn of the loop, as a busy publisher's connection does.
net::awaitable<int> publish_in_turns(Room& room, int count) {
  for (int n = 0; n < count; ++n) {
    room.publish({"ada", "hi"});
    co_await net::post(net::use_awaitable);
  }
  co_return count;
}

// Reads as a session does: what it is given is written at once, and then it waits again.
net::awaitable<int> count_writes(Reader& reader, Seq last) {
  for (int writes = 1;; ++writes) {
    const auto news = co_await reader.next();
    if (!news || news->frames.last >= last) co_return writes;
  }
}

TEST_F(RoomTest, WhatIsPublishedInManyTurnsGathersIntoFewWrites) {
  Reader reader(room, in_brackets, After::everything());
  const auto writes = loop.start(count_writes(reader, 1000));
  settle();
  const auto flood = loop.start(publish_in_turns(room, 1000));
  loop.until("all messages", [&] { return writes.done() && flood.done(); });
  EXPECT_LE(writes.value(), 100);
}

TEST_F(RoomTest, AFloodThatDoesNotEndIsNotWaitedFor) {
  Reader reader(room, in_brackets, After::everything());
  const auto flood = loop.start(publish_in_turns(room, 100'000));
  const auto news = loop.run(next(reader, never, Reader::unlimited));
  EXPECT_LE(news->frames.last, 1000u);
  EXPECT_FALSE(flood.done());
  loop.until(
      "the flood's end", [&] { return flood.done(); }, support::long_patience);
}

TEST_F(RoomTest, ManyReadersGetTheSameBytesFromOneTape) {
  std::vector<std::unique_ptr<Reader>> readers;
  std::vector<support::Task<Result<News>>> news;
  for (int n = 0; n < 100; ++n) {
    readers.push_back(std::make_unique<Reader>(room, in_brackets, After::everything()));
    news.push_back(loop.start(next(*readers.back(), never, Reader::unlimited)));
  }
  settle();
  publish(3);
  for (const auto& one : news) {
    loop.until("news", [&] { return one.done(); });
    EXPECT_EQ(one.value()->frames.bytes.data(), news.front().value()->frames.bytes.data());
    EXPECT_EQ(one.value()->frames.bytes, "<1><2><3>");
  }
  EXPECT_EQ(counters.delivered, 300u);
}

TEST_F(RoomTest, EachWireHasItsOwnTapeAndAllHaveOneOrder) {
  publish(1);
  Reader brackets(room, in_brackets, After::everything());
  publish(1);
  Reader braces(room, in_braces, After::everything());
  Reader json(room, as_json, After::everything());
  publish(1);
  EXPECT_EQ(brackets.ready().frames.bytes, "<1><2><3>");
  EXPECT_EQ(std::string(braces.ready().frames.bytes).substr(0, 8), "{k3f9.1 ");
  EXPECT_EQ(json.ready().frames.count, 3u);
}

TEST_F(RoomTest, CountsItsReaders) {
  {
    Reader one(room, in_brackets, After::everything());
    Reader two(room, as_json, After::latest());
    EXPECT_EQ(room.readers(), 2u);
    EXPECT_EQ(counters.readers, 2u);
  }
  EXPECT_EQ(room.readers(), 0u);
  EXPECT_EQ(counters.readers, 0u);
}

TEST_F(RoomTest, CloseEndsAWaitAndAllLaterOnes) {
  Reader reader(room, in_brackets, After::everything());
  const auto news = loop.start(next(reader, never, Reader::unlimited));
  settle();
  room.close();
  loop.until("the end", [&] { return news.done(); });
  EXPECT_EQ(news.value().error().code, Errc::closed);
  EXPECT_EQ(loop.run(next(reader, never, Reader::unlimited)).error().code, Errc::closed);
}

TEST_F(RoomTest, WhatWasPublishedBeforeItClosedIsStillDelivered) {
  Reader reader(room, in_brackets, After::everything());
  const auto news = loop.start(next(reader, never, Reader::unlimited));
  settle();
  publish(2);
  room.close();
  loop.until("news", [&] { return news.done(); });
  ASSERT_TRUE(news.value()) << news.value().error().detail;
  EXPECT_EQ(news.value()->frames.bytes, "<1><2>");
  EXPECT_EQ(loop.run(next(reader, never, Reader::unlimited)).error().code, Errc::closed);
}

TEST_F(RoomTest, AWaitEndsWhenItIsDue) {
  Reader reader(room, in_brackets, After::everything());
  const auto due = Clock::now() + std::chrono::milliseconds(20);
  const auto news = loop.run(next(reader, due, Reader::unlimited));
  EXPECT_EQ(news.error().code, Errc::timed_out);
  EXPECT_GE(Clock::now(), due);
}

TEST_F(RoomTest, ALongWaitOutlivesTheShortOnesOfOthers) {
  Reader patient(room, in_brackets, After::everything());
  Reader hasty(room, in_brackets, After::everything());
  const auto patiently = loop.start(next(patient, Clock::now() + std::chrono::hours(1), Reader::unlimited));
  EXPECT_EQ(
      loop.run(next(hasty, Clock::now() + std::chrono::milliseconds(5), Reader::unlimited)).error().code,
      Errc::timed_out);
  EXPECT_FALSE(patiently.done());
  publish(1);
  loop.until("news", [&] { return patiently.done(); });
  EXPECT_EQ(patiently.value()->frames.bytes, "<1>");
}

TEST_F(RoomTest, LeaveEndsTheWaitOfOneReaderAlone) {
  Reader leaves(room, in_brackets, After::everything());
  Reader stays(room, in_brackets, After::everything());
  const auto left = loop.start(next(leaves, never, Reader::unlimited));
  const auto stayed = loop.start(next(stays, never, Reader::unlimited));
  settle();
  leaves.leave();
  loop.until("the end", [&] { return left.done(); });
  EXPECT_EQ(left.value().error().code, Errc::left);
  settle();
  EXPECT_FALSE(stayed.done());
  room.close();
  loop.until("the other's end", [&] { return stayed.done(); });
}

TEST_F(RoomTest, LeaveBeforeTheWaitEndsIt) {
  Reader reader(room, in_brackets, After::everything());
  reader.leave();
  EXPECT_EQ(loop.run(next(reader, never, Reader::unlimited)).error().code, Errc::left);
}

TEST_F(RoomTest, AReaderThatIsDestroyedWhileOthersWaitIsForgotten) {
  auto gone = std::make_unique<Reader>(room, in_brackets, After::everything());
  const auto left = loop.start(next(*gone, never, Reader::unlimited));
  settle();
  gone->leave();
  loop.until("the end", [&] { return left.done(); });
  gone.reset();
  publish(1);
  settle();
  EXPECT_EQ(room.readers(), 0u);
}

TEST_F(RoomTest, TheLimitCutsWhatAReaderGetsAndTheRestComesNext) {
  publish(5);
  Reader reader(room, in_brackets, After::everything());
  EXPECT_EQ(loop.run(next(reader, never, 2))->frames.bytes, "<1><2>");
  EXPECT_EQ(loop.run(next(reader, never, 2))->frames.bytes, "<3><4>");
  EXPECT_EQ(loop.run(next(reader, never, 2))->frames.bytes, "<5>");
}

class ShortRoomTest : public RoomTest {
 protected:
  ShortRoomTest() : RoomTest({10, 1 << 20}) {}
};

TEST_F(ShortRoomTest, AReaderThatFallsBehindIsToldTheGapAndGoesOn) {
  Reader reader(room, in_brackets, After::everything());
  publish(3);
  EXPECT_EQ(reader.ready().frames.last, 3u);
  publish(100);  // 94 to 103 are left

  const News news = reader.ready();

  ASSERT_TRUE(news.gap);
  EXPECT_EQ(*news.gap, (Hello{{"k3f9", 93}, Gap{Gap::Reason::forgotten, 90}}));
  EXPECT_EQ(news.frames.bytes.substr(0, 8), "<94><95>");
  EXPECT_EQ(counters.gaps, 1u);
  Seq last = news.frames.last;
  while (last < 103) last = reader.ready().frames.last;
  publish(1);
  EXPECT_FALSE(reader.ready().gap);
}

TEST_F(ShortRoomTest, AReaderExactlyAtTheEdgeHasNoGap) {
  publish(3);
  Reader reader(room, in_brackets, After::at({"k3f9", 3}));
  publish(10);
  const News news = reader.ready();
  EXPECT_FALSE(news.gap);
  EXPECT_EQ(news.frames.bytes.substr(0, 3), "<4>");
}

TEST_F(ShortRoomTest, AReadersHelloSaysTheGapThatItCameWith) {
  publish(100);
  Reader reader(room, in_brackets, After::at({"k3f9", 3}));
  EXPECT_EQ(reader.hello(), (Hello{{"k3f9", 90}, Gap{Gap::Reason::forgotten, 87}}));
  EXPECT_FALSE(reader.ready().gap);
}

TEST(RoomsTest, OpenMakesARoomOnceAndFindMakesNone) {
  support::Loop loop;
  Rooms rooms(loop.executor(), {});
  EXPECT_EQ(rooms.find("lobby"), nullptr);
  Room& lobby = rooms.open("lobby");
  EXPECT_EQ(&rooms.open("lobby"), &lobby);
  EXPECT_EQ(rooms.find("lobby"), &lobby);
  EXPECT_NE(&rooms.open("garden"), &lobby);
  EXPECT_EQ(rooms.all().size(), 2u);
  EXPECT_EQ(lobby.log().epoch(), rooms.next_epoch());
}

TEST(RoomsTest, CloseEndsTheFeedsOfAllAndOfThoseMadeLater) {
  support::Loop loop;
  Rooms rooms(loop.executor(), {});
  Reader early(rooms.open("lobby"), in_brackets, After::everything());
  rooms.close();
  Reader late(rooms.open("garden"), in_brackets, After::everything());
  EXPECT_EQ(loop.run(next(early, never, Reader::unlimited)).error().code, Errc::closed);
  EXPECT_EQ(loop.run(next(late, never, Reader::unlimited)).error().code, Errc::closed);
}

TEST(RoomsTest, CloseTellsManyReadersOneAfterTheOther) {
  support::Loop loop;
  Rooms rooms(loop.executor(), {});
  std::vector<std::unique_ptr<Reader>> readers;
  std::vector<support::Task<Result<News>>> told;
  for (int n = 0; n < 100; ++n) {
    readers.push_back(std::make_unique<Reader>(rooms.open("lobby"), in_brackets, After::everything()));
    told.push_back(loop.start(next(*readers.back(), never, Reader::unlimited)));
  }
  loop.turn();
  const auto count = [&] {
    return std::count_if(told.begin(), told.end(), [](const auto& task) { return task.done(); });
  };
  rooms.close();
  loop.turn();
  EXPECT_GT(count(), 0);
  EXPECT_LT(count(), 100);
  loop.until("the last one", [&] { return count() == 100; });
  for (const auto& task : told) EXPECT_EQ(task.value().error().code, Errc::closed);
}

TEST(RoomsTest, TakeNothingMoreWhenTheyAreClosed) {
  support::Loop loop;
  Rooms rooms(loop.executor(), {});
  Room& lobby = rooms.open("lobby");
  rooms.close();
  const Publication publication = lobby.publish({"ada", "hi"});
  EXPECT_EQ(publication.place().error().status, 503);
  EXPECT_EQ(lobby.log().last(), 0u);
}

TEST(RoomsTest, ARoomThatWasMadeForReadersAloneGoesWithTheLastOfThem) {
  support::Loop loop;
  RoomLimits most;
  most.rooms = 2;
  most.rooms_per_client = 1;
  Rooms rooms(std::vector{loop.executor()}, {}, most);
  const auto ada = net::ip::make_address("10.0.0.1");
  auto one = std::make_unique<Reader>(*rooms.open("lobby", ada).value(), in_brackets, After::everything());
  auto two = std::make_unique<Reader>(*rooms.open("lobby", ada).value(), in_brackets, After::everything());
  EXPECT_EQ(rooms.open("garden", ada).error().status, 429);
  one.reset();
  EXPECT_NE(rooms.find("lobby"), nullptr);
  two.reset();
  loop.turn();
  EXPECT_EQ(rooms.find("lobby"), nullptr);
  EXPECT_TRUE(rooms.open("garden", ada)) << "what has gone counts no more";
}

TEST(RoomsTest, ARoomStaysForWhoComesJustWhenTheLastOneGoes) {
  support::Loop loop;
  Rooms rooms(loop.executor(), {});
  auto last = std::make_unique<Reader>(rooms.open("lobby"), in_brackets, After::everything());
  auto heard = std::make_unique<Reader>(rooms.open("garden"), in_brackets, After::everything());
  last.reset();
  heard.reset();
  const Reader next_one(rooms.open("lobby"), in_brackets, After::everything());
  rooms.open("garden").publish({"ada", "hi"});
  loop.turn();
  EXPECT_NE(rooms.find("lobby"), nullptr);
  EXPECT_NE(rooms.find("garden"), nullptr);
}

// As a long poll does: its reader lives in the coroutine that the bell wakes.
net::awaitable<Result<News>> poll(Room& room, Clock::time_point due) {
  Reader reader(room, in_brackets, After::everything());
  co_return co_await reader.next(due, Reader::unlimited);
}

// Under the address sanitizer this says more than without.
TEST(RoomsTest, ARoomMayGoWhileItsBellIsStillRinging) {
  support::Loop loop;
  Rooms rooms(loop.executor(), {});
  const auto due = Clock::now() + std::chrono::milliseconds(5);
  const auto one = loop.start(poll(rooms.open("lobby"), due));
  const auto two = loop.start(poll(rooms.open("lobby"), due));
  loop.until("the end of both", [&] { return one.done() && two.done(); });
  EXPECT_EQ(one.value().error().code, Errc::timed_out);
  loop.turn();
  EXPECT_EQ(rooms.find("lobby"), nullptr);
}

TEST(RoomsTest, ARoomMayGoWhenTheTimeOfItsLastReaderIsUpToo) {
  support::Loop loop;
  Rooms rooms(loop.executor(), {});
  auto reader = std::make_unique<Reader>(rooms.open("lobby"), in_brackets, After::everything());
  const auto due = Clock::now() + std::chrono::milliseconds(5);
  const auto left = loop.start(next(*reader, due, Reader::unlimited));
  loop.turn();
  while (Clock::now() < due) {
  }
  reader->leave();
  reader.reset();
  loop.turn();  // the room's end is under way already, and now the timer has run out: both come in this turn
  EXPECT_EQ(left.value().error().code, Errc::left);
  EXPECT_EQ(rooms.find("lobby"), nullptr);
}

TEST(RoomsTest, ARoomInWhichSomethingWasSaidStaysAndCounts) {
  support::Loop loop;
  RoomLimits most;
  most.rooms = 1;
  Rooms rooms(std::vector{loop.executor()}, {}, most);
  const auto ada = net::ip::make_address("10.0.0.1");
  {
    Reader reader(*rooms.open("lobby", ada).value(), in_brackets, After::everything());
    rooms.find("lobby")->publish({"ada", "hi"});
  }
  EXPECT_NE(rooms.find("lobby"), nullptr);
  EXPECT_EQ(rooms.open("garden", ada).error().status, 503);
  EXPECT_EQ(rooms.open("lobby", net::ip::make_address("10.0.0.2")).value(), rooms.find("lobby"));
}

TEST(RoomsTest, ANameSaysTheThreadAndNamesThatCountUpSpreadEvenly) {
  support::Loop loop;
  for (const auto& [threads, most] : {std::pair<std::size_t, int>{2, 8}, {4, 5}}) {
    const Rooms rooms(std::vector(threads, loop.executor()), HistoryLimits{});
    for (const std::string name : {"room-", "room", "서울 "}) {
      std::vector<int> of_thread(threads);
      for (int n = 0; n < 16; ++n) ++of_thread.at(rooms.thread_of(name + std::to_string(n)));
      EXPECT_THAT(of_thread, testing::Each(testing::Le(most)));
    }
  }
  const Rooms one(loop.executor(), HistoryLimits{});
  EXPECT_EQ(one.thread_of("room-1"), 0u);
  EXPECT_EQ(one.thread_of("room-2"), 0u);
}

TEST(RoomsTest, EpochsAre8CharactersAndDiffer) {
  const std::string one = make_epoch();
  EXPECT_EQ(one.size(), 8u);
  EXPECT_EQ(one.find_first_not_of("0123456789abcdefghijklmnopqrstuvwxyz"), std::string::npos);
  EXPECT_NE(one, make_epoch());
  EXPECT_TRUE(parse_cursor(one + ".0"));
}

}  // namespace
}  // namespace feed
