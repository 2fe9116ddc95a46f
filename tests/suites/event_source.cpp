#include "suites/event_source.hpp"

#include "sse/stream.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>

namespace suites {
namespace {

constexpr int most_redirects = 20;                      // WHATWG Fetch, 4.5
constexpr std::chrono::milliseconds most_pause{30000};  // where the server says less, and is not there

}  // namespace

// Hands on, and sees that something came.
struct EventSource::Events final : sse::Parser::Handler {
  explicit Events(EventSource& source) : source(source) {}
  bool is_wanted() const { return !source.closed_ && !source.restarting_; }
  void on_event(const sse::Event& event) override {
    source.failures_ = 0;
    if (is_wanted()) source.handler_.on_event(event);
  }
  void on_retry(std::chrono::milliseconds retry) override {
    source.failures_ = 0;
    source.options_.retry = retry;
    if (is_wanted()) source.handler_.on_retry(retry);
  }
  void on_comment(std::string_view text) override {
    source.failures_ = 0;
    if (is_wanted()) source.handler_.on_comment(text);
  }
  EventSource& source;
};

EventSource::EventSource(net::any_io_executor executor, std::string url, Options options, Handler& handler)
    : executor_(executor),
      url_(std::move(url)),
      options_(std::move(options)),
      handler_(handler),
      bell_(std::move(executor)) {}

void EventSource::restart() {
  restarting_ = true;
  if (agent_) agent_->close();
  bell_.ring();
}

void EventSource::close() {
  closed_ = true;
  if (agent_) agent_->close();
  bell_.ring();
}

feed::Fetch EventSource::request(const std::string& last_event_id) const {
  feed::Fetch request;
  request.method = options_.method;
  request.url = url_;
  request.body = options_.body;
  request.fields = options_.fields;
  request.fields.push_back("Accept: text/event-stream");
  request.fields.push_back("Cache-Control: no-cache");  // cache mode no-store, WHATWG Fetch, 4.6
  if (!last_event_id.empty()) request.fields.push_back("Last-Event-ID: " + last_event_id);
  request.timeout = {};
  request.silence = options_.silence;
  request.redirects = most_redirects;
  return request;
}

// The standard lets a client wait longer where the server is in trouble: one that is not there, or ends every stream before it has
// said anything, is asked less and less often.
std::chrono::milliseconds EventSource::pause() const {
  if (failures_ <= 1) return options_.retry;
  const std::chrono::milliseconds longer(std::int64_t{1} << std::min(failures_ - 2, 20));
  return std::max(options_.retry, std::min(longer, most_pause));
}

net::awaitable<feed::Error> EventSource::run() {
  Events events(*this);
  sse::Parser parser(events, options_.max_event_bytes);
  parser.resume(options_.last_event_id);
  while (!closed_) {
    restarting_ = false;
    ++failures_;
    agent_.emplace(executor_);
    std::function<bool()> goes_on = [&events] { return events.is_wanted(); };
    const feed::Error ended =
        co_await sse::read_stream(*agent_, request(parser.last_event_id()), parser, std::move(goes_on));
    if (closed_) break;
    if (restarting_) continue;
    if (ended.code == feed::Errc::refused || ended.code == feed::Errc::invalid ||
        ended.code == feed::Errc::too_large)
      co_return ended;
    handler_.on_lost(ended);
    if (closed_ || restarting_) continue;
    feed::Waiter waiter;
    co_await bell_.wait(waiter, feed::Clock::now() + pause());
  }
  co_return feed::Error{feed::Errc::closed, "closed"};
}

}  // namespace suites
