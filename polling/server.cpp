#include "polling/server.hpp"

#include "polling/wire.hpp"

#include <fmt/format.h>

#include <charconv>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace polling {
namespace {

namespace net = boost::asio;
namespace http = boost::beast::http;

// What a poll asks for.
struct Question {
  feed::After after;
  bool whole_log = false;  // no `after`: the answer has a tag, and is never 204
  std::size_t limit = std::numeric_limits<std::size_t>::max();
  std::optional<std::chrono::seconds> wait;
};

feed::Result<Question> read_question(const feed::Exchange& exchange) {
  Question question;
  const auto given = exchange.query("after");
  if (!given) return given.error();
  question.whole_log = !*given;
  if (*given) {
    auto after = feed::parse_after(**given);
    if (!after) return after.error();
    question.after = *std::move(after);
  }
  const auto limit = exchange.query("limit");
  if (!limit) return limit.error();
  if (*limit) {
    const std::string& text = **limit;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), question.limit);
    if (error != std::errc() || end != text.data() + text.size() || question.limit == 0) {
      return feed::invalid("limit is \"" + text + "\", expected a whole number from 1");
    }
  }
  question.wait = preferred_wait(exchange.field("Prefer"));
  return question;
}

// An answer in the making: encoded messages, run by run as they lie on the room's tape, and where the reader is behind them.
struct Tail {
  feed::Hello hello;
  std::vector<feed::Frames> runs;
  std::size_t count = 0;

  void add(feed::News news) {
    if (news.gap) hello = *std::move(news.gap);
    if (news.frames.count == 0) return;
    hello.cursor.seq = news.frames.last;
    count += news.frames.count;
    runs.push_back(std::move(news.frames));
  }
  bool nothing_new() const { return count == 0 && !hello.gap; }
  std::string page() const {
    std::string messages;
    for (const feed::Frames& run : runs) messages += run.bytes;
    if (!messages.empty()) messages.pop_back();  // the last comma
    return encode_page(hello, messages);
  }
};

void collect(feed::Reader& reader, std::size_t limit, Tail& tail) {
  while (tail.count < limit) {
    feed::News news = reader.ready(limit - tail.count);
    if (!news.gap && news.frames.count == 0) return;
    tail.add(std::move(news));
  }
}

feed::Response answer(const Question& question, const feed::Exchange& exchange, feed::Room* room,
                      const Tail& tail) {
  std::string fields;
  if (question.wait) fields = fmt::format("Preference-Applied: wait={}\r\n", question.wait->count());
  if (tail.nothing_new() && !question.whole_log && question.after.kind != feed::After::Kind::latest) {
    return {http::status::no_content, {}, {}, std::move(fields)};
  }
  const feed::Seq last = tail.hello.cursor.seq, before = last - tail.count;
  if (question.whole_log) {
    const std::string tag = entity_tag(tail.hello.cursor.epoch, before + 1, last);
    fields += "ETag: " + tag + "\r\n";
    if (names(exchange.field("If-None-Match"), tag))
      return {http::status::not_modified, {}, {}, std::move(fields)};
  }
  // Those who poll ask from the same few places: a page up to the log's end is made once for all of them.
  const bool is_shared = room && !tail.hello.gap && last == room->log().last();
  return {http::status::ok, "application/json",
          is_shared ? room->prepared(before, [&tail] { return tail.page(); }) : tail.page(),
          std::move(fields)};
}

net::awaitable<void> poll(feed::Exchange& exchange, feed::Rooms& rooms) {
  const auto question = read_question(exchange);
  if (!question)
    co_return co_await exchange.reply(feed::problem(http::status::bad_request, question.error().detail));

  feed::Room* room = question->wait ? &rooms.open(exchange.room()) : rooms.find(exchange.room());
  if (!room) {  // nobody ever wrote there: asking does not make it
    const feed::Log empty(rooms.next_epoch(), {});
    const Tail nothing{empty.locate(question->after), {}, 0};
    co_return co_await exchange.reply(answer(*question, exchange, room, nothing));
  }
  feed::Reader reader(*room, feed::as_json, question->after);
  Tail tail{reader.hello(), {}, 0};
  collect(reader, question->limit, tail);
  if (question->wait && tail.nothing_new()) {
    const feed::Watch watch(exchange.connection(), [&reader] { reader.leave(); });
    auto news = co_await reader.next(feed::Clock::now() + *question->wait, question->limit);
    if (!news && news.error().code == feed::Errc::left) co_return;  // the client left
    if (news) {
      tail.add(*std::move(news));
      collect(reader, question->limit, tail);
    }
  }
  co_await exchange.reply(answer(*question, exchange, room, tail));
}

}  // namespace

void mount(feed::Routes& routes, feed::Rooms& rooms) {
  routes.add(http::verb::get, "/rooms/{room}/messages",
             [&rooms](feed::Exchange& exchange) { return poll(exchange, rooms); });
}

}  // namespace polling
