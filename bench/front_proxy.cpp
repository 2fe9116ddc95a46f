#include "bench/front_proxy.hpp"

#include "bench/pipe.hpp"
#include "bench/socket.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace bench {
namespace {

constexpr std::string_view name = "bench.test";  // reserved for tests (RFC 6761, 6.2): nobody else's
constexpr int attempts = 3;                      // to find a port that nobody takes before nginx does
constexpr std::chrono::seconds patience{10};
constexpr std::string_view in_use = "Address already in use";

struct PortTaken : NoFrontProxy {
  using NoFrontProxy::NoFrontProxy;
};

void write(const std::filesystem::path& path, std::string_view text) {
  std::ofstream file(path);
  file << text;
  if (!file.flush()) throw NoFrontProxy(fmt::format("{} cannot be written.", path.string()));
}

std::string first_line_with(const std::filesystem::path& path, std::string_view words) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.find(words) != std::string::npos) return line;
  }
  return {};
}

// "2026/11/24 08:20:12 [emerg] 18795#18795: unknown directive …": what is behind the numbers.
std::string without_time(const std::string& line) {
  const std::size_t number = line.find('#'), end = line.find(": ", number == std::string::npos ? 0 : number);
  return number == std::string::npos || end == std::string::npos ? line : line.substr(end + 2);
}

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

// A port that nobody has, on the calling thread's side of the network; `wanted` where that is not 0.
std::uint16_t free_port(const std::string& host, std::uint16_t wanted) {
  const Socket socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(wanted);
  ::inet_pton(AF_INET, host.c_str(), &address.sin_addr);
  const int on = 1;  // nginx sets it, too: what a connection left behind is no reason
  ::setsockopt(socket.fd(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  socklen_t size = sizeof address;
  if (::bind(socket.fd(), reinterpret_cast<sockaddr*>(&address), size) != 0 ||
      ::listen(socket.fd(), 1) != 0 ||
      ::getsockname(socket.fd(), reinterpret_cast<sockaddr*>(&address), &size) != 0) {
    throw NoFrontProxy(fmt::format("nginx cannot listen on {}:{}: {}; port 0 takes any free one.", host,
                                   wanted, std::strerror(errno)));
  }
  return ntohs(address.sin_port);
}

bool accepts(const feed::Address& address) {
  try {
    Socket::connect(address);
    return true;
  } catch (const std::runtime_error&) {
    return false;
  }
}

}  // namespace

FrontProxy::FrontProxy(Site& site, const Cores& cores, const Front& front)
    : directory_("nginx"), has_tls_(front.tls != Tls::none) {
  if (!site.process())
    throw NoFrontProxy("nginx is put in front of our own servers alone, not of one given.");
  if (has_tls_) make_certificate(directory_.path());
  const std::string host = site.network().listen_host();
  for (int attempt = 1;; ++attempt) {
    std::uint16_t port = 0;
    site.network().at_server([&] { port = free_port(host, front.port); });
    if (front.before_start) front.before_start(port);
    try {
      start(site, cores, front, port);
      room_ = site.network().for_clients(port);
      break;
    } catch (const PortTaken&) {
      if (front.port != 0 || attempt == attempts) throw;
      process_.reset();
      std::filesystem::remove(directory_.path() / "error.log");
    }
  }
  if (!has_tls_) return;
  room_.authority = fmt::format("{}:{}", name, room_.port);
  room_.origin = "https://" + room_.authority;
}

void FrontProxy::start(Site& site, const Cores& cores, const Front& front, std::uint16_t port) {
  const char* const path = std::getenv("PATH");
  const std::string program = find_nginx(path ? path : ""), directory = directory_.path();
  if (program.empty())
    throw NoFrontProxy(
        "nginx is not installed, which stands between client and server here; feed/setup bench "
        "installs it.");
  const std::string listen = fmt::format("{}:{}", site.network().listen_host(), port);
  write(directory_.path() / "nginx.conf",
        nginx_configuration(front, directory, listen, site.room_beside().authority));
  const std::vector<std::string> arguments{
      "-p", directory, "-c", directory + "/nginx.conf", "-e", directory + "/error.log"};
  const auto core = cores.apart() ? std::optional<int>(cores.server) : std::nullopt;
  process_ = std::make_unique<Process>(program, arguments, core, site.network().server_namespace(),
                                       directory + "/said");
  const feed::Address beside = site.network().beside(port);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  bool ready = false;
  while (!ready) {
    // nginx tries again for 2.5 s, in which whoever took the port answers there in its place.
    if (const std::string taken = first_line_with(directory_.path() / "error.log", in_use); !taken.empty())
      throw PortTaken("nginx did not start: " + without_time(taken));
    if (const auto how = process_->over()) {
      const std::string why = complaint();
      throw NoFrontProxy(fmt::format("nginx did not start: {}", why.empty() ? "it " + *how : why));
    }
    if (std::chrono::steady_clock::now() > deadline)
      throw NoFrontProxy(fmt::format("nginx did not listen within {} s.", patience.count()));
    // Its number is written when it listens.
    if (std::filesystem::exists(directory_.path() / "nginx.pid"))
      site.network().at_server([&] { ready = accepts(beside); });
    if (!ready) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

// Why it ended, in its own words.
std::string FrontProxy::complaint() const {
  for (const char* file : {"error.log", "said"}) {
    for (const char* words : {"[emerg]", ""}) {
      const std::string line = first_line_with(directory_.path() / file, words);
      if (!line.empty()) return without_time(line);
    }
  }
  return {};
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
