// The line between server and clients: what it delays, counts, loses and cuts, and that nothing of it stays behind.

#include "bench/network.hpp"
#include "bench/delivery.hpp"
#include "bench/net_namespace.hpp"
#include "bench/packet_relay.hpp"
#include "bench/peer.hpp"
#include "bench/process.hpp"
#include "bench/socket.hpp"
#include "bench/tcp_info.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace std::chrono_literals;
using bench::Clock;
using bench::Link;
using bench::Means;
using bench::Network;
using bench::PacketCounts;
using bench::Socket;

constexpr auto patience = 10s;
constexpr auto one_way = 10ms;

// Nothing where such a line can be made here, or why not.
std::string why_not(Means means, const Link& link = {.always = true}) {
  try {
    const Network network(link, means);
    return {};
  } catch (const bench::NoNetwork& refusal) {
    return refusal.what();
  }
}

// Says it, and waits until it has come back.
void hear_back(const Socket& client, const std::string& text) {
  client.write_all(text);
  const auto deadline = Clock::now() + patience;
  std::array<char, 4096> piece;
  for (std::size_t got = 0; got < text.size() && Clock::now() < deadline;)
    if (client.wait(100ms)) got += client.read_some(piece.data(), piece.size());
}

// Which of `count` datagrams, one after the other, from the clients come to the server.
std::vector<int> datagrams_that_arrive(Network& network, int count,
                                       const std::function<void(int)>& before = {}) {
  const bench::Listening listener = bench::listen_at_server(network, SOCK_DGRAM);
  const feed::Address server = network.for_clients(listener.port);
  network.enter();
  const Socket sender(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(listener.port);
  inet_pton(AF_INET, server.host.c_str(), &to.sin_addr);
  std::vector<int> arrived;
  for (int i = 0; i < count; ++i) {
    if (before) before(i);
    const auto lost = network.counts().lost;
    EXPECT_EQ(::sendto(sender.fd(), &i, sizeof i, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to),
              static_cast<ssize_t>(sizeof i));
    // It is there or it is lost: both are events.
    for (const auto deadline = Clock::now() + patience; Clock::now() < deadline;) {
      pollfd readable{listener.socket.fd(), POLLIN, 0};
      int number = -1;
      if (::poll(&readable, 1, 1) > 0) {
        EXPECT_EQ(::recv(listener.socket.fd(), &number, sizeof number, 0),
                  static_cast<ssize_t>(sizeof number));
        arrived.push_back(number);
        break;
      }
      if (network.counts().lost > lost) break;
    }
  }
  return arrived;
}

std::uint64_t inode_of(int fd) {
  struct stat found {};
  EXPECT_EQ(::fstat(fd, &found), 0);
  return found.st_ino;
}

std::uint64_t here() { return inode_of(bench::current_namespace().fd()); }

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator begin("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin, std::filesystem::directory_iterator()));
}

bool is_number(const std::string& text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

std::vector<pid_t> processes() {
  std::vector<pid_t> found;
  for (const auto& entry : std::filesystem::directory_iterator("/proc"))
    if (is_number(entry.path().filename())) found.push_back(std::stoi(entry.path().filename()));
  return found;
}

struct State {
  char letter = ' ';
  pid_t parent = 0;
};
State state_of(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string text((std::istreambuf_iterator<char>(file)), {});
  State state;
  if (const std::size_t end = text.rfind(')'); end != std::string::npos)
    std::istringstream(text.substr(end + 1)) >> state.letter >> state.parent;
  return state;
}

std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> children;
  for (const pid_t pid : processes())
    if (state_of(pid).parent == parent) children.push_back(pid);
  return children;
}

bool runs(pid_t pid) {
  const char letter = state_of(pid).letter;
  return letter != ' ' && letter != 'Z' && letter != 'X';
}

// Whether a process is inside the namespace, or has it open.
bool is_held(std::uint64_t inode) {
  const std::string name = fmt::format("net:[{}]", inode);
  std::error_code gone;
  for (const pid_t pid : processes()) {
    if (std::filesystem::read_symlink(fmt::format("/proc/{}/ns/net", pid), gone) == name) return true;
    for (const auto& entry : std::filesystem::directory_iterator(fmt::format("/proc/{}/fd", pid), gone))
      if (std::filesystem::read_symlink(entry.path(), gone) == name) return true;
  }
  return false;
}

bool comes_true(const std::function<bool()>& condition) {
  for (const auto deadline = Clock::now() + patience; !condition();) {
    if (Clock::now() > deadline) return false;
    std::this_thread::sleep_for(5ms);
  }
  return true;
}

// The servers' programs lie where the build puts all programs, this one too.
std::string programs() { return std::filesystem::read_symlink("/proc/self/exe").parent_path(); }

class Packets : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string reason = why_not(Means::packets); !reason.empty()) GTEST_SKIP() << reason;
  }
};

// The kernel's own line, as far as this kernel has it.
class Veth : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string reason = why_not(Means::netem); !reason.empty()) GTEST_SKIP() << reason;
  }
};

// IPv4 and TCP with timestamps take 52 bytes a packet; SYN and SYN+ACK have 8 bytes more of options (RFC 7323: window scale;
// the maximum segment size; SACK permitted).
void expect_what_tcp_counted(const PacketCounts& counts, const bench::TcpInfo& client,
                             const bench::TcpInfo& server) {
  constexpr std::uint64_t headers = 52, handshake = 8;
  EXPECT_EQ(counts.packets_up, client.segments_out);
  EXPECT_EQ(counts.bytes_up, client.segments_out * headers + client.bytes_sent + handshake);
  EXPECT_EQ(counts.packets_down, server.segments_out + 1);  // the SYN+ACK was sent before there was a socket
  EXPECT_EQ(counts.bytes_down, (server.segments_out + 1) * headers + server.bytes_sent + handshake);
  EXPECT_EQ(counts.lost, 0u);
}

void expect_honest_counts(Network& network) {
  bench::Peer echo(network, bench::Manner::echo);
  network.enter();
  const Socket client = Socket::connect(echo.address());
  for (int i = 0; i < 20; ++i) hear_back(client, std::string(100, 'x'));
  hear_back(client, std::string(4000, 'x'));  // three packets at least
  // The last acknowledgement may still be under way: wait until both ends have said all they have to.
  PacketCounts counts;
  bench::TcpInfo at_client, at_server;
  EXPECT_TRUE(comes_true([&] {
    at_client = bench::tcp_info(client.fd());
    at_server = bench::tcp_info(echo.accepted().fd());
    counts = network.counts();
    return at_client.unacknowledged == 0 && at_server.unacknowledged == 0 &&
           counts.packets_up == at_client.segments_out && counts.packets_down == at_server.segments_out + 1;
  }));
  expect_what_tcp_counted(counts, at_client, at_server);
}

}  // namespace

TEST_F(Packets, TakeARoundTripToConnectAndAnotherToTheFirstByte) {
  Network network({.one_way = one_way}, Means::packets);
  bench::Peer echo(network, bench::Manner::echo);
  network.enter();
  const auto begin = Clock::now();
  const Socket client = Socket::connect(echo.address());
  EXPECT_GE(Clock::now() - begin, 2 * one_way);
  hear_back(client, "x");
  EXPECT_GE(Clock::now() - begin, 4 * one_way);
  const auto sent = Clock::now();
  hear_back(client, "y");
  EXPECT_GE(Clock::now() - sent, 2 * one_way);
}

TEST_F(Packets, AreCountedToTheByte) {
  Network network({.one_way = 1ms}, Means::packets);
  expect_honest_counts(network);
}

TEST_F(Packets, AreCountedToTheByteWhereThereIsNoDelay) {
  Network network({.always = true}, Means::packets);
  expect_honest_counts(network);
}

TEST_F(Packets, AreNotLongerThanTheLinksMtu) {
  Network network({.always = true}, Means::packets);
  bench::Peer echo(network, bench::Manner::echo);
  network.enter();
  const Socket client = Socket::connect(echo.address());
  hear_back(client, std::string(4000, 'x'));
  EXPECT_EQ(bench::tcp_info(client.fd()).segment_bytes, 1448u);
  EXPECT_GE(network.counts().packets_up, 3u);
}

TEST_F(Packets, CarriedByARelayThatDiesAreMissedBySayingSo) {
  bench::take_deaths();
  {
    const std::vector<pid_t> before = children_of(::getpid());
    const Network network({.always = true}, Means::packets);
    pid_t relay = 0;
    for (const pid_t child : children_of(::getpid()))
      if (std::find(before.begin(), before.end(), child) == before.end()) relay = child;
    ASSERT_NE(relay, 0);
    // It takes the signal as everybody does only once it has set itself up.
    ASSERT_TRUE(comes_true([relay] {
      std::ifstream name(fmt::format("/proc/{}/comm", relay));
      std::string text;
      return std::getline(name, text) && text == "packet relay";
    }));
    ::kill(relay, SIGKILL);
    ASSERT_TRUE(comes_true([relay] { return !runs(relay); }));
  }
  EXPECT_EQ(bench::take_deaths(), "the packet relay was ended by signal 9 (Killed) in the middle of a run.");
  { const Network network({.always = true}, Means::packets); }
  EXPECT_EQ(bench::take_deaths(), "");
}

TEST_F(Packets, AreLostByTheSeed) {
  const auto arrived = [](std::uint64_t seed) {
    Network network({.loss = 0.3, .seed = seed}, Means::packets);
    return datagrams_that_arrive(network, 60);
  };
  const std::vector<int> first = arrived(7);
  EXPECT_THAT(first, testing::SizeIs(testing::AllOf(testing::Gt(20u), testing::Lt(60u))));
  EXPECT_EQ(arrived(7), first);
  EXPECT_NE(arrived(8), first);
  std::vector<int> expected;
  for (int i = 0; i < 60; ++i)
    if (!bench::is_lost(7, 0, static_cast<std::uint64_t>(i), 0.3)) expected.push_back(i);
  EXPECT_EQ(first, expected);
}

TEST(Loss, IsAsFrequentAsWanted) {
  std::uint64_t lost = 0, both = 0;
  constexpr std::uint64_t packets = 100'000;
  for (std::uint64_t i = 0; i < packets; ++i) {
    const bool up = bench::is_lost(1, 0, i, 0.01), down = bench::is_lost(1, 1, i, 0.01);
    lost += up;
    both += up && down;
    EXPECT_FALSE(bench::is_lost(1, 0, i, 0));
    EXPECT_TRUE(bench::is_lost(1, 0, i, 1));
  }
  EXPECT_NEAR(static_cast<double>(lost), 1000, 160);  // five standard deviations
  EXPECT_LT(both, 40u);  // 10 are expected where the directions have nothing in common
}

TEST_F(Packets, FallIntoABlackHoleWhileThereIsOne) {
  Network network({.can_be_cut = true}, Means::packets);
  const auto arrived = datagrams_that_arrive(network, 9, [&](int i) {
    if (i == 3) network.black_hole(true);
    if (i == 6) network.black_hole(false);
  });
  EXPECT_THAT(arrived, testing::ElementsAre(0, 1, 2, 6, 7, 8));
  EXPECT_EQ(network.counts().lost, 3u);
  EXPECT_EQ(network.counts().packets_up, 9u);
}

TEST_F(Packets, UnderWayAreLostToo) {
  Network network({.one_way = 200ms, .can_be_cut = true}, Means::packets);
  const bench::Listening listener = bench::listen_at_server(network, SOCK_DGRAM);
  const feed::Address server = network.for_clients(listener.port);
  network.enter();
  const Socket sender(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(listener.port);
  inet_pton(AF_INET, server.host.c_str(), &to.sin_addr);
  ASSERT_EQ(::sendto(sender.fd(), "x", 1, 0, reinterpret_cast<const sockaddr*>(&to), sizeof to), 1);
  ASSERT_TRUE(comes_true([&] { return network.counts().packets_up == 1; }));
  network.black_hole(true);
  EXPECT_TRUE(comes_true([&] { return network.counts().lost == 1; }));
}

TEST_F(Packets, CarryADeliveryWithItsDelay) {
  bench::Delivery delivery;
  delivery.arm = "ws";
  delivery.link = {.one_way = one_way};
  delivery.plan = {0ms, 5ms, 10ms, 15ms, 20ms};
  delivery.phases.resize(1);
  bench::Run run;
  const auto delivered = bench::deliver({programs(), {}}, delivery, run);
  ASSERT_EQ(delivered.from_due_ns.size(), 5u);
  EXPECT_GE(*std::min_element(delivered.from_due_ns.begin(), delivered.from_due_ns.end()), one_way / 1ns);
}

TEST_F(Packets, HaveAThreadOnTheClientsSideUntilTheLineIsGone) {
  const std::uint64_t before = here();
  {
    Network network({.always = true}, Means::packets);
    EXPECT_EQ(here(), before);
    network.enter();
    const std::uint64_t clients = here();
    EXPECT_NE(clients, before);
    network.at_server([&] { EXPECT_EQ(here(), inode_of(*network.server_namespace())); });
    EXPECT_EQ(here(), clients);
    EXPECT_THROW(network.at_server([] { throw std::runtime_error("no"); }), std::runtime_error);
    EXPECT_EQ(here(), clients);
  }
  EXPECT_EQ(here(), before);
}

TEST_F(Packets, TellTheSettingsOfTheirTcp) {
  const Network network({.always = true}, Means::packets);
  EXPECT_EQ(network.settings().at("tcp_congestion_control"), "reno");
  EXPECT_EQ(network.settings().at("tcp_no_metrics_save"), "1");
}

TEST_F(Packets, LeaveNothingBehind) {
  const std::size_t descriptors = open_descriptors();
  const std::size_t children = children_of(::getpid()).size();
  std::set<std::uint64_t> namespaces;
  for (int i = 0; i < 20; ++i) {
    Network network({.one_way = one_way}, Means::packets);
    network.enter();
    namespaces.insert({here(), inode_of(*network.server_namespace())});
  }
  EXPECT_EQ(open_descriptors(), descriptors);
  EXPECT_EQ(children_of(::getpid()).size(), children);
  for (const std::uint64_t inode : namespaces) EXPECT_FALSE(is_held(inode));
}

TEST_F(Packets, LeaveNothingBehindWhenTheHarnessIsKilled) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t harness = ::fork();
  ASSERT_GE(harness, 0);
  if (harness == 0) {
    ::close(ends[0]);
    Network network({.one_way = one_way}, Means::packets);
    const bench::Process server(programs() + "/polling_server",
                                {"--host", network.listen_host(), "--port", "0"}, {},
                                network.server_namespace());
    network.enter();
    const std::array<std::uint64_t, 2> inodes{here(), inode_of(*network.server_namespace())};
    if (::write(ends[1], inodes.data(), sizeof inodes) != static_cast<ssize_t>(sizeof inodes)) ::_exit(1);
    for (;;) ::pause();
  }
  ::close(ends[1]);
  std::array<std::uint64_t, 2> inodes{};
  ASSERT_EQ(::read(ends[0], inodes.data(), sizeof inodes), static_cast<ssize_t>(sizeof inodes));
  ::close(ends[0]);
  const std::vector<pid_t> children = children_of(harness);
  EXPECT_EQ(children.size(), 2u) << "the server and the relay";
  for (const std::uint64_t inode : inodes) EXPECT_TRUE(is_held(inode));

  ::kill(harness, SIGKILL);
  ASSERT_EQ(::waitpid(harness, nullptr, 0), harness);
  for (const pid_t child : children) EXPECT_TRUE(comes_true([&] { return !runs(child); })) << child;
  for (const std::uint64_t inode : inodes) EXPECT_TRUE(comes_true([&] { return !is_held(inode); })) << inode;
}

TEST(NoNetwork, SaysInASentenceThatTheRightIsMissing) {
  if (const std::string reason = why_not(Means::packets); !reason.empty())
    GTEST_SKIP() << "here the right is missing from the start: " << reason;
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t nobody = ::fork();
  ASSERT_GE(nobody, 0);
  if (nobody == 0) {
    ::close(ends[0]);
    const std::string said =
        ::setuid(65534) == 0 || ::getuid() != 0 ? why_not(Means::packets) : "cannot be nobody";
    const bool written = ::write(ends[1], said.data(), said.size()) == static_cast<ssize_t>(said.size());
    ::_exit(written ? 0 : 1);
  }
  ::close(ends[1]);
  std::string said;
  std::array<char, 512> piece;
  for (ssize_t got = 0; (got = ::read(ends[0], piece.data(), piece.size())) > 0;)
    said.append(piece.data(), static_cast<std::size_t>(got));
  ::close(ends[0]);
  int status = 0;
  ASSERT_EQ(::waitpid(nobody, &status, 0), nobody);
  EXPECT_TRUE(WIFEXITED(status));
  if (said == "cannot be nobody") GTEST_SKIP() << "here nobody may become somebody with fewer rights";
  EXPECT_EQ(
      said,
      "there is no right to make network namespaces (unshare: Operation not permitted): run it as root, in a "
      "container with --privileged.");
}

TEST(NoNetwork, ComesFromLoopbackThatIsToBeCut) {
  Network network(Link{});
  EXPECT_THROW(network.black_hole(true), bench::NoNetwork);
  EXPECT_FALSE(network.counts_packets());
}

TEST_F(Veth, IsCountedToTheByte) {
  Network network({.always = true}, Means::netem);
  expect_honest_counts(network);
}

TEST_F(Veth, CannotBeCut) {
  Network network({.always = true}, Means::netem);
  EXPECT_THROW(network.black_hole(true), bench::NoNetwork);
}

TEST(Netem, TakesARoundTripToConnectAndAnotherToTheFirstByte) {
  if (const std::string reason = why_not(Means::netem, {.one_way = one_way}); !reason.empty())
    GTEST_SKIP() << reason;
  Network network({.one_way = one_way}, Means::netem);
  bench::Peer echo(network, bench::Manner::echo);
  network.enter();
  const auto begin = Clock::now();
  const Socket client = Socket::connect(echo.address());
  EXPECT_GE(Clock::now() - begin, 2 * one_way);
  hear_back(client, "x");
  EXPECT_GE(Clock::now() - begin, 4 * one_way);
}

TEST(Sockets, DelayBytesEachWay) {
  const std::uint64_t before = bench::socket_lines_made();
  Network network({.one_way = one_way}, Means::sockets);
  EXPECT_EQ(bench::socket_lines_made(), before + 1);
  EXPECT_FALSE(network.counts_packets());
  bench::Peer echo(network, bench::Manner::echo);
  network.enter();
  const Socket client = Socket::connect(echo.address());
  for (int i = 0; i < 3; ++i) {
    const auto sent = Clock::now();
    hear_back(client, std::string(1000, 'x'));
    EXPECT_GE(Clock::now() - sent, 2 * one_way);
  }
}

TEST(Sockets, HoldBackWhatWasSentIntoABlackHole) {
  Network network({.can_be_cut = true}, Means::sockets);
  bench::Peer echo(network, bench::Manner::echo);
  const Socket client = Socket::connect(echo.address());
  hear_back(client, "x");
  network.black_hole(true);
  client.write_all("y");
  EXPECT_FALSE(client.wait(50ms));
  network.black_hole(false);
  EXPECT_TRUE(client.wait(patience));
}

TEST(Sockets, CannotLosePackets) { EXPECT_THROW(Network({.loss = 0.01}, Means::sockets), bench::NoNetwork); }

TEST(Sockets, TellOneSideThatTheOtherHasGone) {
  Network network({.one_way = 1ms}, Means::sockets);
  const bench::Listening listener = bench::listen_at_server(network, SOCK_STREAM);
  const Socket client = Socket::connect(network.for_clients(listener.port));
  const Socket accepted(::accept4(listener.socket.fd(), nullptr, nullptr, SOCK_CLOEXEC));
  ::shutdown(accepted.fd(), SHUT_WR);
  ASSERT_TRUE(client.wait(patience));
  char byte = 0;
  EXPECT_THROW(client.read_some(&byte, 1), std::runtime_error);
}
