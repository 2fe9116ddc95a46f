#pragma once
// The three transports side by side: a page, the server that it looks at, and a relay with faults before each pane.
//
//   browser ── page, buttons, publisher ──▶ outer server ── publisher ──────────┐
//      ├────── pane: polling ─────────────▶ relay ───────────────────────────── ▶ upstream: one feed::Server,
//      ├────── pane: sse ─────────────────▶ relay ───────────────────────────── ▶ all three transports mounted
//      └────── pane: websocket ───────────▶ relay ───────────────────────────── ▶
//
// A pane has an origin of its own, so that its connections, their limit of six, and its bytes are its own.
//
// Simplified: the outer server is a feed's server, too, with rooms that nobody reads; those of the page are the upstream's.

#include "bench/live/faults.hpp"
#include "bench/live/relay.hpp"
#include "bench/live/upstream.hpp"

#include "feed/exchange.hpp"
#include "feed/server.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/signal_set.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace live {

struct Options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;        ///< of the page; 0: any free one
  std::uint16_t pane_port = 0;   ///< of the first pane, the others have the next two; 0: any free ones
  std::size_t history = 10'000;  ///< messages that a room remembers: at the fastest rate more than a minute
  std::chrono::milliseconds heartbeat{
      30000};       ///< a WebSocket whose pong is stalled dies after twice that at most
  double rate = 2;  ///< messages a second that the page begins with
  std::chrono::milliseconds interval{1000};  ///< from one poll to the next, likewise
  Severity severity;
  std::filesystem::path root;  ///< of the project: the notes, and what npm has installed
};

/// Everything on the thread that calls run(), but for the upstream.
class Server {
 public:
  explicit Server(Options options);

  /// Listens. Throws std::runtime_error where that is not possible.
  void start();
  std::uint16_t port() const { return outer_.port(); }
  std::string url() const { return outer_.url(); }
  /// What the page has to do without, and how to get it; empty where nothing is missing.
  const std::vector<std::string>& missing() const { return missing_; }

  /// Ends at SIGINT and SIGTERM; a second one ends it at once.
  void stop_on_signals();
  /// Returns when it has stopped.
  void run();
  /// From any thread.
  void stop();

 private:
  struct Pane {
    std::string_view name;  // as #over= and /live.json say it
    Relay relay;
  };
  void mount_page();
  void mount_pane(feed::Server& upstream) const;
  void wind_down();
  void point_relays();
  void set(const Faults& faults);
  std::string state(std::string_view room) const;
  net::awaitable<void> send_page(feed::Exchange& exchange);
  net::awaitable<void> send_pane(feed::Exchange& exchange) const;
  net::awaitable<void> send_notes(feed::Exchange& exchange);
  net::awaitable<void> send_state(feed::Exchange& exchange);
  net::awaitable<void> obey(feed::Exchange& exchange);
  net::awaitable<void> reset(feed::Exchange& exchange);
  net::awaitable<void> hand_on(feed::Exchange& exchange);

  const Options options_;
  std::vector<std::string> missing_;
  std::string chart_, chart_style_, claims_, notes_;  // what is served as it is
  feed::Server outer_;
  Upstream upstream_;
  Relay straight_;  // the publisher's way: no faults
  std::array<Pane, 3> panes_;
  Faults faults_;
  bool restarting_ = false;
  net::signal_set signals_;
};

}  // namespace live
