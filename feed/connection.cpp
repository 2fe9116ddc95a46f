#include "feed/connection.hpp"

#include "feed/receipts.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace feed {
namespace {

// After a refusal: how long a peer may be silent, and how much it may go on sending, before it is reset. Where it has announced a
// body it may send that to its end, as browsers do before they read an answer: a photo from a phone is 3 to 12 MiB.
constexpr std::chrono::seconds linger_time{2};
constexpr std::uint64_t linger_bytes = 1 << 20;
constexpr std::chrono::seconds longest_linger_time{30};
constexpr std::uint64_t longest_linger_bytes = 32 << 20;

}  // namespace

TimeLimit::TimeLimit(net::ip::tcp::socket& socket, std::chrono::steady_clock::duration time)
    : state_(std::make_shared<State>(State{&socket})), timer_(socket.get_executor(), time) {
  timer_.async_wait([state = state_](const boost::system::error_code& error) {
    if (error || !state->socket) return;  // the limit is over
    state->expired = true;
    boost::system::error_code ignored;
    state->socket->cancel(ignored);
  });
}

Connection::Connection(net::ip::tcp::socket socket, Traffic& all, const Traffic& so_far)
    : stream_(CountingPolicy(all, so_far), std::move(socket)) {
  boost::system::error_code ignored;  // a peer that is gone already is noticed by the first read
  this->socket().set_option(net::ip::tcp::no_delay(true), ignored);
  this->socket().non_blocking(true, ignored);
}

Connection::~Connection() = default;

Receipts& Connection::receipts() {
  if (!receipts_) {
    receipts_ = std::make_unique<Receipts>(stream_.get_executor(),
                                           [this](std::string_view answers) { return write(answers); });
  }
  return *receipts_;
}

bool Connection::owes() const { return receipts_ && !receipts_->all_told(); }

Result<std::size_t> Connection::write_some(std::string_view bytes) {
  boost::system::error_code error;
  const std::size_t written = socket().write_some(net::buffer(bytes), error);
  if (error == net::error::would_block) return 0;
  if (error) return Error{Errc::left, "write: " + error.message()};
  stream_.rate_policy().count_out(written);
  return written;
}

Result<std::string_view> Connection::write_now(std::string_view bytes) {
  const auto written = write_some(bytes);
  if (!written) return written.error();
  bytes.remove_prefix(*written);
  return bytes;
}

net::awaitable<Result<>> Connection::write(std::string_view bytes) {
  auto written = write_some(bytes);
  if (!written) co_return written.error();  // the peer left
  bytes.remove_prefix(*written);
  if (bytes.empty()) co_return Result<>();

  const TimeLimit limit(socket(), write_timeout);
  while (!bytes.empty()) {
    boost::system::error_code error;
    co_await socket().async_wait(net::socket_base::wait_write,
                                 net::redirect_error(net::use_awaitable, error));
    if (limit.expired()) {
      co_return Error{Errc::timed_out, "the peer took less than " + std::to_string(bytes.size()) +
                                           " bytes in " + std::to_string(write_timeout.count()) + " s"};
    }
    if (error) co_return Error{Errc::left, "write: " + error.message()};  // this side closed
    written = write_some(bytes);
    if (!written) co_return written.error();  // the peer left
    bytes.remove_prefix(*written);
  }
  co_return Result<>();
}

void Connection::read_and_drop() {
  std::array<char, 4096> dropped;
  boost::system::error_code error;
  stream_.rate_policy().count_in(socket().read_some(net::buffer(dropped), error));
}

net::awaitable<void> Connection::close_gently(std::uint64_t announced) {
  boost::system::error_code error;
  socket().shutdown(net::ip::tcp::socket::shutdown_send, error);
  const auto due = std::chrono::steady_clock::now() + (announced > 0 ? longest_linger_time : linger_time);
  std::uint64_t left = std::max(linger_bytes, std::min(announced, longest_linger_bytes));
  std::array<char, 4096> dropped;
  while (!error && left > 0) {
    const auto now = std::chrono::steady_clock::now();
    if (now >= due) break;
    const TimeLimit limit(socket(), std::min<std::chrono::steady_clock::duration>(linger_time, due - now));
    co_await socket().async_wait(net::socket_base::wait_read, net::redirect_error(net::use_awaitable, error));
    if (error) break;
    const std::size_t read = socket().read_some(net::buffer(dropped), error);
    if (error == net::error::would_block) error = {};
    left -= std::min<std::uint64_t>(left, read);
    stream_.rate_policy().count_in(read);
  }
  socket().close(error);
}

Watch::Watch(Connection& connection, std::function<void()> on_left)
    : connection_(connection), on_left_(std::move(on_left)), self_(std::make_shared<Watch*>(this)) {
  wait();
}

Watch::~Watch() {
  *self_ = nullptr;
  boost::system::error_code ignored;
  connection_.socket().cancel(ignored);
}

void Watch::wait() {
  connection_.socket().async_wait(
      net::socket_base::wait_read, [self = self_](const boost::system::error_code& error) {
        if (error || !*self) return;  // this side closed, or the watch is over
        Watch& watch = **self;
        char byte = 0;
        boost::system::error_code peeked;
        watch.connection_.socket().receive(net::buffer(&byte, 1), net::socket_base::message_peek, peeked);
        if (!peeked) return;  // a pipelined request: it waits for its turn
        if (peeked == net::error::would_block) return watch.wait();
        const auto on_left = std::move(watch.on_left_);  // what it does may end the watch
        on_left();
      });
}

}  // namespace feed
