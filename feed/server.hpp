#pragma once
// The parts of a server put together: rooms, routes, listener, the ticks, and the end.

#include "feed/group_commit.hpp"
#include "feed/listener.hpp"
#include "feed/options.hpp"
#include "feed/pictures.hpp"
#include "feed/room.hpp"
#include "feed/routes.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace feed {

/// One server, on as many threads as its options say; by default on one. The transports mount their routes before start().
class Server {
 public:
  /// Throws std::runtime_error with a sentence where the data directory is not to be used.
  explicit Server(Options options);

  const Options& options() const { return options_; }
  Routes& routes() { return routes_; }
  Rooms& rooms() { return rooms_; }
  /// Of the first thread, which calls run().
  net::any_io_executor executor() { return loops_.front()->get_executor(); }
  /// By which messages were kept. From any thread.
  std::uint64_t transactions() const;

  /// Serves `bytes` at `path`, as they are; a page may load nothing but what this server serves. `bytes` must outlive the server.
  void mount_file(std::string_view path, std::string_view type, std::string_view bytes);

  /// Listens. Throws boost::system::system_error with the address in its text where that is not possible.
  void start();
  std::uint16_t port() const { return listeners_.by_thread.front()->port(); }
  std::string url() const;

  /// Ends the server at SIGINT and SIGTERM; a second one ends it at once.
  void stop_on_signals();

  /// Returns when the server has stopped and every reader was told. Throws what one of its threads threw.
  void run();

  /// From any thread.
  void stop();

 private:
  void open_data();
  void open_pictures();
  std::vector<net::any_io_executor> executors();
  void wind_down();
  void wind_down_on(std::size_t thread);
  void tick();

  Options options_;
  std::optional<Pictures> pictures_;                     // outlives what is under way in the loops
  std::vector<std::unique_ptr<net::io_context>> loops_;  // one for each thread
  Routes routes_;
  Rooms rooms_;
  std::vector<std::unique_ptr<GroupCommit>> commits_;  // likewise, where there is a data directory
  Listeners listeners_;
  net::signal_set signals_;
  net::steady_timer ticker_;
  std::uint64_t ticks_ = 0;
  bool stopping_ = false;  // the first thread's
};

/// The whole of a demo server's main: options, the transport's routes, the page, the first line on standard output. Returns the
/// exit code: 0 after a proper end, 1 where the address cannot be had, 2 for a wrong command line.
int run_server(int argc, char** argv, std::string_view name, std::uint16_t default_port,
               void (*mount)(Server&));

}  // namespace feed
