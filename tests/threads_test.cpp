// A server on several threads: what is asked for is answered on the thread of its room, wherever the connection was before, and
// nobody can tell.
#include "support/clients.hpp"
#include "support/directory.hpp"
#include "support/raw_client.hpp"
#include "support/sample_pictures.hpp"
#include "support/test_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace {

using support::Answer;
using support::Directory;
using support::get;
using support::Over;
using support::post;
using support::RawClient;
using support::Subscription;
using support::TestServer;
using support::upgrade;
using testing::HasSubstr;

// One of each thread's, of two: which is whose, a test below makes sure.
const std::string rooms[] = {"room-1", "room-2"};

feed::Options on_two_threads() {
  feed::Options options;
  options.threads = 2;
  return options;
}

std::string messages_of(const std::string& room) { return "/rooms/" + room + "/messages"; }

std::string say(const std::string& room, const std::string& text, std::string_view fields = {}) {
  return post(messages_of(room), R"({"author":"ada","text":")" + text + "\"}",
              "Content-Type: application/json\r\n" + std::string(fields));
}

// "k3f9.17" is 17.
feed::Seq seq_in(const Answer& answer) {
  const std::size_t dot = answer.body.find('.');
  return dot == std::string::npos ? 0 : std::stoull(answer.body.substr(dot + 1));
}

std::size_t texts_in(const Answer& page) {
  std::size_t count = 0;
  for (std::size_t at = 0; (at = page.body.find("{\"seq\":", at)) != std::string::npos; ++at) ++count;
  return count;
}

TEST(Threads, EachHasARoomOfTheTestsBelow) {
  TestServer server(on_two_threads());
  const auto thread_of = [](const std::string& room) {
    return [&room](feed::Server& s) { return s.rooms().thread_of(room); };
  };
  EXPECT_NE(server.on_thread(thread_of(rooms[0])), server.on_thread(thread_of(rooms[1])));
}

TEST(Threads, AConnectionIsAnsweredInOrderWhicheverRoomsItAsksFor) {
  constexpr feed::Seq rounds = 100;
  TestServer server(on_two_threads());
  RawClient client(server.port());

  // All at once, so that what follows lies in the buffer when the connection changes its thread.
  std::string requests;
  for (feed::Seq n = 0; n < rounds; ++n)
    requests += say(rooms[0], "hi") + get("/healthz") + say(rooms[1], "hi") + get(messages_of(rooms[0]));
  client.send(requests);

  for (feed::Seq n = 1; n <= rounds; ++n) {
    EXPECT_EQ(seq_in(client.read_answer()), n);
    EXPECT_EQ(client.read_answer().body, "ok\n");
    EXPECT_EQ(seq_in(client.read_answer()), n);
    EXPECT_EQ(texts_in(client.read_answer()), n);
  }
  const feed::Counters counters = server.counters();
  EXPECT_EQ(counters.requests, 4 * rounds);
  EXPECT_EQ(counters.accepted, 1u);
  EXPECT_EQ(counters.connections, 1u);
  EXPECT_EQ(counters.published, 2 * rounds);
}

TEST(Threads, EveryByteIsCountedOnceWhereverItsConnectionWas) {
  TestServer server(on_two_threads());
  RawClient client(server.port());
  std::size_t sent = 0, received = 0;
  for (int n = 0; n < 20; ++n) {
    const std::string request = say(rooms[n % 2], std::string(5000, 'x'));
    const Answer answer = client.ask(request);
    sent += request.size();
    received += answer.head.size() + answer.body.size();
  }
  EXPECT_EQ(server.counters().traffic.in, sent);
  EXPECT_EQ(server.counters().traffic.out, received);
}

TEST(Threads, ABodyThatIsStillOnItsWayGoesToTheThreadOfItsRoom) {
  TestServer server(on_two_threads());
  RawClient client(server.port());
  const std::string text(20'000, 'x');
  for (const std::string& room : {rooms[0], rooms[1], rooms[0]}) {
    const std::string request = say(room, text);
    const std::size_t head = request.find("\r\n\r\n") + 4;
    client.send(request.substr(0, head + 100));
    client.send(request.substr(head + 100));
    EXPECT_EQ(client.read_answer().status, 201);
  }
  // Who waits to be asked for the body is asked by that thread.
  for (const std::string& room : {rooms[1], rooms[0]}) {
    const std::string request = say(room, text, "Expect: 100-continue\r\n");
    const std::size_t head = request.find("\r\n\r\n") + 4;
    client.send(request.substr(0, head));
    EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
    client.send(request.substr(head));
    EXPECT_EQ(client.read_answer().status, 201);
  }
}

TEST(Threads, AConnectionThatReadOneRoomMayStreamAnother) {
  TestServer server(on_two_threads());
  for (const std::string& room : rooms) server.publish(room, "ada", "in " + room);
  for (const std::string& room : rooms) {
    RawClient events(server.port());
    for (const std::string& other : rooms) EXPECT_EQ(events.ask(get(messages_of(other))).status, 200);
    events.send(get("/rooms/" + room + "/events"));
    EXPECT_THAT(events.read_until("in " + room), HasSubstr("event: hello"));

    RawClient socket(server.port());
    for (const std::string& other : rooms) EXPECT_EQ(socket.ask(get(messages_of(other))).status, 200);
    socket.send(upgrade("/rooms/" + room + "/socket"));
    EXPECT_EQ(socket.read_answer().status, 101);
    EXPECT_THAT(socket.read_frame().payload, HasSubstr("hello"));
    EXPECT_THAT(socket.read_frame().payload, HasSubstr("in " + room));
    socket.send(support::frame(R"({"ref":1,"author":"bob","text":"by frame"})"));
    EXPECT_THAT(events.read_until("by frame"), HasSubstr("id: "));
  }
}

TEST(Threads, TheRoomsOfAllAreListedByName) {
  TestServer server(on_two_threads());
  RawClient client(server.port());
  for (const std::string_view room : {"room-3", "room-1", "room-4", "room-2"})
    EXPECT_EQ(client.ask(say(std::string(room), "hi")).status, 201);
  const std::string list = client.ask(get("/rooms")).body;
  std::size_t at = 0;
  for (const std::string_view room : {"room-1", "room-2", "room-3", "room-4"}) {
    const std::size_t next = list.find(room);
    ASSERT_NE(next, std::string::npos) << list;
    EXPECT_GE(next, at) << list;
    at = next;
  }
  const std::string stats = client.ask(get("/stats")).body;
  EXPECT_EQ(support::number_in(stats, "rooms"), 4u);
  EXPECT_EQ(support::number_in(stats, "published"), 4u);
  EXPECT_EQ(support::number_in(stats, "connections"), 1u);
}

TEST(Threads, TheLimitOfConnectionsIsOneForAll) {
  feed::Options options = on_two_threads();
  options.max_connections = 3;
  TestServer server(options);
  std::vector<RawClient> admitted;
  for (int n = 0; n < 3; ++n) {
    admitted.emplace_back(server.port());
    for (const std::string& room : rooms) EXPECT_EQ(admitted.back().ask(say(room, "hi")).status, 201);
  }
  EXPECT_EQ(RawClient(server.port()).read_answer().status, 503);

  admitted.pop_back();  // on whichever thread it was last

  server.wait_until("a place", [](const feed::Counters& counters) { return counters.connections == 2; });
  EXPECT_EQ(RawClient(server.port()).ask(get("/healthz")).status, 200);
}

TEST(Threads, APictureIsServedByAllAndCountsForAll) {
  constexpr std::uint64_t page = 4096;
  feed::Options options = on_two_threads();
  options.max_images = 2 * page;
  options.history.messages = 1;
  TestServer server(options);
  const auto send = [&](const std::string& room, const std::string& bytes) {
    return RawClient(server.port())
        .ask("POST /rooms/" + room + "/images HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/gif\r\n" +
             "Content-Length: " + std::to_string(bytes.size()) + "\r\n\r\n" + bytes);
  };
  const auto path_in = [](const Answer& answer) {
    const std::size_t at = answer.body.find("/images/");
    return answer.body.substr(at, answer.body.find('"', at) - at);
  };
  const std::string one = path_in(send(rooms[0], support::gif()));
  const std::string other = path_in(send(rooms[1], support::animated_gif()));
  RawClient client(server.port());
  for (const std::string& room : rooms) {
    client.ask(get(messages_of(room)));  // on both threads
    EXPECT_EQ(client.ask(get(one)).body, support::gif());
    EXPECT_EQ(client.ask(get(other)).body, support::animated_gif());
  }

  // Both rooms show theirs, so there is no room for a third; until one of them does not any more.
  EXPECT_EQ(send(rooms[0], support::gif_of(1000)).status, 507);
  EXPECT_EQ(client.ask(say(rooms[1], "so much for that")).status, 201);
  EXPECT_EQ(send(rooms[0], support::gif_of(1000)).status, 201);
  EXPECT_EQ(client.ask(get(other)).status, 404);
}

TEST(Threads, WhatIsKeptIsThereOnAnyNumberOfThem) {
  constexpr int messages = 20;
  const Directory directory;
  feed::Options options;
  options.data = directory.text();
  std::string epoch;
  for (const std::size_t threads : {2, 3, 1, 2}) {
    options.threads = threads;
    TestServer server(options);
    std::vector<RawClient> clients;
    for (int n = 0; n < 4; ++n) clients.emplace_back(server.port());
    for (int n = 0; n < messages; ++n) {
      for (RawClient& client : clients) client.send(say(rooms[0], "hi") + say(rooms[1], "hi"));
    }
    for (int n = 0; n < messages; ++n) {
      for (RawClient& client : clients) {
        EXPECT_EQ(client.read_answer().status, 201);
        EXPECT_EQ(client.read_answer().status, 201);
      }
    }
    const std::string now = server.on_thread([](feed::Server& s) { return s.rooms().next_epoch(); });
    if (epoch.empty()) epoch = now;
    EXPECT_EQ(now, epoch);
  }
  TestServer server(options);
  RawClient client(server.port());
  for (const std::string& room : rooms)
    EXPECT_EQ(texts_in(client.ask(get(messages_of(room)))), std::size_t{4 * 4 * messages}) << room;
}

TEST(Threads, ARequestUnderWayIsAnsweredAlthoughTheServerStops) {
  const Directory directory;
  for (const std::string& room : rooms) {
    feed::Options options = on_two_threads();
    options.data = directory.text();  // without, what is said now would be heard by nobody, and is refused
    TestServer server(options);
    RawClient idle(server.port());
    EXPECT_EQ(idle.ask(get("/healthz")).status, 200);
    std::vector<RawClient> busy;  // accepted by both threads, or by one
    for (int n = 0; n < 8; ++n) busy.emplace_back(server.port());
    const std::string request = say(room, "hi");
    const std::string beginning = request.substr(0, request.size() - 10);  // the head, and some of the body
    for (RawClient& client : busy) client.send(beginning);
    server.wait_until("the beginnings", [&](const feed::Counters& counters) {
      return counters.traffic.in == get("/healthz").size() + busy.size() * beginning.size();
    });

    std::jthread stopping([&] { server.stop(); });
    EXPECT_EQ(idle.read_to_end(), "");  // the first thing that a stopping server does
    for (RawClient& client : busy) client.send(request.substr(beginning.size()));
    for (RawClient& client : busy) {
      EXPECT_EQ(client.read_answer().status, 201);
      EXPECT_EQ(client.read_to_end(), "");
      client.close();
    }
  }
}

TEST(Threads, AServerStopsWhileConnectionsGoFromOneToTheOther) {
  const Directory directory;
  for (const std::string& data : {std::string(), directory.text()}) {
    feed::Options options = on_two_threads();
    options.data = data;
    TestServer server(options);
    std::string requests;
    for (int n = 0; n < 100; ++n) requests += say(rooms[0], "hi") + say(rooms[1], "hi");
    std::vector<RawClient> clients;
    for (int n = 0; n < 8; ++n) clients.emplace_back(server.port());
    for (RawClient& client : clients) {
      client.send(requests);
      client.finish_sending();  // so the server need not wait for more
    }
    EXPECT_EQ(clients.front().read_answer().status, 201);

    server.stop();

    for (RawClient& client : clients) {
      std::string answers = client.read_to_end();  // some, each of them whole
      EXPECT_TRUE(answers.empty() || answers.ends_with("\"}")) << answers;
      // In memory alone what comes last is refused, since nobody would hear it.
      const std::size_t last = answers.rfind("HTTP/1.1 ");
      if (data.empty() && answers.ends_with("the server stops, and takes no more messages\"}"))
        answers.erase(last);
      EXPECT_EQ(answers.find("HTTP/1.1 5"), std::string::npos);
    }
  }
}

// For the thread sanitizer, above all: everybody does everything at once, and in the end the server stops under them.
TEST(Threads, ManyWhoWriteAndReadBothRoomsAtOnceHearAll) {
  constexpr int writers = 4, messages = 50;
  const Directory directory;
  for (const std::string& data : {std::string(), directory.text()}) {
    feed::Options options = on_two_threads();
    options.data = data;
    TestServer server(options);
    support::Loop loop;
    std::vector<std::unique_ptr<Subscription>> readers;
    for (const Over over : {Over::polling, Over::long_polling, Over::sse, Over::websocket}) {
      for (const std::string& room : rooms)
        readers.push_back(std::make_unique<Subscription>(over, loop, support::address(server.port(), room)));
    }
    for (const auto& reader : readers) reader->wait_for_hello();

    std::vector<std::thread> crowd;
    std::atomic<int> failed = 0;
    for (int writer = 0; writer < writers; ++writer) {
      crowd.emplace_back([&] {
        RawClient client(server.port());
        for (int n = 0; n < messages; ++n) {
          for (const std::string& room : rooms) failed += client.ask(say(room, "hi")).status != 201;
          failed += client.ask(get("/rooms")).status != 200;
          failed += client.ask(get("/stats")).status != 200;
        }
      });
    }
    for (const auto& reader : readers) reader->wait_for_messages(writers * messages);
    for (std::thread& thread : crowd) thread.join();
    EXPECT_EQ(failed, 0);
    for (std::size_t n = 2; n < readers.size(); ++n)
      EXPECT_EQ(readers[n]->heard().messages, readers[n % 2]->heard().messages);

    std::jthread stopping([&] { server.stop(); });
    for (const auto& reader : readers) reader->wait_for_end();
    stopping.join();
  }
}

}  // namespace
