#include "bench/event_source.hpp"

#include <fmt/format.h>

#include <utility>

namespace bench {

struct EventSource::Reading final : sse::Parser::Handler {
  explicit Reading(EventSource& source) : source(source) {}
  void on_event(const sse::Event& event) override {
    if (!source.closed_) source.on_event_(event);
  }
  void on_retry(std::chrono::milliseconds delay) override { source.retry_ = delay; }
  EventSource& source;
};

EventSource::EventSource(net::any_io_executor executor, std::string url,
                         std::function<void(const sse::Event&)> on_event)
    : agent_(executor), closing_(executor), url_(std::move(url)), on_event_(std::move(on_event)) {}

void EventSource::close() {
  closed_ = true;
  agent_.close();
  closing_.ring();
}

net::awaitable<std::string> EventSource::run() {
  Reading reading(*this);
  sse::Parser parser(reading);
  while (!closed_) {
    int status = 0;
    std::string type;
    feed::Fetch request;
    request.url = url_;
    request.fields = {"Accept: text/event-stream"};
    said_.push_back(parser.last_event_id());
    if (!said_.back().empty()) request.fields.push_back("Last-Event-ID: " + said_.back());
    request.timeout = {};
    request.on_head = [&](int code, std::string_view media_type) {
      status = code;
      type = media_type.substr(0, media_type.find(';'));
    };
    request.on_body = [&](std::string_view piece) { return status == 200 && parser.feed(piece); };
    co_await agent_.fetch(std::move(request));
    if (closed_) break;
    if (status != 0 && (status != 200 || type != "text/event-stream"))
      co_return fmt::format("status {} and \"{}\", expected 200 and text/event-stream", status, type);
    parser.reset();
    feed::Waiter waiter;
    co_await closing_.wait(waiter, feed::Clock::now() + retry_);
  }
  co_return std::string();
}

}  // namespace bench
