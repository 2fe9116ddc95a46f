#include "bench/provenance.hpp"

#include "bench/network.hpp"
#include "bench/pipe.hpp"

#include <boost/version.hpp>
#include <curl/curl.h>
#include <fmt/format.h>

#include <sys/resource.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <memory>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace bench {
namespace {

constexpr std::string_view unknown = "unknown";

#ifndef BENCH_COMPILER_FLAGS
#define BENCH_COMPILER_FLAGS "unknown"
#endif
#ifndef BENCH_BUILD_TYPE
#define BENCH_BUILD_TYPE "unknown"
#endif
#ifndef BENCH_BENCHMARK_VERSION  // the library itself says it from 1.8 only
#define BENCH_BENCHMARK_VERSION "unknown"
#endif

std::string first_line(const std::string& path) {
  std::ifstream in(path);
  std::string line;
  std::getline(in, line);
  std::replace(line.begin(), line.end(), '\t', ' ');
  return line.empty() ? std::string(unknown) : line;
}

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + '\'';
}

// What git prints; nothing where it fails.
std::optional<std::string> git(const std::string& repository, std::string_view arguments) {
  const std::string command = fmt::format("git -C {} {} 2>/dev/null", quoted(repository), arguments);
  FILE* const pipe = ::popen(command.c_str(), "r");
  if (!pipe) return std::nullopt;
  std::string out;
  std::array<char, 4096> piece{};
  while (const std::size_t some = std::fread(piece.data(), 1, piece.size(), pipe))
    out.append(piece.data(), some);
  if (::pclose(pipe) != 0) return std::nullopt;
  while (out.ends_with('\n')) out.pop_back();
  return out;
}

std::string cpu_model() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    if (!line.starts_with("model name")) continue;
    const std::size_t at = line.find(": ");
    if (at != std::string::npos) return line.substr(at + 2);
  }
  return std::string(unknown);
}

std::string kernel() {
  utsname name{};
  if (::uname(&name) != 0) return std::string(unknown);
  return fmt::format("{} {} {}", name.sysname, name.release, name.machine);
}

std::string compiler() {
#if defined(__clang__)
  return "Clang " __clang_version__;
#elif defined(__GNUC__)
  return "GCC " __VERSION__;
#else
  return std::string(unknown);
#endif
}

std::string open_files() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return std::string(unknown);
  return limit.rlim_cur == RLIM_INFINITY ? "unlimited" : std::to_string(limit.rlim_cur);
}

std::string now_utc() {
  const std::time_t now = std::chrono::system_clock::to_time_t(std::chrono::system_clock::now());
  std::tm utc{};
  gmtime_r(&now, &utc);
  std::array<char, 32> out{};
  return {out.data(), std::strftime(out.data(), out.size(), "%Y-%m-%dT%H:%M:%SZ", &utc)};
}

// How a line with a delay is made here, and what its TCP is set to.
void tell_line(Provenance& p) {
  p["line"] = in_words(best_means());
  try {
    for (const auto& [name, value] : Network({.always = true}).settings()) p["line " + name] = value;
  } catch (const NoNetwork&) {
    // then lines are of sockets, and have nothing of their own
  }
}

std::string tcp(const std::string& name) { return first_line("/proc/sys/net/ipv4/" + name); }

// The first line of what it says of itself.
std::string version_of(const std::string& program) {
  try {
    const std::string said = pipe_through({program, "--version"}, program, {});
    return said.substr(0, std::min(said.find_last_not_of(" \n", said.find('\n')) + 1, said.size()));
  } catch (const std::runtime_error&) {
    return "not installed";
  }
}

}  // namespace

CpuTime cpu_time() {
  // user nice system idle iowait irq softirq steal; guest time is in user already (proc(5)).
  std::istringstream line(first_line("/proc/stat"));
  std::string name;
  line >> name;
  CpuTime time;
  std::uint64_t ticks = 0;
  for (int field = 0; field < 8 && line >> ticks; ++field) {
    time.all += ticks;
    if (field == 7) time.stolen = ticks;
  }
  return time;
}

double stolen(const CpuTime& before, const CpuTime& after) {
  if (after.all <= before.all || after.stolen < before.stolen) return 0;
  return static_cast<double>(after.stolen - before.stolen) / static_cast<double>(after.all - before.all);
}

Provenance provenance(const std::string& repository, std::uint64_t seed) {
  Provenance p;
  const auto commit = git(repository, "rev-parse HEAD");
  p["commit"] = commit.value_or(std::string(unknown));
  if (commit) {
    // What the report itself writes does not count: nothing of it is measured.
    const auto changed = git(repository, "status --porcelain -- . ':(exclude)notes' ':(exclude)README.md'");
    p["dirty"] = !changed ? std::string(unknown) : changed->empty() ? "no" : "yes";
  } else {
    p["dirty"] = unknown;
  }
  p["compiler"] = compiler();
  p["compiler flags"] = BENCH_COMPILER_FLAGS;
  p["build type"] = BENCH_BUILD_TYPE;
  p["boost"] =
      fmt::format("{}.{}.{}", BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100);
  p["libcurl"] = curl_version_info(CURLVERSION_NOW)->version;
  p["google benchmark"] = BENCH_BENCHMARK_VERSION;
  p["kernel"] = kernel();
  p["cpu"] = cpu_model();
  p["cores"] = std::to_string(::sysconf(_SC_NPROCESSORS_ONLN));
  p["clocksource"] = first_line("/sys/devices/system/clocksource/clocksource0/current_clocksource");
  p["tcp congestion control"] = tcp("tcp_congestion_control");
  p["tcp autocorking"] = tcp("tcp_autocorking");
  p["tcp slow start after idle"] = tcp("tcp_slow_start_after_idle");
  p["tcp tw reuse"] = tcp("tcp_tw_reuse");
  p["port range"] = tcp("ip_local_port_range");
  p["mtu of lo"] = first_line("/sys/class/net/lo/mtu");
  tell_line(p);
  p["open files"] = open_files();
  p["seed"] = std::to_string(seed);
  p["started"] = now_utc();
  return p;
}

void tell_suite(Provenance& provenance, Suite suite) {
  if (suite == Suite::main) return;
  provenance["suite"] = to_string(suite);
  if (suite != Suite::browser) return;
  provenance["node"] = version_of("node");
  const char* const chromium = std::getenv("CHROMIUM");  // as the scripts understand it
  provenance["chromium"] = version_of(chromium && *chromium ? chromium : "chromium");
}

void finish(Provenance& provenance, const CpuTime& start) {
  provenance["ended"] = now_utc();
  provenance["stolen time"] = fmt::format("{:.2f} %", 100 * stolen(start, cpu_time()));
}

void tell_sittings(Results& results, std::vector<Provenance> sittings) {
  const Provenance last = sittings.back();
  std::erase_if(sittings, [](const Provenance& sitting) {
    const auto runs = sitting.find("runs");
    return runs == sitting.end() || runs->second == "0";
  });
  if (sittings.empty()) sittings.push_back(last);
  results.provenance = sittings.back();
  if (sittings.size() == 1) return;
  results.provenance["started"] = sittings.front()["started"];
  std::string stolen_times;
  for (Provenance& sitting : sittings)
    stolen_times += (stolen_times.empty() ? "" : ", ") + sitting["stolen time"];
  results.provenance["stolen time"] = stolen_times;
  results.provenance["sittings"] = std::to_string(sittings.size());
  results.sittings = std::move(sittings);
}

}  // namespace bench
