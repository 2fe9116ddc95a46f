#pragma once
// The line between a pane and the server: hands on what goes by, counts it by room, and has faults that can be switched on.

#include "bench/live/faults.hpp"
#include "bench/live/line.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace live {

/// What a room's readers cost on one relay.
struct Tally {
  std::uint64_t connections = 0;  ///< that asked for this room
  std::uint64_t requests = 0;     ///< that came from the browser
  std::uint64_t empty = 0;        ///< answers that say "nothing new": 204
  std::uint64_t up = 0;           ///< bytes of TCP payload from the browser: requests, or frames
  std::uint64_t down = 0;         ///< and to it, as they are handed on

  bool operator==(const Tally&) const = default;
};

/// Belongs to the thread of its executor, like every call. Must live until that has run its last; stop() is what makes it end.
class Relay {
 public:
  Relay(net::any_io_executor executor, const Severity& severity);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  /// Takes connections at this place. Throws boost::system::system_error where it cannot be had.
  void listen(const net::ip::tcp::endpoint& at);
  std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

  /// Later connections go on to this port of 127.0.0.1.
  void point_at(std::uint16_t port) { to_ = port; }

  /// Hands one connection on until it is over. `said`: what was read from it already.
  net::awaitable<void> serve(net::ip::tcp::socket accepted, std::string said = {});

  /// What is under way when a fault ends goes on at once, but for what is delayed: that keeps its time, and the order.
  void set(const Faults& faults);

  /// Resets every connection on both sides, and new ones as soon as they come, until the outage is over.
  void cut();
  bool is_cut() const { return cut_; }

  /// Zeros for a room that nobody asked for, and for one that was forgotten because a thousand others came after it.
  Tally tally(std::string_view room) const;
  void forget(std::string_view room);

  /// How many connections there are.
  std::size_t lines() const { return lines_.size(); }

  /// Resets everything and takes nothing more.
  void stop();

 private:
  struct Kept {
    Tally tally;
    std::uint64_t last_use = 0;
  };
  net::awaitable<void> accept();
  net::awaitable<void> take(Line& line, Way& way);
  net::awaitable<void> give(Line& line, Way& way);
  void take_up(Line& line, std::string_view bytes);
  void take_down(Line& line, std::string_view bytes);
  void send_on(Way& way, std::string bytes, const std::string& room);
  void release(Line& line);
  void sweep();
  void reset_all();
  Tally& tally_of(const std::string& room);

  Severity severity_;
  Faults faults_;
  std::uint16_t to_ = 0;
  net::ip::tcp::acceptor acceptor_;
  net::steady_timer sweeper_, outage_;
  boost::intrusive::list<Line, boost::intrusive::constant_time_size<false>> lines_;
  std::map<std::string, Kept, std::less<>> tallies_;
  std::uint64_t uses_ = 0;
  bool cut_ = false;
};

}  // namespace live
