// What feed::Client promises, kept by all: one suite, run over each transport, and over polling in all its ways. Whoever uses a
// client cannot tell which it is; this suite cannot either.
#include "support/clients.hpp"
#include "support/relay.hpp"
#include "support/test_server.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::string_literals;
using support::Over;
using support::Subscription;

namespace net = boost::asio;

struct Setting {
  Over over;
  std::size_t threads;  // of the server
};

void PrintTo(const Setting& setting, std::ostream* out) {
  *out << support::to_string(setting.over) << ", " << setting.threads << " threads";
}

class Contract : public testing::TestWithParam<Setting> {
 protected:
  static Over over() { return GetParam().over; }
  static feed::Options options() {
    feed::Options options;
    options.threads = GetParam().threads;
    return options;
  }
  static feed::Options history_of(std::size_t messages) {
    feed::Options options = Contract::options();
    options.history.messages = messages;
    return options;
  }
  std::vector<feed::Cursor> publish(const feed::Address& room, std::vector<std::string> texts) {
    return support::publish(over(), loop, room, std::move(texts));
  }

  support::Loop loop;
};

TEST_P(Contract, AMessageArrivesAsItWasPublished) {
  support::TestServer server(options());
  const auto room = support::address(server.port());
  Subscription reader(over(), loop, room);
  reader.wait_for_hello();

  const auto places = publish(room, {"hello"});

  reader.wait_for_messages(1);
  const feed::Message& message = reader.heard().messages.front();
  EXPECT_EQ(message.seq, 1u);
  EXPECT_EQ(message.author, "ada");
  EXPECT_EQ(message.text, "hello");
  EXPECT_GT(message.at_ms, 1'600'000'000'000);
  ASSERT_EQ(places.size(), 1u);
  EXPECT_EQ(places.front().seq, 1u);
}

TEST_P(Contract, AReaderPublishesOnItsOwnClient) {
  support::TestServer server(options());
  Subscription reader(over(), loop, support::address(server.port()));
  reader.wait_for_hello();

  const auto place = loop.run(reader.client().publish("ada", "hello"));

  ASSERT_TRUE(place) << place.error().detail;
  reader.wait_for_messages(1);
  EXPECT_EQ(reader.heard().texts(), std::vector{"hello"s});
  EXPECT_EQ(place->seq, reader.heard().messages.front().seq);
}

TEST_P(Contract, PublishReturnsTheMessagesPlace) {
  support::TestServer server(options());
  const auto room = support::address(server.port());

  const auto places = publish(room, support::numbered(1, 3));

  const std::string epoch =
      server.on_thread([](feed::Server& s) { return s.rooms().open("lobby").log().epoch(); });
  EXPECT_EQ(places, (std::vector<feed::Cursor>{{epoch, 1}, {epoch, 2}, {epoch, 3}}));
}

TEST_P(Contract, MessagesComeInOrderAndEachOnce) {
  support::TestServer server(options());
  const auto room = support::address(server.port());
  Subscription reader(over(), loop, room);
  reader.wait_for_hello();

  publish(room, support::numbered(1, 50));

  reader.wait_for_messages(50);
  EXPECT_EQ(reader.heard().texts(), support::numbered(1, 50));
}

TEST_P(Contract, AThousandMessagesAllArrive) {
  support::TestServer server(history_of(1000));
  const auto room = support::address(server.port());
  Subscription reader(over(), loop, room);
  reader.wait_for_hello();

  for (const std::string& text : support::numbered(1, 1000)) server.publish("lobby", "ada", text);

  reader.wait_for_messages(1000);
  EXPECT_EQ(reader.heard().texts(), support::numbered(1, 1000));
  EXPECT_EQ(reader.heard().hellos.size(), 1u);
}

TEST_P(Contract, EverythingBeginsWithTheOldestMessageThatTheLogHas) {
  support::TestServer server(history_of(3));
  for (const std::string& text : support::numbered(1, 5)) server.publish("lobby", "ada", text);

  Subscription reader(over(), loop, support::address(server.port()), feed::After::everything());

  reader.wait_for_messages(3);
  EXPECT_EQ(reader.heard().texts(), support::numbered(3, 5));
  EXPECT_EQ(reader.heard().hellos.front().cursor.seq, 2u);
  EXPECT_FALSE(reader.heard().hellos.front().gap);
}

TEST_P(Contract, LatestBeginsWithWhatComesNow) {
  support::TestServer server(options());
  for (const std::string& text : support::numbered(1, 5)) server.publish("lobby", "ada", text);
  Subscription reader(over(), loop, support::address(server.port()), feed::After::latest());
  reader.wait_for_hello();
  EXPECT_EQ(reader.heard().hellos.front().cursor.seq, 5u);

  server.publish("lobby", "ada", "message 6");

  reader.wait_for_messages(1);
  EXPECT_EQ(reader.heard().texts(), std::vector{"message 6"s});
}

TEST_P(Contract, ACursorBeginsRightBehindIt) {
  support::TestServer server(options());
  feed::Cursor third;
  for (const std::string& text : support::numbered(1, 5)) {
    const feed::Cursor cursor = server.publish("lobby", "ada", text);
    if (cursor.seq == 3) third = cursor;
  }

  Subscription reader(over(), loop, support::address(server.port()), feed::After::at(third));

  reader.wait_for_messages(2);
  EXPECT_EQ(reader.heard().texts(), support::numbered(4, 5));
  EXPECT_EQ(reader.heard().hellos, (std::vector<feed::Hello>{{third, {}}}));
}

TEST_P(Contract, TheCursorOfTheNewestMessageIsAHelloWithoutMessages) {
  support::TestServer server(options());
  server.publish("lobby", "ada", "message 1");
  const feed::Cursor last = server.publish("lobby", "ada", "message 2");

  Subscription reader(over(), loop, support::address(server.port()), feed::After::at(last));

  reader.wait_for_hello();
  EXPECT_EQ(reader.heard().hellos, (std::vector<feed::Hello>{{last, {}}}));
  EXPECT_TRUE(reader.heard().messages.empty());
}

TEST_P(Contract, ARoomThatNobodySpokeInBeginsAtZero) {
  support::TestServer server(options());
  Subscription reader(over(), loop, support::address(server.port(), "nobody-was-here"));
  reader.wait_for_hello();
  EXPECT_EQ(reader.heard().hellos.front().cursor.seq, 0u);

  server.publish("nobody-was-here", "ada", "now somebody is");

  reader.wait_for_messages(1);
  EXPECT_EQ(reader.heard().texts(), std::vector{"now somebody is"s});
}

TEST_P(Contract, ResumesAfterACutWithExactlyWhatIsMissing) {
  support::TestServer server(options());
  support::Relay relay(server.port());
  const auto room = support::address(relay.port());
  auto first = std::make_unique<Subscription>(over(), loop, room);
  for (const std::string& text : support::numbered(1, 10)) server.publish("lobby", "ada", text);
  first->wait_for_messages(10);
  relay.point_at(0);  // a client may connect again by itself where that changes nothing
  relay.cut();
  first->wait_for_end();
  relay.point_at(server.port());
  EXPECT_NE(first->reason().code, feed::Errc::closed);
  const feed::After place = first->client().place();
  for (const std::string& text : support::numbered(11, 20)) server.publish("lobby", "ada", text);

  Subscription second(over(), loop, room, place);

  second.wait_for_messages(10);
  EXPECT_EQ(first->heard().texts(), support::numbered(1, 10));
  EXPECT_EQ(second.heard().texts(), support::numbered(11, 20));
  ASSERT_EQ(second.heard().hellos.size(), 1u);
  EXPECT_FALSE(second.heard().hellos.front().gap);
}

TEST_P(Contract, ALogThatWasMadeAnewIsSaidAsAGap) {
  feed::Cursor before;
  {
    support::TestServer old(options());
    for (const std::string& text : support::numbered(1, 7)) before = old.publish("lobby", "ada", text);
  }
  support::TestServer server(options());
  server.publish("lobby", "ada", "a new beginning");

  Subscription reader(over(), loop, support::address(server.port()), feed::After::at(before));

  reader.wait_for_messages(1);
  const feed::Hello& hello = reader.heard().hellos.front();
  ASSERT_TRUE(hello.gap);
  EXPECT_EQ(hello.gap->reason, feed::Gap::Reason::epoch);
  EXPECT_EQ(hello.gap->missed, std::nullopt);
  EXPECT_EQ(hello.cursor.seq, 0u);
  EXPECT_EQ(reader.heard().texts(), std::vector{"a new beginning"s});
}

TEST_P(Contract, WhatTheLogHasForgottenIsSaidAsAGapWithItsNumber) {
  support::TestServer server(history_of(4));
  feed::Cursor second;
  for (const std::string& text : support::numbered(1, 10)) {
    const feed::Cursor cursor = server.publish("lobby", "ada", text);
    if (cursor.seq == 2) second = cursor;
  }

  Subscription reader(over(), loop, support::address(server.port()), feed::After::at(second));

  reader.wait_for_messages(4);
  const feed::Hello& hello = reader.heard().hellos.front();
  ASSERT_TRUE(hello.gap);
  EXPECT_EQ(hello.gap->reason, feed::Gap::Reason::forgotten);
  EXPECT_EQ(hello.gap->missed, 4u);  // 3, 4, 5 and 6
  EXPECT_EQ(hello.cursor.seq, 6u);
  EXPECT_EQ(reader.heard().texts(), support::numbered(7, 10));
}

TEST_P(Contract, ACursorAheadOfTheLogIsSaidAsAGap) {
  support::TestServer server(options());
  feed::Cursor cursor = server.publish("lobby", "ada", "message 1");
  cursor.seq = 1000;

  Subscription reader(over(), loop, support::address(server.port()), feed::After::at(cursor));

  reader.wait_for_messages(1);
  const feed::Hello& hello = reader.heard().hellos.front();
  ASSERT_TRUE(hello.gap);
  EXPECT_EQ(hello.gap->reason, feed::Gap::Reason::unknown);
  EXPECT_EQ(hello.gap->missed, std::nullopt);
  EXPECT_EQ(reader.heard().texts(), std::vector{"message 1"s});
}

TEST_P(Contract, TheLargestCursorThereIsIsSaidAsAGap) {
  support::TestServer server(options());
  feed::Cursor cursor = server.publish("lobby", "ada", "message 1");
  cursor.seq = 18446744073709551615u;

  Subscription reader(over(), loop, support::address(server.port()), feed::After::at(cursor));

  reader.wait_for_messages(1);
  ASSERT_TRUE(reader.heard().hellos.front().gap);
  EXPECT_EQ(reader.heard().hellos.front().gap->reason, feed::Gap::Reason::unknown);
}

TEST_P(Contract, ACursorOfARoomThatIsNotThereIsSaidAsAGap) {
  support::TestServer server(options());
  const feed::Cursor elsewhere{"gone0000", 5};

  Subscription reader(over(), loop, support::address(server.port(), "empty"), feed::After::at(elsewhere));

  reader.wait_for_hello();
  ASSERT_TRUE(reader.heard().hellos.front().gap);
  EXPECT_EQ(reader.heard().hellos.front().gap->reason, feed::Gap::Reason::epoch);
}

TEST_P(Contract, APublishThatIsRefusedReturnsTheServersReason) {
  support::TestServer server(options());
  const auto room = support::address(server.port());
  const auto client = support::make_client(over(), loop, room);
  const std::string author(65, 'a');

  const auto places = loop.run(support::speak(*client, author, {"hello"}));

  ASSERT_FALSE(places);
  EXPECT_EQ(places.error().code, feed::Errc::refused);
  EXPECT_NE(places.error().detail.find("author is 65 bytes, expected 1 to 64"), std::string::npos)
      << places.error().detail;
  support::say_goodbye(*client, loop);
}

TEST_P(Contract, AMessageThatIsTooLargeIsNotPublished) {
  feed::Options small = options();
  small.max_message = 1000;
  support::TestServer server(small);
  const auto client = support::make_client(over(), loop, support::address(server.port()));

  const auto places = loop.run(support::speak(*client, "ada", {std::string(2000, 'x')}));

  ASSERT_FALSE(places);
  EXPECT_FALSE(places.error().detail.empty());
  EXPECT_EQ(server.counters().published, 0u);
  support::say_goodbye(*client, loop);
}

TEST_P(Contract, CloseEndsSubscribe) {
  support::TestServer server(options());
  Subscription reader(over(), loop, support::address(server.port()));
  reader.wait_for_hello();

  reader.client().close();

  reader.wait_for_end();
  EXPECT_EQ(reader.reason().code, feed::Errc::closed);
}

TEST_P(Contract, CloseFromInsideAnEventEndsSubscribeAndTellsNothingMore) {
  support::TestServer server(options());
  for (const std::string& text : support::numbered(1, 100)) server.publish("lobby", "ada", text);
  const auto client = support::make_client(over(), loop, support::address(server.port()));
  int told = 0;
  const feed::Events events{{}, [&](const feed::Message&) {
                              if (++told == 3) client->close();
                            }};

  const feed::Error ended = loop.run(support::read_feed(*client, {}, events));

  EXPECT_EQ(ended.code, feed::Errc::closed);
  EXPECT_EQ(told, 3);
  support::say_goodbye(*client, loop);
}

TEST_P(Contract, AClosedClientSaysSo) {
  support::TestServer server(options());
  const auto client = support::make_client(over(), loop, support::address(server.port()));
  const feed::Events events;
  client->close();

  const feed::Error ended = loop.run(support::read_feed(*client, {}, events));

  EXPECT_EQ(ended.code, feed::Errc::closed);
}

TEST_P(Contract, AServerThatIsNotThereIsUnreachable) {
  std::uint16_t port = 0;
  {
    support::TestServer server(options());
    port = server.port();
  }
  Subscription reader(over(), loop, support::address(port));

  reader.wait_for_end();

  EXPECT_EQ(reader.reason().code, feed::Errc::unreachable) << reader.reason().detail;
}

TEST_P(Contract, AServerThatStopsEndsSubscribe) {
  support::TestServer server(options());
  Subscription reader(over(), loop, support::address(server.port()));
  reader.wait_for_hello();

  std::thread stopping([&] { server.stop(); });
  reader.wait_for_end();
  stopping.join();

  EXPECT_NE(reader.reason().code, feed::Errc::closed);
  EXPECT_NE(reader.reason().code, feed::Errc::invalid) << reader.reason().detail;
}

TEST_P(Contract, TwoWhoPublishAtOnceAreHeardInOneOrderByAll) {
  support::TestServer server(options());
  const auto room = support::address(server.port());
  Subscription one(over(), loop, room);
  Subscription other(over(), loop, room);
  one.wait_for_hello();
  other.wait_for_hello();
  const auto ada = support::make_client(over(), loop, room);
  const auto bob = support::make_client(over(), loop, room);

  const auto by_ada = loop.start(support::speak(*ada, "ada", support::numbered(1, 100)));
  const auto by_bob = loop.start(support::speak(*bob, "bob", support::numbered(1, 100)));

  one.wait_for_messages(200);
  other.wait_for_messages(200);
  loop.until("both publishers' end", [&] { return by_ada.done() && by_bob.done(); });
  EXPECT_EQ(one.heard().messages, other.heard().messages);
  for (const std::string_view author : {"ada", "bob"}) {
    std::vector<std::string> said;
    for (const feed::Message& message : one.heard().messages) {
      if (message.author == author) said.push_back(message.text);
    }
    EXPECT_EQ(said, support::numbered(1, 100)) << author;
  }
  // A place that was returned is the place where the message stands.
  for (const feed::Cursor& place : *by_bob.value())
    EXPECT_EQ(one.heard().messages.at(place.seq - 1).author, "bob");
  support::say_goodbye(*ada, loop);
  support::say_goodbye(*bob, loop);
}

TEST_P(Contract, SeveralPublishesAtOnceOnOneClientGetAPlaceEach) {
  support::TestServer server(options());
  Subscription reader(over(), loop, support::address(server.port()));
  reader.wait_for_hello();

  std::vector<support::Task<feed::Result<feed::Cursor>>> tasks;
  for (int n = 0; n < 20; ++n)
    tasks.push_back(loop.start(reader.client().publish("ada", "message " + std::to_string(n))));
  loop.until("20 answers", [&] {
    return std::all_of(tasks.begin(), tasks.end(), [](const auto& task) { return task.done(); });
  });
  reader.wait_for_messages(20);

  for (std::size_t n = 0; n < tasks.size(); ++n) {
    const auto& place = tasks[n].value();
    ASSERT_TRUE(place) << place.error().detail;
    EXPECT_EQ(reader.heard().messages.at(place->seq - 1).text, "message " + std::to_string(n));
  }
}

TEST_P(Contract, EveryTextArrivesAsItWasSaid) {
  support::TestServer server(options());
  const auto room = support::address(server.port());
  Subscription reader(over(), loop, room);
  reader.wait_for_hello();
  const std::vector<std::string> texts{
      "안녕하세요, 모두들",
      "🎉👩‍👩‍👧‍👦 \U0010FFFF",
      R"(she said "hi" and left a \ behind)",
      "one\ntwo\r\nthree\rfour",
      "id: 7\ndata: forged\n\nevent: hello\ndata: {}\n\n",
      "before\0after"s,
      "\u2028\u2029\x7f\x01\x1f\t\b\f",
      " a space first and last ",
      ":",
      "",
      "</script><script>alert(1)</script>",
      std::string(20000, 'x'),
      std::string(60000, '\n').substr(0, 30000),
  };

  publish(room, texts);

  reader.wait_for_messages(texts.size());
  EXPECT_EQ(reader.heard().texts(), texts);
}

TEST_P(Contract, ARoomsNameMayBeAnyText) {
  support::TestServer server(options());
  const auto room = support::address(server.port(), "%EC%84%9C%EC%9A%B8%20%3F%23%25");
  Subscription reader(over(), loop, room);
  reader.wait_for_hello();

  publish(room, {"hello"});

  reader.wait_for_messages(1);
  const std::string name = "서울 ?#%";
  EXPECT_TRUE(server.on_thread([&](feed::Server& s) { return s.rooms().find(name) != nullptr; }, name));
}

TEST_P(Contract, AReaderThatLeavesIsNoticed) {
  support::TestServer server(options());
  auto reader = std::make_unique<Subscription>(over(), loop, support::address(server.port()));
  reader->wait_for_hello();

  reader.reset();

  server.wait_for_readers(0);
  server.wait_for_connections(0);
}

TEST_P(Contract, AReaderThatIsCutOffIsNoticed) {
  support::TestServer server(options());
  support::Relay relay(server.port());
  Subscription reader(over(), loop, support::address(relay.port()));
  reader.wait_for_hello();

  relay.point_at(0);
  relay.cut();

  server.wait_for_readers(0);
  server.wait_for_connections(0);
  reader.wait_for_end();
}

TEST_P(Contract, APublishWhoseAnswerWasLostIsNotRepeated) {
  support::TestServer server(options());
  support::Relay relay(server.port());
  const auto room = support::address(relay.port());
  const auto client = support::make_client(over(), loop, room);
  ASSERT_TRUE(loop.run(support::speak(*client, "ada", {"message 1"})));  // leaves a connection that is kept
  relay.swallow_answers();

  const auto lost = loop.start(client->publish("ada", "message 2"));
  server.wait_until(
      "the second message", [](const feed::Counters& counters) { return counters.published == 2; },
      [this] { loop.turn(); });
  relay.cut();

  // Repeated or over, whichever is first.
  server.wait_until(
      "the publisher's end",
      [&](const feed::Counters& counters) { return lost.done() || counters.published > 2; },
      [this] { loop.turn(); });
  EXPECT_EQ(server.counters().published, 2u);
  support::say_goodbye(*client, loop);
  loop.until("the publisher's end", [&] { return lost.done(); });
  EXPECT_FALSE(lost.value());
}

// A reader that follows: connects again by itself.
class Follower {
 public:
  Follower(Over over, support::Loop& loop, const feed::Address& room, feed::After after = {})
      : loop_(loop), client_(support::make_client(over, loop, room)), events_(heard.events()) {
    const feed::Backoff quick{std::chrono::milliseconds(10), std::chrono::milliseconds(100)};
    task_.emplace(loop.start(
        feed::follow(*client_, std::move(after), events_, quick,
                     [this](const feed::Error& why, std::chrono::milliseconds) { lost.push_back(why); })));
  }
  ~Follower() {
    client_->close();
    loop_.until("the follower's end", [this] { return task_->done(); });
    support::say_goodbye(*client_, loop_);
  }
  void wait_for_messages(std::size_t count) {
    loop_.until(std::to_string(count) + " messages", [&] { return heard.messages.size() >= count; });
  }
  const support::Task<feed::Error>& task() const { return *task_; }
  feed::Client& client() { return *client_; }

  support::Heard heard;
  std::vector<feed::Error> lost;

 private:
  support::Loop& loop_;
  std::unique_ptr<feed::Client> client_;
  feed::Events events_;
  std::optional<support::Task<feed::Error>> task_;
};

TEST_P(Contract, FollowConnectsAgainAndTellsNothingTwice) {
  support::TestServer server(options());
  support::Relay relay(server.port());
  Follower follower(over(), loop, support::address(relay.port()));
  std::size_t said = 0;
  for (int round = 0; round < 5; ++round) {
    for (int n = 0; n < 10; ++n) server.publish("lobby", "ada", "message " + std::to_string(++said));
    follower.wait_for_messages(said);
    const std::size_t lost = follower.lost.size();
    relay.point_at(0);
    relay.cut();
    loop.until("the loss", [&] { return follower.lost.size() > lost; });
    for (int n = 0; n < 10; ++n) server.publish("lobby", "ada", "message " + std::to_string(++said));
    relay.point_at(server.port());
  }
  follower.wait_for_messages(said);

  EXPECT_EQ(follower.heard.texts(), support::numbered(1, said));
  for (const feed::Hello& hello : follower.heard.hellos) EXPECT_FALSE(hello.gap);
}

TEST_P(Contract, FollowLosesNothingWhenCutInTheMiddleOfAFlood) {
  support::TestServer server(history_of(100'000));
  support::Relay relay(server.port());
  Follower follower(over(), loop, support::address(relay.port()));
  for (int round = 1; round <= 10; ++round) {
    for (int n = 0; n < 100; ++n)
      server.publish("lobby", "ada", "message " + std::to_string((round - 1) * 100 + n + 1));
    follower.wait_for_messages(static_cast<std::size_t>((round - 1) * 100 + 1));
    relay.cut();
  }

  follower.wait_for_messages(1000);

  EXPECT_EQ(follower.heard.texts(), support::numbered(1, 1000));
}

TEST_P(Contract, FollowWaitsForAServerThatIsNotThereYet) {
  support::TestServer server(options());
  support::Relay relay(0);
  Follower follower(over(), loop, support::address(relay.port()));
  loop.until("a failed attempt", [&] { return !follower.lost.empty(); });

  relay.point_at(server.port());
  server.publish("lobby", "ada", "hello");

  follower.wait_for_messages(1);
  EXPECT_EQ(follower.heard.texts(), std::vector{"hello"s});
}

TEST_P(Contract, FollowSaysTheGapWhenTheServerWasMadeAnew) {
  auto old = std::make_unique<support::TestServer>(options());
  support::Relay relay(old->port());
  Follower follower(over(), loop, support::address(relay.port()));
  for (const std::string& text : support::numbered(1, 5)) old->publish("lobby", "ada", text);
  follower.wait_for_messages(5);

  relay.point_at(0);
  relay.cut();
  old.reset();
  support::TestServer server(options());
  server.publish("lobby", "ada", "a new beginning");
  relay.point_at(server.port());

  follower.wait_for_messages(6);
  EXPECT_EQ(follower.heard.messages.back().text, "a new beginning");
  ASSERT_TRUE(follower.heard.hellos.back().gap);
  EXPECT_EQ(follower.heard.hellos.back().gap->reason, feed::Gap::Reason::epoch);
}

TEST_P(Contract, FollowEndsWhenClosed) {
  support::TestServer server(options());
  Follower follower(over(), loop, support::address(server.port()));
  loop.until("the hello", [&] { return !follower.heard.hellos.empty(); });

  follower.client().close();

  loop.until("the end", [&] { return follower.task().done(); });
  EXPECT_EQ(follower.task().value().code, feed::Errc::closed);
  EXPECT_TRUE(follower.lost.empty());
}

TEST_P(Contract, FollowEndsWhenClosedWhileItWaitsForItsNextAttempt) {
  support::Relay nowhere(0);
  support::Loop own;
  const auto client = support::make_client(over(), own, support::address(nowhere.port()));
  int lost = 0;
  const feed::Backoff slow{std::chrono::hours(1), std::chrono::hours(1)};
  const feed::Events events;
  const auto task = own.start(feed::follow(*client, {}, events, slow,
                                           [&](const feed::Error&, std::chrono::milliseconds) { ++lost; }));
  own.until("a failed attempt", [&] { return lost > 0; });

  client->close();

  own.until("the end", [&] { return task.done(); });
  EXPECT_EQ(task.value().code, feed::Errc::closed);
}

TEST_P(Contract, FollowEndsWhenTheServerHasNoSuchPath) {
  support::TestServer server(options());
  auto room = support::address(server.port());
  room.path = "/elsewhere/lobby";
  Follower follower(over(), loop, room);

  loop.until("the end", [&] { return follower.task().done(); });

  EXPECT_EQ(follower.task().value().code, feed::Errc::refused) << follower.task().value().detail;
  EXPECT_EQ(follower.task().value().status, 404);
}

TEST_P(Contract, FurtherFieldsGoWithWhatItAsks) {
  support::TestServer server(options());
  support::Relay relay(server.port());
  const auto client = support::make_client(over(), loop, support::address(relay.port()));
  client->send_fields({"Cookie: user=ada", "Accept-Language: en-US,en;q=0.9"});
  const feed::Events events;
  const auto reading = loop.start(support::read_feed(*client, {}, events));

  loop.until("a request", [&] { return !relay.pieces().empty(); });

  const std::string request = relay.pieces().front().bytes;
  EXPECT_NE(request.find("\r\nCookie: user=ada\r\n"), std::string::npos) << request;
  EXPECT_NE(request.find("\r\nAccept-Language: en-US,en;q=0.9\r\n"), std::string::npos) << request;
  support::say_goodbye(*client, loop);
  loop.until("the end", [&] { return reading.done(); });
}

std::vector<Setting> over_all(std::size_t threads) {
  std::vector<Setting> settings;
  for (const Over over :
       {Over::polling, Over::polling_with_pause, Over::long_polling, Over::sse, Over::websocket})
    settings.push_back({over, threads});
  return settings;
}

std::string name_of(const testing::TestParamInfo<Setting>& info) {
  return std::string(support::to_string(info.param.over));
}

INSTANTIATE_TEST_SUITE_P(Over, Contract, testing::ValuesIn(over_all(1)), name_of);
INSTANTIATE_TEST_SUITE_P(OnTwoThreads, Contract, testing::ValuesIn(over_all(2)), name_of);

}  // namespace
