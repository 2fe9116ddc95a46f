#pragma once
// nginx in front of our servers: what ends TLS and speaks HTTP/2 for them, and the proxy that holds streams back and cuts idle ones.

#include "bench/nginx.hpp"
#include "bench/nginx_process.hpp"
#include "bench/process.hpp"
#include "bench/site.hpp"
#include "bench/temporary_directory.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

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
  Process& process() { return nginx_->process(); }

  /// The requests that are over, in their order. Waits until there are `count`, 2 s at most.
  std::vector<Served> served(std::size_t count) const;

  /// Throws ServerFailed where it does not end as it should.
  void stop() { process().stop(); }

 private:
  TemporaryDirectory directory_;
  std::unique_ptr<NginxProcess> nginx_;
  feed::Address room_;
  bool has_tls_;
};

}  // namespace bench
