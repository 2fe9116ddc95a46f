// What a delivery and a poll ask of the allocator: counts, the same on every machine and under every load. Whoever adds an
// allocation to the way of each delivery is told here. In a program of its own, since it replaces operator new.
#include "support/raw_client.hpp"
#include "support/test_server.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <new>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace {

thread_local std::uint64_t allocations = 0;

void* allocate(std::size_t size, std::size_t alignment = alignof(std::max_align_t)) {
  ++allocations;
  void* memory = nullptr;
  if (::posix_memalign(&memory, alignment, size > 0 ? size : 1) != 0) throw std::bad_alloc();
  return memory;
}

}  // namespace

void* operator new(std::size_t size) { return allocate(size); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }

// Asio takes the memory of its operations and coroutines from here, and not from operator new.
extern "C" void* aligned_alloc(std::size_t alignment, std::size_t size) noexcept {
  ++allocations;
  void* memory = nullptr;
  errno = ::posix_memalign(&memory, alignment, size);
  return errno == 0 ? memory : nullptr;
}

namespace {

using support::get;
using support::post;
using support::RawClient;
using support::TestServer;

namespace net = boost::asio;

constexpr std::size_t few = 10, many = 30;  // readers
constexpr std::size_t messages = 100;

std::uint64_t allocated(TestServer& server) {
  return server.on_thread([](feed::Server&) { return allocations; });
}

// A way to read, as far as a message has to be found in what comes.
struct Way {
  std::string name;
  std::string request;
  std::function<std::string(RawClient&)> next;  // what came as one frame, event or line
};

void PrintTo(const Way& way, std::ostream* out) { *out << way.name; }

std::string next_chunk(RawClient& reader) { return reader.read_chunk(); }

const Way sse{"Sse", get("/rooms/lobby/events"), next_chunk};
const Way websocket{"WebSocket", support::upgrade("/rooms/lobby/socket"),
                    [](RawClient& reader) { return reader.read_frame().payload; }};
const Way careless{"Careless", get("/careless"), next_chunk};

std::string encode_chunk(const feed::Cursor&, std::string_view json) { return feed::chunk(json); }

// How a stream should not be written: a copy of each message for each reader, and a coroutine for each write.
net::awaitable<void> stream_carelessly(feed::Exchange& exchange, feed::Rooms& rooms) {
  feed::Reader reader(rooms.open("lobby"), encode_chunk, feed::After::everything());
  const std::string hello = feed::chunk("hello");
  auto written = co_await exchange.begin("text/plain", "", hello);
  while (written) {
    const auto news = co_await reader.next();
    if (!news) co_return co_await exchange.finish();
    const std::string copy(news->frames.bytes);
    written = co_await exchange.write(copy);
  }
}

void mount_careless(feed::Server& server) {
  server.routes().add(feed::http::verb::get, "/careless", [&server](feed::Exchange& exchange) {
    return stream_carelessly(exchange, server.rooms());
  });
}

// What the server allocates while each reader gets each message as soon as it has been said, and nothing gathers.
std::uint64_t allocated_by_delivering(const Way& way, std::size_t readers) {
  TestServer server({}, support::Transports::all, mount_careless);
  std::vector<RawClient> crowd;
  for (std::size_t i = 0; i < readers; ++i) {
    crowd.emplace_back(server.port()).send(way.request);
    crowd.back().read_until("\r\n\r\n");
    way.next(crowd.back());  // the hello
  }
  const auto say = [&](std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      server.publish("lobby", "ada", "what is said to everybody");
      for (RawClient& reader : crowd) way.next(reader);
    }
  };
  say(3);  // what is allocated once
  const std::uint64_t before = allocated(server);
  say(messages);
  const std::uint64_t after = allocated(server);
  for (RawClient& reader : crowd) reader.close();
  return after - before;
}

// What is allocated once a message, whoever reads it, is the same for few and many.
double allocations_per_delivery(const Way& way) {
  const auto by_few = static_cast<double>(allocated_by_delivering(way, few));
  const auto by_many = static_cast<double>(allocated_by_delivering(way, many));
  return (by_many - by_few) / static_cast<double>((many - few) * messages);
}

// Everything that a delivery needs is there: the frame on the tape, the suspended coroutine in the reader's waiter. A hundredth is
// for what happens now and then whatever is delivered.
constexpr double most_per_delivery = 0.01;

class Delivery : public testing::TestWithParam<Way> {};

TEST_P(Delivery, AllocatesNothing) { EXPECT_LE(allocations_per_delivery(GetParam()), most_per_delivery); }

INSTANTIATE_TEST_SUITE_P(Over, Delivery, testing::Values(sse, websocket),
                         [](const auto& info) { return info.param.name; });

TEST(DeliveryGuard, SeesACopyForEachReader) {
  EXPECT_GE(allocations_per_delivery(careless), 0.9) << "the guard above could not fail";
}

TEST(DeliveryGuard, SeesWhatAsioAllocates) {
  const std::uint64_t before = allocations;
  net::io_context io;
  net::post(io, [padding = std::array<char, 4096>()] { (void)padding; });
  EXPECT_GT(allocations, before + 1);  // the io_context's own, and the handler
  io.run();
}

// Coroutines for the request and its answer, what Beast keeps of the head, and the answer. One more is allowed, for another library.
struct Question {
  std::string name;
  std::string request;  // {cursor} and {tag} stand for those of the log
  int status;
  double most;  // allocations
};

void PrintTo(const Question& question, std::ostream* out) { *out << question.name; }

std::string with(std::string text, std::string_view word, std::string_view value) {
  const std::size_t at = text.find(word);
  return at == std::string::npos ? text : text.replace(at, word.size(), value);
}

class Poll : public testing::TestWithParam<Question> {};

TEST_P(Poll, WithNothingNewAllocatesLittle) {
  TestServer server;
  for (int i = 0; i < 20; ++i) server.publish("lobby", "ada", "what was said");
  RawClient asks(server.port());
  const support::Answer log = asks.ask(get("/rooms/lobby/messages"));
  const std::string tag = log.field("ETag"), cursor = log.body.substr(11, log.body.find('"', 11) - 11);
  const std::string request = with(with(GetParam().request, "{cursor}", cursor), "{tag}", tag);
  for (int i = 0; i < 10; ++i) ASSERT_EQ(asks.ask(request).status, GetParam().status);
  const std::uint64_t before = allocated(server);
  for (std::size_t i = 0; i < messages; ++i) asks.ask(request);
  const double each = static_cast<double>(allocated(server) - before) / static_cast<double>(messages);
  EXPECT_LE(each, GetParam().most);
  std::printf("%s: %.1f allocations per poll\n", GetParam().name.c_str(), each);
}

INSTANTIATE_TEST_SUITE_P(
    Answered, Poll,
    testing::Values(
        Question{"NoContent", get("/rooms/lobby/messages?after={cursor}", "Accept: */*\r\n"), 204, 13},
        Question{"NotModified", get("/rooms/lobby/messages", "If-None-Match: {tag}\r\n"), 304, 16}),
    [](const auto& info) { return info.param.name; });

}  // namespace
