#pragma once
// One request and the three ways to answer it: a sized body, an unsized body, or another protocol on the same
// connection. That choice is what tells polling, server-sent events and WebSocket apart.

#include "feed/connection.hpp"
#include "feed/error.hpp"
#include "feed/message.hpp"
#include "feed/proxies.hpp"
#include "feed/publication.hpp"
#include "feed/tape.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/status.hpp>
#include <boost/beast/http/string_body.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace feed {

class Room;
class Rooms;

namespace http = boost::beast::http;
using Request = http::request<http::string_body>;

/// An answer with a sized body. `fields` are whole lines, each with its CRLF: "ETag: \"x\"\r\n".
struct Response {
  http::status status = http::status::ok;
  std::string_view type;  ///< media type; empty where there is no body
  std::string body;
  std::string fields;
};

/// `size` bytes of an open file. The descriptor stays the caller's.
struct FilePart {
  int fd;
  std::uint64_t offset;
  std::uint64_t size;
};

/// RFC 9457: `{"status":404,"title":"Not Found","detail":"…"}` as application/problem+json. `detail` says what was got and
/// what was expected.
Response problem(http::status status, std::string_view detail, std::string fields = {});

/// What an Error with a status is answered with; where that is a limit reached, with Retry-After.
Response refusal_of(const Error& error);

/// Lives as long as its handler runs. Exactly one of reply, begin, take_over is called.
class Exchange {
 public:
  enum class Answer { none, sized, unsized, taken_over };

  Exchange(Connection& connection, Request request, std::string allowed_origin,
           const Proxies* proxies = nullptr);

  const Request& request() const { return request_; }
  Request& request() { return request_; }
  Connection& connection() { return connection_; }

  /// The room's name where the route has a {room}: decoded and checked.
  const std::string& room() const { return room_; }

  /// The segment of the path where the route has a {name}: decoded, and not checked.
  const std::string& name() const { return name_; }

  /// The next bytes of the body, where the route reads it itself (Routes::add_upload): as many as have come and fit; 0 at its end.
  /// Asks a client to go on that waits for being asked (100). Errors: `left` (the peer is gone), `timed_out` (it is too slow; 408).
  net::awaitable<Result<std::size_t>> read_body(net::mutable_buffer into);

  /// Bytes of the body that were announced and not read yet. An answer before they are all read is the connection's last.
  std::uint64_t body_left() const { return body_.left; }

  /// A parameter of the query, decoded; nothing where it is not there. Error: given more than once, or not well-formed.
  Result<std::optional<std::string>> query(std::string_view name) const;

  /// Where a reader wants to begin: the query's `after`, or everything. Error: a malformed cursor.
  Result<After> after() const;

  /// A field of the request's head, empty where it is not there. Several of one name are one list (RFC 9110, 5.2).
  std::string field(std::string_view name) const;

  /// That room, which is made where there is none: by whom counts for the limits. Errors: as Rooms::open.
  Result<Room*> open_room(Rooms& rooms) const;

  /// Whether who asks came by https, to a trusted proxy.
  bool is_secure() const;

  /// 1. A sized body. The connection goes on with its next request, unless the client asked to close it.
  net::awaitable<void> reply(Response response);
  /// The same as soon as the publication has ended. Does not wait for it: further requests are read meanwhile, and answered behind
  /// this one. `answer` may be called when this object is gone.
  net::awaitable<void> reply_later(Publication publication,
                                   std::function<Response(const Result<Cursor>&)> answer);
  /// A sized body, the middle of which lies elsewhere, in pieces: written one after the other, so that a client that takes its time
  /// costs no copy of it.
  net::awaitable<void> reply(Response beginning, std::vector<Frames> middle, std::string_view end);
  /// A sized body that is read from a file and written piece by piece. Where the file turns out to be shorter, the connection
  /// closes too early, which is how a client is told.
  net::awaitable<void> reply(Response head, FilePart body);

  /// 2. An unsized body: the head (200, chunked) and the `first` chunks now, then pieces for as long as it lasts. The request is
  /// dropped, a stream keeps no memory of it. Error: the peer left.
  net::awaitable<Result<>> begin(std::string_view type, std::string_view fields, std::string_view first);
  /// `chunks` are chunks with their framing, as chunk() makes them. Errors as in Connection::write.
  net::awaitable<Result<>> write(std::string_view chunks) { return connection_.write(chunks); }
  /// The same as far as it goes at once; returns the rest, for write(). As in Connection::write_now.
  Result<std::string_view> write_now(std::string_view chunks) { return connection_.write_now(chunks); }
  /// The last chunk: a proper end. The connection closes then.
  net::awaitable<void> finish();

  /// 3. Another protocol: from now on the caller reads and writes. When the handler returns, the connection closes.
  Connection& take_over();

  Answer answer() const { return answer_; }
  bool keep_alive() const { return framing_.keep_alive && answer_ == Answer::sized; }
  http::status status() const { return status_; }

 private:
  friend class Routes;
  friend class Listener;
  // Who asks, as far as it is known: the peer, or whom a trusted proxy stands for.
  net::ip::address client_address() const;
  // What the head of an answer depends on besides the answer.
  struct Framing {
    std::string origin;  // allowed foreign origin, said in every answer
    unsigned version = 11;
    bool keep_alive = true;
    bool head_only = false;
  };
  static std::string encode_head(const Response& response, std::uint64_t body_bytes, const Framing& framing);
  static std::string encode(const Response& response, const Framing& framing);
  void decide(http::status status);
  void expect_body(std::uint64_t bytes, std::chrono::milliseconds time);
  void take_buffered_body();
  net::awaitable<Result<>> read_whole_body();

  Connection& connection_;
  Request request_;
  Framing framing_;
  const Proxies* proxies_;
  struct Body {
    bool streamed = false;  // the route reads it
    std::uint64_t left = 0;
    std::uint64_t read = 0;  // from the socket
    std::chrono::milliseconds time{0};
    std::chrono::steady_clock::time_point began{};
    bool expects_continue = false;
  } body_;
  std::string room_;
  std::string name_;
  std::string query_;            // the encoded query of the target, without the question mark
  bool query_is_plain_ = false;  // nothing in it is encoded
  Answer answer_ = Answer::none;
  http::status status_ = http::status::unknown;
};

/// `c\r\nhello, world\r\n`: one chunk of a chunked body (RFC 9112, 7.1).
std::string chunk(std::string_view bytes);

/// The date as HTTP says it (RFC 9110, 5.6.7), 29 bytes, made once a second.
const std::string& http_date();

}  // namespace feed
