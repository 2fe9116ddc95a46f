#include "feed/publish.hpp"

#include "feed/user.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/string.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace feed {
namespace {

constexpr std::string_view json_type = "application/json";

// Bytes of the newest message's text in the list of rooms. Whole, 10 000 of 64 KiB would be an answer of 640 MB.
constexpr std::size_t most_text_in_list = 200;

// "Application/JSON; charset=utf-8" is application/json.
bool is_json(std::string_view type) {
  type = type.substr(0, type.find(';'));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.remove_suffix(1);
  return beast::iequals({type.data(), type.size()}, {json_type.data(), json_type.size()});
}

Response answer(http::status status, std::string body) { return {status, json_type, std::move(body), {}}; }

Response placed(const Result<Cursor>& place) {
  if (place) return answer(http::status::created, encode(Hello{*place, {}}));
  return refusal_of(place.error());
}

// POST /rooms/{room}/messages. A form on a foreign page cannot send application/json without asking first.
net::awaitable<void> publish(Exchange& exchange, Rooms& rooms) {
  const std::string type = exchange.field("Content-Type");
  if (!is_json(type)) {
    Response refusal = problem(http::status::unsupported_media_type,
                               type.empty() ? "got no Content-Type, expected application/json"
                                            : "Content-Type is \"" + type + "\", expected application/json",
                               "Accept-Post: application/json\r\n");
    co_return co_await exchange.reply(std::move(refusal));
  }
  auto draft = parse_draft(exchange.request().body(), "");
  if (!draft) co_return co_await exchange.reply(problem(http::status::bad_request, draft.error().detail));
  draft->user = public_id(exchange.request());
  if (draft->author.empty()) draft->author = guest_name(draft->user);  // it was left out
  const auto pause = exchange.connection().publishes.take(rooms.most().publish_rate, Clock::now());
  if (pause > Clock::duration::zero()) {
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(pause).count();
    Response refusal =
        problem(http::status::too_many_requests, too_often(rooms.most().publish_rate, pause).detail,
                fmt::format("Retry-After: {}\r\n", seconds));
    co_await exchange.reply(std::move(refusal));
    co_return co_await rest(pause);
  }
  const auto opened = exchange.open_room(rooms);
  if (!opened) co_return co_await exchange.reply(refusal_of(opened.error()));
  Room& room = **opened;
  Publication publication = room.publish(*std::move(draft));
  if (publication.ended()) co_return co_await exchange.reply(placed(publication.place()));
  std::function<Response(const Result<Cursor>&)> later = [&room](const Result<Cursor>& place) {
    if (!place) ++room.counters().refused;  // the listener counts what it sees
    return placed(place);
  };
  co_await exchange.reply_later(std::move(publication), std::move(later));
}

struct Listed {
  std::string room;
  std::string json;
};

// On that thread.
net::awaitable<void> add_rooms(const Rooms& rooms, std::size_t thread, std::vector<Listed>& listed) {
  for (const auto& [name, room] : rooms.all(thread)) {
    const Log& log = room->log();
    std::string json =
        fmt::format(R"({{"room":{},"cursor":"{}","readers":{}}})", quote(name), to_string(log.cursor()),
                    room->readers() + room->pollers().count(Clock::now()));
    if (log.json().count() > 0) {
      json.back() = ',';
      json += R"("last":)" + shortened(log.at(log.last()), most_text_in_list) + '}';
    }
    listed.push_back({name, std::move(json)});
  }
  co_return;
}

// GET /rooms
net::awaitable<void> list(Exchange& exchange, const Rooms& rooms) {
  std::vector<Listed> listed;
  for (std::size_t thread = 0; thread < rooms.threads(); ++thread)
    co_await net::co_spawn(rooms.executor(thread), add_rooms(rooms, thread, listed), net::use_awaitable);
  std::sort(listed.begin(), listed.end(),
            [](const Listed& one, const Listed& other) { return one.room < other.room; });
  std::string body = R"({"rooms":[)";
  for (const Listed& one : listed) body += (body.back() == '[' ? "" : ",") + one.json;
  co_await exchange.reply(answer(http::status::ok, body + "]}"));
}

struct Sum {
  Counters counters;
  std::size_t rooms = 0;
};

// On that thread.
net::awaitable<void> add_counters(Rooms& rooms, std::size_t thread, Sum& sum) {
  sum.counters += rooms.counters(thread);
  sum.rooms += rooms.all(thread).size();
  co_return;
}

// GET /stats
net::awaitable<void> stats(Exchange& exchange, Rooms& rooms, Clock::time_point start) {
  Sum sum;
  for (std::size_t thread = 0; thread < rooms.threads(); ++thread)
    co_await net::co_spawn(rooms.executor(thread), add_counters(rooms, thread, sum), net::use_awaitable);
  const Counters& c = sum.counters;
  const auto uptime_ms = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - start).count();
  std::string body = fmt::format(
      R"({{"connections":{},"accepted":{},"requests":{},"readers":{},"rooms":{},"published":{},"delivered":{},)"
      R"("bytes_in":{},"bytes_out":{},"refused":{},"gaps":{},"uptime_ms":{},"epoch":"{}"}})",
      c.connections, c.accepted, c.requests, c.readers, sum.rooms, c.published, c.delivered, c.traffic.in,
      c.traffic.out, c.refused, c.gaps, uptime_ms, rooms.next_epoch());
  co_await exchange.reply(answer(http::status::ok, std::move(body)));
}

// GET /healthz
net::awaitable<void> health(Exchange& exchange) {
  Response ok{http::status::ok, "text/plain", "ok\n", {}};
  co_await exchange.reply(std::move(ok));
}

}  // namespace

Error too_often(double a_second, Clock::duration wait) {
  const auto ms = std::chrono::ceil<std::chrono::milliseconds>(wait).count();
  return {Errc::refused,
          fmt::format(
              "that is more than {:g} messages a second over one connection, the limit of --publish-rate; "
              "the next one may come in {} ms",
              a_second, ms),
          429};
}

net::awaitable<void> rest(Clock::duration time) {
  net::steady_timer timer(co_await net::this_coro::executor, time);
  co_await timer.async_wait(net::use_awaitable);
}

void mount_rooms(Routes& routes, Rooms& rooms) {
  routes.add(http::verb::post, "/rooms/{room}/messages",
             [&rooms](Exchange& exchange) { return publish(exchange, rooms); });
  routes.add(http::verb::get, "/rooms", [&rooms](Exchange& exchange) { return list(exchange, rooms); });
}

void mount_stats(Routes& routes, Rooms& rooms) {
  const Clock::time_point start = Clock::now();
  routes.add(http::verb::get, "/stats",
             [&rooms, start](Exchange& exchange) { return stats(exchange, rooms, start); });
  routes.add(http::verb::get, "/healthz", health);
}

}  // namespace feed
