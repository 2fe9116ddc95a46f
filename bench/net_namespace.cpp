#include "bench/net_namespace.hpp"

#include "bench/network.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <exception>
#include <fstream>
#include <sstream>
#include <thread>
#include <utility>

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace bench {
namespace {

// bbr without the fq queue paces by timers of its own, cubic is not always there: reno is in every kernel. What the kernel
// has learned about a peer must not go from one run into the next.
constexpr std::array settings{std::pair("tcp_congestion_control", "reno"),
                              std::pair("tcp_no_metrics_save", "1")};

[[noreturn]] void fail(const std::string& what) {
  const int error = errno;
  const char* advice =
      error == EMFILE || error == ENFILE ? "; raise the limit of open files (ulimit -n)" : "";
  throw NoNetwork(fmt::format("{}: {}{}.", what, std::strerror(error), advice));
}

std::string path_of(const char* name) { return std::string("/proc/sys/net/ipv4/") + name; }

// Below /proc/sys/net each thread sees its own namespace. What cannot be set stays, and settings_here() says what it is.
void set(const std::string& path, const char* value) { std::ofstream(path) << value; }

void limit_to_ipv4() {
  for (const char* which : {"all", "default"})
    set(fmt::format("/proc/sys/net/ipv6/conf/{}/disable_ipv6", which), "1");
}

ifreq request_for(const std::string& interface) {
  ifreq request{};
  interface.copy(request.ifr_name, IFNAMSIZ - 1);
  return request;
}

class Interface {
 public:
  explicit Interface(std::string name)
      : name_(std::move(name)), socket_(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    if (!socket_) fail("no socket to set up " + name_);
  }
  void address(unsigned long what, const std::string& text) const {
    ifreq request = request_for(name_);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    inet_pton(AF_INET, text.c_str(), &address.sin_addr);
    std::memcpy(&request.ifr_addr, &address, sizeof address);
    ask(what, request, "address " + text);
  }
  void number(unsigned long what, int value) const {
    ifreq request = request_for(name_);
    request.ifr_mtu = value;  // in one place with ifr_qlen
    ask(what, request, fmt::format("{}", value));
  }
  void up() const {
    ifreq request = flags();
    request.ifr_flags = static_cast<short>(request.ifr_flags | IFF_UP);
    ask(SIOCSIFFLAGS, request, "to be up");
  }
  bool is_running() const { return (flags().ifr_flags & IFF_RUNNING) != 0; }

 private:
  ifreq flags() const {
    ifreq request = request_for(name_);
    ask(SIOCGIFFLAGS, request, "a question");
    return request;
  }
  void ask(unsigned long what, ifreq& request, const std::string& words) const {
    if (::ioctl(socket_.fd(), what, &request) != 0)
      fail(fmt::format("{} did not take {} in a network namespace of ours", name_, words));
  }
  std::string name_;
  Descriptor socket_;
};

}  // namespace

Descriptor current_namespace() {
  Descriptor here(::open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  if (!here) fail("this thread's network namespace cannot be opened");
  return here;
}

Descriptor make_namespace(const std::function<void()>& set_up) {
  Descriptor made;
  std::exception_ptr failure;
  std::thread inside([&] {
    try {
      if (::unshare(CLONE_NEWNET) != 0) {
        if (errno != EPERM) fail("no network namespace can be made");
        throw NoNetwork(
            "there is no right to make network namespaces (unshare: Operation not permitted): run it as root, "
            "in a container with --privileged.");
      }
      limit_to_ipv4();
      Interface("lo").up();
      for (const auto& [name, value] : settings) set(path_of(name), value);
      set_up();
      made = current_namespace();
    } catch (...) {
      failure = std::current_exception();
    }
  });
  inside.join();
  if (failure) std::rethrow_exception(failure);
  return made;
}

Inside::Inside(int network_namespace) : before_(current_namespace()) {
  if (::setns(network_namespace, CLONE_NEWNET) != 0) fail("a network namespace of ours cannot be entered");
}

Inside::~Inside() {
  // The right to go in was there; without the way back, all that follows would be measured in the wrong place.
  if (::setns(before_.fd(), CLONE_NEWNET) != 0) std::terminate();
}

void bring_up(const std::string& interface, const std::string& address, int mtu, int queue_length) {
  const Interface device(interface);
  device.address(SIOCSIFADDR, address);
  device.address(SIOCSIFNETMASK, "255.255.255.252");
  device.number(SIOCSIFMTU, mtu);
  device.number(SIOCSIFTXQLEN, queue_length);
  device.up();
}

void wait_until_running(const std::string& interface) {
  const Interface device(interface);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (!device.is_running()) {
    if (std::chrono::steady_clock::now() > deadline)
      throw NoNetwork(interface + " was not ready within 5 s in a network namespace of ours.");
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

InterfaceCounts sent_by(const std::string& interface) {
  std::ifstream file("/proc/thread-self/net/dev");
  for (std::string line; std::getline(file, line);) {
    const std::size_t begin = line.find_first_not_of(' '), colon = line.find(':');
    if (colon == std::string::npos || line.substr(begin, colon - begin) != interface) continue;
    // Eight numbers of what came, then bytes, packets, errors and dropped of what went.
    std::istringstream numbers(line.substr(colon + 1));
    std::uint64_t skipped = 0, errors = 0;
    InterfaceCounts counts;
    for (int i = 0; i < 8; ++i) numbers >> skipped;
    numbers >> counts.bytes >> counts.packets >> errors >> counts.dropped;
    return counts;
  }
  throw NoNetwork(interface + " is not among the interfaces of its network namespace.");
}

std::map<std::string, std::string> settings_here() {
  std::map<std::string, std::string> found;
  for (const char* name : {"tcp_congestion_control", "tcp_no_metrics_save", "tcp_slow_start_after_idle"}) {
    std::ifstream file(path_of(name));
    std::getline(file, found[name]);
  }
  return found;
}

}  // namespace bench
