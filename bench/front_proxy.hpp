#pragma once
// nginx in front of our servers: what ends TLS and speaks HTTP/2 for them, and the proxy that holds streams back and cuts idle ones.

#include "bench/caller.hpp"
#include "bench/process.hpp"
#include "bench/site.hpp"
#include "bench/temporary_directory.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// How nginx is set up.
struct Front {
  Tls tls = Tls::none;
  bool resumption =
      false;  ///< TLS sessions may be resumed, by ticket or by number; else every handshake is a full one
  bool http2 = false;      ///< offered beside HTTP/1.1; browsers and libcurl want TLS for it
  bool buffering = false;  ///< gather an answer before it is passed on, which is nginx's default
  bool obeys = true;       ///< do as `X-Accel-Buffering` of the server says, whatever `buffering` is
  std::chrono::milliseconds read_timeout{
      60'000};             ///< silence of the server that ends an answer; nginx's default
  bool gzip = false;       ///< of JSON and event streams, for clients that accept it
  std::string more = {};   ///< further directives of nginx, inside `location /`
  std::uint16_t port = 0;  ///< 0: any free one
};

/// nginx cannot be used here. One sentence: why, and what to do.
struct NoFrontProxy : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The whole nginx.conf. Everything that nginx writes lies below `directory`, where certificate.pem and key.pem are, too.
std::string nginx_configuration(const Front& front, const std::string& directory, std::string_view listen,
                                std::string_view upstream);

/// Where nginx's program is: in one of `path`, a list as in $PATH, or where systems keep it for root alone. Empty where it is not there.
std::string find_nginx(std::string_view path);

/// A line of nginx's access log: one request that is over.
struct Served {
  std::uint64_t connection = 0;
  std::string tls;       ///< "TLSv1.3"; "-" without
  bool resumed = false;  ///< the TLS session was
  std::string protocol;  ///< "HTTP/2.0"
  int status = 0;
};

/// One nginx, of one process, on the server's core and on its side of the network. Ends with this object, and with the harness,
/// whatever ends that. Used from the thread that made the Site; the Site must live longer.
class FrontProxy {
 public:
  /// In front of the site's server, which must be ours. Throws NoFrontProxy.
  FrontProxy(Site& site, const Cores& cores, const Front& front);

  /// The site's room, as clients reach it through nginx. With TLS the origin begins with https, and the host is called bench.test.
  const feed::Address& room() const { return room_; }
  /// The file that says whom to trust; empty without TLS.
  std::string certificate() const;
  Process& process() { return *process_; }

  /// The requests that are over, in their order. Waits until there are `count`, 2 s at most.
  std::vector<Served> served(std::size_t count) const;

  /// Throws ServerFailed where it does not end as it should.
  void stop() { process_->stop(); }

 private:
  void start(Site& site, const Cores& cores, const Front& front, std::uint16_t port);
  std::string complaint() const;

  TemporaryDirectory directory_;
  std::unique_ptr<Process> process_;
  feed::Address room_;
  bool has_tls_;
};

}  // namespace bench
