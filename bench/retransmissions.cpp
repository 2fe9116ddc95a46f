#include "bench/retransmissions.hpp"

#include "bench/experiment.hpp"
#include "bench/interrupt.hpp"

#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <thread>

namespace bench {
namespace {

// Longer than any line here takes there and back: until then the peer may still say that it had a segment.
constexpr std::chrono::milliseconds settling{600};

std::string read(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Of the network namespace that the calling thread is in.
SentAgain read_here() {
  return {counter(read("/proc/thread-self/net/snmp"), "Tcp:", "RetransSegs"),
          counter(read("/proc/thread-self/net/netstat"), "TcpExt:", "TCPDSACKRecv")};
}

bool has_namespaces(const Site& site) {
  const Means means = site.network().means();
  return means == Means::packets || means == Means::netem;
}

}  // namespace

// A line of names, and under it one of numbers: "Tcp: RtoAlgorithm RtoMin …", "Tcp: 1 200 …".
std::uint64_t counter(const std::string& text, std::string_view protocol, std::string_view name) {
  std::istringstream lines(text);
  std::string names, numbers;
  while (std::getline(lines, names) && std::getline(lines, numbers)) {
    if (!names.starts_with(protocol)) continue;
    std::istringstream in_names(names), in_numbers(numbers);
    for (std::string word, value; in_names >> word && in_numbers >> value;) {
      if (word == name) return std::stoull(value);
    }
  }
  throw std::runtime_error(
      fmt::format("the kernel's counters have no {} under \"{}\", expected those of Linux", name, protocol));
}

Retransmissions::Retransmissions(Site& site) : site_(site) {
  if (has_namespaces(site)) before_ = since();
}

SentAgain Retransmissions::since() const {
  const SentAgain here = read_here(), there = site_.at_server(read_here);
  return {here.all + there.all - before_.all, here.needless + there.needless - before_.needless};
}

void Retransmissions::tell(Run& run) const {
  if (!has_namespaces(site_)) return;
  const auto segments = static_cast<double>(since().all);
  run.figures["retransmitted_segments"] = segments;
  run.gates.push_back(equal(no_retransmissions_name, segments, 0));
}

void Retransmissions::tell_lost(Run& run) const {
  if (!has_namespaces(site_)) return;
  const auto deadline = Clock::now() + settling;
  SentAgain again = since();
  for (; again.lost() > 0 && Clock::now() < deadline; again = since()) {
    check_interrupt();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  run.figures["retransmitted_segments"] = static_cast<double>(again.all);
  run.gates.push_back(
      {nothing_lost_name, again.lost() == 0,
       fmt::format("{} segments were sent again, of which the peer had {}, expected all of them", again.all,
                   again.needless)});
}

}  // namespace bench
