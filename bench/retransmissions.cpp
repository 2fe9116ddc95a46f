#include "bench/retransmissions.hpp"

#include "bench/experiment.hpp"

#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>

namespace bench {
namespace {

// Of the network namespace that the calling thread is in.
std::uint64_t read_here() {
  std::ifstream file("/proc/thread-self/net/snmp");
  return retransmitted_segments({std::istreambuf_iterator<char>(file), {}});
}

bool has_namespaces(const Site& site) {
  const Means means = site.network().means();
  return means == Means::packets || means == Means::netem;
}

}  // namespace

// A line of names, and under it one of numbers: "Tcp: RtoAlgorithm RtoMin …", "Tcp: 1 200 …".
std::uint64_t retransmitted_segments(const std::string& snmp) {
  std::istringstream lines(snmp);
  std::string names, numbers;
  while (std::getline(lines, names)) {
    if (!names.starts_with("Tcp: ") || !std::getline(lines, numbers)) continue;
    std::istringstream name(names), number(numbers);
    for (std::string word, value; name >> word && number >> value;) {
      if (word == "RetransSegs") return std::stoull(value);
    }
  }
  throw std::runtime_error("/proc/net/snmp has no RetransSegs of TCP, expected Linux's");
}

Retransmissions::Retransmissions(Site& site) : site_(site), before_(has_namespaces(site) ? count() : 0) {}

std::uint64_t Retransmissions::count() const { return read_here() + site_.at_server(read_here); }

void Retransmissions::tell(Run& run) const {
  if (!has_namespaces(site_)) return;
  const auto segments = static_cast<double>(count() - before_);
  run.figures["retransmitted_segments"] = segments;
  run.gates.push_back(equal(no_retransmissions_name, segments, 0));
}

}  // namespace bench
