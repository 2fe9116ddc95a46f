#include "bench/live/upstream.hpp"

#include "polling/server.hpp"
#include "sse/server.hpp"
#include "websocket/server.hpp"

#include <utility>

namespace live {

Upstream::Upstream(feed::Options options, std::function<void(feed::Server&)> mount)
    : options_(std::move(options)), mount_(std::move(mount)) {}

std::unique_ptr<feed::Server> Upstream::begin() {
  auto server = std::make_unique<feed::Server>(options_);
  polling::mount(server->routes(), server->rooms());
  sse::mount(server->routes(), server->rooms(), options_.heartbeat);
  websocket::mount(server->routes(), server->rooms(), {options_.max_message, options_.heartbeat});
  mount_(*server);
  server->start();
  return server;
}

void Upstream::start() {
  const std::lock_guard lock(mutex_);
  server_ = begin();
  epoch_ = server_->rooms().next_epoch();
  thread_ = std::thread([this] { run(); });
}

void Upstream::run() {
  for (;;) {
    server_->run();
    std::function<void()> begun;
    {
      const std::lock_guard lock(mutex_);
      if (ending_) return;
      server_.reset();
      server_ = begin();
      epoch_ = server_->rooms().next_epoch();
      begun = std::exchange(begun_, nullptr);
    }
    begun();
  }
}

std::uint16_t Upstream::port() const {
  const std::lock_guard lock(mutex_);
  return server_->port();
}

std::string Upstream::epoch() const {
  const std::lock_guard lock(mutex_);
  return epoch_;
}

void Upstream::restart(std::function<void()> begun) {
  const std::lock_guard lock(mutex_);
  if (begun_ || ending_ || !server_) return;
  begun_ = std::move(begun);
  server_->stop();
}

void Upstream::stop() {
  {
    const std::lock_guard lock(mutex_);
    if (!thread_.joinable()) return;
    ending_ = true;
    server_->stop();
  }
  thread_.join();
}

}  // namespace live
