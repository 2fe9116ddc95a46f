#include "bench/cut_line.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include <array>
#include <utility>

namespace bench {
namespace {

using boost::system::error_code;
using net::ip::tcp;

// Closed with a reset: the peer learns that the connection is gone, and not that it was ended.
void reset(tcp::socket& socket) {
  error_code ignored;
  socket.set_option(net::socket_base::linger(true, 0), ignored);
  socket.close(ignored);
}

}  // namespace

struct CutLine::Pair {
  Pair(tcp::socket from, net::any_io_executor executor)
      : client(std::move(from)), server(std::move(executor)) {}
  void reset() {
    bench::reset(client);
    bench::reset(server);
  }
  tcp::socket client, server;
};

CutLine::CutLine(net::io_context& io, const feed::Address& to)
    : acceptor_(io, tcp::endpoint(net::ip::address_v4::loopback(), 0)),
      to_(net::ip::make_address(to.host), static_cast<std::uint16_t>(std::stoi(to.port))),
      room_(to) {
  room_.host = "127.0.0.1";
  room_.port = std::to_string(acceptor_.local_endpoint().port());
  room_.authority = fmt::format("{}:{}", room_.host, room_.port);
  room_.origin = "http://" + room_.authority;
  net::co_spawn(io, accept(), net::detached);
}

CutLine::~CutLine() { cut(); }

void CutLine::cut() {
  whole_ = false;
  for (const auto& weak : std::exchange(pairs_, {})) {
    if (const auto pair = weak.lock()) pair->reset();
  }
}

net::awaitable<void> CutLine::accept() {
  for (;;) {
    error_code error;
    tcp::socket socket = co_await acceptor_.async_accept(net::redirect_error(net::use_awaitable, error));
    if (error == net::error::operation_aborted) co_return;
    if (error) continue;
    if (!whole_) {
      ++refused_;
      reset(socket);
      continue;
    }
    connected_ = std::chrono::steady_clock::now();
    ++handed_on_;
    socket.set_option(tcp::no_delay(true), error);
    const auto executor = acceptor_.get_executor();
    auto pair = std::make_shared<Pair>(std::move(socket), executor);
    pairs_.push_back(pair);
    net::co_spawn(executor, hand_on(std::move(pair), to_), net::detached);
  }
}

net::awaitable<void> CutLine::hand_on(std::shared_ptr<Pair> pair, tcp::endpoint to) {
  error_code error;
  co_await pair->server.async_connect(to, net::redirect_error(net::use_awaitable, error));
  if (error) co_return pair->reset();
  pair->server.set_option(tcp::no_delay(true), error);
  const auto executor = pair->client.get_executor();
  net::co_spawn(executor, pump(pair, pair->client, pair->server), net::detached);
  net::co_spawn(executor, pump(pair, pair->server, pair->client), net::detached);
}

// One direction. Its end is passed on as an end; a break breaks both.
net::awaitable<void> CutLine::pump(std::shared_ptr<Pair> pair, Socket& from, Socket& to) {
  std::array<char, 65536> piece;
  for (;;) {
    error_code error;
    const std::size_t got =
        co_await from.async_read_some(net::buffer(piece), net::redirect_error(net::use_awaitable, error));
    if (error == net::error::eof) {
      to.shutdown(tcp::socket::shutdown_send, error);
      co_return;
    }
    if (!error)
      co_await net::async_write(to, net::buffer(piece.data(), got),
                                net::redirect_error(net::use_awaitable, error));
    if (error) co_return pair->reset();
  }
}

}  // namespace bench
