#pragma once
// The arms: the three transports, long polling, and two floors below them, each with its server and a reader
// behind the one client interface.

#include "bench/publisher.hpp"
#include "bench/receipts.hpp"
#include "bench/site.hpp"
#include "feed/bell.hpp"
#include "feed/client.hpp"
#include "polling/client.hpp"

#include <boost/asio/io_context.hpp>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

namespace net = boost::asio;

/// Whether messages come when they are there, and not when they are asked for.
bool is_streaming(std::string_view arm);

/// The in-process queue of the null arm: the floor of the instrument itself.
class NullRoom {
 public:
  NullRoom(net::any_io_executor executor, std::size_t payload_bytes)
      : executor_(executor), payload_bytes_(payload_bytes) {}
  /// From any thread.
  void publish(std::size_t index);

 private:
  friend class NullClient;
  net::any_io_executor executor_;
  std::size_t payload_bytes_;
  std::vector<class NullClient*> clients_;
};

/// How a poller polls.
struct Asking {
  std::chrono::nanoseconds interval{0};
  std::chrono::nanoseconds phase{0};
  std::chrono::seconds wait{25};  ///< long polling
  polling::Pace pace = polling::Pace::start_to_start;
};

/// A reader of `room` over that arm. `null_room` is used by null alone.
std::unique_ptr<feed::Client> make_reader(std::string_view arm, net::any_io_executor executor,
                                          const feed::Address& room, const Asking& asking = {},
                                          NullRoom* null_room = nullptr);

/// Readers behind feed::Client on one loop, that of the calling thread.
class Readers {
 public:
  /// `cursor`: where they begin. `messages`: how many there will be.
  Readers(net::io_context& io, std::vector<std::unique_ptr<feed::Client>> clients, feed::Cursor cursor,
          std::size_t messages);
  /// The same where each is in a room of its own: `messages[i]` is how many client i will get.
  Readers(net::io_context& io, std::vector<std::unique_ptr<feed::Client>> clients, feed::Cursor cursor,
          const std::vector<std::size_t>& messages);
  ~Readers();

  /// Before start(): that reader begins behind the first `count` messages.
  void begin_behind(std::size_t reader, std::size_t count) { receipts_.at(reader).begin_behind(count); }
  void start();
  std::size_t begun() const { return begun_; }  ///< how many were told where their feed begins
  bool complete() const { return complete_ == clients_.size(); }
  std::vector<Receipts>& receipts() { return receipts_; }
  const feed::Client& client(std::size_t i) const { return *clients_[i]; }
  feed::Client& client(std::size_t i) { return *clients_[i]; }

  /// Called after each message, with reader and index.
  std::function<void(std::size_t, std::size_t)> on_message;
  /// A reader that has everything closes at once, inside the callback: no poll is then under way.
  bool close_when_complete = false;

  /// Runs the loop until `done()`, at most until `deadline`; looks after every few handlers, wakes up every
  /// 50 ms. True where done.
  bool run_until(Clock::time_point deadline, const std::function<bool()>& done);

  /// Closes all and waits until they have ended, 5 s at most.
  void close();

  /// Why a reader ended by itself; empty where none did.
  const std::string& failure() const { return failure_; }

 private:
  net::awaitable<void> read(std::size_t i);
  net::io_context& io_;
  std::vector<std::unique_ptr<feed::Client>> clients_;
  std::vector<Receipts> receipts_;
  feed::Cursor cursor_;
  std::size_t begun_ = 0, ended_ = 0, complete_ = 0;
  bool started_ = false;
  std::string failure_;
};

}  // namespace bench
