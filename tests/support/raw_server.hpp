#pragma once
// A listening socket whose connections a test holds in its hands, so that it says what the server sends, and when.

#include "support/raw_client.hpp"

#include <cstdint>

namespace support {

/// Listens on a free port of 127.0.0.1.
class RawServer {
 public:
  RawServer();
  ~RawServer();
  RawServer(const RawServer&) = delete;
  RawServer& operator=(const RawServer&) = delete;

  std::uint16_t port() const { return port_; }
  /// The next connection. Throws where none comes within `patience`.
  RawClient accept();

 private:
  int fd_ = -1;
  std::uint16_t port_ = 0;
};

}  // namespace support
