#include "polling/client.hpp"

#include <algorithm>
#include <utility>

namespace polling {

Client::Client(net::any_io_executor executor, const feed::Address& room, Timing timing)
    : feed::Client(executor), agent_(std::move(executor)), url_(room.origin + room.path), timing_(timing) {}

// Nothing to connect: libcurl opens a connection with the first poll and keeps it.
net::awaitable<feed::Result<>> Client::connect(feed::After after) {
  begin(std::move(after));
  co_return feed::Result<>();
}

net::awaitable<feed::Error> Client::subscribe(const feed::Events& events) {
  if (timing_.phase.count() > 0) co_await pause(feed::Clock::now() + timing_.phase);
  auto due = feed::Clock::now();
  for (bool first = true; !is_closed(); first = false) {
    const auto asked = feed::Clock::now();
    const std::uint64_t empty = empty_;
    const auto polled = co_await poll(events, first);
    if (!polled) co_return polled.error();
    const auto now = feed::Clock::now();
    if (timing_.wait) {
      // What brought nothing although it was not held is not asked again at once: the server may know no better.
      if (!first && empty_ > empty && now < asked + timing_.interval)
        co_await pause(asked + timing_.interval);
      continue;
    }
    // Start to start, a poll that took longer than the interval is followed by the next one at once, not by two.
    due = timing_.pace == Pace::answer_to_start ? now + timing_.interval
                                                : std::max(due + timing_.interval, now);
    co_await pause(due);
  }
  co_return feed::Error{feed::Errc::closed, "closed"};
}

net::awaitable<feed::Result<>> Client::poll(const feed::Events& events, bool first) {
  feed::Fetch request;
  request.url = url_ + "/messages";
  if (place().kind != feed::After::Kind::everything) request.url += "?after=" + feed::to_string(place());
  request.fields = fields();
  if (timing_.wait) {
    request.fields.push_back("Prefer: wait=" + std::to_string(timing_.wait->count()));
    request.timeout += *timing_.wait;
  }
  const auto answer = co_await agent_.fetch(std::move(request));
  if (is_closed()) co_return feed::Error{feed::Errc::closed, "closed"};
  if (!answer) co_return answer.error();
  ++polls_;
  if (answer->status == 204) {
    ++empty_;
    const feed::Hello here{place().cursor, {}};
    co_return first&& place().kind == feed::After::Kind::cursor ? take(here, events) : feed::Result<>();
  }
  if (answer->status != 200) co_return feed::refusal(*answer);

  auto page = parse_page(answer->body);
  if (!page) co_return page.error();
  if (page->messages.empty()) ++empty_;
  // The page's cursor is behind its messages; the feed goes on before them.
  const feed::Cursor end = page->hello.cursor;
  if (!page->messages.empty()) page->hello.cursor.seq = page->messages.front().seq - 1;
  if (first || page->hello.gap || place().kind != feed::After::Kind::cursor) {
    const auto begun = take(page->hello, events);
    if (!begun) co_return begun;
  }
  for (const feed::Message& message : page->messages) {
    if (is_closed()) co_return feed::Error{feed::Errc::closed, "closed"};
    const auto taken = take(message, events);
    if (!taken) co_return taken;
  }
  if (end != place().cursor) {
    co_return feed::invalid("the page's cursor is " + feed::to_string(end) + ", expected " +
                            feed::to_string(place().cursor));
  }
  co_return feed::Result<>();
}

net::awaitable<feed::Result<feed::Cursor>> Client::publish(std::string author, std::string text) {
  feed::Draft draft{std::move(author), std::move(text)};
  co_return co_await feed::post(agent_, url_, std::move(draft), fields());
}

void Client::close() {
  feed::Client::close();
  agent_.close();
}

}  // namespace polling
