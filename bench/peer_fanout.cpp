// One message to many readers, by our servers and by others: deliveries a second and what each costs, where nothing can be gathered and where a
// publisher sends ahead. Closed loop: a message is outstanding until the last reader has it.

#include "bench/descriptors.hpp"
#include "bench/peer_cells.hpp"

#include <fmt/format.h>

#include <memory>

namespace bench {
namespace {

constexpr std::size_t payload = 100;
constexpr std::size_t many = 1000;  // readers
constexpr std::chrono::milliseconds length{1200};

struct Fanout {
  std::size_t readers, window;
  /// More than anybody delivers in the time of a run.
  std::size_t most() const { return window > 1 ? 16'000 : 2'000'000 / readers; }
};

void measure_fanout(const Place& place, const Fanout& fanout, Run& run) {
  const auto [readers, window] = fanout;
  const std::size_t most = fanout.most();
  expect_descriptors(readers);
  Site site(place, run.arm);
  Sink sink(run.arm, site.room(), {}, readers, most);
  sink.connect();
  const auto outlet = site.at_server([&] { return outlet_to(run.arm, site.room_beside(), payload); });
  std::size_t sent = 0;
  bool complete = keep_outstanding(sink, *outlet, window, most / 2, Clock::now() + peer_warm_up, sent);

  const std::size_t before = sent;
  Meter meter(site.process());
  complete = complete && keep_outstanding(sink, *outlet, window, most, Clock::now() + length, sent);
  meter.end();
  site.check();

  const auto messages = static_cast<double>(sent - before),
             deliveries = messages * static_cast<double>(readers);
  run.figures["n"] = messages;
  run.figures["deliveries_per_second"] = deliveries / meter.seconds();
  run.figures["cpu_ns_per_delivery"] = static_cast<double>(meter.server_cpu().count()) / deliveries;
  run.figures["server_user_share"] = meter.server_user_share();
  run.gates.push_back({"everything came in time", complete,
                       complete ? "" : "some readers still waited for a message after 5 s"});
  run.gates.push_back(once_and_in_order_so_far(sink.receipts()));
  run.gates.push_back(had_its_core(meter));
  meter.tell(run);
  sink.disconnect();
  site.stop();
}

Cell cell_of(const Setting& setting, const std::string& arm, const Fanout& fanout) {
  Cell cell = peer_cell(setting, "peer_fanout", arm,
                        fmt::format("readers:{}/window:{}", fanout.readers, fanout.window));
  cell.parameters = {{"readers", static_cast<double>(fanout.readers)},
                     {"window", static_cast<double>(fanout.window)},
                     {"payload_bytes", static_cast<double>(payload)}};
  cell.headline = "cpu_ns_per_delivery";
  cell.headline_seconds = 1e-9;
  cell.estimate_s = Seconds(length + peer_warm_up).count() + 0.6;
  cell.measure = [place = setting.place, fanout](Run& run) { measure_fanout(place, fanout, run); };
  return cell;
}

std::vector<Cell> cells_of(const Setting& setting) {
  std::vector<Cell> cells;
  for (const std::size_t window : {1u, 64u}) {
    for (const std::string arm : {"ws", "ws_node", "socketio", "nchan_ws", "sse", "sse_node", "nchan_sse",
                                  "longpoll", "nchan_longpoll"}) {
      // A long poll brings whatever there is, Nchan's a message: with many outstanding they do not do the same.
      if (window > 1 && arm.ends_with("longpoll")) continue;
      cells.push_back(cell_of(setting, arm, {many, window}));
    }
  }
  // Whether a delivery costs the same in a small room and in a large one.
  for (const std::size_t readers : {100u, 5000u}) {
    for (const char* arm : {"ws", "ws_node", "nchan_ws"})
      cells.push_back(cell_of(setting, arm, {readers, 1}));
  }
  return cells;
}

}  // namespace

Experiment peer_fanout_experiment() {
  return {
      "P1",
      "peer_fanout",
      "What does a message to many readers cost, from our servers and from others?",
      {{"readers", "readers"}, {"outstanding", "window"}},
      {{"deliveries/s", "deliveries_per_second", Unit::count},
       {"server CPU per delivery", "cpu_ns_per_delivery", Unit::nanoseconds},
       {"of it in user mode", "server_user_share", Unit::share},
       {"server busy", "server_utilisation", Unit::share},
       {"readers busy", "client_utilisation", Unit::share}},
      "a delivery is one message at one reader; outstanding is how many messages may be on their way to the last of them; n is the number of messages; where the readers' core is as busy as the server's, the readers are the limit",
      "a server that has more than one core, nor readers that are far away",
      {},
      cells_of,
      Suite::peers,
      peer_scripts()};
}

}  // namespace bench
