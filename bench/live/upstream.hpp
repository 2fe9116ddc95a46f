#pragma once
// The feed's server behind the relays: all three transports on one listener, on a thread of its own, and it can be begun anew.

#include "feed/options.hpp"
#include "feed/server.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

namespace live {

/// Every call may come from any thread.
class Upstream {
 public:
  /// `mount` adds what is served besides the feed, to each server that is begun.
  Upstream(feed::Options options, std::function<void(feed::Server&)> mount);
  ~Upstream() { stop(); }
  Upstream(const Upstream&) = delete;
  Upstream& operator=(const Upstream&) = delete;

  /// Serves from here on. Throws std::runtime_error where it cannot listen.
  void start();
  std::uint16_t port() const;
  /// That of all its rooms.
  std::string epoch() const;

  /// Ends the server, which tells its readers, and begins another whose rooms are empty and have a new epoch, on another port. `begun` is called
  /// from its thread. Nothing happens where that is under way already.
  void restart(std::function<void()> begun);

  /// Tells the readers and waits for the end.
  void stop();

 private:
  std::unique_ptr<feed::Server> begin();
  void run();

  const feed::Options options_;
  const std::function<void(feed::Server&)> mount_;
  mutable std::mutex mutex_;  // of all that follows
  std::unique_ptr<feed::Server> server_;
  std::string epoch_;
  std::function<void()> begun_;  // while it is being begun anew
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace live
