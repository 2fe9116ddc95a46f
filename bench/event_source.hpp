#pragma once
// The EventSource of a browser: what server-sent events do by themselves, without a line of the page's own code.

#include "feed/bell.hpp"
#include "feed/user_agent.hpp"
#include "sse/parser.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <functional>
#include <string>
#include <vector>

namespace bench {

namespace net = boost::asio;

/// Reads a stream as WHATWG HTML, 9.2 says, and reads nothing in its messages: after a break it asks for the same URL again once
/// `retry` has passed, and says the last id that the stream gave. Used from its executor's thread.
class EventSource {
 public:
  /// `on_event` gets the type and the data of each event.
  EventSource(net::any_io_executor executor, std::string url,
              std::function<void(const sse::Event&)> on_event);

  /// Until close(), or an answer that is no event stream: the text says which. Connections that fail are tried again.
  net::awaitable<std::string> run();
  void close();

  /// The ids that were sent as Last-Event-ID; empty where none was known.
  const std::vector<std::string>& said() const { return said_; }

 private:
  struct Reading;
  feed::UserAgent agent_;
  feed::Bell closing_;
  std::string url_;
  std::function<void(const sse::Event&)> on_event_;
  std::vector<std::string> said_;
  std::chrono::milliseconds retry_{3000};  // "a few seconds", until the server says
  bool closed_ = false;
};

}  // namespace bench
