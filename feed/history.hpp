#pragma once
// Writes down what a client does, is told and receives, while it does it.

#include "feed/client.hpp"
#include "feed/record.hpp"

#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <functional>
#include <string>

namespace feed {

/// The history of one client in one room. Used from the client's thread; must outlive what was awaited from it.
class History {
 public:
  using Sink = std::function<void(const Record&)>;

  /// `client` is a name that no other client of these histories has. `sink` gets each record, on the client's thread.
  History(std::string client, std::string room, Sink sink);

  /// feed::follow(), with what happens written down first and told to `events` and `on_lost` then.
  net::awaitable<Error> follow(Client& client, After after, Events events = {}, Backoff backoff = {},
                               OnLost on_lost = {});

  /// Client::publish(), the same way.
  net::awaitable<Result<Cursor>> publish(Client& client, std::string author, std::string text);

 private:
  void write(decltype(Record::what) what);

  std::string client_;
  std::string room_;
  Sink sink_;
  std::string epoch_;  // of the last hello
  std::uint64_t published_ = 0;
};

/// Whether a publish that ended with this error can be in the log all the same.
bool may_have_happened(const Error& error);

}  // namespace feed
