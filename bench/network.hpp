#pragma once
// What lies between a server and its clients: nothing but the kernel's loopback, or a line with a delay, on which
// handshakes, acknowledgements and packets are real.

#include "feed/client.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

namespace bench {

/// How a line is made.
enum class Means {
  loopback,  ///< no line: 127.0.0.1
  packets,   ///< our relay between two network namespaces carries IP packets, MTU 1500
  netem,     ///< the kernel's queue between two network namespaces does (tc netem), MTU 1500
  sockets,  ///< a relay of bytes: needs no rights, but ends TCP at both sides, so that set-up costs do not show
};

/// A line as an experiment wants it.
struct Link {
  std::chrono::nanoseconds one_way{0};  ///< delay each way; a round trip is twice that
  double loss = 0;                      ///< share of the packets that is lost, each way, by `seed`
  std::uint64_t seed = 1;
  bool always = false;      ///< a line also where there is no delay: then its packets are counted
  bool can_be_cut = false;  ///< black_hole() will be used: a line also where there is no delay
  bool is_loopback() const { return one_way.count() == 0 && loss == 0 && !always && !can_be_cut; }
};

/// Half the round-trip time each way.
inline Link link_of_rtt(std::chrono::nanoseconds rtt) { return {.one_way = rtt / 2}; }

/// What went over the line: IPv4 packets with their headers. Up is from the clients to the server. Our relay counts a packet
/// when its sender sends it, lost ones too; netem when it has had its delay.
struct PacketCounts {
  std::uint64_t packets_up = 0, packets_down = 0;
  std::uint64_t bytes_up = 0, bytes_down = 0;
  std::uint64_t lost = 0;  ///< both ways
  std::uint64_t packets() const { return packets_up + packets_down; }
  std::uint64_t bytes() const { return bytes_up + bytes_down; }
};
PacketCounts operator-(const PacketCounts& a, const PacketCounts& b);

/// The line cannot be made here. One sentence: why, and what to do.
struct NoNetwork : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// The best means that this machine allows for a line with a delay: netem, packets or sockets. Tried once, then known.
Means best_means();

/// As link_of_rtt(), with a line also for a round trip of 0 where this machine can count its packets.
Link counted_link(std::chrono::nanoseconds rtt);

/// "our relay of IP packets between two network namespaces".
std::string in_words(Means means);

/// How many lines this process has made of sockets: a run that made one is labelled so.
std::uint64_t socket_lines_made();

class Inside;
class Line;

/// A line, as long as it lives. Nothing of it outlives the process, whatever ends that. Used from one thread.
class Network {
 public:
  /// Loopback where `link.is_loopback()`, else by `means` (best_means() where none is given). Throws NoNetwork.
  explicit Network(const Link& link, std::optional<Means> means = {});
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  Means means() const { return means_; }

  /// What the server is to listen on: "127.0.0.1", or "0.0.0.0" inside its namespace.
  std::string listen_host() const;
  /// How clients reach the server that listens at `port` on its side. Makes the relay of sockets listen for it.
  feed::Address for_clients(std::uint16_t port);
  /// How a program on the server's own side reaches it.
  feed::Address beside(std::uint16_t port) const;

  /// The calling thread makes its sockets on the clients' side from now on, until the network is gone.
  void enter();
  /// Runs `make` with the calling thread on the server's side, and brings the thread back to where it was.
  void at_server(const std::function<void()>& make) const;
  /// The network namespace of the server's side; nothing: that of this process. For Process.
  std::optional<int> server_namespace() const;

  /// Whether counts() says anything: not on loopback, and not by sockets. Gates on packets hold only where it does.
  bool counts_packets() const;
  PacketCounts counts() const;
  /// While set, every packet is dropped, also those under way, as when somebody pulls the plug. By sockets: bytes are held
  /// back. Throws NoNetwork on loopback and by netem; `Link::can_be_cut` makes a line that has it.
  void black_hole(bool on);

  /// The settings of TCP on the server's side that decide what is measured, by name, as the kernel says them.
  std::map<std::string, std::string> settings() const;

 private:
  Means means_ = Means::loopback;
  std::unique_ptr<Line> line_;      // null for loopback
  std::unique_ptr<Inside> inside_;  // of the thread that called enter(); it leaves before the line goes
};

}  // namespace bench
