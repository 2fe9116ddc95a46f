#pragma once
// What a server can be told, the same for all three.

#include "feed/log.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace feed {

struct Options {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;  ///< 0: any free one
  HistoryLimits history;
  std::size_t max_message = 65536;          ///< bytes of a POST body or of a WebSocket frame's message
  std::uint64_t max_image = 5 << 20;        ///< bytes of a picture
  std::optional<std::uint64_t> max_images;  ///< bytes of all pictures; 1 GiB with `data`, 64 MiB without
  std::size_t max_connections = 10000;
  std::size_t max_connections_per_address = 0;  ///< 0: as many as in all
  std::size_t max_rooms = 100'000;
  std::size_t max_rooms_per_client = 10'000;   ///< made by one address
  double publish_rate = 0;                     ///< messages a second over one connection; 0: no limit
  std::size_t threads = 1;                     ///< that serve; a room belongs to one of them
  std::chrono::milliseconds head_time{15000};  ///< for a request's head to arrive, else 408
  std::chrono::milliseconds body_time{30000};  ///< and for its body
  std::chrono::milliseconds heartbeat{15000};  ///< of silence, then a comment or a ping
  std::chrono::milliseconds tick{0};           ///< 0: no ticks
  std::size_t echo_max = 0;                    ///< bytes of a WebSocket message at GET /echo; 0: max_message
  bool deflate = false;                        ///< permessage-deflate at GET /echo
  std::vector<std::string>
      allow_origin;  ///< foreign origins whose pages may use this server, like "http://localhost:3000"
  std::string data;  ///< the directory that keeps what is said; empty: in memory alone
  std::vector<std::string> trusted_proxy;  ///< addresses that are believed about whom they stand for
};

/// Reads the command line of a demo server. Where the program should end at once (--help, an unknown option), that has been
/// said already and the exit code is returned instead: 0, or 2 for a wrong command line.
std::variant<Options, int> parse_options(int argc, char** argv, std::string_view name,
                                         std::uint16_t default_port);

}  // namespace feed
