#include "bench/packet_relay.hpp"

#include "bench/process.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <limits>
#include <new>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bench {
namespace {

using Shared = PacketRelay::Shared;
using Time = std::int64_t;  // nanoseconds of the monotonic clock

constexpr std::size_t longest = 1500;  // bytes of a packet
constexpr std::size_t places =
    40'000;  // packets under way each way: 60 MB, of which only what is used is ever touched
constexpr std::size_t at_once = 64;  // packets of one direction, before the other one gets its turn
constexpr Time awake =
    60'000;  // a sleeping core takes some 40 µs to come back: so long before, it stays awake

struct Packet {
  Time due;
  std::uint32_t size;
  std::array<char, longest> bytes;
};

Time now() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

// The relay's loop makes no memory and throws nothing: it runs in a child that was forked from who knows how many threads.
class Way {
 public:
  Way(int from, int to, Packet* packets, Shared& shared, const Link& link, std::size_t direction)
      : from_(from), to_(to), packets_(packets), shared_(shared), link_(link), direction_(direction) {}

  // Takes what is there.
  void take() {
    Shared::Direction& counts = shared_.directions[direction_];
    for (std::size_t i = 0; i < at_once; ++i) {
      Packet& packet = packets_[end_];
      const std::size_t next = (end_ + 1) % places;
      const ssize_t got = ::read(from_, packet.bytes.data(), packet.bytes.size());
      if (got <= 0) return;
      packet.due = now() + link_.one_way.count();
      packet.size = static_cast<std::uint32_t>(got);
      const std::uint64_t index = counts.packets.fetch_add(1, std::memory_order_relaxed);
      counts.bytes.fetch_add(packet.size, std::memory_order_relaxed);
      if (shared_.black_hole.load(std::memory_order_relaxed) || next == begin_ ||
          is_lost(link_.seed, direction_, index, link_.loss)) {
        counts.lost.fetch_add(1, std::memory_order_relaxed);
      } else {
        end_ = next;
      }
    }
  }

  // Gives what is due.
  void give(Time time) {
    for (; begin_ != end_ && packets_[begin_].due <= time; begin_ = (begin_ + 1) % places) {
      const Packet& packet = packets_[begin_];
      if (shared_.black_hole.load(std::memory_order_relaxed) ||
          ::write(to_, packet.bytes.data(), packet.size) != static_cast<ssize_t>(packet.size))
        shared_.directions[direction_].lost.fetch_add(1, std::memory_order_relaxed);
    }
    if (begin_ == end_) begin_ = end_ = 0;  // the same few pages again and again
  }

  Time next_due() const { return begin_ == end_ ? std::numeric_limits<Time>::max() : packets_[begin_].due; }
  int from() const { return from_; }

 private:
  int from_, to_;
  Packet* packets_;
  Shared& shared_;
  Link link_;
  std::size_t direction_;
  std::size_t begin_ = 0, end_ = 0;
};

void carry(Way& up, Way& down, int alive) {
  std::array<pollfd, 3> watched{pollfd{up.from(), POLLIN, 0}, pollfd{down.from(), POLLIN, 0},
                                pollfd{alive, POLLIN, 0}};
  for (;;) {
    const Time time = now();
    up.give(time);
    down.give(time);
    const Time due = std::min(up.next_due(), down.next_due());
    const Time left = std::max<Time>(due - now() - awake, 0);
    const timespec patience{left / 1'000'000'000, left % 1'000'000'000};
    const bool forever = due == std::numeric_limits<Time>::max();
    const int ready = ::ppoll(watched.data(), watched.size(), forever ? nullptr : &patience, nullptr);
    if (ready <= 0) continue;
    if (watched[2].revents != 0) return;  // our owner is gone
    if (watched[0].revents != 0) up.take();
    if (watched[1].revents != 0) down.take();
  }
}

// The child: leaves the terminal's group, so that Ctrl-C means the harness alone, and everything else it has inherited.
void become_relay(pid_t parent, std::array<int, 3> kept) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(0);
  setpgid(0, 0);
  prctl(PR_SET_NAME, "packet relay");
  prctl(PR_SET_TIMERSLACK, 1UL);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) std::signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  run_anywhere();  // its parent may be kept to one core
  // Above the publisher: late packets are no more welcome than late messages. Refused: then the floor tells.
  const sched_param priority{2};
  sched_setscheduler(0, SCHED_FIFO, &priority);
  std::sort(kept.begin(), kept.end());
  unsigned from = 0;
  for (const int fd : kept) {
    const auto number = static_cast<unsigned>(fd);
    if (number > from) close_range(from, number - 1, 0);
    from = number + 1;
  }
  close_range(from, ~0U, 0);
}

void* shared_memory(std::size_t bytes, int sharing) {
  void* memory =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, sharing | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED)
    throw NoNetwork(
        fmt::format("no {} MB of memory for packets under way: {}.", bytes >> 20, std::strerror(errno)));
  return memory;
}

}  // namespace

bool is_lost(std::uint64_t seed, std::size_t direction, std::uint64_t index, double share) {
  if (share <= 0) return false;
  // SplitMix64 (Steele, Lea and Flood 2014), entered at a place of its own for each packet.
  std::uint64_t z = seed * 0x9e3779b97f4a7c15 + (index * 2 + direction + 1) * 0xd1342543de82ef95;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  z ^= z >> 31;
  return static_cast<double>(z >> 11) * 0x1p-53 < share;
}

PacketRelay::PacketRelay(const Link& link, Descriptor clients, Descriptor server) {
  shared_ = new (shared_memory(sizeof(Shared), MAP_SHARED)) Shared;
  const std::size_t bytes = 2 * places * sizeof(Packet);
  void* packets = nullptr;
  int ends[2];
  try {
    packets = shared_memory(bytes, MAP_PRIVATE);
    if (::pipe2(ends, O_CLOEXEC) != 0)
      throw NoNetwork(
          fmt::format("no pipe to the packet relay: {}; raise the limit of open files (ulimit -n).",
                      std::strerror(errno)));
  } catch (...) {
    if (packets) ::munmap(packets, bytes);
    ::munmap(shared_, sizeof(Shared));
    throw;
  }
  const Descriptor other_end(ends[0]);
  alive_ = Descriptor(ends[1]);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) {
    become_relay(parent, {clients.fd(), server.fd(), other_end.fd()});
    auto* const first = static_cast<Packet*>(packets);
    Way up(clients.fd(), server.fd(), first, *shared_, link, 0);
    Way down(server.fd(), clients.fd(), first + places, *shared_, link, 1);
    carry(up, down, other_end.fd());
    _exit(0);
  }
  const int error = errno;
  ::munmap(packets, bytes);
  if (pid_ < 0) {
    ::munmap(shared_, sizeof(Shared));
    throw NoNetwork(fmt::format("the packet relay cannot be started: {}.", std::strerror(error)));
  }
}

PacketRelay::~PacketRelay() {
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) == pid_) {
    remember_death(fmt::format("the packet relay {} in the middle of a run.", how_it_ended(status)));
  } else {
    ::kill(pid_, SIGKILL);
    while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  ::munmap(shared_, sizeof(Shared));
}

PacketCounts PacketRelay::counts() const {
  const auto& [up, down] = shared_->directions;
  PacketCounts counts;
  counts.packets_up = up.packets;
  counts.packets_down = down.packets;
  counts.bytes_up = up.bytes;
  counts.bytes_down = down.bytes;
  counts.lost = up.lost + down.lost;
  return counts;
}

void PacketRelay::black_hole(bool on) { shared_->black_hole = on; }

}  // namespace bench
