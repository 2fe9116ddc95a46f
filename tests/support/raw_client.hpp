#pragma once
// A client that sends exactly the bytes that a test says, and shows exactly those that came: to be rude with, and to
// count by.

#include "support/deadline.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace support {

/// What came back from one HTTP request.
struct Answer {
  int status = 0;
  std::string head;  ///< with the empty line behind it
  std::string body;

  /// A field's value, by its name in any case; empty where it is not there.
  std::string field(std::string_view name) const;
};

/// One frame of a WebSocket server's. Longer ones than 16 MiB are not for tests.
struct Frame {
  int opcode = 0;
  std::string payload;

  /// Of a close frame (opcode 8); 0 where it has none.
  int close_code() const;
};

/// A blocking TCP connection, over loopback where no other address is given. Every call that waits gives up after `patience` by throwing.
class RawClient {
 public:
  explicit RawClient(std::uint16_t port, std::chrono::seconds patience = support::patience,
                     const char* address = "127.0.0.1");
  /// The other side of one: a connection that was accepted.
  static RawClient accepted(int fd);
  ~RawClient();
  RawClient(RawClient&& other) noexcept;
  RawClient& operator=(RawClient&& other) noexcept;

  /// Throws where the peer took not all of it in time. A peer that is gone is not an error: its answer says why.
  void send(std::string_view bytes);
  /// As many bytes as fit without waiting.
  std::size_t send_some(std::string_view bytes);
  /// Whether anything has come that was not read, or the end.
  bool has_news() const;

  /// The next `size` bytes. Throws where the connection ends before.
  std::string read(std::size_t size);
  /// Everything up to and including `end`. Throws where the connection ends before.
  std::string read_until(std::string_view end);
  /// Everything that comes until the peer ends the connection, by FIN or RST.
  std::string read_to_end();

  /// One answer. `head_only`: to a HEAD request, which has no body whatever the head says.
  Answer read_answer(bool head_only = false);
  /// The next chunk of a chunked body, without its framing; empty for the last one.
  std::string read_chunk();
  Frame read_frame();

  /// Asks, and reads the answer.
  Answer ask(std::string_view request);

  /// No more bytes from this side.
  void finish_sending();
  /// Closes; with a reset instead of an end of stream where `abruptly`.
  void close(bool abruptly = false);
  /// How much the kernel keeps for this side, in bytes. To be set before much has come.
  void set_receive_buffer(int bytes);

  int fd() const { return fd_; }

 private:
  RawClient() = default;
  bool receive();  // more into received_; false at the end

  int fd_ = -1;
  std::chrono::seconds patience_ = support::patience;
  std::string received_;
};

/// A whole GET request for a path on 127.0.0.1; `fields` are lines with their CRLF.
std::string get(std::string_view path, std::string_view fields = {});

/// A whole POST request with a JSON body.
std::string post(std::string_view path, std::string_view body,
                 std::string_view fields = "Content-Type: application/json\r\n");

/// A WebSocket handshake, with the key of RFC 6455's example.
std::string upgrade(std::string_view path, std::string_view fields = {});

/// A frame as a client sends it, masked; `first` is FIN and opcode: 0x81 is a whole text message.
std::string frame(std::string_view payload, unsigned char first = 0x81);

/// A number in an object of JSON, by its name: enough for /stats.
std::uint64_t number_in(std::string_view json, std::string_view name);

}  // namespace support
