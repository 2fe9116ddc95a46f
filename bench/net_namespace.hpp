#pragma once
// Network namespaces without a name: nothing but descriptors and the processes inside hold them, so that the kernel clears
// them away with the last of these, whatever ended it.

#include "bench/descriptor.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <string>

namespace bench {

/// Where the calling thread makes its sockets now. Throws NoNetwork.
Descriptor current_namespace();

/// A new one, with `lo` up, IPv6 off and the settings of TCP that settings_here() tells; `set_up` runs inside it, on a thread
/// of its own. Throws NoNetwork where there is no right to make one, and what `set_up` throws.
Descriptor make_namespace(const std::function<void()>& set_up);

/// The calling thread is inside while this lives; then it is where it was. Throws NoNetwork.
class Inside {
 public:
  explicit Inside(int network_namespace);
  ~Inside();
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

 private:
  Descriptor before_;
};

/// Gives the interface an IPv4 address out of a /30, the longest packet and the queue's length in packets, and switches it
/// on, in the calling thread's namespace. Throws NoNetwork.
void bring_up(const std::string& interface, const std::string& address, int mtu, int queue_length);

/// Waits until the interface can send: a virtual Ethernet device drops what comes before its other end is up and the kernel
/// has noticed. Throws NoNetwork after 5 s.
void wait_until_running(const std::string& interface);

/// What left an interface of the calling thread's namespace, with link headers where it has them.
struct InterfaceCounts {
  std::uint64_t packets = 0, bytes = 0, dropped = 0;
};
InterfaceCounts sent_by(const std::string& interface);

/// The settings of TCP in the calling thread's namespace that decide what is measured, as the kernel says them:
/// "tcp_congestion_control" and others, by name.
std::map<std::string, std::string> settings_here();

}  // namespace bench
