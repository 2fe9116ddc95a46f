#include "bench/network.hpp"

#include "bench/line.hpp"

#include <fmt/format.h>

#include <atomic>

namespace bench {
namespace {

std::atomic<std::uint64_t> socket_lines = 0;

bool works(Means means) {
  try {
    const Network tried({.one_way = std::chrono::milliseconds(1)}, means);
    return true;
  } catch (const NoNetwork&) {
    return false;
  }
}

// Loss by a seed and a line that can be cut off are the relay's alone.
Means means_for(const Link& link) {
  if (link.is_loopback()) return Means::loopback;
  const Means best = best_means();
  if (best == Means::netem && (link.loss > 0 || link.can_be_cut) && works(Means::packets))
    return Means::packets;
  return best;
}

std::unique_ptr<Line> make_line(const Link& link, Means means) {
  switch (means) {
    case Means::loopback:
      return nullptr;
    case Means::packets:
      return packet_line(link);
    case Means::netem:
      return netem_line(link);
    case Means::sockets:
      ++socket_lines;
      return socket_line(link);
  }
  return nullptr;
}

}  // namespace

PacketCounts operator-(const PacketCounts& a, const PacketCounts& b) {
  return {a.packets_up - b.packets_up, a.packets_down - b.packets_down, a.bytes_up - b.bytes_up,
          a.bytes_down - b.bytes_down, a.lost - b.lost};
}

Means best_means() {
  static const Means best = works(Means::netem)     ? Means::netem
                            : works(Means::packets) ? Means::packets
                                                    : Means::sockets;
  return best;
}

std::string in_words(Means means) {
  switch (means) {
    case Means::loopback:
      return "loopback";
    case Means::packets:
      return "our relay of IP packets between two network namespaces";
    case Means::netem:
      return "tc netem between two network namespaces";
    case Means::sockets:
      return "a relay of bytes, since no network namespaces can be made: set-up costs do not show";
  }
  return {};
}

std::uint64_t socket_lines_made() { return socket_lines; }

Link counted_link(std::chrono::nanoseconds rtt) {
  return {.one_way = rtt / 2, .always = best_means() != Means::sockets};
}

Network::Network(const Link& link, std::optional<Means> means)
    : means_(means ? *means : means_for(link)), line_(make_line(link, means_)) {}

Network::~Network() = default;

std::string Network::listen_host() const { return line_ ? line_->listen_host() : "127.0.0.1"; }

feed::Address Network::for_clients(std::uint16_t port) {
  return line_ ? line_->for_clients(port) : beside(port);
}

feed::Address Network::beside(std::uint16_t port) const {
  return *feed::parse_address(fmt::format("http://127.0.0.1:{}/rooms/bench", port));
}

void Network::enter() {
  if (line_ && line_->client_namespace() && !inside_)
    inside_ = std::make_unique<Inside>(*line_->client_namespace());
}

void Network::at_server(const std::function<void()>& make) const {
  std::optional<Inside> inside;
  if (line_ && line_->server_namespace()) inside.emplace(*line_->server_namespace());
  make();
}

std::optional<int> Network::server_namespace() const {
  return line_ ? line_->server_namespace() : std::nullopt;
}

bool Network::counts_packets() const { return line_ && line_->counts_packets(); }

PacketCounts Network::counts() const { return line_ ? line_->counts() : PacketCounts(); }

void Network::black_hole(bool on) {
  if (!line_) throw NoNetwork("loopback cannot be cut off: ask for a link that is no loopback.");
  line_->black_hole(on);
}

std::map<std::string, std::string> Network::settings() const {
  return line_ ? line_->settings() : settings_here();
}

}  // namespace bench
