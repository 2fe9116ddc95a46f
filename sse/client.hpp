#pragma once
// Server-sent events, the client's side: ask once, and read an answer that does not end.

#include "feed/client.hpp"
#include "feed/user_agent.hpp"
#include "sse/parser.hpp"

#include <chrono>
#include <string>

namespace sse {

namespace net = boost::asio;

/// Reads an event stream over libcurl. See feed::Client for the contract.
class Client final : public feed::Client {
 public:
  /// `silence`: a server that says nothing for so long, not even a comment, is taken for dead.
  Client(net::any_io_executor executor, const feed::Address& room,
         std::chrono::seconds silence = std::chrono::seconds(45));

  net::awaitable<feed::Result<>> connect(feed::After after) override;
  net::awaitable<feed::Error> subscribe(const feed::Events& events) override;
  net::awaitable<feed::Result<feed::Cursor>> publish(std::string author, std::string text) override;
  void close() override;

 private:
  struct Reading;
  feed::UserAgent agent_;  // one of its own: a client keeps its own connection, as a browser does
  std::string url_;
  std::chrono::seconds silence_;
};

}  // namespace sse
