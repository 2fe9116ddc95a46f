// What it costs a server that somebody comes: accept, the request, the answer, and the word that the reader's feed begins.

#include "bench/descriptors.hpp"
#include "bench/peer_cells.hpp"

#include <fmt/format.h>

#include <thread>

namespace bench {
namespace {

constexpr std::size_t warm_up = 1000, counted = 2000;  // readers
constexpr std::chrono::microseconds look{30'000}, calm = look / 100;

// Until a server uses next to nothing: then it has said goodbye to all who left. False where it does not come to that within 5 s.
bool has_calmed_down(const Process& server) {
  const auto deadline = Clock::now() + std::chrono::seconds(5);
  for (auto before = server.cpu().total; Clock::now() < deadline;) {
    std::this_thread::sleep_for(look);
    const auto now = server.cpu().total;
    if (now - before < calm) return true;
    before = now;
  }
  return false;
}

void measure_connect(const Place& place, Run& run) {
  expect_descriptors(counted);
  Site site(place, run.arm);
  {
    Sink sink(run.arm, site.room(), {}, warm_up, 1);
    sink.connect();
    sink.disconnect();
  }
  const bool calmed = has_calmed_down(*site.process());
  Sink sink(run.arm, site.room(), {}, counted, 1);
  Meter meter(site.process());
  sink.connect();
  meter.end();
  site.check();
  run.figures["n"] = counted;
  run.figures["cpu_ns_per_connection"] = static_cast<double>(meter.server_cpu().count()) / counted;
  run.figures["connections_per_second"] = counted / meter.seconds();
  run.figures["server_user_share"] = meter.server_user_share();
  run.gates.push_back({"who had been there before was forgotten", calmed,
                       calmed ? "" : "the server was still busy 5 s after they had left"});
  run.gates.push_back(had_its_core(meter));
  meter.tell(run);
  sink.disconnect();
  site.stop();
}

std::vector<Cell> cells_of(const Setting& setting) {
  std::vector<Cell> cells;
  for (const std::string arm : {"ws", "ws_node", "socketio", "nchan_ws", "sse", "sse_node", "nchan_sse"}) {
    Cell cell = peer_cell(setting, "peer_connect", arm, fmt::format("readers:{}", counted));
    cell.parameters = {{"readers", static_cast<double>(counted)}};
    cell.headline = "cpu_ns_per_connection";
    cell.headline_seconds = 1e-9;
    cell.estimate_s = 1.5;
    cell.measure = [place = setting.place](Run& run) { measure_connect(place, run); };
    cells.push_back(std::move(cell));
  }
  return cells;
}

}  // namespace

Experiment peer_connect_experiment() {
  return {
      "P7",
      "peer_connect",
      "What does a new reader cost the server, ours and others?",
      {{"readers", "readers"}},
      {{"server CPU per connection", "cpu_ns_per_connection", Unit::nanoseconds},
       {"connections/s", "connections_per_second", Unit::count},
       {"server busy", "server_utilisation", Unit::share}},
      "from TCP's handshake until the reader was told that its feed begins (by Nchan: until it was answered); 1000 have come and gone before, so that no code runs for the first time",
      "TLS, which costs more than all of it",
      {},
      cells_of,
      Suite::peers,
      peer_scripts()};
}

}  // namespace bench
