#pragma once
// What the three kinds of line have in common.

#include "bench/net_namespace.hpp"
#include "bench/network.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

namespace bench {

/// See Network, which owns it.
class Line {
 public:
  virtual ~Line() = default;
  virtual std::string listen_host() const = 0;
  virtual feed::Address for_clients(std::uint16_t port) = 0;
  /// Nothing where both sides are where this process is.
  virtual std::optional<int> server_namespace() const { return {}; }
  virtual std::optional<int> client_namespace() const { return {}; }
  virtual bool counts_packets() const = 0;
  virtual PacketCounts counts() const { return {}; }
  virtual void black_hole(bool on) = 0;
  virtual std::map<std::string, std::string> settings() const { return {}; }
};

/// Two network namespaces, one for each side, joined by whoever derives from this.
class TwoSides : public Line {
 public:
  std::string listen_host() const override { return "0.0.0.0"; }
  feed::Address for_clients(std::uint16_t port) override;
  std::optional<int> server_namespace() const override { return server_.fd(); }
  std::optional<int> client_namespace() const override { return clients_.fd(); }
  bool counts_packets() const override { return true; }
  std::map<std::string, std::string> settings() const override;

 protected:
  static constexpr const char* server_address = "10.77.0.1";
  static constexpr const char* client_address = "10.77.0.2";
  static constexpr const char* interface = "line";
  static constexpr int mtu = 1500;
  static constexpr int queue_length = 10'000;  // packets; of the usual 500 a bulk transfer loses some
  Descriptor server_, clients_;
};

/// Our relay of packets. Throws NoNetwork.
std::unique_ptr<Line> packet_line(const Link& link);
/// A pair of virtual Ethernet devices, and tc netem on both where there is a delay or a loss. Throws NoNetwork.
std::unique_ptr<Line> netem_line(const Link& link);
/// A relay of bytes. Throws NoNetwork.
std::unique_ptr<Line> socket_line(const Link& link);

}  // namespace bench
