#include "feed/history.hpp"

#include <chrono>
#include <utility>

namespace feed {
namespace {

std::int64_t now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(Clock::now().time_since_epoch()).count();
}

}  // namespace

History::History(std::string client, std::string room, Sink sink)
    : client_(std::move(client)), room_(std::move(room)), sink_(std::move(sink)) {}

void History::write(decltype(Record::what) what) { sink_({client_, room_, now_us(), std::move(what)}); }

net::awaitable<Error> History::follow(Client& client, After after, Events events, Backoff backoff,
                                      OnLost on_lost) {
  write(Follows{after});
  const Events written{[&](const Hello& hello) {
                         epoch_ = hello.cursor.epoch;
                         write(Told{hello});
                         if (events.hello) events.hello(hello);
                       },
                       [&](const Message& message) {
                         write(Received{epoch_, message});
                         if (events.message) events.message(message);
                       }};
  OnLost lost = [&](const Error& why, std::chrono::milliseconds delay) {
    write(Lost{why.detail});
    if (on_lost) on_lost(why, delay);
  };
  Error ended = co_await feed::follow(client, std::move(after), written, backoff, std::move(lost));
  write(Closed{ended.code == Errc::closed ? std::string() : ended.detail});
  co_return ended;
}

net::awaitable<Result<Cursor>> History::publish(Client& client, std::string author, std::string text) {
  const std::uint64_t id = ++published_;
  write(Publishes{id, author, text});
  auto place = co_await client.publish(std::move(author), std::move(text));
  if (place) {
    write(Acknowledged{id, *place});
  } else if (may_have_happened(place.error())) {
    write(Unanswered{id, place.error().detail});
  } else {
    write(Refused{id, place.error().detail});
  }
  co_return place;
}

bool may_have_happened(const Error& error) {
  switch (error.code) {
    case Errc::unreachable:
      return false;  // it was never sent
    case Errc::refused:
      // 500 comes from a server in trouble; a proxy that says 502 or 504 does not know either (RFC 9110, 15.6).
      return error.status == 500 || error.status == 502 || error.status == 504;
    case Errc::closed:
    case Errc::left:
    case Errc::timed_out:
    case Errc::invalid:
    case Errc::too_large:
      break;
  }
  return true;
}

}  // namespace feed
