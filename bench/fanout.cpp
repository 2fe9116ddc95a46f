// One message to many readers: when the first, the middle and the last of them has it, what each delivery
// costs the server, and how many it can make in a second. Read by the sink, since real clients would be the
// limit.

#include "bench/control.hpp"
#include "bench/descriptors.hpp"
#include "bench/experiment.hpp"
#include "bench/instructions.hpp"
#include "bench/model.hpp"
#include "bench/plan.hpp"
#include "bench/sink.hpp"
#include "bench/stats.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

namespace bench {
namespace {

constexpr std::size_t payload = 100;
constexpr std::size_t warm_up = 3;
constexpr std::size_t burst_window = 64;             // unanswered at most: a pipelined publisher
constexpr std::chrono::milliseconds interval{1000};  // of poll
constexpr std::size_t few = 100;                     // readers: what many are compared with
constexpr std::size_t messages_to_few = 20;

struct Fanout {
  std::size_t readers;
  std::size_t rate;                  // of the paced part: so slow that nothing gathers
  std::chrono::milliseconds length;  // of that
  std::size_t burst;                 // messages
  std::size_t paced() const { return rate * static_cast<std::size_t>(length.count()) / 1000; }
};

// Longer than writing one message to everybody takes: else two would leave together.
std::chrono::microseconds apart(std::size_t readers) {
  return std::chrono::microseconds(1000 + 10 * readers);
}

// The first, the middle and the last reader's delay of each message: the median over the messages. Sorted by message, so
// that it does not matter which reader comes first.
void tell_order(Run& run, const std::vector<Receipts>& readers, const Publisher& publisher) {
  std::vector<double> first, middle, last;
  std::vector<std::int64_t> delays(readers.size());
  for (std::size_t i = 0; i < publisher.size(); ++i) {
    for (std::size_t r = 0; r < readers.size(); ++r) {
      const Receipts& reader = readers[r];
      delays[r] = reader.has(warm_up + i) ? (reader.at(warm_up + i) - publisher.due(i)).count() : 0;
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

// The last reader waits while all others are written to; the last poller for nearly its whole interval.
void predict_order(Run& run, std::size_t readers, bool polls) {
  const auto us = [](Seconds time) { return time.count() * 1e6; };
  if (polls) {
    run.predicted["first_us"] = us(first_poller(readers, interval));
    run.predicted["median_us"] = us(Seconds(interval) / 2);
    run.predicted["last_us"] = us(last_poller(readers, interval));
    return;
  }
  if (readers == 1) return;  // the last one is the first
  const Seconds cost(run.figures["cpu_ns_per_delivery"] * 1e-9);
  run.predicted["last_us"] = run.figures["first_us"] + us(last_reader(readers - 1, cost));
}

bool warm(Sink& sink, PostOutlet& outlet, std::size_t readers, std::chrono::milliseconds lag) {
  std::vector<std::chrono::nanoseconds> plan(warm_up);
  for (std::size_t i = 0; i < warm_up; ++i) plan[i] = apart(readers) * i;
  Publisher publisher(outlet, std::move(plan));
  publisher.start(Clock::now());
  const bool there = sink.run_until(warm_up, publisher.last_due() + lag + std::chrono::seconds(5));
  publisher.join();
  return there;
}

// What a delivery costs where the readers are few, from the same server.
double measure_few(Site& site, Run& run, const std::string& epoch) {
  feed::Address room = site.room(), beside = site.room_beside();
  room.path = beside.path = "/rooms/few";
  Sink sink(run.arm, room, epoch, few, warm_up + messages_to_few);
  sink.connect();
  const auto outlet = site.at_server([&] { return std::make_unique<PostOutlet>(beside, payload); });
  bool complete = warm(sink, *outlet, few, {});
  Publisher publisher(
      *outlet,
      scattered(messages_to_few, std::chrono::milliseconds(800), std::chrono::milliseconds(10),
                derive(run.seed, "fanout, few", run.repetition)),
      0, warm_up);
  Meter meter(site.process());
  publisher.start(Clock::now());
  complete =
      sink.run_until(warm_up + messages_to_few, publisher.last_due() + std::chrono::seconds(5)) && complete;
  meter.end();
  publisher.join();
  run.gates.push_back({"everything came to the few", complete,
                       complete ? "" : "some of 100 readers still waited when time was up"});
  sink.disconnect();
  return static_cast<double>(meter.server_cpu().count()) / static_cast<double>(few * messages_to_few);
}

// As fast as the server takes it.
bool measure_burst(Site& site, Sink& sink, PostOutlet& outlet, const Fanout& fanout, Run& run) {
  const std::size_t before = warm_up + fanout.paced();
  Publisher burst(outlet, std::vector<std::chrono::nanoseconds>(fanout.burst), burst_window, before);
  Meter meter(site.process());
  burst.start(Clock::now());
  const bool complete = sink.run_until(before + fanout.burst, Clock::now() + std::chrono::seconds(20));
  meter.end();
  site.check();
  burst.join();
  const auto delivered = static_cast<double>(fanout.burst * fanout.readers);
  run.figures["deliveries_per_second"] = delivered / meter.seconds();
  run.figures["burst_cpu_ns_per_delivery"] = static_cast<double>(meter.server_cpu().count()) / delivered;
  run.figures["burst_server_utilisation"] = meter.server_utilisation();
  run.figures["burst_client_utilisation"] = meter.client_utilisation();
  return complete;
}

void measure_fanout(const Place& place, const Fanout& fanout, Run& run) {
  expect_descriptors(fanout.readers);
  const bool polls = run.arm == "poll";
  Site site(place, run.arm);
  const std::string epoch = site.at_server([&] { return Control(site.room_beside()); }).stats().epoch;
  if (!polls && fanout.readers > few) {
    run.figures["cpu_ns_per_delivery_at_100"] = measure_few(site, run, epoch);
  }
  const std::size_t paced = fanout.paced(), before = warm_up + paced;
  const auto lag = polls ? interval : std::chrono::milliseconds(0);
  Sink sink(run.arm, site.room(), epoch, fanout.readers, before + fanout.burst, interval);
  const std::uint64_t empty_memory = site.process() ? site.process()->memory_bytes() : 0;
  sink.connect();
  if (site.process())
    run.figures["readers_memory_bytes"] = static_cast<double>(site.process()->memory_bytes() - empty_memory);
  if (polls) sink.begin_polling(phases(fanout.readers, interval, derive(run.seed, run.cell, run.repetition)));
  const auto outlet =
      site.at_server([&] { return std::make_unique<PostOutlet>(site.room_beside(), payload); });
  bool complete = warm(sink, *outlet, fanout.readers, lag);

  Publisher publisher(
      *outlet,
      scattered(paced, fanout.length, apart(fanout.readers), derive(run.seed, "fanout", run.repetition)), 0,
      warm_up);
  std::optional<Instructions> instructions;
  if (site.process()) instructions.emplace(site.process()->pid());
  Meter meter(site.process());
  publisher.start(Clock::now() + std::chrono::milliseconds(20));
  complete = sink.run_until(before, publisher.last_due() + lag + std::chrono::seconds(5)) && complete;
  meter.end();
  const auto executed = instructions ? instructions->count() : std::nullopt;
  site.check();
  publisher.join();

  tell_order(run, sink.receipts(), publisher);
  const auto deliveries = static_cast<double>(paced * fanout.readers);
  tell_delays(run, run.samples_ns);
  run.figures["cpu_ns_per_delivery"] = static_cast<double>(meter.server_cpu().count()) / deliveries;
  run.figures["server_user_share"] = meter.server_user_share();
  if (executed) run.figures["instructions_per_delivery"] = static_cast<double>(*executed) / deliveries;
  if (const auto at_100 = run.figures.find("cpu_ns_per_delivery_at_100"); at_100 != run.figures.end())
    run.figures["cpu_ratio_to_100"] = run.figures["cpu_ns_per_delivery"] / at_100->second;
  predict_order(run, fanout.readers, polls);
  run.gates.push_back(on_time(publisher.lateness()));
  run.gates.push_back(no_negative(run.samples_ns));
  // A delay is the difference of a phase and of a moment, both at random, so any two delays are independent, though all of one poller or of
  // one message are not. Simulated with these numbers, their distribution is farther off than that of a sixth as many independent ones
  // once in some thousands of honest runs (where the messages fall into half an interval: of a fifth, once in a thousand). Of one
  // poller alone nothing is asked: its delays tell of the plan.
  if (polls && fanout.readers > 1)
    run.gates.push_back(uniform(run.samples_ns, interval, {}, run.samples_ns.size() / 6));
  meter.tell(run);
  if (fanout.burst > 0) complete = measure_burst(site, sink, *outlet, fanout, run) && complete;
  run.gates.push_back(
      {"everything came in time", complete, complete ? "" : "some readers still waited when time was up"});
  run.gates.push_back(once_and_in_order(sink.receipts()));
  const double busiest = std::max(run.figures["client_utilisation"],
                                  fanout.burst > 0 ? run.figures["burst_client_utilisation"] : 0);
  run.figures["readers_are_the_limit"] = busiest > 0.9 ? 1 : 0;
  sink.disconnect();
  site.stop();
}

// 50 000 deliveries a second at most.
std::size_t rate_for(std::size_t readers) { return std::min<std::size_t>(20, 50'000 / readers); }

std::vector<Cell> cells_of(const Setting& setting) {
  const bool smoke = setting.profile == Profile::smoke;
  std::vector<Cell> cells;
  for (const std::string arm : {"poll", "sse", "ws"}) {
    for (const std::size_t readers : {1u, 10u, 100u, 1000u, 5000u, 10000u}) {
      const bool polls = arm == "poll";
      const std::size_t rate = rate_for(readers);
      const std::chrono::milliseconds length(smoke ? 500 : 1500 * 20 / (10 + rate));
      const std::size_t burst = polls ? 0 : std::max<std::size_t>(smoke ? 64 : 128, 250'000 / (readers + 50));
      const Fanout fanout{readers, rate, length, burst};
      Cell cell;
      cell.name = fmt::format("fanout/{}{}/readers:{}/rate:{}", arm,
                              polls ? fmt::format("/interval_ms:{}", interval.count()) : "", readers, rate);
      if (burst > 0) cell.name += fmt::format("/burst:{}", burst);
      cell.experiment = "fanout";
      cell.arm = arm;
      cell.parameters = {{"readers", static_cast<double>(readers)},
                         {"rate", static_cast<double>(rate)},
                         {"payload_bytes", static_cast<double>(payload)}};
      if (polls) cell.parameters["interval_ms"] = static_cast<double>(interval.count());
      if (burst > 0) cell.parameters["burst"] = static_cast<double>(burst);
      cell.headline = "cpu_ns_per_delivery";
      cell.headline_seconds = 1e-9;
      cell.estimate_s = Seconds(length).count() +
                        (polls           ? 2.2
                         : readers > few ? 1.2
                                         : 0.3) +
                        static_cast<double>(readers) * 1e-4;
      cell.repetitions = readers == 1000 ? setting.by_profile(1u, 2u, 10u) : setting.by_profile(0u, 0u, 10u);
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
       {"over that of 100 readers", "cpu_ratio_to_100", Unit::count},
       {"instructions per delivery", "instructions_per_delivery", Unit::count},
       {"deliveries/s", "deliveries_per_second", Unit::count},
       {"first reader", "first_us", Unit::microseconds},
       {"median reader", "median_us", Unit::microseconds},
       {"last reader", "last_us", Unit::microseconds, true}},
      "a delivery is one message at one reader; delays are those of the first, the middle and the last reader of a message",
      "the most that a server can do, nor a network: on loopback the server's CPU also does much of the receiving",
      {{"^fanout/(sse|ws)/readers:10{1,2}/", "last_us",
        "what a message costs once, however many read it, is in the CPU per delivery too, and weighs where the readers are few"},
       {"^fanout/(sse|ws)/readers:[0-9]{4,}/", "last_us",
        "the readers' core must keep up with the server's: when it falls behind, a message waits for its reader"},
       {"^fanout/poll/", "",
        "the model is of pollers that choose their phase anew for each message; in one run they keep it, and the first of few messages is a matter of chance"}},
      cells_of};
}

}  // namespace bench
