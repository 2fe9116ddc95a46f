// What a poll costs that opens a connection of its own, against one on a kept connection: time, packets, and the port that stays
// taken for a minute afterwards.

#include "bench/caller.hpp"
#include "bench/control.hpp"
#include "bench/experiment.hpp"
#include "bench/front_model.hpp"
#include "bench/interrupt.hpp"
#include "bench/socket.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>
#include <string>
#include <thread>

#include <unistd.h>

namespace bench {
namespace {

constexpr std::size_t polls = 24;
// Between two polls, besides the round trip: longer than a delayed acknowledgement, so that each poll has its own packets.
constexpr std::chrono::milliseconds gap{60};
constexpr unsigned few_ports = 100;

struct Ports {
  unsigned first = 0, last = 0;
  unsigned count() const { return last - first + 1; }
};
constexpr const char* ports_path = "/proc/sys/net/ipv4/ip_local_port_range";

// What outgoing connections may use, on the calling thread's side of the network.
Ports local_ports() {
  Ports ports;
  std::ifstream(ports_path) >> ports.first >> ports.last;
  return ports;
}

// Connections in TIME_WAIT, on the calling thread's side of the network.
std::uint64_t waiting_connections() {
  std::ifstream file("/proc/thread-self/net/sockstat");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("TCP:")) continue;
    std::istringstream words(line.substr(4));
    std::string name;
    for (std::uint64_t value = 0; words >> name >> value;) {
      if (name == "tw") return value;
    }
  }
  throw std::runtime_error("/proc/net/sockstat says nothing of TIME_WAIT");
}

std::string own_network() {
  std::array<char, 64> name{};
  const ssize_t got = ::readlink("/proc/thread-self/ns/net", name.data(), name.size());
  return {name.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
}

void measure_polls(const Place& place, bool keep, std::chrono::milliseconds rtt, Run& run) {
  const bool ours = place.servers.empty();
  Site site(place, run.arm, {.link = ours ? counted_link(rtt) : Link{}});
  const Network& line = site.network();
  if (line.means() == Means::sockets)
    throw NoNetwork(
        "a relay of sockets opens connections of its own; what they cost takes network namespaces, as root has them.");
  std::optional<Control> control(site.at_server([&] { return Control(site.room_beside()); }));
  const Stats before = control->stats();
  Asker asker({site.room()}, {.keep = keep});
  const std::string target = fmt::format("{}/messages?after={}.0", site.room().path, before.epoch);
  asker.get(target);  // a kept connection is there by now
  std::this_thread::sleep_for(gap + rtt);

  const std::uint64_t accepted = control->stats().accepted, waiting = waiting_connections();
  const Bytes door_before{control->stats().bytes_in, control->stats().bytes_out};
  const PacketCounts packets_before = line.counts();
  std::vector<std::int64_t> samples;
  std::size_t empty = 0;
  Meter meter(site.process());
  const auto start = Clock::now();
  for (std::size_t i = 0; i < polls; ++i) {
    std::this_thread::sleep_until(start + i * (gap + rtt));
    check_interrupt();
    const Answer answer = asker.get(target);
    samples.push_back(answer.time.count());
    if (answer.status == 204) ++empty;
  }
  std::this_thread::sleep_for(gap + rtt);
  meter.end();
  const PacketCounts packets = line.counts() - packets_before;
  const Stats after = control->stats();
  site.check();

  constexpr auto n = static_cast<double>(polls);
  const double rtt_us = static_cast<double>(std::chrono::microseconds(rtt).count());
  const auto opened = static_cast<double>(after.accepted - accepted);
  tell_delays(run, samples);
  if (ours && rtt_us > 0) {
    for (const char* figure : {"mean_us", "p50_us"}) run.predicted[figure] = rtt_us * (keep ? 1 : 2);
  }
  run.figures["connections_per_poll"] = opened / n;
  run.predicted["connections_per_poll"] = keep ? 0 : 1;
  run.figures["time_wait_per_poll"] = static_cast<double>(waiting_connections() - waiting) / n;
  run.predicted["time_wait_per_poll"] = keep ? 0 : 1;
  const Bytes expected =
      empty_poll({site.room().authority, site.room().path}, cursor_bytes(before.epoch.size(), 0));
  run.figures["bytes_per_poll"] =
      static_cast<double>(after.bytes_in - door_before.up + after.bytes_out - door_before.down) / n;
  run.predicted["bytes_per_poll"] = static_cast<double>(expected.total());
  if (line.counts_packets()) {
    run.figures["packets_per_poll"] = static_cast<double>(packets.packets()) / n;
    run.predicted["packets_per_poll"] = static_cast<double>(
        keep ? packets_of_exchange(expected.up, expected.down) : packets_of_fresh_exchange());
    run.figures["ip_bytes_per_poll"] = static_cast<double>(packets.bytes()) / n;
    run.predicted["ip_bytes_per_poll"] =
        static_cast<double>(keep ? ip_bytes(expected.total(), packets_of_exchange(expected.up, expected.down))
                                 : ip_bytes_of_fresh_exchange(expected.total()));
  }
  if (site.process()) run.figures["cpu_ns_per_poll"] = static_cast<double>(meter.server_cpu().count()) / n;
  if (!keep) run.predicted["polls_per_second_at_most"] = polls_per_second_at_most(local_ports().count());
  run.gates.push_back(equal("polls that found nothing", static_cast<double>(empty), n));
  run.gates.push_back(
      equal("bytes of the polls", run.figures["bytes_per_poll"], run.predicted["bytes_per_poll"]));
  meter.tell(run);
  run.samples_ns = std::move(samples);
  control.reset();
  site.stop();
}

// With few ports, so that the end is seen within a second: each poll takes one, and none comes back within the minute.
void measure_ports(const Place& place, Run& run) {
  const std::string home = own_network();
  Site site(place, run.arm, {.link = {.always = true}});
  if (own_network() == home)
    throw NoNetwork(
        "how many ports there are is only changed in a network namespace of our own, and this machine "
        "gives us none.");
  const Ports few{40000, 40000 + few_ports - 1};
  std::ofstream(ports_path) << few.first << ' ' << few.last << std::flush;
  if (local_ports().count() != few_ports)
    throw NoNetwork(fmt::format(
        "{} cannot be written; it must be possible in a network namespace of our own.", ports_path));
  const auto target = fmt::format("{}/messages?after=latest", site.room().path);
  Asker asker({site.room()}, {.keep = false});
  std::size_t asked = 0;
  std::string why;
  Meter meter(site.process());
  for (; asked <= few_ports && why.empty(); ++asked) {
    check_interrupt();
    try {
      asker.get(target);
    } catch (const std::runtime_error&) {
      break;
    }
  }
  meter.end();
  try {
    Socket::connect(site.room());
    why = "there is a connection";
  } catch (const std::runtime_error& failure) {
    why = failure.what();
  }
  run.figures["polls_until_no_port"] = static_cast<double>(asked);
  run.predicted["polls_until_no_port"] = few_ports;
  run.figures["time_wait_per_poll"] = static_cast<double>(waiting_connections()) / static_cast<double>(asked);
  run.predicted["time_wait_per_poll"] = 1;
  run.gates.push_back({"no port was left", why.ends_with(std::strerror(EADDRNOTAVAIL)), why});
  meter.tell(run);
  site.stop();
}

std::vector<Cell> cells_of(const Setting& setting) {
  std::vector<Cell> cells;
  const auto add = [&](std::string name, double estimate_s, std::string headline,
                       double headline_seconds) -> Cell& {
    Cell cell;
    cell.name = "keep_alive/" + std::move(name);
    cell.experiment = "keep_alive";
    cell.arm = "poll";
    cell.headline = std::move(headline);
    cell.headline_seconds = headline_seconds;
    cell.estimate_s = estimate_s;
    cells.push_back(std::move(cell));
    return cells.back();
  };
  for (const int rtt_ms : {0, 20}) {
    for (const bool keep : {true, false}) {
      const std::chrono::milliseconds rtt(rtt_ms);
      const double length_s = std::chrono::duration<double>(gap + rtt).count() * (polls + 2);
      Cell& cell =
          add(fmt::format("{}/rtt_ms:{}", keep ? "kept" : "fresh", rtt_ms), length_s + 0.2, "p50_us", 1e-6);
      cell.parameters = {{"rtt_ms", static_cast<double>(rtt_ms)}, {"kept", keep ? 1 : 0}};
      cell.anywhere = rtt_ms == 0;
      cell.repetitions = setting.by_profile(0U, 0U, 10U);
      cell.measure = [place = setting.place, keep, rtt](Run& run) { measure_polls(place, keep, rtt, run); };
    }
  }
  Cell& cell = add(fmt::format("fresh/ports:{}", few_ports), 0.4, "polls_until_no_port", 1);
  cell.parameters = {{"kept", 0}, {"ports", few_ports}};
  cell.repetitions = setting.by_profile(0U, 0U, 3U);
  cell.measure = [place = setting.place](Run& run) { measure_ports(place, run); };
  return cells;
}

}  // namespace

Experiment keep_alive_experiment() {
  return {
      "E11",
      "keep_alive",
      "What does a poll cost that opens its own connection?",
      {{"RTT, ms", "rtt_ms"}, {"kept", "kept"}, {"ports", "ports"}},
      {{"time of a poll", "p50_us", Unit::microseconds, true},
       {"connections per poll", "connections_per_poll", Unit::count, true},
       {"left in TIME_WAIT per poll", "time_wait_per_poll", Unit::count, true},
       {"bytes per poll", "bytes_per_poll", Unit::bytes, true},
       {"packets", "packets_per_poll", Unit::count, true},
       {"with TCP/IP", "ip_bytes_per_poll", Unit::bytes, true},
       {"server CPU per poll", "cpu_ns_per_poll", Unit::nanoseconds},
       {"polls until no port is left", "polls_until_no_port", Unit::count, true},
       {"polls/s at most", "polls_per_second_at_most", Unit::count, true}},
      "polls follow each other after a pause, and find nothing; a port that was used is free again after 60 s",
      "TLS, with which a new connection is dearer still, nor clients behind one address translator, who share its ports",
      {},
      cells_of};
}

}  // namespace bench
