// What it costs to keep what is said: the same load on a server that keeps it in a directory and on one that does not, in one run.

#include "bench/control.hpp"
#include "bench/experiment.hpp"
#include "bench/plan.hpp"
#include "bench/sink.hpp"
#include "bench/stats.hpp"
#include "bench/temporary_directory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace bench {
namespace {

constexpr std::size_t payload = 100;
constexpr std::size_t readers = 10;
constexpr std::chrono::milliseconds interval{100};  // of poll
// So many that rooms forget, and delete, as they do in a server's life.
constexpr std::size_t history = 1000;
constexpr std::size_t warm_up = 2 * history;
constexpr double warm_up_rate = 4000;
constexpr std::chrono::milliseconds grace{1000};

// One server under the load.
struct Side {
  double cpu_ns_per_message = 0;
  std::vector<std::int64_t> delays_ns;
};

Side measure_side(const Place& place, double rate, std::chrono::milliseconds length,
                  const std::vector<std::string>& options, Run& run) {
  const bool polls = run.arm == "poll";
  Serving serving;
  serving.options = {"--history", std::to_string(history)};
  serving.options.insert(serving.options.end(), options.begin(), options.end());
  auto plan = poisson(rate, length, derive(run.seed, "keeping", run.repetition));
  const std::size_t all = warm_up + plan.size();

  Site site(place, run.arm, serving);
  const std::string epoch = site.at_server([&] { return Control(site.room_beside()); }).stats().epoch;
  Sink sink(run.arm, site.room(), epoch, readers, all, interval);
  sink.connect();
  if (polls) sink.begin_polling(phases(readers, interval, derive(run.seed, run.cell, run.repetition)));
  const auto outlet =
      site.at_server([&] { return std::make_unique<PostOutlet>(site.room_beside(), payload); });
  std::vector<std::chrono::nanoseconds> warm_plan(warm_up);
  for (std::size_t i = 0; i < warm_up; ++i)
    warm_plan[i] =
        std::chrono::duration_cast<std::chrono::nanoseconds>(Seconds(static_cast<double>(i) / warm_up_rate));
  Publisher warm(*outlet, std::move(warm_plan));
  warm.gather();
  warm.start(Clock::now() + std::chrono::milliseconds(5));
  bool complete = sink.run_until(warm_up, warm.last_due() + interval + grace);
  warm.join();

  Publisher publisher(*outlet, std::move(plan), 0, warm_up);
  publisher.gather();
  Meter meter(site.process());
  publisher.start(Clock::now() + std::chrono::milliseconds(5));
  complete = sink.run_until(all, publisher.last_due() + interval + grace) && complete;
  meter.end();
  site.check();
  publisher.join();

  Side side;
  side.cpu_ns_per_message =
      static_cast<double>(meter.server_cpu().count()) / static_cast<double>(publisher.size());
  for (std::size_t i = 0; i < publisher.size(); ++i) {
    for (const Receipts& reader : sink.receipts()) {
      if (reader.has(warm_up + i))
        side.delays_ns.push_back((reader.at(warm_up + i) - publisher.due(i)).count());
    }
  }
  run.gates.push_back(
      {"everything came in time", complete, complete ? "" : "some readers still waited when time was up"});
  run.gates.push_back(once_and_in_order(sink.receipts()));
  run.gates.push_back(
      equal("answers", static_cast<double>(publisher.answered()), static_cast<double>(publisher.size())));
  run.gates.push_back(on_time(publisher.lateness()));
  meter.tell(run);
  sink.disconnect();
  site.stop();
  return side;
}

void measure_keeping(const Place& place, double rate, std::chrono::milliseconds length, Run& run) {
  const TemporaryDirectory directory("data");
  const std::vector<std::string> keeps{"--data", directory.path().string()};
  Side without, with;
  const bool first = run.repetition % 2 == 0;  // neither is always the first
  if (first) without = measure_side(place, rate, length, {}, run);
  with = measure_side(place, rate, length, keeps, run);
  if (!first) without = measure_side(place, rate, length, {}, run);

  run.figures["cpu_ns_per_message_in_memory"] = without.cpu_ns_per_message;
  run.figures["cpu_ns_per_message_kept"] = with.cpu_ns_per_message;
  run.figures["ratio"] = with.cpu_ns_per_message / without.cpu_ns_per_message;
  for (auto& [name, side] : {std::pair{"in_memory", &without}, std::pair{"kept", &with}}) {
    std::sort(side->delays_ns.begin(), side->delays_ns.end());
    run.figures[fmt::format("p50_us_{}", name)] = static_cast<double>(percentile(side->delays_ns, 0.5)) / 1e3;
    run.figures[fmt::format("p99_us_{}", name)] =
        static_cast<double>(percentile(side->delays_ns, 0.99)) / 1e3;
  }
}

std::vector<Cell> cells_of(const Setting& setting) {
  std::vector<Cell> cells;
  for (const std::string arm : {"poll", "sse", "ws"}) {
    for (const double rate : {100.0, 2000.0}) {
      Cell cell;
      cell.name = fmt::format("keeping/{}/rate:{:.0f}", arm, rate);
      cell.experiment = "keeping";
      cell.arm = arm;
      cell.parameters = {{"rate", rate},
                         {"readers", static_cast<double>(readers)},
                         {"payload_bytes", static_cast<double>(payload)}};
      if (arm == "poll") cell.parameters["interval_ms"] = static_cast<double>(interval.count());
      cell.headline = "cpu_ns_per_message_kept";
      cell.headline_seconds = 1e-9;
      constexpr std::chrono::milliseconds length{2000};
      cell.estimate_s = 2 * (Seconds(length).count() + static_cast<double>(warm_up) / warm_up_rate + 0.3);
      cell.repetitions = setting.by_profile(0u, 0u, 5u);
      cell.measure = [place = setting.place, rate, length](Run& run) {
        measure_keeping(place, rate, length, run);
      };
      cells.push_back(std::move(cell));
    }
  }
  return cells;
}

}  // namespace

Experiment keeping_experiment() {
  return {
      "E23",
      "keeping",
      "What does it cost to keep what is said on a disk?",
      {{"messages/s", "rate"}},
      {{"server CPU per message, in memory", "cpu_ns_per_message_in_memory", Unit::nanoseconds},
       {"kept", "cpu_ns_per_message_kept", Unit::nanoseconds},
       {"ratio", "ratio", Unit::count},
       {"delay p50, in memory", "p50_us_in_memory", Unit::microseconds},
       {"kept", "p50_us_kept", Unit::microseconds},
       {"p99, in memory", "p99_us_in_memory", Unit::microseconds},
       {"kept", "p99_us_kept", Unit::microseconds}},
      "CPU is that of the whole server, its store's thread with it; 10 readers, polls every 100 ms; one publisher on one kept-alive connection, pipelined",
      "what a disk adds that is waited for: nothing is synchronised at a commit, and the file lies in the system's directory for temporary ones",
      {},
      cells_of};
}

}  // namespace bench
