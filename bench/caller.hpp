#pragma once
// Connections of which it is known what is new about them: one that is opened, with its TLS handshake, and spoken on by hand; and
// requests that each take the connection that they are told to. Made by libcurl, blocking, without a loop.

#include "bench/tls.hpp"
#include "feed/client.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// Whom to call. Where the origin of `server` begins with https, its name is that of the certificate and `host` is where it is.
struct Callee {
  feed::Address server;
  Tls tls = Tls::none;           ///< exactly this version, or no connection
  std::string certificate = {};  ///< the file that says whom to trust
};

/// TLS sessions that a later connection may resume. Must outlive the connections that use it.
class TlsSessions {
 public:
  TlsSessions();
  ~TlsSessions();
  TlsSessions(const TlsSessions&) = delete;
  TlsSessions& operator=(const TlsSessions&) = delete;
  void* handle() const { return share_; }

 private:
  void* share_;  // CURLSH
};

/// A connection on which the caller says every byte above TLS. Opened at once.
class Call {
 public:
  /// `sessions`: a session in it is resumed where the server allows; null: everything is new. Throws std::runtime_error.
  explicit Call(const Callee& callee, const TlsSessions* sessions = nullptr);
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  std::chrono::nanoseconds tcp() const;  ///< from the beginning until connect() was answered
  std::chrono::nanoseconds tls() const;  ///< from there until the handshake was done; 0 without
  int fd() const;

  /// All of it, within 10 s. Throws std::runtime_error.
  void write_all(std::string_view bytes);
  /// Adds to `bytes` what comes, until `end` is in them. Throws std::runtime_error where the peer leaves or 10 s have passed.
  void read_until(std::string& bytes, std::string_view end);

 private:
  void* easy_;             // CURL
  void* names_ = nullptr;  // curl_slist
  char error_[256] = {};   // CURL_ERROR_SIZE
};

/// How requests are made.
struct Manner {
  bool keep = true;    ///< on one kept connection; else each on a new one, which is closed after it
  bool http2 = false;  ///< asked for in the TLS handshake
  std::vector<std::string> fields =
      {};  ///< beside Host and `Accept: */*`; "Accept: text/html" takes that one's place
};

/// What came of a request.
struct Answer {
  int status = 0;
  int http = 0;                      ///< 11 or 20
  unsigned connections = 0;          ///< opened for it
  std::chrono::nanoseconds time{0};  ///< from the call until the answer was there
  std::string date;                  ///< the value of its Date field
  std::string body;
};

/// Asks one thing after another.
class Asker {
 public:
  Asker(const Callee& callee, Manner manner);
  ~Asker();
  Asker(const Asker&) = delete;
  Asker& operator=(const Asker&) = delete;

  /// GET of `target`, a path with its query. Throws std::runtime_error where there is no answer within 10 s.
  Answer get(const std::string& target);

  /// The kept connection's; -1 where there is none.
  int fd() const;

 private:
  std::string origin_;
  Manner manner_;
  void* easy_;             // CURL
  void* names_ = nullptr;  // curl_slist
  void* fields_ = nullptr;
  char error_[256] = {};  // CURL_ERROR_SIZE
};

}  // namespace bench
