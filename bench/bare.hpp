#pragma once
// HTTP and WebSocket spoken byte by byte, where an experiment is about the bytes themselves and no library may add or hide any.

#include "bench/socket.hpp"
#include "feed/client.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

/// What came back from a request.
struct BareAnswer {
  int status = 0;
  std::string head;  ///< with the empty line behind it
  std::string body;
  std::size_t bytes() const { return head.size() + body.size(); }
};

/// A frame as it came (RFC 6455, 5.2).
struct BareFrame {
  unsigned opcode = 0;  ///< 1 text, 2 binary, 8 close
  std::string payload;
  unsigned close_code() const;  ///< of a close frame; 0 where it has none
};

constexpr unsigned text_opcode = 1, binary_opcode = 2, close_opcode = 8;

/// One connection. Whatever waits gives up after 10 s: std::runtime_error.
class Bare {
 public:
  explicit Bare(const feed::Address& server) : server_(server), socket_(Socket::connect(server)) {}

  /// Sends a request whose answer has a Content-Length or no body, and reads that answer. `fields` are lines with their line ends.
  BareAnswer ask(std::string_view method, std::string_view path, std::string_view fields = {},
                 std::string_view body = {});
  /// The handshake of RFC 6455, with the key of its example: 101, or why not.
  BareAnswer upgrade(std::string_view path, std::string_view fields = {});
  /// The head alone, of an answer that does not end.
  BareAnswer begin(std::string_view path, std::string_view fields = {});

  /// One whole message, masked as a client's must be.
  void send(unsigned opcode, std::string_view payload);
  /// Its bytes.
  static std::string frame(unsigned opcode, std::string_view payload);
  BareFrame receive();
  /// Whether a frame is there, or comes within `patience`.
  bool has_frame(std::chrono::milliseconds patience);
  /// What comes until `mark` is among it.
  std::string read_until(std::string_view mark);

  const Socket& socket() const { return socket_; }
  std::uint64_t bytes_out() const { return bytes_out_; }
  std::uint64_t bytes_in() const { return bytes_in_; }

 private:
  void write(std::string_view bytes);
  bool read(std::chrono::milliseconds patience);  // more into read_; false where nothing came
  void need(std::size_t bytes);
  BareAnswer read_head();
  std::size_t frame_size() const;  // of the one at the front; 0 where that is not known yet

  feed::Address server_;
  Socket socket_;
  std::string read_;
  std::uint64_t bytes_out_ = 0, bytes_in_ = 0;
};

}  // namespace bench
