// Two thousand messages a second to a thousand readers, whether the server can do it or not: a plan that does not wait for it. A server that cannot is no failure of
// the run: what has not come by its end counts as having waited until then, at least.

#include "bench/descriptors.hpp"
#include "bench/load.hpp"
#include "bench/peer_cells.hpp"
#include "bench/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

namespace bench {
namespace {

constexpr std::size_t payload = 100;
constexpr std::size_t readers = 1000;
constexpr std::chrono::milliseconds length{1000};
constexpr std::chrono::milliseconds grace{500};  // for what is under way when the last message was due
constexpr std::size_t most_warm_up = 2000;
constexpr std::size_t kept = 20'000;  // samples of a run, at most

void measure_load(const Place& place, double rate, Run& run) {
  expect_descriptors(readers);
  auto plan = poisson(rate, length, derive(run.seed, "peer_load", run.repetition));
  Site site(place, run.arm);
  Sink sink(run.arm, site.room(), {}, readers, most_warm_up + plan.size());
  sink.connect();
  const auto outlet = site.at_server([&] { return outlet_to(run.arm, site.room_beside(), payload); });
  std::size_t before = 0;
  const bool warm = keep_outstanding(sink, *outlet, 1, most_warm_up, Clock::now() + peer_warm_up, before);

  outlet->forget_held();
  Publisher publisher(*outlet, std::move(plan), 0, before);
  publisher.gather();  // or it would be awake all the time, and the readers have nothing of their core
  const auto start = Clock::now() + std::chrono::milliseconds(5), end = start + length;
  Meter meter(site.process());
  publisher.start(start);
  const bool complete = sink.run_until(before + publisher.size(), end + grace);
  const auto over = Clock::now();
  meter.end();
  site.check();
  publisher.stop();
  publisher.join();

  std::size_t there = 0, in_time = 0;
  const std::size_t stride =
      publisher.size() * readers / kept + 1;  // of each message another reader's is kept
  for (std::size_t i = 0; i < publisher.size(); ++i) {
    for (std::size_t r = 0; r < readers; ++r) {
      const Receipts& reader = sink.receipts()[r];
      const bool has = reader.has(before + i);
      const auto when = has ? reader.at(before + i) : over;
      there += has ? 1 : 0;
      in_time += has && when <= end ? 1 : 0;
      if ((i + r) % stride == 0) run.samples_ns.push_back((when - publisher.due(i)).count());
    }
  }
  const auto all = static_cast<double>(publisher.size() * readers);
  const Goodput done =
      goodput(publisher.size(), static_cast<double>(in_time) / readers, length, meter.server_wanted());
  tell_delays(run, run.samples_ns);
  run.figures["goodput_per_s"] = done.per_second;
  run.figures["offered_per_s"] = static_cast<double>(publisher.size()) / Seconds(length).count();
  run.figures["saturated"] = done.saturated ? 1 : 0;
  run.figures["late_share"] = 1 - static_cast<double>(there) / all;
  run.figures["cpu_ns_per_delivery"] =
      static_cast<double>(meter.server_cpu().count()) / std::max(1.0, static_cast<double>(there));
  run.gates.push_back({"the readers were warm", warm, warm ? "" : "some waited for a message for 5 s"});
  run.gates.push_back(
      {"everything came, or the server had no time left", complete || done.saturated,
       complete
           ? ""
           : fmt::format(
                 "readers still waited {} ms after the last message, and the server was busy for {:.2f} of the time",
                 grace.count(), meter.server_utilisation())});
  run.gates.push_back(once_and_in_order_so_far(sink.receipts()));
  run.gates.push_back(no_negative(run.samples_ns));
  // Whom the server kept waiting is not the generator's fault.
  const std::size_t held = outlet->first_held();
  const auto lateness = publisher.lateness(std::max(held, before) - before);
  run.gates.push_back(on_time(lateness));
  run.gates.push_back(had_its_core(meter));
  meter.tell(run);
  sink.disconnect();
  site.stop();
}

std::vector<Cell> cells_of(const Setting& setting) {
  std::vector<Cell> cells;
  const auto add = [&](const std::string& arm, double rate) {
    Cell cell = peer_cell(setting, "peer_load", arm, fmt::format("readers:{}/rate:{:.0f}", readers, rate));
    cell.parameters = {{"readers", static_cast<double>(readers)},
                       {"rate", rate},
                       {"payload_bytes", static_cast<double>(payload)}};
    cell.headline = "p99_us";
    cell.headline_seconds = 1e-6;
    cell.estimate_s = Seconds(length + grace + peer_warm_up).count() + 1.5;
    cell.measure = [place = setting.place, rate](Run& run) { measure_load(place, rate, run); };
    cells.push_back(std::move(cell));
  };
  for (const char* arm : {"ws", "ws_node", "socketio", "nchan_ws", "sse", "sse_node", "nchan_sse"})
    add(arm, 2000);
  for (const char* arm : {"ws", "sse"}) add(arm, 8000);
  return cells;
}

}  // namespace

Experiment peer_load_experiment() {
  return {
      "P2",
      "peer_load",
      "Two thousand messages a second to a thousand readers: who delivers them, and how late?",
      {{"messages/s", "rate"}},
      {{"delivered in time, messages/s", "goodput_per_s", Unit::count},
       {"not there at the end", "late_share", Unit::share},
       {"p50", "p50_us", Unit::microseconds},
       {"p99", "p99_us", Unit::microseconds},
       {"server CPU per delivery", "cpu_ns_per_delivery", Unit::nanoseconds},
       {"server busy", "server_utilisation", Unit::share}},
      "delay counts from the time that a message was due; what had not come half a second after the last one was due counts as having waited until then, so that the delays of a server that falls behind are lower bounds",
      "what such a server would do if it went on: its delays grow for as long as more comes than it can do",
      {},
      cells_of,
      Suite::peers,
      peer_scripts()};
}

}  // namespace bench
