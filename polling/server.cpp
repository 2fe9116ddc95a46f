#include "polling/server.hpp"

#include "feed/user.hpp"
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

// An answer in the making: encoded messages where the room has them, and where the reader is behind them.
struct Tail {
  feed::Hello hello;
  std::vector<feed::Frames> messages;
  std::size_t count = 0;

  void add(feed::News news) {
    if (news.gap) hello = *news.gap;
    if (news.frames.count == 0) return;
    count += news.frames.count;
    hello.cursor.seq = news.frames.last;
    messages.push_back(std::move(news.frames));
  }
  bool nothing_new() const { return count == 0 && !hello.gap; }
};

void collect(feed::Reader& reader, std::size_t limit, Tail& tail) {
  while (tail.count < limit) {
    feed::News news = reader.ready(limit - tail.count);
    if (!news.gap && news.frames.count == 0) return;
    tail.add(std::move(news));
  }
}

net::awaitable<void> answer(feed::Exchange& exchange, const Question& question, Tail tail) {
  std::string fields;
  if (question.wait) fields = fmt::format("Preference-Applied: wait={}\r\n", question.wait->count());
  if (tail.nothing_new() && !question.whole_log && question.after.kind != feed::After::Kind::latest) {
    feed::Response nothing{http::status::no_content, {}, {}, std::move(fields)};
    co_return co_await exchange.reply(std::move(nothing));
  }
  if (question.whole_log) {
    const feed::Seq last = tail.hello.cursor.seq;
    const std::string tag = entity_tag(tail.hello.cursor.epoch, last + 1 - tail.count, last);
    fields += "ETag: " + tag + "\r\n";
    if (names(exchange.field("If-None-Match"), tag)) {
      feed::Response same{http::status::not_modified, {}, {}, std::move(fields)};
      co_return co_await exchange.reply(std::move(same));
    }
  }
  if (!tail.messages.empty()) tail.messages.back().bytes.remove_suffix(1);  // the last comma
  feed::Response page{http::status::ok, "application/json", begin_page(tail.hello), std::move(fields)};
  co_await exchange.reply(std::move(page), std::move(tail.messages), end_of_page);
}

net::awaitable<void> poll(feed::Exchange& exchange, feed::Rooms& rooms) {
  const auto question = read_question(exchange);
  if (!question)
    co_return co_await exchange.reply(feed::problem(http::status::bad_request, question.error().detail));

  feed::Room* room = rooms.find(exchange.room());
  if (!room && question->wait) {
    const auto opened = exchange.open_room(rooms);
    if (!opened) co_return co_await exchange.reply(feed::refusal_of(opened.error()));
    room = *opened;
  }
  if (!room) {  // nobody ever wrote there: asking does not make it
    const feed::Log empty(rooms.next_epoch(), {});
    Tail nothing{empty.locate(question->after), {}, 0};
    co_return co_await answer(exchange, *question, std::move(nothing));
  }
  if (!question->wait) {  // who waits is a reader meanwhile
    if (const auto user = feed::user_of(exchange.request()))
      room->pollers().polled(*user, feed::Clock::now());
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
  co_await answer(exchange, *question, std::move(tail));
}

}  // namespace

void mount(feed::Routes& routes, feed::Rooms& rooms) {
  routes.add(http::verb::get, "/rooms/{room}/messages",
             [&rooms](feed::Exchange& exchange) { return poll(exchange, rooms); });
}

}  // namespace polling
