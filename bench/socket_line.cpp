// A line for who may make no network namespaces: each connection ends here and another one goes on to the server, and what
// is read from one is written to the other a fixed time later. Handshakes and acknowledgements are loopback's.

#include "bench/line.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <fmt/format.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <utility>

namespace bench {
namespace {

namespace net = boost::asio;
using boost::system::error_code;
using net::ip::tcp;
using Clock = std::chrono::steady_clock;

constexpr std::size_t most_under_way = 64 << 20;    // bytes of one direction; then the sender has to wait
constexpr std::chrono::milliseconds look_again{5};  // whether a line that was cut is whole again

struct Piece {
  Clock::time_point due;
  std::string bytes;  // none: the end
};

// What goes one way over one connection.
struct Stream {
  explicit Stream(const net::any_io_executor& executor) : more(executor), room(executor), due(executor) {}
  std::deque<Piece> pieces;
  std::size_t bytes = 0;
  net::steady_timer more, room;  // never due: cancelled when there is more to write, room to read
  net::steady_timer due;
};

struct Connection {
  Connection(tcp::socket accepted, const net::any_io_executor& executor)
      : client(std::move(accepted)), server(executor), up(executor), down(executor) {}
  tcp::socket client, server;
  Stream up, down;
};

net::awaitable<void> until_cancelled(net::steady_timer& timer) {
  error_code cancelled;
  timer.expires_at(Clock::time_point::max());
  co_await timer.async_wait(net::redirect_error(net::use_awaitable, cancelled));
}

class SocketLine final : public Line {
 public:
  explicit SocketLine(const Link& link) : one_way_(link.one_way), acceptor_(io_) {
    if (link.loss > 0)
      throw NoNetwork(
          "a relay of bytes cannot lose packets: this needs the right to make network namespaces.");
  }
  ~SocketLine() override {
    io_.stop();
    if (thread_.joinable()) thread_.join();
  }

  std::string listen_host() const override { return "127.0.0.1"; }
  feed::Address for_clients(std::uint16_t port) override {
    if (!acceptor_.is_open()) {
      server_ = tcp::endpoint(net::ip::address_v4::loopback(), port);
      try {
        acceptor_ = tcp::acceptor(io_, tcp::endpoint(net::ip::address_v4::loopback(), 0));
      } catch (const boost::system::system_error& error) {
        throw NoNetwork(fmt::format("the relay of bytes cannot listen: {}.", error.what()));
      }
      net::co_spawn(io_, accept(), net::detached);
      thread_ = std::thread([this] { io_.run(); });
    }
    return *feed::parse_address(
        fmt::format("http://127.0.0.1:{}/rooms/bench", acceptor_.local_endpoint().port()));
  }
  bool counts_packets() const override { return false; }
  void black_hole(bool on) override { cut_ = on; }

 private:
  net::awaitable<void> accept() {
    for (;;) {
      error_code error;
      tcp::socket client = co_await acceptor_.async_accept(net::redirect_error(net::use_awaitable, error));
      if (error == net::error::operation_aborted) co_return;
      if (error) {  // out of descriptors: somebody may leave
        net::steady_timer pause(io_, look_again);
        co_await pause.async_wait(net::redirect_error(net::use_awaitable, error));
        continue;
      }
      const auto connection = std::make_shared<Connection>(std::move(client), io_.get_executor());
      net::co_spawn(io_, serve(connection), net::detached);
    }
  }

  net::awaitable<void> serve(std::shared_ptr<Connection> connection) {
    error_code error;
    co_await connection->server.async_connect(server_, net::redirect_error(net::use_awaitable, error));
    if (error) co_return;
    connection->client.set_option(tcp::no_delay(true), error);
    connection->server.set_option(tcp::no_delay(true), error);
    net::co_spawn(io_, take(connection, connection->client, connection->up), net::detached);
    net::co_spawn(io_, give(connection, connection->server, connection->up), net::detached);
    net::co_spawn(io_, take(connection, connection->server, connection->down), net::detached);
    net::co_spawn(io_, give(connection, connection->client, connection->down), net::detached);
  }

  // Reads into the stream until the sender ends. The connection is kept while somebody reads or writes it.
  net::awaitable<void> take(std::shared_ptr<Connection>, tcp::socket& from, Stream& stream) {
    std::array<char, 65536> piece;
    error_code error;
    while (!error) {
      while (stream.bytes > most_under_way) co_await until_cancelled(stream.room);
      const std::size_t got =
          co_await from.async_read_some(net::buffer(piece), net::redirect_error(net::use_awaitable, error));
      Piece next{Clock::now() + one_way_, std::string(piece.data(), got)};
      stream.bytes += got;
      if (got > 0 || error) stream.pieces.push_back(std::move(next));
      stream.more.cancel();
    }
  }

  // Writes what is due.
  net::awaitable<void> give(std::shared_ptr<Connection> owner, tcp::socket& to, Stream& stream) {
    error_code error;
    for (;;) {
      while (stream.pieces.empty()) co_await until_cancelled(stream.more);
      const Piece piece = std::move(stream.pieces.front());
      stream.pieces.pop_front();
      stream.due.expires_at(piece.due);
      co_await stream.due.async_wait(net::redirect_error(net::use_awaitable, error));
      while (cut_) {
        stream.due.expires_after(look_again);
        co_await stream.due.async_wait(net::redirect_error(net::use_awaitable, error));
      }
      stream.bytes -= piece.bytes.size();
      stream.room.cancel();
      if (piece.bytes.empty()) {
        to.shutdown(tcp::socket::shutdown_send, error);
        co_return;
      }
      co_await net::async_write(to, net::buffer(piece.bytes), net::redirect_error(net::use_awaitable, error));
      if (!error) continue;
      owner->client.close(error);  // whoever is gone is gone for the other one, too
      owner->server.close(error);
      co_return;
    }
  }

  std::chrono::nanoseconds one_way_;
  std::atomic<bool> cut_ = false;
  net::io_context io_{1};
  tcp::acceptor acceptor_;
  tcp::endpoint server_;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<Line> socket_line(const Link& link) { return std::make_unique<SocketLine>(link); }

}  // namespace bench
