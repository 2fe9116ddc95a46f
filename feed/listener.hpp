#pragma once
// Accepts connections, reads requests, has them answered by the routes, and winds down when told to.

#include "feed/bell.hpp"
#include "feed/connection.hpp"
#include "feed/options.hpp"
#include "feed/proxies.hpp"
#include "feed/quota.hpp"
#include "feed/room.hpp"
#include "feed/routes.hpp"
#include "feed/traffic.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace feed {

class Listener;

/// What the listeners of a server's threads have in common.
struct Listeners {
  explicit Listeners(std::size_t per_address = 0) : by_address(per_address) {}
  std::vector<std::unique_ptr<Listener>> by_thread;
  std::atomic<std::size_t> admitted = 0;  ///< connections, --max-connections at most
  Quota by_address;                       ///< connections, --max-connections-per-address at most
};

/// One thread's listener, and the connections that it serves. All threads accept from one socket, whoever is there first; a connection
/// that asks for a room of another thread goes there, and stays until it asks for something else. Belongs to its thread.
class Listener {
 public:
  /// Throws boost::system::system_error where the address cannot be had. References must outlive the run of all threads.
  Listener(const Options& options, const Routes& routes, Rooms& rooms, std::size_t thread, Listeners& all);
  ~Listener();

  /// `busy` keeps the loops of all threads running while anything is served on any of them: what there is to serve may go
  /// from one to the other.
  void start(std::shared_ptr<void> busy);
  std::uint16_t port() const { return port_; }

  /// No new connections; silent ones are closed, requests under way are answered, taken-over connections are told. What is
  /// left after `patience` is cut off.
  void stop(std::chrono::milliseconds patience);

 private:
  class Place;
  class Registration;
  struct Guest;
  /// A request without its body, and how large that is.
  struct Head {
    Request request;
    std::uint64_t body_bytes;
  };
  net::awaitable<void> accept();
  net::awaitable<void> shed();
  net::awaitable<void> serve(net::ip::tcp::socket socket);
  net::awaitable<void> take_in(Guest guest);
  net::awaitable<void> converse(Connection& connection, Place& place, std::optional<Head> first);
  /// A request with its body, as far as its handler does not read that itself. No handler: it has been answered.
  struct Asked {
    std::optional<Exchange> exchange;
    const Handler* handler = nullptr;
  };
  net::awaitable<void> listen(Connection& connection, Place& place, std::optional<Head>& first, Asked& asked);
  Listener* other_thread_of(const Exchange& exchange);
  static void hand_over(Connection& connection, Place& place, Head head, Listener& to);
  void cut_off_when_due();
  void on_left();
  net::awaitable<Result<Head>> read_head(Connection& connection, std::optional<Head>& first);
  net::awaitable<void> refuse(Connection& connection, Error error, std::string fields,
                              std::uint64_t announced = 0);
  void open_spare();

  const Options& options_;
  const Routes& routes_;
  const Proxies proxies_;
  Rooms& rooms_;
  const std::size_t thread_;
  Listeners& all_;
  Counters& counters_;
  net::ip::tcp::acceptor acceptor_;
  net::steady_timer timer_;  // the pause after a failed accept; later, the end of patience
  Bell silent_;              // where those wait who have asked nothing yet, or nothing more
  std::uint16_t port_ = 0;
  int spare_ = -1;  // a descriptor kept back, so that there is one to say 503 with when all are used up
  boost::intrusive::list<Connection, boost::intrusive::constant_time_size<false>> connections_;
  net::steady_timer quiet_;     // until the memory of a crowd that has left is given back
  std::size_t crowd_ = 0;       // the most connections at a time since then
  std::shared_ptr<void> busy_;  // until this stops
  Clock::time_point due_{};     // the end of patience
  bool stopping_ = false;
};

}  // namespace feed
