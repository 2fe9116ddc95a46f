// One message to many readers: when the first, the middle and the last of them has it, what each delivery
// costs the server, and how many it can make in a second. Read by the sink, since real clients would be the
// limit.

#include "bench/control.hpp"
#include "bench/experiment.hpp"
#include "bench/model.hpp"
#include "bench/plan.hpp"
#include "bench/sink.hpp"
#include "bench/stats.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <numeric>
#include <utility>

namespace bench {
namespace {

constexpr std::size_t payload = 100;
constexpr std::size_t warm_up = 3;
constexpr std::size_t burst_window = 64;             // unanswered at most: a pipelined publisher
constexpr std::chrono::milliseconds interval{1000};  // of poll

struct Fanout {
  std::size_t readers;
  double rate;                       // of the paced part: so slow that nothing gathers
  std::chrono::milliseconds length;  // of that
  std::size_t burst;                 // messages
};

// The first, the middle and the last reader's delay of each message: the median over the messages.
void tell_order(Run& run, const std::vector<Receipts>& readers, const Publisher& publisher) {
  std::vector<double> first, middle, last;
  std::vector<std::int64_t> delays(readers.size());
  for (std::size_t i = warm_up; i < publisher.size(); ++i) {
    for (std::size_t r = 0; r < readers.size(); ++r) {
      delays[r] = readers[r].has(i) ? (readers[r].at(i) - publisher.due(i)).count() : 0;
      run.samples_ns.push_back(delays[r]);
    }
    std::sort(delays.begin(), delays.end());
    first.push_back(static_cast<double>(delays.front()) / 1e3);
    middle.push_back(static_cast<double>(percentile(delays, 0.5)) / 1e3);
    last.push_back(static_cast<double>(delays.back()) / 1e3);
  }
  run.figures["first_us"] = median(first);
  run.figures["median_us"] = median(middle);
  run.figures["last_us"] = median(last);
}

void measure_fanout(const Place& place, const Fanout& fanout, Run& run) {
  const bool polls = run.arm == "poll";
  Site site(place, run.arm);
  auto plan = poisson(fanout.rate, fanout.length, derive(run.seed, "fanout", run.repetition));
  const std::size_t paced = plan.size();
  if (paced <= warm_up) throw std::runtime_error("the plan of this seed has too few messages");
  Sink sink(run.arm, site.room(), Control(site.room_beside()).stats().epoch, fanout.readers,
            paced + fanout.burst, interval);
  sink.connect();
  const std::uint64_t memory = site.process()->memory_bytes();
  if (polls) {
    sink.begin_polling(phases(fanout.readers, interval, derive(run.seed, run.cell, run.repetition)));
    sink.run_until(1, Clock::now() + interval + std::chrono::milliseconds(50));  // everybody has asked once
  }
  PostOutlet outlet(site.room_beside(), payload);
  const auto lag = polls ? interval : std::chrono::milliseconds(0);
  bool complete = true;

  Publisher publisher(outlet, std::move(plan));
  Meter meter(site.process());
  publisher.start(Clock::now() + std::chrono::milliseconds(20));
  complete = sink.run_until(paced, publisher.last_due() + lag + std::chrono::seconds(5));
  meter.end();
  site.check();
  publisher.join();
  const std::vector<std::int64_t> lateness = publisher.lateness();

  tell_order(run, sink.receipts(), publisher);
  const auto deliveries = static_cast<double>(paced * fanout.readers);
  tell_delays(run, run.samples_ns);
  run.figures["cpu_ns_per_delivery"] = static_cast<double>(meter.server_cpu().count()) / deliveries;
  run.figures["server_user_share"] = meter.server_user_share();
  run.figures["readers_memory_bytes"] = static_cast<double>(memory);
  run.gates.push_back(on_time(lateness));
  run.gates.push_back(no_negative(run.samples_ns));
  if (polls && fanout.readers > 1)
    run.gates.push_back(
        uniform(run.samples_ns, interval, {}, std::max<std::size_t>(std::min(paced, fanout.readers), 5)));
  meter.tell(run);

  if (fanout.burst > 0) {
    Publisher burst(outlet, std::vector<std::chrono::nanoseconds>(fanout.burst), burst_window, paced);
    Meter load(site.process());
    burst.start(Clock::now());
    complete = sink.run_until(paced + fanout.burst, Clock::now() + std::chrono::seconds(20)) && complete;
    load.end();
    site.check();
    burst.join();
    const auto delivered = static_cast<double>(fanout.burst * fanout.readers);
    run.figures["deliveries_per_second"] = delivered / load.seconds();
    run.figures["burst_cpu_ns_per_delivery"] = static_cast<double>(load.server_cpu().count()) / delivered;
    run.figures["burst_server_utilisation"] = load.server_utilisation();
    run.figures["burst_client_utilisation"] = load.client_utilisation();
  }
  run.gates.push_back(
      {"everything came in time", complete, complete ? "" : "some readers still waited when time was up"});
  run.gates.push_back(once_and_in_order(sink.receipts()));
  run.figures["readers_are_the_limit"] =
      std::max(run.figures["client_utilisation"],
               fanout.burst > 0 ? run.figures["burst_client_utilisation"] : 0) > 0.9
          ? 1
          : 0;
  sink.disconnect();
  site.stop();
}

std::vector<Cell> cells_of(const Setting& setting) {
  const bool smoke = setting.profile == Profile::smoke;
  std::vector<Cell> cells;
  for (const std::string arm : {"poll", "sse", "ws"}) {
    for (const std::size_t readers : {std::size_t{1}, std::size_t{100}, std::size_t{1000}}) {
      const bool polls = arm == "poll";
      const Fanout fanout{readers, 20, std::chrono::milliseconds(smoke ? 1000 : 3000),
                          polls ? 0 : (smoke ? 20'000 : 100'000) / (readers + 50)};
      Cell cell;
      cell.name =
          fmt::format("fanout/{}{}/readers:{}/rate:{:.0f}", arm,
                      polls ? fmt::format("/interval_ms:{}", interval.count()) : "", readers, fanout.rate);
      if (fanout.burst > 0) cell.name += fmt::format("/burst:{}", fanout.burst);
      cell.experiment = "fanout";
      cell.arm = arm;
      cell.parameters = {{"readers", static_cast<double>(readers)},
                         {"rate", fanout.rate},
                         {"payload_bytes", static_cast<double>(payload)}};
      if (polls) cell.parameters["interval_ms"] = static_cast<double>(interval.count());
      if (fanout.burst > 0) cell.parameters["burst"] = static_cast<double>(fanout.burst);
      cell.headline = "cpu_ns_per_delivery";
      cell.headline_seconds = 1e-9;
      cell.estimate_s = std::chrono::duration<double>(fanout.length).count() + (polls ? 2.2 : 0.4);
      cell.repetitions = smoke ? 1 : 3;
      cell.measure = [place = setting.place, fanout](Run& run) { measure_fanout(place, fanout, run); };
      cells.push_back(std::move(cell));
    }
  }
  return cells;
}

}  // namespace

Experiment fanout_experiment() {
  return {
      "E8",
      "fanout",
      "What does a message to many readers cost, and when does the last one have it?",
      {{"readers", "readers"}, {"messages/s", "rate"}},
      {{"server CPU per delivery", "cpu_ns_per_delivery", Unit::nanoseconds},
       {"instructions per delivery", "instructions_per_delivery", Unit::count},
       {"deliveries/s", "deliveries_per_second", Unit::count},
       {"first reader", "first_us", Unit::microseconds},
       {"median reader", "median_us", Unit::microseconds},
       {"last reader", "last_us", Unit::microseconds, true}},
      "a delivery is one message at one reader; delays are those of the first, the middle and the last reader of a message",
      "the most that a server can do, nor a network: on loopback the server's CPU also does much of the receiving",
      {},
      cells_of};
}

}  // namespace bench
