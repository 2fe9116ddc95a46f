#pragma once
// What a strict reader of HTTP/1.1 makes of the bytes of one connection, written without the server's parser: what the server's answers
// are held against.

#include <cstddef>
#include <string>
#include <string_view>

namespace faults {

struct Asked {
  enum class Is {
    good,      ///< a request, from here to `size`
    doubtful,  ///< one that a server may refuse and need not
    refused,   ///< none that a server may serve: it ends the connection
    cut,       ///< more is to come
  };
  Is is = Is::cut;
  std::size_t size = 0;     ///< with its body
  bool head_only = false;   ///< what answers it has no body
  bool is_upgrade = false;  ///< a proper handshake (RFC 6455, 4.2.1) for a path that may become a WebSocket
  bool is_last = false;     ///< the connection ends with the answer
};

/// The first request of `bytes`, of which there is at least one. A body may have 65 536 bytes, a head 8192 and 100 fields.
Asked read_request(std::string_view bytes);

struct Verdict {
  std::string wrong;                ///< what contradicts, in a sentence; empty where nothing does
  bool upgraded = false;            ///< the rest on both sides is another protocol's
  std::size_t said = 0, heard = 0;  ///< how much of either was read
};

/// Holds all that came back against all that was sent before the end of the stream. Each request has one answer, and what is refused
/// has one with 4xx or 5xx that is the last.
Verdict judge(std::string_view said, std::string_view heard);

/// Bytes for a message: printable, and shortened.
std::string shown(std::string_view bytes);

}  // namespace faults
