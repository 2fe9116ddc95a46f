#pragma once
// libcurl's multi interface on an Asio executor, so that every client shares one loop and a comparison compares protocols,
// not event loops.

#include "feed/error.hpp"
#include "feed/message.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace feed {

namespace net = boost::asio;

/// What is asked. `on_body`, where given, gets the body as it comes and may end the transfer by returning false.
struct Fetch {
  std::string method = "GET";
  std::string url;
  std::vector<std::string> fields;  ///< "Prefer: wait=25", without CRLF
  std::string body;
  std::chrono::milliseconds timeout{30000};  ///< of the whole transfer; 0 is none
  std::chrono::milliseconds silence{0};      ///< ends the transfer after so long without a byte; 0 is never
  int redirects = 0;  ///< how many are followed; on_head is told of the last answer alone
  std::size_t max_body = std::size_t{64}
                         << 20;  ///< a larger body ends the transfer; not applied with on_body
  std::function<void(int status, std::string_view type)> on_head;
  std::function<bool(std::string_view piece)> on_body;
};

struct Fetched {
  int status = 0;
  std::string type;  ///< the media type as the server said it
  std::string body;  ///< empty with on_body
};

/// An HTTP client with a pool of kept-alive connections. Used from the executor's thread alone; callbacks run there too,
/// outside libcurl. Must outlive the transfers that were awaited; its destructor ends them.
class UserAgent {
 public:
  explicit UserAgent(net::any_io_executor executor);
  ~UserAgent();
  UserAgent(const UserAgent&) = delete;
  UserAgent& operator=(const UserAgent&) = delete;

  /// One transfer. Errors: `unreachable`, `left` (the connection broke), `timed_out`, `closed` (close() or on_body said so),
  /// `too_large`, `invalid` (not HTTP, or more redirects than are followed). Any status is a success here.
  net::awaitable<Result<Fetched>> fetch(Fetch request);

  /// Ends all transfers under way, soon; later ones end at once.
  void close();

  net::any_io_executor executor() const;

  /// Connections opened so far: 1 where all transfers were kept alive on one.
  std::uint64_t connections() const;

 private:
  class Multi;
  std::unique_ptr<Multi> multi_;
};

/// Publishes by POST, as the clients do whose transport cannot send. `room_url` is "http://127.0.0.1:8081/rooms/lobby", `fields` are
/// further header fields. Errors as in fetch(), and `refused` with the server's reason.
net::awaitable<Result<Cursor>> post(UserAgent& agent, std::string room_url, Draft draft,
                                    std::vector<std::string> fields = {});

/// The reason in a problem+json body, or the status alone.
Error refusal(const Fetched& answer);

}  // namespace feed
