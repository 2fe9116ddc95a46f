#pragma once
// How nginx is told what to do: the text of its configuration, and where its program is.

#include "bench/tls.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace bench {

/// How nginx is set up.
struct Front {
  Tls tls = Tls::none;
  bool resumption =
      false;  ///< TLS sessions may be resumed, by ticket or by number; else every handshake is a full one
  bool http2 = false;      ///< offered beside HTTP/1.1; browsers and libcurl want TLS for it
  bool buffering = false;  ///< gather an answer before it is passed on, which is nginx's default
  /// Ask by HTTP/1.0, which nginx 1.22 does by default: an answer without a length then ends with its connection, and has no chunks.
  /// Our servers stream over HTTP/1.1 alone, so a second proxy between, which holds nothing back, makes one of the other.
  bool asks_by_1_0 = false;
  bool obeys = true;  ///< do as `X-Accel-Buffering` of the server says, whatever `buffering` is
  std::chrono::milliseconds read_timeout{
      60'000};             ///< silence of the server that ends an answer; nginx's default
  bool gzip = false;       ///< of JSON and event streams, for clients that accept it
  std::string more = {};   ///< further directives of nginx, inside `location /`
  std::uint16_t port = 0;  ///< 0: any free one
  std::function<void(std::uint16_t)> before_start = {};  ///< for tests: told the port before nginx takes it
};

/// Bytes of what nginx gathers at once; its default where a page of memory is that large.
constexpr std::size_t nginx_buffer = 4096;

/// The whole nginx.conf. Everything that nginx writes lies below `directory`, where certificate.pem and key.pem are, too.
std::string nginx_configuration(const Front& front, const std::string& directory, std::string_view listen,
                                std::string_view upstream);

/// Where nginx's program is: in one of `path`, a list as in $PATH, or where systems keep it for root alone. Empty where it is not there.
std::string find_nginx(std::string_view path);

}  // namespace bench
