#pragma once
// Accepts connections, reads requests, has them answered by the routes, and winds down when told to.

#include "feed/bell.hpp"
#include "feed/connection.hpp"
#include "feed/options.hpp"
#include "feed/proxies.hpp"
#include "feed/room.hpp"
#include "feed/routes.hpp"
#include "feed/traffic.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>

#include <cstdint>
#include <optional>

namespace feed {

/// One listening socket and the connections that came through it. One thread: that of the executor.
class Listener {
 public:
  /// Throws boost::system::system_error where the address cannot be had. References must outlive the executor's run.
  Listener(net::any_io_executor executor, const Options& options, const Routes& routes, Counters& counters);
  ~Listener();

  void start();
  std::uint16_t port() const { return port_; }
  const Traffic& traffic() const { return traffic_; }

  /// No new connections; silent ones are closed, requests under way are answered, taken-over connections are told. What is
  /// left after `patience` is cut off.
  void stop(std::chrono::milliseconds patience);

 private:
  struct Registration;
  net::awaitable<void> accept();
  net::awaitable<void> shed();
  net::awaitable<void> serve(net::ip::tcp::socket socket);
  net::awaitable<void> converse(Connection& connection, bool admitted);
  /// A request with its body, as far as its handler does not read that itself. No handler: it has been answered.
  struct Asked {
    std::optional<Exchange> exchange;
    const Handler* handler = nullptr;
  };
  net::awaitable<void> listen(Connection& connection, Asked& asked);
  /// A request without its body, and how large that is.
  struct Head {
    Request request;
    std::uint64_t body_bytes;
  };
  net::awaitable<Result<Head>> read_head(Connection& connection);
  net::awaitable<void> refuse(Connection& connection, Error error, std::string fields,
                              std::uint64_t announced = 0);
  void open_spare();

  const Options& options_;
  const Routes& routes_;
  const Proxies proxies_;
  Counters& counters_;
  Traffic traffic_;
  net::ip::tcp::acceptor acceptor_;
  net::steady_timer timer_;  // the pause after a failed accept; later, the end of patience
  Bell silent_;              // where those wait who have asked nothing yet, or nothing more
  std::uint16_t port_ = 0;
  int spare_ = -1;  // a descriptor kept back, so that there is one to say 503 with when all are used up
  boost::intrusive::list<Connection, boost::intrusive::constant_time_size<false>> connections_;
  std::size_t admitted_ = 0;
  bool stopping_ = false;
};

}  // namespace feed
