// What a delivery costs our servers' programs: instructions in user mode and system calls. The same under every other load, so one run is enough.

#include "bench/counting.hpp"
#include "bench/descriptors.hpp"
#include "bench/peer_cells.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>

namespace bench {
namespace {

constexpr std::size_t payload = 100;
constexpr std::size_t readers = 1000;
constexpr std::size_t few = 5, many = 105;  // messages: what they have in common is start, readers and end

// Sends so many messages, one after the other, so that nothing gathers.
void say(Site& site, Run& run, std::size_t messages) {
  Sink sink(run.arm, site.room(), {}, readers, messages);
  sink.connect();
  const auto outlet = site.at_server([&] { return outlet_to(run.arm, site.room_beside(), payload); });
  std::size_t sent = 0;
  const bool complete =
      keep_outstanding(sink, *outlet, 1, messages, Clock::now() + std::chrono::minutes(1), sent);
  run.gates.push_back({"everything came in time", complete && sent == messages,
                       fmt::format("{} of {} messages came to everybody", sink.everywhere(), messages)});
  run.gates.push_back(once_and_in_order_so_far(sink.receipts()));
  sink.disconnect();
}

void measure_instructions(const Place& place, Run& run) {
  expect_descriptors(readers);
  const auto say_so_many = [&](auto counter, std::size_t messages) {
    return static_cast<double>(counter(place, run.arm, {}, [&](Site& site) { say(site, run, messages); }));
  };
  constexpr auto deliveries = static_cast<double>((many - few) * readers);
  run.figures["n"] = deliveries;
  run.figures["instructions_per_delivery"] =
      (say_so_many(count_instructions, many) - say_so_many(count_instructions, few)) / deliveries;
  run.figures["system_calls_per_delivery"] =
      (say_so_many(count_system_calls, many) - say_so_many(count_system_calls, few)) / deliveries;
}

std::vector<Cell> cells_of(const Setting& setting) {
  std::vector<Cell> cells;
  for (const std::string arm : {"ws", "sse"}) {
    Cell cell = peer_cell(setting, "peer_instructions", arm, fmt::format("readers:{}", readers));
    cell.parameters = {{"readers", static_cast<double>(readers)}};
    cell.repetitions = std::min(cell.repetitions, 1u);
    cell.headline = "instructions_per_delivery";
    cell.headline_seconds = 1e-9;  // there is no time in it: an instruction is shown as a nanosecond
    cell.estimate_s = 5;
    cell.measure = [place = setting.place](Run& run) { measure_instructions(place, run); };
    cell.why_not = why_not_counted;
    cells.push_back(std::move(cell));
  }
  return cells;
}

}  // namespace

Experiment peer_instructions_experiment() {
  return {
      "P9",
      "peer_instructions",
      "How many instructions does a delivery take our programs?",
      {{"readers", "readers"}},
      {{"user instructions per delivery", "instructions_per_delivery", Unit::count},
       {"system calls per delivery", "system_calls_per_delivery", Unit::count}},
      "instructions in user mode, one message outstanding, by callgrind and strace: what 105 messages took more than 5, over their deliveries",
      "the kernel's, some ten times as many, nor anybody else's: Node compiles as it runs, and would be another program under callgrind",
      {},
      cells_of,
      Suite::peers,
      peer_scripts()};
}

}  // namespace bench
