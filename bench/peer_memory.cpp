// What a reader to whom nothing is said costs our servers in memory, and others': the slope over the number of readers.

#include "bench/descriptors.hpp"
#include "bench/kernel_memory.hpp"
#include "bench/peer_cells.hpp"
#include "bench/peers.hpp"
#include "bench/stats.hpp"

#include <fmt/format.h>

#include <thread>
#include <vector>

namespace bench {
namespace {

constexpr std::size_t readers = 4000, steps = 4;
constexpr std::chrono::milliseconds settling{50};  // the kernel frees what it has kept for the handshakes
constexpr double straight =
    0.05;  // the farthest that a point of ours may be from the line, of the whole rise

void measure_memory(const Place& place, Run& run) {
  expect_descriptors(readers);
  Site site(place, run.arm);
  Sink sink(run.arm, site.room(), {}, readers, 1);
  Meter meter(site.process());
  std::vector<double> counts, user, kernel;
  for (std::size_t step = 0; step <= steps; ++step) {
    const std::size_t count = readers * step / steps;
    sink.connect(count);
    std::this_thread::sleep_for(settling);
    counts.push_back(static_cast<double>(count));
    user.push_back(static_cast<double>(site.process()->memory_bytes()));
    kernel.push_back(static_cast<double>(kernel_memory_bytes()));
  }
  meter.end();
  site.check();
  const Fit by_user = fit(counts, user), by_kernel = fit(counts, kernel);
  run.figures["user_bytes_per_reader"] = by_user.slope;
  run.figures["kernel_bytes_per_reader"] = by_kernel.slope;
  run.figures["user_bytes_without_readers"] = user.front();
  run.figures["farthest_from_line_share"] = by_user.worst;
  // A heap that is collected now and then, or grown by halves, is not straight; that is what it costs, all the same.
  if (!find_peer(run.arm))
    run.gates.push_back(
        {"memory grows by the same for each reader", by_user.slope > 0 && by_user.worst <= straight,
         fmt::format("one look is {:.1f} % of the rise from the line, expected at most {:.0f}",
                     100 * by_user.worst, 100 * straight)});
  meter.tell(run);
  sink.disconnect();
  site.stop();
}

std::vector<Cell> cells_of(const Setting& setting) {
  std::vector<Cell> cells;
  for (const std::string arm : {"ws", "ws_node", "socketio", "nchan_ws", "sse", "sse_node", "nchan_sse"}) {
    Cell cell = peer_cell(setting, "peer_memory", arm, fmt::format("readers:{}", readers));
    cell.parameters = {{"readers", static_cast<double>(readers)}};
    cell.headline = "user_bytes_per_reader";
    cell.headline_seconds = 1e-6;  // there is no time in it: a byte is shown as a microsecond
    cell.estimate_s = find_peer(arm) ? 3 : 1;
    cell.measure = [place = setting.place](Run& run) { measure_memory(place, run); };
    cells.push_back(std::move(cell));
  }
  return cells;
}

}  // namespace

Experiment peer_memory_experiment() {
  return {
      "P6",
      "peer_memory",
      "What memory does a silent reader take, of our servers and of others?",
      {{"readers", "readers"}},
      {{"server, per reader", "user_bytes_per_reader", Unit::bytes},
       {"kernel, both ends", "kernel_bytes_per_reader", Unit::bytes},
       {"server without readers", "user_bytes_without_readers", Unit::bytes},
       {"farthest look from the line", "farthest_from_line_share", Unit::share}},
      "memory per reader is the slope of the server's own (PSS) over 0, 1000 … 4000 readers, with whatever its garbage collector has not taken away by then",
      "what a reader takes to whom something is being said",
      {},
      cells_of,
      Suite::peers,
      peer_scripts()};
}

}  // namespace bench
