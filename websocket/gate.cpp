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
  // What comes after half a frame cannot be read any more: the connection is over, for everybody who writes or reads on it.
  if (!written) abandon();
  if (turn_.anybody()) turn_.ring();
  co_return written;
}

feed::Result<std::string_view> Gate::write_now(std::string_view frames) {
  if (busy_) return frames;
  const auto rest = connection_.write_now(frames);
  if (!rest) abandon();
  return rest;
}

net::awaitable<feed::Result<>> Gate::finish(std::string bytes, bool has_begun) {
  if (has_begun)
    busy_ = false;  // nobody else can have taken it: write() below takes it back before anything is awaited
  const auto written = co_await write(bytes);
  if (--finishing_ == 0 && drained_) drained_->wake();  // which may be the end of this gate
  co_return written;
}

void Gate::abandon() {
  boost::system::error_code ignored;
  connection_.socket().close(ignored);
}

net::awaitable<void> Gate::drained() {
  if (finishing_ > 0) abandon();
  feed::Waiter waiter;
  drained_ = &waiter;
  while (finishing_ > 0) co_await waiter.wait();
}

void teardown(beast::role_type role, Gate& gate, beast::error_code& error) {
  using beast::websocket::teardown;
  teardown(role, gate.next_layer(), error);
}

}  // namespace websocket
