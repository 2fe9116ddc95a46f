// All three transports on one listener are one feed: what is published over one is read over each, in the same order.
#include "support/clients.hpp"
#include "support/test_server.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

namespace {

using support::Over;
using support::Subscription;

feed::Options on(std::size_t threads) {
  feed::Options options;
  options.threads = threads;
  return options;
}

class Interop : public testing::TestWithParam<std::tuple<Over, Over, std::size_t>> {};

TEST_P(Interop, WhatIsPublishedOverOneIsReadOverTheOther) {
  const auto [speaks_over, reads_over, threads] = GetParam();
  support::TestServer server(on(threads));
  support::Loop loop;
  const auto room = support::address(server.port());
  Subscription reader(reads_over, loop, room);
  reader.wait_for_hello();

  const auto places = support::publish(speaks_over, loop, room, {"hello", "안녕 \"모두\"\n둘째 줄", "bye"});

  reader.wait_for_messages(3);
  EXPECT_EQ(reader.heard().texts(), (std::vector<std::string>{"hello", "안녕 \"모두\"\n둘째 줄", "bye"}));
  ASSERT_EQ(places.size(), 3u);
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(reader.heard().messages[i].seq, places[i].seq);
}

constexpr Over every[] = {Over::polling, Over::long_polling, Over::sse, Over::websocket};

std::string name_of(const testing::TestParamInfo<Interop::ParamType>& info) {
  return std::string(support::to_string(std::get<0>(info.param))) + "To" +
         std::string(support::to_string(std::get<1>(info.param)));
}

INSTANTIATE_TEST_SUITE_P(Pairs, Interop,
                         testing::Combine(testing::ValuesIn(every), testing::ValuesIn(every),
                                          testing::Values(1)),
                         name_of);
INSTANTIATE_TEST_SUITE_P(PairsOnTwoThreads, Interop,
                         testing::Combine(testing::ValuesIn(every), testing::ValuesIn(every),
                                          testing::Values(2)),
                         name_of);

TEST(Interop, AllReadersSeeOneOrderWhenAllSpeakAtOnce) {
  support::TestServer server;
  support::Loop loop;
  const auto room = support::address(server.port());
  std::vector<std::unique_ptr<Subscription>> readers;
  for (const Over over : every) readers.push_back(std::make_unique<Subscription>(over, loop, room));
  for (const auto& reader : readers) reader->wait_for_hello();

  std::vector<std::unique_ptr<feed::Client>> speakers;
  std::vector<support::Task<feed::Result<std::vector<feed::Cursor>>>> speeches;
  for (const Over over : every) {
    speakers.push_back(support::make_client(over, loop, room));
    speeches.push_back(loop.start(
        support::speak(*speakers.back(), std::string(support::to_string(over)), support::numbered(1, 50))));
  }
  for (const auto& reader : readers) reader->wait_for_messages(200);
  for (const auto& speech : speeches) loop.until("a speech's end", [&] { return speech.done(); });

  for (const auto& reader : readers) EXPECT_EQ(reader->heard().messages, readers.front()->heard().messages);
  for (const auto& speaker : speakers) support::say_goodbye(*speaker, loop);
}

TEST(Interop, ACursorOfOneTransportIsGoodOnTheOthers) {
  support::TestServer server;
  support::Loop loop;
  const auto room = support::address(server.port());
  feed::After place;
  std::size_t said = 0;
  for (const Over over : {Over::sse, Over::websocket, Over::polling, Over::long_polling, Over::sse}) {
    for (int n = 0; n < 3; ++n) server.publish("lobby", "ada", "message " + std::to_string(++said));
    Subscription reader(over, loop, room, place);
    reader.wait_for_messages(3);
    EXPECT_EQ(reader.heard().texts(), support::numbered(said - 2, said)) << support::to_string(over);
    EXPECT_FALSE(reader.heard().hellos.front().gap);
    place = reader.client().place();
  }
}

}  // namespace
