#pragma once
// An EventSource made of the project's SSE client: any event stream, connected again as the standard says.

#include "feed/bell.hpp"
#include "feed/error.hpp"
#include "feed/user_agent.hpp"
#include "sse/parser.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace suites {

namespace net = boost::asio;

/// WHATWG HTML, 9.2.3: after a connection that could not be made or that broke, waits for the reconnection time and asks again, with the
/// id of the last event; ends for good at any answer that is no event stream, 204 among them. Used from its executor's thread.
class EventSource {
 public:
  struct Handler : sse::Parser::Handler {
    /// The stream was lost, and will be asked for again.
    virtual void on_lost(const feed::Error&) {}
  };

  struct Options {
    std::string method = "GET";
    std::vector<std::string> fields;  ///< besides Accept, Cache-Control and Last-Event-ID: "Name: value"
    std::string body;
    std::string last_event_id;              ///< of an event from before
    std::chrono::milliseconds retry{3000};  ///< "a few seconds", until the stream says otherwise
    std::chrono::milliseconds silence{0};   ///< after so long without a byte a stream is lost; 0: never
    std::size_t max_event_bytes = std::size_t{64} << 20;
  };

  EventSource(net::any_io_executor executor, std::string url, Options options, Handler& handler);

  /// Until close(), or until to ask again is pointless: the reason says why.
  net::awaitable<feed::Error> run();

  /// Leaves the connection and asks again at once.
  void restart();
  void close();

 private:
  struct Events;
  feed::Fetch request(const std::string& last_event_id) const;
  std::chrono::milliseconds pause() const;

  net::any_io_executor executor_;
  std::string url_;
  Options options_;
  Handler& handler_;
  std::optional<feed::UserAgent> agent_;  // of this connection alone: to close it is to leave it
  feed::Bell bell_;                       // rung to end a pause
  int failures_ = 0;                      // connections in a row that brought nothing
  bool restarting_ = false;
  bool closed_ = false;
};

}  // namespace suites
