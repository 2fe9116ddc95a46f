// What the cookie that names a user does, as others see it: messages say whose they are, and rooms count who polls them.
#include "support/clients.hpp"
#include "support/directory.hpp"
#include "support/raw_client.hpp"
#include "support/sample_pictures.hpp"
#include "support/test_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

using support::frame;
using support::get;
using support::Over;
using support::post;
using support::RawClient;
using support::Subscription;
using support::TestServer;
using support::upgrade;
using testing::EndsWith;
using testing::HasSubstr;

// Their public ids are 6 characters of their SHA-256 each: mnkmmz and 9oj5r7.
constexpr std::string_view ada = "Cookie: user=AAAAAAAAAAAAAAAAAAAAAA\r\n";
constexpr std::string_view bob = "Cookie: user=abcdefghijklmnopqr-_09\r\n";

std::string json_with(std::string_view cookie) {
  return "Content-Type: application/json\r\n" + std::string(cookie);
}

std::string picture_with(std::string_view cookie) {
  return "Content-Type: image/gif\r\n" + std::string(cookie);
}

// The room's newest message.
std::string newest(TestServer& server) {
  return server.on_thread([](feed::Server& s) {
    const feed::Log& log = s.rooms().open("lobby").log();
    return std::string(log.at(log.last()));
  });
}

TEST(MessageUser, IsWhoHasTheCookieAndNobodyElse) {
  TestServer server;
  RawClient client(server.port());
  const auto said = [&](std::string_view body, std::string_view cookie) {
    EXPECT_EQ(client.ask(post("/rooms/lobby/messages", body, json_with(cookie))).status, 201);
    return newest(server);
  };
  EXPECT_THAT(said(R"({"author":"ada","text":"hi"})", ada),
              EndsWith(R"(,"author":"ada","text":"hi","user":"mnkmmz"})"));
  EXPECT_THAT(said(R"({"author":"ada","text":"hi"})", bob),
              EndsWith(R"(,"author":"ada","text":"hi","user":"9oj5r7"})"));
  EXPECT_THAT(said(R"({"text":"hi"})", ada),
              EndsWith(R"(,"author":"guest-mnkmmz","text":"hi","user":"mnkmmz"})"));
  for (const std::string_view none : {"", "Cookie: user=forged\r\n", "Cookie: a=b\r\n"}) {
    EXPECT_THAT(said(R"({"author":"ada","text":"hi"})", none), EndsWith(R"(,"author":"ada","text":"hi"})"));
    EXPECT_THAT(said(R"({"author":"ada","text":"hi","user":"mnkmmz"})", none),
                EndsWith(R"(,"author":"ada","text":"hi"})"));
  }
  EXPECT_THAT(said(R"({"user":"mnkmmz","author":"ada","text":"hi"})", bob),
              EndsWith(R"(,"author":"ada","text":"hi","user":"9oj5r7"})"));
}

TEST(MessageUser, StandsBehindThePicture) {
  TestServer server;
  RawClient client(server.port());
  const auto sent = [&](std::string_view cookie) {
    EXPECT_EQ(client.ask(post("/rooms/lobby/images?author=ada", support::gif(), picture_with(cookie))).status,
              201);
    return newest(server);
  };
  EXPECT_THAT(
      sent(ada),
      EndsWith(R"(,"text":"","image":"/images/74351b438b009c7af7fe42e01ad83d14.gif","user":"mnkmmz"})"));
  EXPECT_THAT(sent(""), EndsWith(R"(,"text":"","image":"/images/74351b438b009c7af7fe42e01ad83d14.gif"})"));
}

TEST(MessageUser, IsThatOfAWebSocketsHandshake) {
  TestServer server;
  const auto said = [&](std::string_view cookie, std::string_view post) {
    RawClient client(server.port());
    EXPECT_EQ(client.ask(upgrade("/rooms/lobby/socket?after=latest", cookie)).status, 101);
    client.read_frame();  // the hello
    client.send(frame(post));
    const std::string both = client.read_frame().payload + client.read_frame().payload;
    EXPECT_THAT(both, HasSubstr(R"({"ref":1,"cursor":")"));
    EXPECT_THAT(both, HasSubstr(newest(server))) << "what it hears is what is kept";
    return newest(server);
  };
  EXPECT_THAT(said(ada, R"({"ref":1,"author":"ada","text":"hi"})"),
              EndsWith(R"("text":"hi","user":"mnkmmz"})"));
  EXPECT_THAT(said(ada, R"({"ref":1,"text":"hi","user":"9oj5r7"})"),
              EndsWith(R"("author":"guest-mnkmmz","text":"hi","user":"mnkmmz"})"));
  EXPECT_THAT(said("", R"({"ref":1,"text":"hi","user":"9oj5r7"})"),
              EndsWith(R"("author":"guest","text":"hi"})"));
}

TEST(MessageUser, IsToldByEveryClient) {
  TestServer server;
  RawClient client(server.port());
  client.ask(post("/rooms/lobby/messages", R"({"text":"hers"})", json_with(ada)));
  client.ask(post("/rooms/lobby/messages", R"({"text":"nobody's"})"));
  client.ask(post("/rooms/lobby/images", support::gif(), picture_with(bob)));
  support::Loop loop;
  for (const Over over : {Over::polling, Over::long_polling, Over::sse, Over::websocket}) {
    Subscription reader(over, loop, support::address(server.port()));
    reader.wait_for_messages(3);
    const auto& heard = reader.heard().messages;
    EXPECT_EQ(heard[0].user, "mnkmmz") << support::to_string(over);
    EXPECT_EQ(heard[1].user, "");
    EXPECT_EQ(heard[2].user, "9oj5r7");
    EXPECT_EQ(heard[2].image, "/images/74351b438b009c7af7fe42e01ad83d14.gif");
  }
}

TEST(MessageUser, IsKept) {
  const support::Directory directory;
  feed::Options options;
  options.data = directory.text();
  std::string before;
  {
    TestServer server(options);
    RawClient client(server.port());
    client.ask(post("/rooms/lobby/messages", R"({"text":"hi"})", json_with(ada)));
    client.ask(post("/rooms/lobby/images", support::gif(), picture_with(bob)));
    before = client.ask(get("/rooms/lobby/messages")).body;
    EXPECT_THAT(before, HasSubstr(R"("text":"hi","user":"mnkmmz"},{)"));
  }
  options.max_images = 4096;  // the picture that is there, and no other
  TestServer server(options);
  RawClient client(server.port());
  EXPECT_EQ(client.ask(get("/rooms/lobby/messages")).body, before);
  EXPECT_THAT(client.ask(get("/rooms")).body, HasSubstr(R"(.gif","user":"9oj5r7"}})"));
  EXPECT_EQ(client.ask(post("/rooms/lobby/images", support::png(), "Content-Type: image/png\r\n")).status,
            507)
      << "a message of a user shows its picture as any other does";
}

// --- readers in the list of rooms ---------------------------------------------------------------------------------------

std::uint64_t listed_readers(RawClient& client) {
  return support::number_in(client.ask(get("/rooms")).body, "readers");
}

void poll(RawClient& client, std::string_view room, std::string_view fields) {
  const int status = client.ask(get("/rooms/" + std::string(room) + "/messages?after=latest", fields)).status;
  EXPECT_EQ(status, 200);
}

class ListedReaders : public testing::TestWithParam<std::size_t> {
 protected:
  static feed::Options on_threads() {
    feed::Options options;
    options.threads = GetParam();
    return options;
  }
  TestServer server{on_threads()};
  RawClient client{server.port()};
};

TEST_P(ListedReaders, AreAlsoUsersWhoPoll) {
  client.ask(post("/rooms/lobby/messages", R"({"text":"hi"})"));
  EXPECT_EQ(listed_readers(client), 0u);
  poll(client, "lobby", ada);
  poll(client, "lobby", ada);
  EXPECT_EQ(listed_readers(client), 1u) << "twice, and one user";
  poll(client, "lobby", bob);
  EXPECT_EQ(listed_readers(client), 2u);
  EXPECT_EQ(server.counters().readers, 0u) << "a figure of what is open now";

  RawClient stream(server.port());
  stream.ask(get("/rooms/lobby/events", ada));
  stream.read_chunk();
  EXPECT_EQ(listed_readers(client), 3u) << "streams count as before, each";
}

TEST_P(ListedReaders, AreNotWhoPollsWithoutACookieOrElsewhere) {
  client.ask(post("/rooms/lobby/messages", R"({"text":"hi"})"));
  poll(client, "lobby", "");
  poll(client, "lobby", "Cookie: user=forged\r\n");
  poll(client, "garden", ada);
  EXPECT_EQ(listed_readers(client), 0u);
  EXPECT_THAT(client.ask(get("/rooms")).body, testing::Not(HasSubstr("garden"))) << "a poll makes no room";
}

TEST_P(ListedReaders, AreOnceWhoWaitsForAnAnswer) {
  RawClient waits(server.port());
  waits.send(get("/rooms/lobby/messages?after=latest", "Prefer: wait=60\r\n" + std::string(ada)));
  server.wait_for_readers(1);
  EXPECT_EQ(listed_readers(client), 1u);
}

TEST_P(ListedReaders, AreGoneSomeSecondsAfterTheirLastPoll) {
  client.ask(post("/rooms/lobby/messages", R"({"text":"hi"})"));
  const auto began = feed::Clock::now();
  poll(client, "lobby", ada);
  EXPECT_EQ(listed_readers(client), 1u);
  while (listed_readers(client) != 0) {
    ASSERT_LT(feed::Clock::now() - began, feed::Pollers::lately + support::patience);
  }
  EXPECT_GE(feed::Clock::now() - began, feed::Pollers::lately) << "and not before";
}

INSTANTIATE_TEST_SUITE_P(OnThreads, ListedReaders, testing::Values(1, 2),
                         [](const auto& info) { return std::to_string(info.param); });

}  // namespace
