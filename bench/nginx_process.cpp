#include "bench/nginx_process.hpp"

#include "bench/nginx.hpp"
#include "bench/socket.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <optional>
#include <string_view>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace bench {
namespace {

constexpr int attempts = 3;  // to find a port that nobody takes before nginx does
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

NginxProcess::NginxProcess(const std::filesystem::path& directory, const Network& network, const Cores& cores,
                           const Configuration& configuration, std::uint16_t port,
                           const std::function<void(std::uint16_t)>& before_start)
    : directory_(directory) {
  const std::string host = network.listen_host();
  for (int attempt = 1;; ++attempt) {
    network.at_server([&] { port_ = free_port(host, port); });
    if (before_start) before_start(port_);
    try {
      start(network, cores, configuration);
      return;
    } catch (const PortTaken&) {
      if (port != 0 || attempt == attempts) throw;
      process_.reset();
      std::filesystem::remove(directory_ / "error.log");
    }
  }
}

void NginxProcess::start(const Network& network, const Cores& cores, const Configuration& configuration) {
  const char* const path = std::getenv("PATH");
  const std::string program = find_nginx(path ? path : ""), directory = directory_;
  if (program.empty())
    throw NoFrontProxy(
        "nginx is not installed, which stands between client and server here or is a server itself; feed/setup "
        "bench installs it.");
  write(directory_ / "nginx.conf", configuration(fmt::format("{}:{}", network.listen_host(), port_)));
  const std::vector<std::string> arguments{
      "-p", directory, "-c", directory + "/nginx.conf", "-e", directory + "/error.log"};
  const auto core = cores.apart() ? std::optional<int>(cores.server) : std::nullopt;
  process_ =
      std::make_unique<Process>(program, arguments, core, network.server_namespace(), directory + "/said");
  const feed::Address beside = network.beside(port_);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  bool ready = false;
  while (!ready) {
    // nginx tries again for 2.5 s, in which whoever took the port answers there in its place.
    if (const std::string taken = first_line_with(directory_ / "error.log", in_use); !taken.empty())
      throw PortTaken("nginx did not start: " + without_time(taken));
    if (const auto how = process_->over()) {
      const std::string why = complaint();
      throw NoFrontProxy(fmt::format("nginx did not start: {}", why.empty() ? "it " + *how : why));
    }
    if (std::chrono::steady_clock::now() > deadline)
      throw NoFrontProxy(fmt::format("nginx did not listen within {} s.", patience.count()));
    // Its number is written when it listens.
    if (std::filesystem::exists(directory_ / "nginx.pid"))
      network.at_server([&] { ready = accepts(beside); });
    if (!ready) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
}

// Why it ended, in its own words.
std::string NginxProcess::complaint() const {
  for (const char* file : {"error.log", "said"}) {
    for (const char* words : {"[emerg]", ""}) {
      const std::string line = first_line_with(directory_ / file, words);
      if (!line.empty()) return without_time(line);
    }
  }
  return {};
}

}  // namespace bench
