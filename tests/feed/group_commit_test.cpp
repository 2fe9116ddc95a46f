// Rooms that are kept: nobody sees a message before the disk has it, what comes at once goes together, and a disk that takes
// nothing loses nothing.
#include "feed/group_commit.hpp"

#include "feed/room.hpp"
#include "support/directory.hpp"
#include "support/file_limit.hpp"
#include "support/loop.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace feed {
namespace {

using testing::HasSubstr;

class GroupCommitTest : public testing::Test {
 protected:
  // As a server starts.
  void open(HistoryLimits limits = {}) {
    rooms = std::make_unique<Rooms>(loop.executor(), limits);
    auto store = std::make_unique<Store>(directory.path());
    rooms->restore(store->epoch());
    store->load([this](const Kept& message) { rooms->restore(message); });
    store->begin();
    commit = std::make_unique<GroupCommit>(loop.executor(), std::move(store));
    rooms->keep(*commit);
  }
  void close() {
    loop.finish();
    commit.reset();
    rooms.reset();
  }
  void TearDown() override {
    if (rooms) close();
  }
  Room& room(const std::string& name = "lobby") { return rooms->open(name); }
  std::vector<Publication> publish(int count, const std::string& text = "hi") {
    std::vector<Publication> all;
    for (int n = 0; n < count; ++n) all.push_back(room().publish({"ada", text}));
    return all;
  }
  void wait_for(const Publication& publication) {
    loop.until("a publication's end", [&] { return publication.ended(); });
  }

  support::Directory directory;
  support::Loop loop;
  std::unique_ptr<Rooms> rooms;
  std::unique_ptr<GroupCommit> commit;
};

net::awaitable<Result<News>> next(Reader& reader) { co_return co_await reader.next(); }

std::string in_brackets(const Cursor& cursor, std::string_view) {
  return '<' + std::to_string(cursor.seq) + '>';
}

TEST_F(GroupCommitTest, AMessageIsInTheLogWhenItIsKeptAndNotBefore) {
  open();
  Reader reader(room(), in_brackets, After::everything());
  const auto news = loop.start(next(reader));
  loop.turn();

  const Publication publication = room().publish({"ada", "hi"});

  EXPECT_FALSE(publication.ended());
  EXPECT_EQ(room().log().last(), 0u);
  EXPECT_EQ(rooms->counters().published, 0u);
  wait_for(publication);
  EXPECT_EQ(publication.place().value(), (Cursor{rooms->next_epoch(), 1}));
  EXPECT_EQ(room().log().last(), 1u);
  EXPECT_EQ(rooms->counters().published, 1u);
  loop.until("news", [&] { return news.done(); });
  EXPECT_EQ(news.value()->frames.bytes, "<1>");
}

net::awaitable<Seq> wait(Publication publication) {
  if (!publication.ended()) co_await publication.wait();
  co_return publication.place().value().seq;
}

TEST_F(GroupCommitTest, WhoWaitsForAPublicationIsResumedWithItsPlace) {
  open();
  const auto first = loop.start(wait(room().publish({"ada", "hi"})));
  EXPECT_EQ(loop.run(wait(room().publish({"ada", "hi"}))), 2u);
  ASSERT_TRUE(first.done());
  EXPECT_EQ(first.value(), 1u);
}

TEST_F(GroupCommitTest, WhatComesInOneTurnOfTheLoopGoesTogether) {
  open();
  const auto all = publish(100);
  wait_for(all.front());
  for (std::size_t n = 0; n < all.size(); ++n) {
    ASSERT_TRUE(all[n].ended());
    EXPECT_EQ(all[n].place()->seq, n + 1);
  }
  EXPECT_EQ(commit->transactions(), 1u);
}

net::awaitable<int> publish_in_turns(Room& room, int count) {
  for (int n = 0; n < count; ++n) {
    room.publish({"ada", "hi"});
    co_await net::post(net::use_awaitable);
  }
  co_return count;
}

TEST_F(GroupCommitTest, AFloodGoesInFewTransactions) {
  open({10'000, 1 << 30});
  loop.run(publish_in_turns(room(), 5000));
  loop.finish();
  EXPECT_EQ(room().log().last(), 5000u);
  EXPECT_LT(commit->transactions(), 1000u);
}

TEST_F(GroupCommitTest, EachRoomHasItsOwnNumbersInOneTransaction) {
  open();
  std::vector<Publication> all;
  for (int n = 0; n < 3; ++n) {
    for (const std::string name : {"a", "b", "c"}) all.push_back(room(name).publish({"ada", name}));
  }
  wait_for(all.back());
  EXPECT_EQ(commit->transactions(), 1u);
  for (const std::string name : {"a", "b", "c"}) EXPECT_EQ(room(name).log().last(), 3u);
  EXPECT_EQ(all[4].place()->seq, 2u);
}

TEST_F(GroupCommitTest, TheLoopEndsWhenAllIsKept) {
  open();
  const auto all = publish(10);
  loop.finish();
  for (const Publication& publication : all) EXPECT_TRUE(publication.ended());
}

TEST_F(GroupCommitTest, APublicationMayBeThrownAway) {
  open();
  room().publish({"ada", "hi"});
  loop.finish();
  EXPECT_EQ(room().log().last(), 1u);
}

TEST_F(GroupCommitTest, RoomsGoOnWhereTheyWereByteForByte) {
  open();
  publish(3, "안녕 \"모두\"\n");
  room("garden").publish({"bob", "", "/images/0123456789abcdef0123456789abcdef.gif"});
  loop.finish();
  const std::string epoch = rooms->next_epoch();
  const std::string lobby(room().log().json().read(0).bytes);
  const std::string garden(room("garden").log().json().read(0).bytes);
  EXPECT_THAT(garden, HasSubstr(R"("image":"/images/0123456789abcdef0123456789abcdef.gif")"));
  close();

  open();

  EXPECT_EQ(rooms->next_epoch(), epoch);
  EXPECT_EQ(rooms->all().size(), 2u);
  EXPECT_EQ(room().log().json().read(0).bytes, lobby);
  EXPECT_EQ(room("garden").log().json().read(0).bytes, garden);
  EXPECT_EQ(room().log().locate(After::at({epoch, 2})), (Hello{{epoch, 2}, {}}));
  const auto all = publish(1);
  wait_for(all.front());
  EXPECT_EQ(all.front().place().value(), (Cursor{epoch, 4}));
}

TEST_F(GroupCommitTest, WhatTheLogForgetsIsForgottenOnTheDisk) {
  open({10, 1 << 20});
  for (int n = 0; n < 20; ++n) {
    const auto all = publish(50);
    wait_for(all.back());
  }
  close();
  std::vector<Seq> kept;
  {
    Store store(directory.path());
    store.load([&](const Kept& message) { kept.push_back(message.seq); });
    EXPECT_EQ(kept.back(), 1000u);
    EXPECT_LE(kept.size(), 10u + 50u);  // and what came in the last transaction
  }
  open({10, 1 << 20});
  EXPECT_EQ(room().log().first(), 991u);
  EXPECT_EQ(room().log().last(), 1000u);
}

TEST_F(GroupCommitTest, AServerThatRemembersLessThanTheDiskForgetsThereToo) {
  open({100, 1 << 20});
  publish(100);
  close();
  open({10, 1 << 20});
  EXPECT_EQ(room().log().first(), 91u);
  publish(1);
  close();
  Store store(directory.path());
  std::vector<Seq> kept;
  store.load([&](const Kept& message) { kept.push_back(message.seq); });
  EXPECT_EQ(kept.front(), 91u);
  EXPECT_EQ(kept.back(), 101u);
}

TEST_F(GroupCommitTest, ADiskThatIsFullRefusesWhatItCannotTakeAndNothingElseHappens) {
  open();
  wait_for(publish(3).back());
  std::vector<Publication> refused;
  {
    const support::FileLimit limit(100'000);
    refused = publish(2, std::string(200'000, 'x'));
    wait_for(refused.back());
  }
  for (const Publication& publication : refused) {
    ASSERT_FALSE(publication.place());
    EXPECT_EQ(publication.place().error().status, 507);
  }
  EXPECT_EQ(room().log().last(), 3u);

  const auto again = publish(2, std::string(200'000, 'x'));

  wait_for(again.back());
  EXPECT_EQ(again.front().place()->seq, 4u) << "without a hole";
  close();
  open();
  EXPECT_EQ(room().log().last(), 5u);
}

TEST_F(GroupCommitTest, ADiskThatHangsDoesNotTakeAllMemory) {
  open();
  const auto all =
      publish(1100, std::string(65'000, 'x'));  // before the loop has begun the first transaction: 71 MB
  ASSERT_TRUE(all.back().ended());
  EXPECT_EQ(all.back().place().error().status, 503);
  EXPECT_THAT(all.back().place().error().detail,
              HasSubstr("wait for the disk already, expected 67108864 at most"));
  EXPECT_FALSE(all[1000].ended());
  wait_for(all[1000]);
  EXPECT_TRUE(all[1000].place());
  const auto later = publish(1);
  wait_for(later.front());
  EXPECT_TRUE(later.front().place());
}

}  // namespace
}  // namespace feed
