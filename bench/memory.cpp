// What a reader costs a server in memory who is there and to whom nothing is said: the slope over the number of
// readers, in one run, so that what the program takes without any is not in it.

#include "bench/control.hpp"
#include "bench/descriptors.hpp"
#include "bench/experiment.hpp"
#include "bench/kernel_memory.hpp"
#include "bench/sink.hpp"
#include "bench/stats.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>
#include <vector>

namespace bench {
namespace {

constexpr std::size_t steps = 4;
constexpr std::chrono::hours never(1);  // between two polls: each asks once, and keeps its connection
constexpr std::chrono::milliseconds settling{20};
constexpr double straight = 0.05;  // the farthest that a point may be from the line, of the whole rise

// One look, at so many readers.
struct Look {
  double readers, user, kernel;  // bytes
};

Look look(Site& site, Control& control, std::size_t readers, std::size_t expected_connections, Run& run) {
  std::this_thread::sleep_for(settling);  // the kernel frees what it has kept for the handshakes
  const Look seen{static_cast<double>(readers), static_cast<double>(site.process()->memory_bytes()),
                  static_cast<double>(kernel_memory_bytes())};
  run.gates.push_back(equal(fmt::format("connections with {} readers", readers),
                            static_cast<double>(control.stats().connections),
                            static_cast<double>(expected_connections)));
  return seen;
}

void measure_memory(const Place& place, std::size_t readers, Run& run) {
  expect_descriptors(readers);
  Site site(place, run.arm);
  Control control = site.at_server([&] { return Control(site.room_beside()); });
  Sink sink(run.arm, site.room(), control.stats().epoch, readers, 1, never);
  Meter meter(site.process());
  std::vector<double> counts, user, kernel;
  for (std::size_t step = 0; step <= steps; ++step) {
    const std::size_t count = readers * step / steps;
    sink.connect(count);
    if (run.arm == "poll") sink.ask_once();
    const Look seen = look(site, control, count, count + 1, run);
    counts.push_back(seen.readers);
    user.push_back(seen.user);
    kernel.push_back(seen.kernel);
    run.figures[fmt::format("user_bytes_at_{}", count)] = seen.user;
  }
  meter.end();
  site.check();
  const Fit by_user = fit(counts, user), by_kernel = fit(counts, kernel);
  run.figures["user_bytes_per_reader"] = by_user.slope;
  run.figures["kernel_bytes_per_reader"] = by_kernel.slope;
  run.figures["user_bytes_without_readers"] = user.front();
  run.figures["farthest_from_line_share"] = by_user.worst;
  // Where the model "constant" ends: each quarter of the readers costs what the others do.
  run.gates.push_back({"memory grows by the same for each reader",
                       by_user.slope > 0 && by_user.worst <= straight,
                       fmt::format("one look is {:.1f} % of the rise from the line, expected at most {:.0f}",
                                   100 * by_user.worst, 100 * straight)});
  meter.tell(run);
  sink.disconnect();
  site.stop();
}

std::vector<Cell> cells_of(const Setting& setting) {
  std::vector<Cell> cells;
  constexpr std::size_t readers = 4000;
  for (const std::string arm : {"poll", "sse", "ws"}) {
    Cell cell;
    cell.name = fmt::format("memory/{}/readers:{}", arm, readers);
    cell.experiment = "memory";
    cell.arm = arm;
    cell.parameters = {{"readers", static_cast<double>(readers)}};
    cell.headline = "user_bytes_per_reader";
    cell.headline_seconds = 1e-6;
    cell.estimate_s = 1;
    cell.repetitions = setting.by_profile(0u, 2u, 10u);
    cell.measure = [place = setting.place](Run& run) { measure_memory(place, readers, run); };
    cells.push_back(std::move(cell));
  }
  return cells;
}

}  // namespace

Experiment memory_experiment() {
  return {
      "E19",
      "memory",
      "What memory does a reader take to whom nothing is said?",
      {{"readers", "readers"}},
      {{"server, per reader", "user_bytes_per_reader", Unit::bytes},
       {"kernel, both ends", "kernel_bytes_per_reader", Unit::bytes},
       {"server without readers", "user_bytes_without_readers", Unit::bytes}},
      "memory per reader is the slope of the server's own (PSS) over 0 to 4000 readers; the kernel's is that of its sockets and files, of reader and server together, since both are on this machine; a poller has asked once and keeps its connection",
      "what a reader takes to whom something is being said: what waits in its socket, and the room's log, which all readers share",
      {},
      cells_of};
}

}  // namespace bench
