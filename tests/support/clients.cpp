#include "support/clients.hpp"

#include "polling/client.hpp"
#include "sse/client.hpp"
#include "websocket/client.hpp"

#include <chrono>
#include <thread>
#include <utility>

namespace support {

namespace net = boost::asio;

std::string_view to_string(Over over) {
  switch (over) {
    case Over::polling:
      return "Polling";
    case Over::polling_with_pause:
      return "PollingWithPause";
    case Over::long_polling:
      return "LongPolling";
    case Over::sse:
      return "Sse";
    case Over::websocket:
      break;
  }
  return "WebSocket";
}

std::unique_ptr<feed::Client> make_client(Over over, Loop& loop, const feed::Address& room) {
  polling::Timing timing;
  timing.interval = std::chrono::milliseconds(20);
  if (over == Over::long_polling) timing.wait = std::chrono::seconds(1);
  if (over == Over::polling_with_pause) timing.pace = polling::Pace::answer_to_start;
  switch (over) {
    case Over::polling:
    case Over::polling_with_pause:
    case Over::long_polling:
      return std::make_unique<polling::Client>(loop.executor(), room, timing);
    case Over::sse:
      return std::make_unique<sse::Client>(loop.executor(), room);
    case Over::websocket:
      break;
  }
  return std::make_unique<websocket::Client>(loop.executor(), room);
}

feed::Events Heard::events() {
  return {[this](const feed::Hello& hello) { hellos.push_back(hello); },
          [this](const feed::Message& message) { messages.push_back(message); }};
}

std::vector<std::string> Heard::texts() const {
  std::vector<std::string> texts;
  for (const feed::Message& message : messages) texts.push_back(message.text);
  return texts;
}

Subscription::Subscription(Over over, Loop& loop, const feed::Address& room, feed::After after)
    : loop_(loop),
      client_(make_client(over, loop, room)),
      events_(heard_.events()),
      task_(loop.start(read_feed(*client_, std::move(after), events_))) {}

Subscription::~Subscription() {
  say_goodbye(*client_, loop_);
  try {
    wait_for_end();
  } catch (const std::exception&) {
    std::terminate();  // the coroutine still uses what is destroyed here
  }
}

void Subscription::wait_for_hello() {
  loop_.until("the hello", [this] { return !heard_.hellos.empty() || ended(); });
  if (heard_.hellos.empty()) throw std::runtime_error("the feed ended before its hello: " + reason().detail);
}

void Subscription::wait_for_messages(std::size_t count) {
  loop_.until(std::to_string(count) + " messages",
              [&] { return heard_.messages.size() >= count || ended(); });
  if (heard_.messages.size() < count) {
    throw std::runtime_error("the feed ended after " + std::to_string(heard_.messages.size()) +
                             " messages: " + reason().detail);
  }
}

void Subscription::wait_for_end() {
  loop_.until("the feed's end", [this] { return ended(); });
}

net::awaitable<feed::Error> read_feed(feed::Client& client, feed::After after, const feed::Events& events) {
  const auto connected = co_await client.connect(std::move(after));
  if (!connected) co_return connected.error();
  co_return co_await client.subscribe(events);
}

net::awaitable<feed::Result<std::vector<feed::Cursor>>> speak(feed::Client& client, std::string author,
                                                              std::vector<std::string> texts) {
  const auto connected = co_await client.connect(feed::After::latest());
  if (!connected) co_return connected.error();
  std::vector<feed::Cursor> places;
  for (const std::string& text : texts) {
    const auto place = co_await client.publish(author, text);
    if (!place) co_return place.error();
    places.push_back(*place);
  }
  co_return places;
}

std::vector<feed::Cursor> publish(Over over, Loop& loop, const feed::Address& room,
                                  std::vector<std::string> texts) {
  const auto client = make_client(over, loop, room);
  auto places = loop.run(speak(*client, "ada", std::move(texts)));
  say_goodbye(*client, loop);
  return std::move(places).value();
}

void say_goodbye(feed::Client& client, Loop& loop) {
  client.close();
  for (int turn = 0; turn < 200; ++turn) {
    loop.turn();
    std::this_thread::yield();
  }
}

std::vector<std::string> numbered(std::size_t first, std::size_t last) {
  std::vector<std::string> texts;
  for (std::size_t n = first; n <= last; ++n) texts.push_back("message " + std::to_string(n));
  return texts;
}

}  // namespace support
