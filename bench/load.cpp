// Delay against load, until the server can do no more. Each run measures first, with few messages, what one costs: from
// that the model says where the knee is and how long a message waits before it. A server that has more to do than it can is
// no failure: the run ends after a bounded time and says what was delivered until then.

#include "bench/load.hpp"

#include "bench/control.hpp"
#include "bench/experiment.hpp"
#include "bench/plan.hpp"
#include "bench/sink.hpp"
#include "bench/stats.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>

namespace bench {

Goodput goodput(std::size_t offered, double delivered, Seconds length, double utilisation) {
  constexpr double behind = 0.95, busy = 0.9;
  const bool is_behind = delivered < behind * static_cast<double>(offered);
  return {delivered / length.count(), is_behind && utilisation >= busy};
}

namespace {

constexpr std::size_t payload = 100;
constexpr std::size_t readers = 10;
constexpr std::chrono::milliseconds interval{100};  // of poll
constexpr std::chrono::milliseconds idle_length{150}, calm_length{250};
constexpr double calm_rate = 1000;               // enough for a mean, far from any knee
constexpr std::size_t crowd = 8000;              // messages at once, for what one costs where many come
constexpr std::chrono::microseconds crowded{4};  // apart: more than any server here can do
constexpr std::size_t warm_crowd = 4000;  // before that: a young server still asks the kernel for its memory
constexpr double gathering_rate =
    2000;  // from here on staying awake before each message would leave the readers nothing
constexpr double coarse_rate = 40'000;  // and from here on a write for every few of them, too
constexpr std::chrono::microseconds coarse{200};
constexpr double variation = 0;                  // C²: a message costs nearly the same every time
constexpr std::chrono::milliseconds grace{500};  // for what is under way when the last message was due
constexpr std::size_t most_samples = 20'000;     // that are kept of a run

// How the generator keeps time at that rate.
void keep_time(Publisher& publisher, double rate) {
  if (rate >= gathering_rate) publisher.gather(rate >= coarse_rate ? coarse : std::chrono::microseconds(0));
}

// What a message costs the server, and how late it is where few come.
struct Cost {
  Seconds calm{0};              // where few come: with waking up for it
  Seconds busy{0};              // where many come at once
  Seconds delay{0};             // where few come
  double idle_utilisation = 0;  // of the server, by polls that find nothing
};

struct Part {
  std::size_t from, to;  // messages, by their place in the room
};

// Delays of the part's messages at all readers that have them.
std::vector<std::int64_t> delays(const Sink& sink, const Publisher& publisher, const Part& part) {
  std::vector<std::int64_t> samples;
  for (std::size_t i = part.from; i < part.to; ++i) {
    for (const Receipts& reader : sink.receipts()) {
      if (reader.has(i)) samples.push_back((reader.at(i) - publisher.due(i - part.from)).count());
    }
  }
  return samples;
}

// One reader's delay of each message, another's every time, and not of more messages than are worth keeping.
std::vector<std::int64_t> thinned(const Sink& sink, const Publisher& publisher, const Part& part) {
  std::vector<std::int64_t> samples;
  const std::size_t stride = (part.to - part.from) / most_samples + 1;
  for (std::size_t i = part.from; i < part.to; i += stride) {
    const Receipts& reader = sink.receipts()[i / stride % readers];
    if (reader.has(i)) samples.push_back((reader.at(i) - publisher.due(i - part.from)).count());
  }
  return samples;
}

// The server's time for the messages of `publisher`, until all readers have them; without what the polls take.
Seconds measure_cost(const Process* server, Sink& sink, Publisher& publisher, std::size_t until,
                     double idle_utilisation, std::chrono::milliseconds lag) {
  Meter meter(server);
  publisher.start(Clock::now() + std::chrono::milliseconds(5));
  sink.run_until(until, publisher.last_due() + lag + grace);
  meter.end();
  publisher.join();
  return (Seconds(meter.server_cpu()) - Seconds(idle_utilisation * meter.seconds())) /
         static_cast<double>(publisher.size());
}

Cost measure_costs(const Process* server, Sink& sink, Outlet& outlet, double rate,
                   std::vector<std::chrono::nanoseconds> calm_plan, std::chrono::milliseconds lag) {
  Cost cost;
  if (lag.count() > 0) {
    Meter idle(server);
    sink.run_until(1, Clock::now() + idle_length);
    idle.end();
    cost.idle_utilisation = idle.server_utilisation();
  }
  Publisher calm(outlet, std::move(calm_plan));
  keep_time(calm, rate);
  cost.calm = measure_cost(server, sink, calm, calm.size(), cost.idle_utilisation, lag);
  const auto samples = delays(sink, calm, {0, calm.size()});
  for (const std::int64_t sample : samples)
    cost.delay += Seconds(std::chrono::nanoseconds(sample)) / static_cast<double>(samples.size());
  std::size_t there = calm.size();
  for (const std::size_t count : {warm_crowd, crowd}) {
    std::vector<std::chrono::nanoseconds> rush(count);
    for (std::size_t i = 0; i < count; ++i) rush[i] = crowded * i;
    Publisher busy(outlet, std::move(rush), 0, there);
    busy.gather(coarse);
    there += count;
    cost.busy = measure_cost(server, sink, busy, there, cost.idle_utilisation, lag);
  }
  return cost;
}

// Costs, and what the model makes of them.
void tell_load(Run& run, const Cost& cost, double offered_per_s, const Goodput& done) {
  const double free = 1 - cost.idle_utilisation, most = free * knee(cost.busy);
  run.figures["goodput_per_s"] = done.per_second;
  run.predicted["goodput_per_s"] = std::min(offered_per_s, most);
  run.figures["saturated"] = done.saturated ? 1 : 0;
  run.figures["calm_cpu_ns_per_message"] = cost.calm.count() * 1e9;
  run.figures["busy_cpu_ns_per_message"] = cost.busy.count() * 1e9;
  run.figures["knee_per_s"] = most;
  const Seconds there = sojourn(offered_per_s / free, cost.busy, variation);
  if (std::isfinite(there.count())) run.predicted["mean_us"] = (cost.delay + there - cost.busy).count() * 1e6;
}

void measure_load(const Place& place, double rate, std::chrono::milliseconds length, Run& run) {
  const bool polls = run.arm == "poll";
  const auto lag = polls ? interval : std::chrono::milliseconds(0);
  auto calm_plan = poisson(calm_rate, calm_length, derive(run.seed, "load, calm", run.repetition));
  auto plan = poisson(rate, length, derive(run.seed, "load", run.repetition));
  const std::size_t before = calm_plan.size() + warm_crowd + crowd;
  const Part part{before, before + plan.size()};

  Site site(place, run.arm);
  const std::string epoch = site.at_server([&] { return Control(site.room_beside()); }).stats().epoch;
  Sink sink(run.arm, site.room(), epoch, readers, part.to, interval);
  sink.connect();
  if (polls) {
    sink.begin_polling(phases(readers, interval, derive(run.seed, run.cell, run.repetition)));
    sink.run_until(1, Clock::now() + interval + std::chrono::milliseconds(20));  // everybody has asked once
  }
  auto outlet = site.at_server([&] { return std::make_unique<PostOutlet>(site.room_beside(), payload); });
  const Cost cost = measure_costs(site.process(), sink, *outlet, rate, std::move(calm_plan), lag);

  outlet->forget_held();  // in the crowds before it, which are more than a server can do
  Publisher publisher(*outlet, std::move(plan), 0, part.from);
  keep_time(publisher, rate);
  const auto start = Clock::now() + std::chrono::milliseconds(5), end = start + length;
  Meter meter(site.process());
  publisher.start(start);
  const bool complete = sink.run_until(part.to, end + lag + grace);
  meter.end();
  site.check();
  publisher.stop();
  publisher.join();

  std::size_t in_time = 0;
  for (const Receipts& reader : sink.receipts()) {
    for (std::size_t i = part.from; i < part.to; ++i)
      in_time += reader.has(i) && reader.at(i) <= end + lag ? 1 : 0;
  }
  const Goodput done =
      goodput(publisher.size(), static_cast<double>(in_time) / readers, length, meter.server_wanted());
  const auto samples = delays(sink, publisher, part);
  tell_delays(run, samples);
  tell_load(run, cost, static_cast<double>(publisher.size()) / Seconds(length).count(), done);
  run.gates.push_back(
      {"everything came, or the server had no time left", complete || done.saturated,
       complete
           ? ""
           : fmt::format(
                 "readers still waited {} ms after the last message, and the server was busy for {:.2f} of the time",
                 grace.count(), meter.server_utilisation())});
  run.gates.push_back(complete ? once_and_in_order(sink.receipts())
                               : once_and_in_order_so_far(sink.receipts()));
  run.gates.push_back(no_negative(samples));
  // Whom the server kept waiting is not the generator's fault.
  const std::size_t held = outlet->first_held();
  const auto lateness = publisher.lateness(std::max(held, part.from) - part.from);
  run.gates.push_back(on_time(lateness));
  if (may_print(lateness.size(), 0.99))
    run.figures["lateness_p99_us"] = static_cast<double>(percentile(lateness, 0.99)) / 1e3;
  if (done.saturated) run.gates.push_back(had_its_core(meter));
  meter.tell(run);
  run.figures["readers_are_the_limit"] = meter.client_utilisation() > 0.9 ? 1 : 0;
  run.samples_ns = thinned(sink, publisher, part);
  sink.disconnect();
  outlet.reset();
  site.stop();
}

std::vector<Cell> cells_of(const Setting& setting) {
  std::vector<Cell> cells;
  for (const std::string arm : {"poll", "sse", "ws"}) {
    for (const double rate :
         {100.0, 1000.0, 5000.0, 10'000.0, 20'000.0, 40'000.0, 80'000.0, 160'000.0, 320'000.0}) {
      const bool telling = rate == 1000 || rate == 320'000;
      const std::chrono::milliseconds length(rate <= 1000 ? 1000 : 600);
      Cell cell;
      cell.name = fmt::format("load/{}/rate:{:.0f}", arm, rate);
      cell.experiment = "load";
      cell.arm = arm;
      cell.parameters = {{"rate", rate},
                         {"readers", static_cast<double>(readers)},
                         {"payload_bytes", static_cast<double>(payload)}};
      if (arm == "poll") cell.parameters["interval_ms"] = static_cast<double>(interval.count());
      cell.headline = "mean_us";
      cell.headline_seconds = 1e-6;
      cell.estimate_s = Seconds(length + idle_length + calm_length).count() + 0.2;
      cell.repetitions = setting.by_profile(0u, telling ? 2u : 0u, 10u);
      cell.measure = [place = setting.place, rate, length](Run& run) {
        measure_load(place, rate, length, run);
      };
      cells.push_back(std::move(cell));
    }
  }
  return cells;
}

}  // namespace

Experiment load_experiment() {
  return {
      "E4",
      "load",
      "How much can a server do, and how late is a message before that?",
      {{"messages/s", "rate"}},
      {{"delivered/s", "goodput_per_s", Unit::count, true},
       {"mean delay", "mean_us", Unit::microseconds, true},
       {"p50", "p50_us", Unit::microseconds},
       {"p99", "p99_us", Unit::microseconds},
       {"server CPU per message, few", "calm_cpu_ns_per_message", Unit::nanoseconds},
       {"many at once", "busy_cpu_ns_per_message", Unit::nanoseconds},
       {"knee, messages/s", "knee_per_s", Unit::count},
       {"saturated", "saturated", Unit::count}},
      "delay counts from the time that a message was due to the time that a reader had it; 10 readers, polls every 100 ms",
      "a network, nor the most that a server can do with other readers: it is one publisher on one kept-alive connection, one core for the server and one for everybody else",
      {{"^load/", "goodput_per_s",
        "the longer more comes than the server can do, the more of its time goes into what waits in the kernel; and what gathers leaves together, so that a message costs less the more there are"},
       {"^load/", "mean_us",
        "messages that gather leave together at the end of what has gathered, and from 40 000/s on the generator hands over at once what came due in 200 µs; the model serves one by one"}},
      cells_of};
}

}  // namespace bench
