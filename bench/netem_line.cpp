// Two network namespaces joined by a pair of virtual Ethernet devices. The delay is the kernel's: tc netem, on each of them.

#include "bench/line.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace bench {
namespace {

constexpr std::uint64_t link_header = 14;  // of Ethernet, which the interface counts
constexpr const char* server_mac = "02:00:00:00:00:01";
constexpr const char* client_mac = "02:00:00:00:00:02";

// A command in the calling thread's namespace, and what it says. Throws NoNetwork where it fails.
std::string command(const std::string& text) {
  std::string said;
  FILE* const output = ::popen((text + " 2>&1").c_str(), "re");
  if (!output) throw NoNetwork(fmt::format("{} cannot be started: {}.", text, std::strerror(errno)));
  for (std::array<char, 512> piece; std::fgets(piece.data(), piece.size(), output);) said += piece.data();
  if (::pclose(output) == 0) return said;
  throw NoNetwork(fmt::format("{}: {}.", text, said.substr(0, said.find('\n'))));
}

// Packets as they are on a wire: not longer than the MTU, however much the sender has at once.
void without_offloads(const char* interface) {
  const Descriptor socket(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  for (const std::uint32_t what : {ETHTOOL_STSO, ETHTOOL_SGSO, ETHTOOL_SGRO}) {
    ethtool_value off{what, 0};
    ifreq request{};
    std::strncpy(request.ifr_name, interface, IFNAMSIZ - 1);
    request.ifr_data = reinterpret_cast<char*>(&off);
    if (::ioctl(socket.fd(), SIOCETHTOOL, &request) != 0)
      throw NoNetwork(
          fmt::format("the offloads of a veth device cannot be switched off: {}.", std::strerror(errno)));
  }
}

class NetemLine final : public TwoSides {
 public:
  explicit NetemLine(const Link& link) {
    clients_ = make_namespace([] {});
    server_ = make_namespace([this] {
      command(fmt::format(
          "ip link add name {0} address {1} type veth peer name {0} address {2} netns /proc/{3}/fd/{4}",
          interface, server_mac, client_mac, ::getpid(), clients_.fd()));
    });
    switch_on(server_, server_address);
    switch_on(clients_, client_address);
    set_up(server_, client_address, client_mac, link);
    set_up(clients_, server_address, server_mac, link);
    delays_ = link.one_way.count() > 0 || link.loss > 0;
  }

  PacketCounts counts() const override {
    PacketCounts counts;
    const auto count = [&](const Descriptor& side, std::uint64_t& packets, std::uint64_t& bytes) {
      const Inside inside(side.fd());
      const InterfaceCounts sent = sent_by(interface);
      packets = sent.packets;
      bytes = sent.bytes - link_header * sent.packets;
      counts.lost += sent.dropped + (delays_ ? dropped_by_netem() : 0);
    };
    count(clients_, counts.packets_up, counts.bytes_up);
    count(server_, counts.packets_down, counts.bytes_down);
    return counts;
  }
  void black_hole(bool) override {
    throw NoNetwork("a line of tc netem cannot be cut off: ask for Means::packets where that is needed.");
  }

 private:
  static void switch_on(const Descriptor& side, const char* address) {
    const Inside inside(side.fd());
    without_offloads(interface);
    bring_up(interface, address, mtu, queue_length);
  }

  static void set_up(const Descriptor& side, const char* peer, const char* peer_mac, const Link& link) {
    const Inside inside(side.fd());
    wait_until_running(interface);
    // Without this, the first packet waits for ARP, and ARP is counted.
    command(fmt::format("ip neigh replace {} lladdr {} dev {} nud permanent", peer, peer_mac, interface));
    if (link.one_way.count() == 0 && link.loss == 0) return;
    command(fmt::format("tc qdisc add dev {} root netem limit {} delay {}us loss {}%", interface,
                        10 * queue_length, std::chrono::duration<double, std::micro>(link.one_way).count(),
                        100 * link.loss));
  }

  static std::uint64_t dropped_by_netem() {
    const std::string said = command(fmt::format("tc -s qdisc show dev {}", interface));
    constexpr std::string_view mark = "(dropped ";
    const std::size_t at = said.find(mark);
    std::uint64_t dropped = 0;
    if (at != std::string::npos)
      std::from_chars(said.data() + at + mark.size(), said.data() + said.size(), dropped);
    return dropped;
  }

  bool delays_ = false;
};

}  // namespace

std::unique_ptr<Line> netem_line(const Link& link) { return std::make_unique<NetemLine>(link); }

}  // namespace bench
