#pragma once
// One connection from a browser, the one that goes on to the server, and what is on its way between them.

#include "bench/live/conversation.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/intrusive/list_hook.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <string>
#include <utility>
#include <vector>

namespace live {

namespace net = boost::asio;
using Clock = std::chrono::steady_clock;

/// Bytes that are to be written when they are due.
struct Piece {
  Clock::time_point due;
  std::string bytes;
  std::string room;  ///< whose feed they are, see Part
  bool end = false;  ///< nothing: the sender has ended its direction
};

/// What goes one way.
struct Way {
  Way(net::ip::tcp::socket& sender, net::ip::tcp::socket& receiver)
      : from(sender), to(receiver), more(sender.get_executor()), room(sender.get_executor()) {}

  net::ip::tcp::socket& from;
  net::ip::tcp::socket& to;
  std::deque<Piece> pieces;
  std::size_t bytes = 0;         ///< of the pieces
  Clock::time_point earliest{};  ///< nothing overtakes what was sent before
  net::steady_timer more;        ///< cancelled when there is something to give
  net::steady_timer room;        ///< cancelled when something may be taken
};

/// Lives in the frame of Relay::serve.
struct Line : boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
  explicit Line(net::ip::tcp::socket accepted)
      : client(std::move(accepted)),
        server(client.get_executor()),
        up(client, server),
        down(server, client),
        ended(client.get_executor()) {}

  /// Closes both sides with a reset: they learn that the connection is gone, and not that it was ended. Every wait ends.
  void reset() {
    over = true;
    for (net::ip::tcp::socket* socket : {&client, &server}) {
      boost::system::error_code ignored;
      socket->set_option(net::socket_base::linger(true, 0), ignored);
      socket->close(ignored);
    }
    for (net::steady_timer* timer : {&up.more, &up.room, &down.more, &down.room}) timer->cancel();
  }

  net::ip::tcp::socket client, server;
  Way up, down;
  Conversation conversation;
  std::vector<std::string> rooms;  ///< that it was counted for
  std::string held, held_room;     ///< an answer that is being gathered
  Clock::time_point active = Clock::now();
  bool over = false;        ///< it was reset
  int running = 0;          ///< coroutines
  net::steady_timer ended;  ///< cancelled when there are none
};

}  // namespace live
