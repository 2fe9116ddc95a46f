#pragma once
// What TCP sent again because it was lost: on a line that loses nothing that is nothing, or a delay is one of the kernel's timers.

#include "bench/result.hpp"
#include "bench/site.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace bench {

constexpr const char* no_retransmissions_name = "nothing sent again";
constexpr const char* nothing_lost_name = "nothing lost and sent again";

/// Segments that were sent again. Linux probes for a loss when an acknowledgement takes long, and acknowledgements are held back for 40 ms: its probe
/// then is a segment that the peer has, and says so (RFC 8985, 7; RFC 2883). Nothing waits for such a one.
struct SentAgain {
  std::uint64_t all = 0;
  std::uint64_t needless = 0;  ///< the peer had them
  std::uint64_t lost() const { return all > needless ? all - needless : 0; }
};

/// Counts from its construction on, on both sides of the site's line. Used from the site's thread. Where the line has no namespaces of its own, the
/// kernel's counters are those of the whole machine: then it says nothing.
class Retransmissions {
 public:
  explicit Retransmissions(Site& site);

  /// retransmitted_segments, and the gate that there are none: for runs that count packets.
  void tell(Run& run) const;
  /// The same with the gate that none of them was lost: for runs that measure delays.
  void tell_lost(Run& run) const;

 private:
  SentAgain since() const;
  Site& site_;
  SentAgain before_;
};

/// A number in the text of /proc/net/snmp or /proc/net/netstat: `counter(text, "Tcp:", "RetransSegs")` (RFC 4022, tcpRetransSegs). Throws
/// std::runtime_error where it is not there.
std::uint64_t counter(const std::string& text, std::string_view protocol, std::string_view name);

}  // namespace bench
