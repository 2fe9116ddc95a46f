#include "sse/server.hpp"

#include "sse/wire.hpp"

#include <chrono>
#include <limits>
#include <random>
#include <string>
#include <utility>

namespace sse {
namespace {

namespace net = boost::asio;
namespace http = boost::beast::http;

// What an EventSource waits before it connects again; it comes with the first event.
constexpr std::chrono::milliseconds retry{1000};

// One event is one chunk, whatever else is written with it: so its size does not depend on what gathers.
std::string encode(const feed::Cursor& cursor, std::string_view json) {
  return feed::chunk(encode_event("", feed::to_string(cursor), json));
}

// The id makes an EventSource that is cut off before its first message resume here, and not at the URL's `after`.
std::string encode(std::string_view type, const feed::Hello& hello) {
  return encode_event(type, feed::to_string(hello.cursor), feed::encode(hello));
}

// Where the reader wants to go on. Last-Event-ID wins: an EventSource repeats the URL that it was made with. It cannot
// help what it sends either, so a malformed one is answered with a gap and not with an error that would end it for good.
feed::Result<feed::After> read_after(const feed::Exchange& exchange, const feed::Rooms& rooms) {
  if (exchange.request().version() < 11) {
    return feed::Error{feed::Errc::invalid, "an event stream needs HTTP/1.1",
                       static_cast<int>(http::status::http_version_not_supported)};
  }
  const std::string id = exchange.field("Last-Event-ID");
  if (id.empty()) return exchange.after();
  auto after = feed::parse_after(id);
  if (after) return after;
  const feed::Room* room = rooms.find(exchange.room());
  return feed::After::at(
      {room ? room->log().epoch() : rooms.next_epoch(), std::numeric_limits<feed::Seq>::max()});
}

// An EventSource comes back after exactly what it was told, so each is told another time: between 1 and 6 s.
net::awaitable<void> say_goodbye(feed::Exchange& exchange) {
  std::mt19937 random(std::random_device{}());
  const std::chrono::milliseconds again = retry + std::chrono::milliseconds(random() % 5000);
  const std::string hint = feed::chunk(encode_retry(again));
  const auto written = co_await exchange.write(hint);
  if (written) co_await exchange.finish();
}

net::awaitable<void> stream(feed::Exchange& exchange, feed::Rooms& rooms,
                            std::chrono::milliseconds heartbeat) {
  const auto after = read_after(exchange, rooms);
  if (!after) {
    const int status = after.error().status;
    co_return co_await exchange.reply(feed::problem(
        status ? static_cast<http::status>(status) : http::status::bad_request, after.error().detail));
  }

  const auto room = exchange.open_room(rooms);
  if (!room) co_return co_await exchange.reply(feed::refusal_of(room.error()));

  feed::Reader reader(**room, encode, *after);
  const feed::Watch watch(exchange.connection(), [&reader] { reader.leave(); });
  const auto begun =
      co_await exchange.begin("text/event-stream", "Cache-Control: no-store\r\nX-Accel-Buffering: no\r\n",
                              feed::chunk(encode_retry(retry) + encode("hello", reader.hello())));
  if (!begun) co_return;  // the reader left

  for (;;) {
    const auto news = co_await reader.next(feed::Clock::now() + heartbeat);
    std::string said;
    if (!news && news.error().code == feed::Errc::timed_out) {
      said = feed::chunk(encode_comment(""));
    } else if (!news) {
      if (news.error().code == feed::Errc::closed) co_await say_goodbye(exchange);
      co_return;  // the room closed, or the reader left
    } else if (news->gap) {
      said = feed::chunk(encode("gap", *news->gap));
    }
    if (!said.empty()) {
      const auto written = co_await exchange.write(said);
      if (!written) co_return;  // the reader left
    }
    if (news && news->frames.count > 0) {
      const auto rest = exchange.write_now(news->frames.bytes);
      if (!rest) co_return;                                              // the reader left
      if (!rest->empty() && !co_await exchange.write(*rest)) co_return;  // it left, or took too little
    }
  }
}

}  // namespace

void mount(feed::Routes& routes, feed::Rooms& rooms, std::chrono::milliseconds heartbeat) {
  routes.add(http::verb::get, "/rooms/{room}/events",
             [&rooms, heartbeat](feed::Exchange& exchange) { return stream(exchange, rooms, heartbeat); });
}

}  // namespace sse
