// The floors: what the same message costs over bare TCP, and what the instrument itself adds.

#include "bench/delivery.hpp"
#include "bench/experiment.hpp"
#include "bench/interrupt.hpp"
#include "bench/plan.hpp"
#include "bench/sink.hpp"

#include <fmt/format.h>

#include <memory>

namespace bench {
namespace {

constexpr std::size_t payload = 100;

// There and back over two connections of the floor's server, one at a time: the next begins when the last is
// back.
void measure_round_trips(const Place& place, std::size_t count, Run& run) {
  Site site(place, "tcp");
  Sink sink("tcp", site.room(), "floor", 1, count);
  sink.connect();
  TcpOutlet outlet(site.room_beside(), payload);
  std::vector<std::int64_t> samples;
  samples.reserve(count);
  Meter meter(site.process());
  bool complete = true;
  for (std::size_t i = 0; i < count && complete; ++i) {
    const auto begin = Clock::now();
    outlet.send(i);
    complete = sink.run_until(i + 1, begin + std::chrono::seconds(2));
    if (complete) samples.push_back((sink.receipts()[0].at(i) - begin).count());
  }
  meter.end();
  site.check();
  tell_delays(run, samples);
  run.gates.push_back(once_and_in_order(sink.receipts()));
  meter.tell(run);
  run.samples_ns = std::move(samples);
  sink.disconnect();
  site.stop();
}

std::vector<Cell> cells_of(const Setting& setting) {
  const bool smoke = setting.profile == Profile::smoke;
  std::vector<Cell> cells;
  const auto add = [&](std::string name, std::string arm, double estimate_s,
                       std::function<void(Run&)> measure) {
    Cell cell;
    cell.name = std::move(name);
    cell.experiment = "floor";
    cell.arm = std::move(arm);
    cell.parameters = {{"payload_bytes", static_cast<double>(payload)}};
    cell.headline = "p50_us";
    cell.headline_seconds = 1e-6;
    cell.estimate_s = estimate_s;
    cell.repetitions = smoke ? 1 : 3;
    cell.measure = std::move(measure);
    cells.push_back(std::move(cell));
  };
  const std::size_t trips = smoke ? 3000 : 20000;
  add(fmt::format("floor/tcp/round_trip/payload:{}", payload), "tcp", 1,
      [place = setting.place, trips](Run& run) { measure_round_trips(place, trips, run); });
  // As fast as the generator must be able to go.
  constexpr double rate = 5000;
  add(fmt::format("floor/null/rate:{:.0f}/payload:{}", rate, payload), "null", 1.1,
      [place = setting.place](Run& run) {
        Delivery delivery;
        delivery.arm = "null";
        delivery.payload_bytes = payload;
        delivery.plan = poisson(rate, std::chrono::seconds(1), derive(run.seed, "floor", run.repetition));
        delivery.warm_up = 100;
        delivery.phases.resize(1);
        deliver(place, delivery, run);
      });
  cells.back().parameters["rate"] = rate;
  return cells;
}

}  // namespace

Experiment floor_experiment() {
  return {
      "E0",
      "floor",
      "What do the instrument and bare TCP add by themselves?",
      {{"payload, bytes", "payload_bytes"}},
      {{"p50", "p50_us", Unit::microseconds},
       {"p99", "p99_us", Unit::microseconds},
       {"max", "max_us", Unit::microseconds}},
      "delay counts from the time that a message was due to the time that the reader had it",
      "a transport: it is the part of every other delay that belongs to the instrument and to TCP on one machine",
      {},
      cells_of};
}

}  // namespace bench
