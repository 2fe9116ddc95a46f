#pragma once
// Polling, the client's side: ask, and ask again.

#include "feed/client.hpp"
#include "feed/user_agent.hpp"
#include "polling/wire.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <string>

namespace polling {

namespace net = boost::asio;

/// Where the interval before the next poll begins.
enum class Pace {
  start_to_start,  ///< with the last poll: the period is the interval, or the round trip where that is longer
  answer_to_start,  ///< with its answer, a pause: the period is the interval and the round trip
};

struct Timing {
  std::chrono::milliseconds interval{1000};  ///< counted as `pace` says; never two polls at once
  Pace pace = Pace::start_to_start;
  std::chrono::milliseconds phase{0};  ///< before the first poll, so that many pollers can be spread
  /// Long polling: the server holds its answer back. `interval` is then for a server that does not, and has nothing to say either.
  std::optional<std::chrono::seconds> wait;
};

/// Polls over libcurl. See feed::Client for the contract.
class Client final : public feed::Client {
 public:
  Client(net::any_io_executor executor, const feed::Address& room, Timing timing = {});

  net::awaitable<feed::Result<>> connect(feed::After after) override;
  net::awaitable<feed::Error> subscribe(const feed::Events& events) override;
  net::awaitable<feed::Result<feed::Cursor>> publish(std::string author, std::string text) override;
  void close() override;

  /// Polls answered so far, and how many of them brought nothing.
  std::uint64_t polls() const { return polls_; }
  std::uint64_t empty_polls() const { return empty_; }

 private:
  net::awaitable<feed::Result<>> poll(const feed::Events& events, bool first);

  feed::UserAgent agent_;  // one of its own: a client keeps its own connection, as a browser does
  std::string url_;
  Timing timing_;
  std::uint64_t polls_ = 0;
  std::uint64_t empty_ = 0;
};

}  // namespace polling
