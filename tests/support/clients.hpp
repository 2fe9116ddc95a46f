#pragma once
// The ways to read a feed, behind the one interface, and a reader that keeps what it was told.

#include "feed/client.hpp"
#include "support/loop.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace support {

enum class Over { polling, polling_with_pause, long_polling, sse, websocket };

std::string_view to_string(Over over);
inline void PrintTo(Over over, std::ostream* out) { *out << to_string(over); }

/// A client of a room. Short polling asks every 20 ms, or 20 ms after each answer; long polling waits for a second at most.
std::unique_ptr<feed::Client> make_client(Over over, Loop& loop, const feed::Address& room);

/// Keeps what a feed tells. Stays where it is while it is subscribed.
struct Heard {
  std::vector<feed::Hello> hellos;
  std::vector<feed::Message> messages;

  feed::Events events();
  std::vector<std::string> texts() const;
};

/// A client that is subscribed from its construction on. Ends with the object.
class Subscription {
 public:
  Subscription(Over over, Loop& loop, const feed::Address& room, feed::After after = {});
  ~Subscription();

  feed::Client& client() { return *client_; }
  const Heard& heard() const { return heard_; }
  bool ended() const { return task_.done(); }
  /// Why subscribe() ended, or connect() failed.
  const feed::Error& reason() const { return task_.value(); }
  void wait_for_hello();
  void wait_for_messages(std::size_t count);
  void wait_for_end();

 private:
  Loop& loop_;
  std::unique_ptr<feed::Client> client_;
  Heard heard_;
  feed::Events events_;
  Task<feed::Error> task_;
};

/// connect() and subscribe(), with the first error.
boost::asio::awaitable<feed::Error> read_feed(feed::Client& client, feed::After after,
                                              const feed::Events& events);

/// connect() and publish() by a client that only speaks; its messages' places.
boost::asio::awaitable<feed::Result<std::vector<feed::Cursor>>> speak(feed::Client& client,
                                                                      std::string author,
                                                                      std::vector<std::string> texts);

/// Publishes by a client of its own.
std::vector<feed::Cursor> publish(Over over, Loop& loop, const feed::Address& room,
                                  std::vector<std::string> texts);

/// close(), and a few turns of the loop in which the server can answer: a client that is destroyed before that keeps a stopping
/// server waiting, which is right but takes long.
void say_goodbye(feed::Client& client, Loop& loop);

/// "message 1", "message 2" and so on.
std::vector<std::string> numbered(std::size_t first, std::size_t last);

}  // namespace support
