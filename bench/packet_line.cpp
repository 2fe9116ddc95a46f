// Two network namespaces with a TUN device each, and our relay between them.

#include "bench/line.hpp"
#include "bench/packet_relay.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstring>
#include <optional>
#include <string>
#include <utility>

#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sys/ioctl.h>

namespace bench {
namespace {

class PacketLine final : public TwoSides {
 public:
  explicit PacketLine(const Link& link) {
    Descriptor server_device, clients_device;
    server_ = make_namespace([&] { server_device = make_device(server_address); });
    clients_ = make_namespace([&] { clients_device = make_device(client_address); });
    relay_.emplace(link, std::move(clients_device), std::move(server_device));
  }

  PacketCounts counts() const override {
    PacketCounts counts = relay_->counts();
    for (const Descriptor* side : {&server_, &clients_}) {
      const Inside inside(side->fd());
      counts.lost += sent_by(interface).dropped;  // what never reached the relay, since its queue was full
    }
    return counts;
  }
  void black_hole(bool on) override { relay_->black_hole(on); }

 private:
  // What is sent through it in this namespace is read from the descriptor as bare IP packets, and what is written there
  // comes out of it.
  static Descriptor make_device(const char* address) {
    Descriptor device(::open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC));
    ifreq request{};
    std::strncpy(request.ifr_name, interface, IFNAMSIZ - 1);
    request.ifr_flags = IFF_TUN | IFF_NO_PI;
    if (!device || ::ioctl(device.fd(), TUNSETIFF, &request) != 0)
      throw NoNetwork(fmt::format(
          "no TUN device can be made (/dev/net/tun: {}): load the kernel's module tun, give a container that device.",
          std::strerror(errno)));
    bring_up(interface, address, mtu, queue_length);
    return device;
  }

  std::optional<PacketRelay> relay_;
};

}  // namespace

std::unique_ptr<Line> packet_line(const Link& link) { return std::make_unique<PacketLine>(link); }

}  // namespace bench
