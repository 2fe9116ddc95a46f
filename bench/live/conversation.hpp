#pragma once
// What goes by on one connection, told apart: heads from bodies, one request from the next, and whose feed each byte is. Pure:
// bytes in, bytes out.

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace live {

/// A run of bytes of one request, or of one answer.
struct Part {
  std::string bytes;
  std::string room;   ///< whose feed it is; empty for what is none: a page, a script, what is no HTTP
  bool head = false;  ///< it is a whole head, from its first byte to its empty line
  bool last = false;  ///< nothing of the same request or answer follows that would have to be waited for
  int status = 0;     ///< of an answer's head

  bool operator==(const Part&) const = default;
};

/// How far the body of a message goes (RFC 9112, 6.3).
class Body {
 public:
  static Body none() { return sized(0); }
  static Body sized(std::size_t bytes);
  static Body chunked();
  static Body endless();  ///< until the connection ends

  /// How many of these bytes belong to it.
  std::size_t take(std::string_view bytes);
  bool done() const { return done_; }

 private:
  std::size_t take_chunks(std::string_view bytes);

  enum class Kind { sized, chunked, endless } kind_ = Kind::sized;
  std::size_t left_ = 0;  // of the body, or of the chunk with its CRLF
  std::string line_;      // a chunk's first line, or a trailer, as far as it has come
  bool trailers_ = false;
  bool done_ = true;
};

/// One connection of HTTP/1.1 between a browser and our server, both ways. A head is kept until it is whole, as proxies do; all else is
/// given out as it comes. What follows an upgrade, or is no HTTP, goes by as it is.
class Conversation {
 public:
  std::vector<Part> up(std::string_view bytes);    ///< from the browser
  std::vector<Part> down(std::string_view bytes);  ///< from the server

 private:
  struct Question {  // a request that has not been answered
    std::string room;
    bool head_only = false, upgrade = false;
  };
  struct Way {
    std::string head;  // as far as it has come
    Body body;
    std::string room;
  };
  bool is_raw() const;
  Part request(std::string head);
  Part answer(std::string head);
  static Part rest(Way& way, std::string_view& bytes);
  static bool complete_head(Way& way, std::string_view& bytes);

  Way up_, down_;
  std::deque<Question> questions_;
  bool upgraded_ = false;
  bool is_http_ = true;
  std::string upgraded_room_;
};

}  // namespace live
