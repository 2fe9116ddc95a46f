#pragma once
// The line itself: a process that takes IP packets from one TUN device and gives them to another one, a fixed time later.

#include "bench/descriptor.hpp"
#include "bench/network.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>

#include <sys/types.h>

namespace bench {

/// Whether the line loses packet `index`, from 0, of that direction: the same ones for the same seed.
bool is_lost(std::uint64_t seed, std::size_t direction, std::uint64_t index, double share);

/// A process of its own, with real-time priority where the system allows. Ends with its owner, whatever ends that: it asks
/// the kernel to be killed with its parent, and leaves when the pipe to it closes. Where it ended before, that is remembered as a death (Process).
class PacketRelay {
 public:
  /// `up` and `down`: the TUN devices of clients and server, not blocking. The relay keeps them. Throws NoNetwork.
  PacketRelay(const Link& link, Descriptor clients, Descriptor server);
  ~PacketRelay();
  PacketRelay(const PacketRelay&) = delete;
  PacketRelay& operator=(const PacketRelay&) = delete;

  /// Of what entered the line, also of what it lost.
  PacketCounts counts() const;
  void black_hole(bool on);
  pid_t pid() const { return pid_; }

  /// Seen by both processes.
  struct Shared {
    struct Direction {
      std::atomic<std::uint64_t> packets = 0, bytes = 0, lost = 0;
    };
    std::array<Direction, 2> directions;  // 0: from the clients
    std::atomic<bool> black_hole = false;
  };

 private:
  Shared* shared_ = nullptr;
  Descriptor alive_;  // the relay reads the other end, where nothing ever comes
  pid_t pid_ = -1;
};

}  // namespace bench
