#include "bench/front_proxy.hpp"

#include "bench/pipe.hpp"

#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>

namespace bench {
namespace {

constexpr std::string_view name = "bench.test";  // reserved for tests (RFC 6761, 6.2): nobody else's

// A key on P-256 and a certificate that it has signed itself: small enough that a handshake's flight is one window.
void make_certificate(const std::filesystem::path& directory) {
  const std::string key = directory / "key.pem", certificate = directory / "certificate.pem";
  try {
    pipe_through({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                  "-days", "2", "-subj", fmt::format("/CN={}", name), "-addext",
                  fmt::format("subjectAltName=DNS:{}", name), "-keyout", key, "-out", certificate},
                 "openssl", {});
  } catch (const ProgramMissing&) {
    throw NoFrontProxy(
        "TLS needs a certificate, and openssl is not installed; feed/setup bench installs it.");
  } catch (const std::runtime_error& failure) {
    throw NoFrontProxy(fmt::format("TLS needs a certificate, and there is none: {}.", failure.what()));
  }
}

}  // namespace

FrontProxy::FrontProxy(Site& site, const Cores& cores, const Front& front)
    : directory_("nginx"), has_tls_(front.tls != Tls::none) {
  if (!site.process())
    throw NoFrontProxy("nginx is put in front of our own servers alone, not of one given.");
  if (has_tls_) make_certificate(directory_.path());
  const auto configuration = [&](const std::string& listen) {
    return nginx_configuration(front, directory_.path(), listen, site.room_beside().authority);
  };
  nginx_ = std::make_unique<NginxProcess>(directory_.path(), site.network(), cores, configuration, front.port,
                                          front.before_start);
  room_ = site.network().for_clients(nginx_->port());
  if (!has_tls_) return;
  room_.authority = fmt::format("{}:{}", name, room_.port);
  room_.origin = "https://" + room_.authority;
}

std::string FrontProxy::certificate() const {
  return has_tls_ ? (directory_.path() / "certificate.pem").string() : std::string();
}

std::vector<Served> FrontProxy::served(std::size_t count) const {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  for (;;) {
    std::vector<Served> all;
    std::ifstream file(directory_.path() / "access.log");
    for (std::string line;
         std::getline(file, line) && !file.eof();) {  // a line without its end is not there yet
      std::istringstream words(line);
      Served served;
      std::string reused;
      words >> served.connection >> served.tls >> reused >> served.protocol >> served.status;
      served.resumed = reused == "r";
      all.push_back(std::move(served));
    }
    if (all.size() >= count || std::chrono::steady_clock::now() > deadline) return all;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

}  // namespace bench
