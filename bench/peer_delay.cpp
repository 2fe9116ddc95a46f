// A thousand readers and a message now and then: how late is it, where nobody is short of time?

#include "bench/descriptors.hpp"
#include "bench/peer_cells.hpp"
#include "bench/plan.hpp"

#include <fmt/format.h>

#include <memory>

namespace bench {
namespace {

constexpr std::size_t payload = 100;
constexpr std::size_t readers = 1000;
constexpr std::size_t rate = 10, messages = 20;
constexpr std::chrono::milliseconds length{1000 * messages / rate};
constexpr std::chrono::milliseconds apart{40};  // longer than the slowest here takes to tell everybody
constexpr std::size_t most_warm_up = 2000;

void measure_delay(const Place& place, Run& run) {
  expect_descriptors(readers);
  Site site(place, run.arm);
  Sink sink(run.arm, site.room(), {}, readers, most_warm_up + messages);
  sink.connect();
  const auto outlet = site.at_server([&] { return outlet_to(run.arm, site.room_beside(), payload); });
  std::size_t before = 0;
  bool complete = keep_outstanding(sink, *outlet, 1, most_warm_up, Clock::now() + peer_warm_up, before);
  Publisher publisher(
      *outlet, scattered(messages, length, apart, derive(run.seed, "peer_delay", run.repetition)), 0, before);
  Meter meter(site.process());
  publisher.start(Clock::now() + std::chrono::milliseconds(20));
  complete = sink.run_until(before + messages, publisher.last_due() + std::chrono::seconds(5)) && complete;
  meter.end();
  site.check();
  publisher.join();
  for (const Receipts& reader : sink.receipts()) {
    for (std::size_t i = 0; i < messages; ++i) {
      if (reader.has(before + i))
        run.samples_ns.push_back((reader.at(before + i) - publisher.due(i)).count());
    }
  }
  tell_delays(run, run.samples_ns);
  run.figures["cpu_ns_per_delivery"] =
      static_cast<double>(meter.server_cpu().count()) / static_cast<double>(messages * readers);
  run.gates.push_back(
      {"everything came in time", complete, complete ? "" : "some readers still waited when time was up"});
  run.gates.push_back(once_and_in_order_so_far(sink.receipts()));
  run.gates.push_back(no_negative(run.samples_ns));
  run.gates.push_back(on_time(publisher.lateness()));
  meter.tell(run);
  sink.disconnect();
  site.stop();
}

std::vector<Cell> cells_of(const Setting& setting) {
  std::vector<Cell> cells;
  for (const std::string arm : {"ws", "ws_node", "socketio", "nchan_ws", "sse", "sse_node", "nchan_sse"}) {
    Cell cell = peer_cell(setting, "peer_delay", arm, fmt::format("readers:{}/rate:{}", readers, rate));
    cell.parameters = {{"readers", static_cast<double>(readers)},
                       {"rate", static_cast<double>(rate)},
                       {"payload_bytes", static_cast<double>(payload)}};
    cell.headline = "p50_us";
    cell.headline_seconds = 1e-6;
    cell.estimate_s = Seconds(length + peer_warm_up).count() + 0.6;
    cell.measure = [place = setting.place](Run& run) { measure_delay(place, run); };
    cells.push_back(std::move(cell));
  }
  return cells;
}

}  // namespace

Experiment peer_delay_experiment() {
  return {
      "P3",
      "peer_delay",
      "How late is a message to a thousand readers, where nobody is short of time?",
      {{"messages/s", "rate"}},
      {{"p50", "p50_us", Unit::microseconds},
       {"p99", "p99_us", Unit::microseconds},
       {"max", "max_us", Unit::microseconds},
       {"server CPU per delivery", "cpu_ns_per_delivery", Unit::nanoseconds}},
      "delay counts from the time that a message was due to the time that a reader had it, over all readers of all messages",
      "a network: half of a delay here is the time that the server takes for half of the readers",
      {},
      cells_of,
      Suite::peers,
      peer_scripts()};
}

}  // namespace bench
