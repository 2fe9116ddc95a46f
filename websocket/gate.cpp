#include "websocket/gate.hpp"

namespace websocket {

net::awaitable<feed::Result<>> Gate::write(std::string_view frames) {
  while (busy_) {
    feed::Waiter waiter;
    co_await turn_.wait(waiter);
  }
  busy_ = true;
  const auto written = co_await connection_.write(frames);
  busy_ = false;
  if (turn_.anybody()) turn_.ring();
  co_return written;
}

net::awaitable<feed::Result<>> Gate::finish(std::string bytes, bool has_begun) {
  if (has_begun)
    busy_ = false;  // nobody else can have taken it: write() below takes it back before anything is awaited
  co_return co_await write(bytes);
}

void teardown(beast::role_type role, Gate& gate, beast::error_code& error) {
  using beast::websocket::teardown;
  teardown(role, gate.next_layer(), error);
}

}  // namespace websocket
