#include "bench/experiment.hpp"

#include "bench/retransmissions.hpp"
#include "bench/socket.hpp"
#include "bench/stats.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>

#include <sched.h>

namespace bench {
namespace {

constexpr std::string_view on_time_name = "messages sent on time";
constexpr std::string_view stolen_name = "the machine was ours";
constexpr std::string_view core_name = "the server had its core";
constexpr std::string_view uniform_name = "poll delays are uniform";

double cpu_s(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

// Of a thread, in seconds: it ran; it was ready to run, and did not. The first two numbers of its schedstat, in nanoseconds.
struct ThreadTime {
  double ran = 0, waited = 0;
};

ThreadTime thread_time(const std::string& path) {
  std::ifstream file(path);
  ThreadTime time;
  file >> time.ran >> time.waited;
  return {time.ran * 1e-9, time.waited * 1e-9};
}

// CPU of this process's threads that are kept to other cores than the calling one: it took nothing from that.
double elsewhere_s() {
  cpu_set_t here;
  if (sched_getaffinity(0, sizeof here, &here) != 0) return 0;
  double sum = 0;
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
    cpu_set_t there, both;
    const int id = std::atoi(thread.path().filename().c_str());
    if (sched_getaffinity(id, sizeof there, &there) != 0) continue;  // it has ended meanwhile
    CPU_AND(&both, &here, &there);
    if (CPU_COUNT(&both) > 0) continue;
    sum += thread_time(thread.path() / "schedstat").ran;
  }
  return sum;
}

// CPU of this process on the calling thread's core.
double clients_s() { return cpu_s(CLOCK_PROCESS_CPUTIME_ID) - elsewhere_s(); }

}  // namespace

Meter::Meter(const Process* server) : process_(server), machine_(cpu_time()) {
  if (server) {
    server_ = server->cpu();
    sleeps_ = server->context_switches();
  }
  client_begin_s_ = clients_s();
  waited_s_ = waited();
  server_waited_s_ = server_waited();
  begin_ = Clock::now();
}

// Of the clients without what their own publisher took from them where it has the same core, and of the server. At least so much: the
// publisher also runs while nobody waits for it.
double Meter::waited() const {
  const double publisher = clients_s() - cpu_s(CLOCK_THREAD_CPUTIME_ID);
  return thread_time("/proc/thread-self/schedstat").waited - publisher + server_waited();
}

// Of its first thread, without what its own other threads took meanwhile: they have the same core. Node's collect its garbage and compile.
double Meter::server_waited() const {
  if (!process_) return 0;
  const ThreadTime first = thread_time(fmt::format("/proc/{}/schedstat", process_->pid()));
  const std::chrono::duration<double> all = process_->cpu().total;
  return first.waited - (all.count() - first.ran);
}

void Meter::end() {
  seconds_ = std::chrono::duration<double>(Clock::now() - begin_).count();
  client_s_ = clients_s() - client_begin_s_;
  if (process_) {
    server_ = process_->cpu() - server_;
    sleeps_ = process_->context_switches() - sleeps_;
  }
  waited_s_ = waited() - waited_s_;
  server_waited_s_ = server_waited() - server_waited_s_;
  stolen_ = stolen(machine_, cpu_time());
}

double Meter::server_user_share() const {
  const double user = static_cast<double>(server_.user.count()),
               system = static_cast<double>(server_.system.count());
  return user + system > 0 ? user / (user + system) : 0;
}

void Meter::tell(Run& run) const {
  run.figures["client_utilisation"] = client_utilisation();
  if (process_) run.figures["server_utilisation"] = server_utilisation();
  run.figures["metered_ms"] = seconds_ * 1e3;
  run.figures["waited_ms"] = std::max(waited_s_, 0.0) * 1e3;
  run.figures["stolen_percent"] = 100 * stolen_;
  run.gates.push_back(
      {std::string(stolen_name), stolen_ <= 0.01,
       fmt::format("{:.1f} % of its time went to others, expected at most 1 %", 100 * stolen_)});
}

void tell_delays(Run& run, std::vector<std::int64_t> samples_ns) {
  run.figures["n"] = static_cast<double>(samples_ns.size());
  if (samples_ns.empty()) return;
  std::sort(samples_ns.begin(), samples_ns.end());
  double sum = 0;
  for (const std::int64_t sample : samples_ns) sum += static_cast<double>(sample);
  run.figures["mean_us"] = sum / static_cast<double>(samples_ns.size()) / 1e3;
  run.figures["max_us"] = static_cast<double>(samples_ns.back()) / 1e3;
  for (const auto& [name, p] : {std::pair("p50_us", 0.5), {"p90_us", 0.9}, {"p99_us", 0.99}}) {
    if (may_print(samples_ns.size(), p))
      run.figures[name] = static_cast<double>(percentile(samples_ns, p)) / 1e3;
  }
}

std::chrono::nanoseconds tell_one_way(Run& run, Site& site, const Link& link) {
  if (site.process()) return link.one_way;
  const auto rtt = handshake_time(site.room());
  run.figures["rtt_us"] = std::chrono::duration<double, std::micro>(rtt).count();
  return rtt / 2;
}

Gate on_time(std::span<const std::int64_t> sorted_lateness) {
  if (sorted_lateness.empty())
    return {std::string(on_time_name), false, "the generator handed over no message that could tell"};
  const double p99_us = static_cast<double>(percentile(sorted_lateness, 0.99)) / 1e3;
  return {std::string(on_time_name), p99_us < 1000,
          fmt::format("the generator was {:.0f} µs late at p99, expected less than 1000", p99_us)};
}

Gate had_its_core(const Meter& meter) {
  const double others = meter.server_wanted() - meter.server_utilisation();
  return {std::string(core_name), others <= 0.05,
          fmt::format("others had it for {:.0f} % of the time while the server wanted it, expected at most 5",
                      100 * others)};
}

Gate no_negative(std::span<const std::int64_t> samples_ns, std::chrono::nanoseconds one_way) {
  const auto early = std::count_if(samples_ns.begin(), samples_ns.end(),
                                   [one_way](std::int64_t sample) { return sample < one_way.count(); });
  return {"no message before it could be there", early == 0,
          fmt::format("{} of {} came less than {:g} ms after they were due", early, samples_ns.size(),
                      std::chrono::duration<double, std::milli>(one_way).count())};
}

Gate equal(std::string name, double seen, double expected) {
  return {std::move(name), seen == expected, fmt::format("{:.0f}, expected {:.0f}", seen, expected)};
}

Gate uniform(std::vector<std::int64_t> samples_ns, std::chrono::nanoseconds interval,
             std::chrono::nanoseconds one_way, std::size_t independent) {
  if (samples_ns.empty() || independent < 5)
    return {std::string(uniform_name), false, "there are too few samples"};
  std::sort(samples_ns.begin(), samples_ns.end());
  const auto low = static_cast<double>(one_way.count());
  const double distance = uniform_distance(samples_ns, low, low + static_cast<double>(interval.count()));
  const double limit = critical_distance(independent);
  return {std::string(uniform_name), distance <= limit,
          fmt::format("Kolmogorov-Smirnov distance {:.3f} from [d, T + d], expected at most {:.3f}", distance,
                      limit)};
}

bool is_of_the_machine(const Run& run, const Gate& gate) {
  if (gate.name == on_time_name || gate.name == stolen_name || gate.name == core_name) return true;
  // Readers that were held up measure that, and not when they asked; what waits for a relay that is held up may overflow; a peer that is held up
  // for two ticks and two round trips is sent again what it has, where that is two packets or more (RFC 8985, 7.2).
  const auto waited = run.figures.find("waited_ms"), metered = run.figures.find("metered_ms");
  if (waited == run.figures.end()) return false;
  const double length_ms = metered == run.figures.end() ? 0 : metered->second;
  // In a long run little by little comes together: so much of it is nothing that anybody was held up by at once.
  const double two_ticks_ms = std::max(8.0, 0.001 * length_ms), much_ms = std::max(50.0, 0.005 * length_ms);
  if (gate.name == no_retransmissions_name) return waited->second > two_ticks_ms;
  return (gate.name == uniform_name || gate.name == nothing_lost_name) && waited->second > much_ms;
}

}  // namespace bench
