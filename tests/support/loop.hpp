#pragma once
// Drives the coroutines of clients on one loop, with one deadline.

#include "support/deadline.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace support {

/// A coroutine that was started: whether it has ended, and with what.
template <class T>
class Task {
 public:
  bool done() const { return state_->failure || state_->value; }
  /// Throws what the coroutine threw.
  const T& value() const {
    if (state_->failure) std::rethrow_exception(state_->failure);
    return *state_->value;
  }

 private:
  friend class Loop;
  struct State {
    std::exception_ptr failure;
    std::optional<T> value;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

/// An io_context that runs only while a test waits for something. Made before the clients that live on it.
class Loop {
 public:
  boost::asio::any_io_executor executor() { return io_.get_executor(); }

  template <class T>
  Task<T> start(boost::asio::awaitable<T> coroutine) {
    Task<T> task;
    boost::asio::co_spawn(io_, std::move(coroutine),
                          [state = task.state_](std::exception_ptr failure, T value) {
                            state->failure = failure;
                            if (!failure) state->value.emplace(std::move(value));
                          });
    return task;
  }

  /// Runs until `is_so`; throws after `patience`, with `what`.
  void until(std::string_view what, const std::function<bool()>& is_so,
             std::chrono::seconds patience = support::patience) {
    const auto due = std::chrono::steady_clock::now() + patience;
    while (!is_so()) {
      if (io_.stopped()) io_.restart();
      if (io_.run_one_until(due) == 0 && !is_so())
        throw std::runtime_error("waited in vain for " + std::string(what));
    }
  }

  /// Runs until nothing is under way any more: all clients have closed and said so.
  void finish() {
    io_.restart();
    io_.run();
  }

  /// Runs what is ready, without waiting.
  void turn() {
    if (io_.stopped()) io_.restart();
    io_.poll();
  }

  /// The coroutine's value.
  template <class T>
  T run(boost::asio::awaitable<T> coroutine) {
    Task<T> task = start(std::move(coroutine));
    until("a coroutine's end", [&] { return task.done(); });
    return task.value();
  }

 private:
  boost::asio::io_context io_{1};
};

}  // namespace support
