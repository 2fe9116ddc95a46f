// What goes by is told apart wherever the network cuts it.

#include "bench/live/conversation.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace {

using live::Conversation;
using live::Part;
using Parts = std::vector<Part>;

constexpr std::string_view poll = "GET /rooms/lobby/messages?after=0 HTTP/1.1\r\nHost: h\r\n\r\n";
constexpr std::string_view page = "GET /pane.js HTTP/1.1\r\nHost: h\r\n\r\n";

// What is left of the parts when it does not matter how they were cut.
struct Seen {
  std::string all;                           // every byte, in order
  std::map<std::string, std::string> rooms;  // and whose it is
  std::vector<std::string> events;           // heads and ends, in order

  void add(const Parts& parts) {
    for (const Part& part : parts) {
      all += part.bytes;
      rooms[part.room] += part.bytes;
      if (part.head) events.push_back("head " + std::to_string(part.status) + " of \"" + part.room + '"');
      if (part.last && (part.head || !part.bytes.empty())) events.emplace_back("end");
    }
  }
  bool operator==(const Seen&) const = default;
};

void PrintTo(const Seen& seen, std::ostream* out) { *out << testing::PrintToString(seen.events) << seen.all; }

// The answers to what was asked, in one piece.
Seen heard(std::string_view asked, std::string_view answered) {
  Conversation conversation;
  conversation.up(asked);
  Seen seen;
  seen.add(conversation.down(answered));
  return seen;
}

// The same, cut in two at every place.
void expect_the_same_at_every_cut(std::string_view asked, std::string_view answered) {
  const Seen whole = heard(asked, answered);
  for (std::size_t cut = 1; cut < answered.size(); ++cut) {
    Conversation conversation;
    conversation.up(asked);
    Seen seen;
    seen.add(conversation.down(answered.substr(0, cut)));
    seen.add(conversation.down(answered.substr(cut)));
    EXPECT_EQ(seen, whole) << "cut at " << cut;
  }
}

using Events = std::vector<std::string>;

TEST(Conversation, KnowsWhoseEachRequestIs) {
  const std::string asked =
      std::string(poll) + std::string(page) +
      "POST /rooms/%EB%B0%A9/messages HTTP/1.1\r\nHost: h\r\nContent-Length: 4\r\n\r\n{}{}" +
      std::string(poll);
  for (std::size_t cut = 0; cut < asked.size(); ++cut) {
    Conversation conversation;
    Seen seen;
    seen.add(conversation.up(std::string_view(asked).substr(0, cut)));
    seen.add(conversation.up(std::string_view(asked).substr(cut)));
    EXPECT_EQ(seen.all, asked) << "cut at " << cut;
    EXPECT_EQ(seen.events[0], "head 0 of \"lobby\"");
    EXPECT_EQ(seen.rooms["lobby"], std::string(poll) + std::string(poll));
    EXPECT_EQ(seen.rooms[""], page);
    EXPECT_TRUE(seen.rooms["방"].ends_with("{}{}"));
  }
}

TEST(Conversation, KeepsAHeadUntilItIsWhole) {
  Conversation conversation;
  EXPECT_EQ(conversation.up(poll.substr(0, poll.size() - 1)), Parts());
  const Parts parts = conversation.up(poll.substr(poll.size() - 1));
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_EQ(parts[0].bytes, poll);
  EXPECT_TRUE(parts[0].head);
  EXPECT_TRUE(parts[0].last);
}

TEST(Conversation, AnAnswerEndsWithItsLength) {
  constexpr std::string_view two =
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhelloHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  const std::string asked = std::string(poll) + std::string(page);
  EXPECT_EQ(heard(asked, two).events, (Events{"head 200 of \"lobby\"", "end", "head 200 of \"\"", "end"}));
  expect_the_same_at_every_cut(asked, two);
}

TEST(Conversation, AnAnswerInChunksEndsWithTheLastOne) {
  constexpr std::string_view chunked =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
      "12\r\n0\r\n\r\n: no end yet\n\r\nA;x=y\r\n0123456789\r\n0\r\nTrailer: 1\r\n\r\n"
      "HTTP/1.1 204 No Content\r\n\r\n";
  const std::string asked = std::string(poll) + std::string(poll);
  EXPECT_EQ(heard(asked, chunked).events,
            (Events{"head 200 of \"lobby\"", "end", "head 204 of \"lobby\"", "end"}));
  expect_the_same_at_every_cut(asked, chunked);
}

TEST(Conversation, AnEventStreamHasNoEnd) {
  constexpr std::string_view begun =
      "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
      "d\r\ndata: hello\n\n\r\nd\r\ndata: again\n\n\r\n";
  EXPECT_EQ(heard(poll, begun).events, (Events{"head 200 of \"lobby\""}));
  EXPECT_EQ(heard(poll, begun).rooms["lobby"], begun);
  expect_the_same_at_every_cut(poll, begun);
}

TEST(Conversation, SomeAnswersHaveNoBodyWhateverTheirHeadSays) {
  constexpr std::string_view answers =
      "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"            // to HEAD
      "HTTP/1.1 304 Not Modified\r\nContent-Length: 100\r\n\r\n"  // RFC 9110, 8.6
      "HTTP/1.1 204 No Content\r\n\r\n";
  const std::string asked = "HEAD / HTTP/1.1\r\nHost: h\r\n\r\n" + std::string(poll) + std::string(poll);
  EXPECT_EQ(heard(asked, answers).events, (Events{"head 200 of \"\"", "end", "head 304 of \"lobby\"", "end",
                                                  "head 204 of \"lobby\"", "end"}));
  expect_the_same_at_every_cut(asked, answers);
}

TEST(Conversation, AnInterimAnswerIsNotTheAnswer) {
  constexpr std::string_view answers =
      "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
  EXPECT_EQ(heard(poll, answers).events,
            (Events{"head 100 of \"lobby\"", "end", "head 200 of \"lobby\"", "end"}));
  expect_the_same_at_every_cut(poll, answers);
}

TEST(Conversation, AnAnswerWithoutALengthEndsWithTheConnection) {
  const Seen seen = heard(poll, "HTTP/1.1 200 OK\r\n\r\nand so on");
  EXPECT_EQ(seen.events, (Events{"head 200 of \"lobby\""}));
  EXPECT_EQ(seen.rooms.at("lobby"), "HTTP/1.1 200 OK\r\n\r\nand so on");
}

constexpr std::string_view upgrade =
    "GET /rooms/lobby/socket HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";

TEST(Conversation, WhatFollowsAnUpgradeGoesByAsItIs) {
  Conversation conversation;
  conversation.up(upgrade);
  Seen down;
  down.add(conversation.down("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x02hi"));
  EXPECT_EQ(down.events, (Events{"head 101 of \"lobby\"", "end", "end"}));
  EXPECT_EQ(down.all.substr(down.all.size() - 4), "\x81\x02hi");

  // What looks like a request is a frame all the same.
  const Parts up = conversation.up(poll.substr(0, 20));
  ASSERT_EQ(up.size(), 1u);
  EXPECT_EQ(up[0].bytes, poll.substr(0, 20));
  EXPECT_EQ(up[0].room, "lobby");
  EXPECT_FALSE(up[0].head);
  EXPECT_TRUE(up[0].last);
}

TEST(Conversation, GoesOnAfterAnUpgradeThatWasRefused) {
  Conversation conversation;
  conversation.up(upgrade);
  conversation.down("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
  const Parts parts = conversation.up(page);
  ASSERT_EQ(parts.size(), 1u);
  EXPECT_TRUE(parts[0].head);
  EXPECT_EQ(parts[0].room, "");
}

TEST(Conversation, WhatIsNoHttpGoesByAndIsNobodys) {
  Conversation conversation;
  Seen seen;
  seen.add(conversation.up("\x16\x03\x01 hello, TLS\r\n\r\n"));
  seen.add(conversation.up("more"));
  EXPECT_EQ(seen.all, "\x16\x03\x01 hello, TLS\r\n\r\nmore");
  EXPECT_EQ(seen.rooms.size(), 1u);
  seen = {};
  seen.add(conversation.down("whatever"));
  EXPECT_EQ(seen.all, "whatever");
}

TEST(Conversation, AHeadWithoutAnEndIsNotKeptForEver) {
  Conversation conversation;
  const std::string line = "X-Padding: " + std::string(1000, 'x') + "\r\n";
  std::string sent = "GET / HTTP/1.1\r\n";
  Seen seen;
  seen.add(conversation.up(sent));
  for (int i = 0; i < 20; ++i) {
    seen.add(conversation.up(line));
    sent += line;
  }
  EXPECT_EQ(seen.all, sent);  // the server is to refuse it
}

TEST(Conversation, ARefusalWithoutARequestIsHandedOn) {
  const Seen seen = heard("", "HTTP/1.1 408 Request Timeout\r\nContent-Length: 4\r\n\r\nlate");
  EXPECT_EQ(seen.events, (Events{"head 408 of \"\"", "end"}));
}

}  // namespace
