#pragma once
// The harness's own connection to a server, to read its counters at the door; and what that reading itself
// costs there, to the byte.

#include "bench/socket.hpp"

#include <cstdint>
#include <string>

namespace bench {

/// GET /stats, as far as it is used here. `bytes_in` and `bytes_out` are without what Control itself has
/// caused.
struct Stats {
  std::uint64_t connections = 0;  ///< now, with that of Control
  std::uint64_t accepted = 0;
  std::uint64_t requests = 0;  ///< without those of Control
  std::uint64_t readers = 0;
  std::uint64_t delivered = 0;
  std::uint64_t bytes_in = 0;
  std::uint64_t bytes_out = 0;
  std::string epoch;
};

/// A kept-alive connection. A request is counted at the door before its answer is made, an answer after: so
/// every reading knows exactly how many of the counted bytes are its own.
class Control {
 public:
  explicit Control(const feed::Address& server);

  /// Throws std::runtime_error where the server is gone or does not answer within 10 s.
  Stats stats();

 private:
  Socket socket_;
  std::string request_;
  std::uint64_t asked_ = 0, sent_bytes_ = 0, received_bytes_ = 0;
};

}  // namespace bench
