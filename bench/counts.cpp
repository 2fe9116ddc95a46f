// How many instructions and system calls a delivery is, for the loads under which fanout and growth measure times: counted, so that no other load
// on the machine can change it.

#include "bench/counting.hpp"
#include "bench/descriptors.hpp"
#include "bench/growth.hpp"
#include "bench/plan.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace bench {
namespace {

constexpr std::size_t few = 2;                // messages in each room
constexpr std::chrono::seconds patience{60};  // callgrind makes a server some fifty times slower

// Two servers' whole lives, with few messages and with many: start, readers and end are the same.
template <class Count>
double count_for_each(const Place& place, const Growth& growth, Run& run, Count count) {
  double counted[2], deliveries[2];
  for (const std::size_t side : {0, 1}) {
    const std::size_t messages = side == 0 ? few : few + growth.messages;
    counted[side] = static_cast<double>(count(place, run.arm, serving(growth), [&](Site& site) {
      Crowd crowd(site, growth, messages, derive(run.seed, run.cell, 0));
      const bool complete = crowd.say(messages, patience);
      deliveries[side] =
          static_cast<double>(run.arm == "poll" ? crowd.sink().polls() : messages * growth.readers);
      judge(run, complete, crowd.sink());
      crowd.sink().disconnect();
    }));
  }
  run.figures["n"] = deliveries[1] - deliveries[0];
  return (counted[1] - counted[0]) / (deliveries[1] - deliveries[0]);
}

void measure_counts(const Place& place, const Growth& growth, Run& run) {
  expect_descriptors(growth.readers);
  run.figures["instructions_per_delivery"] = count_for_each(place, growth, run, count_instructions);
  run.figures["system_calls_per_delivery"] = count_for_each(place, growth, run, count_system_calls);
}

std::vector<Cell> counted_cells(const Setting& setting) {
  std::vector<Cell> cells;
  const auto add = [&](const std::string& arm, std::size_t rooms, std::size_t readers, std::size_t payload) {
    const bool polls = arm == "poll";
    // Who polls under callgrind has to be answered in time, too: some 20 polls a second are.
    const std::size_t count = polls ? std::max<std::size_t>(readers / 10, rooms) : readers;
    const std::chrono::milliseconds interval(polls ? 20 * count : 0);
    const Growth growth{arm, rooms, count, payload, interval, polls ? 4u : 20u, 0};
    Cell cell = cell_of("counts", growth);
    cell.headline = "instructions_per_delivery";
    cell.headline_seconds = 1e-9;  // there is no time in it: an instruction is shown as a nanosecond
    cell.estimate_s = polls ? 15 : 8;
    cell.repetitions = setting.by_profile(0u, 0u, 1u);
    cell.measure = [place = setting.place, growth](Run& run) { measure_counts(place, growth, run); };
    cell.why_not = why_not_counted;
    cells.push_back(std::move(cell));
  };
  for (const std::string arm : {"poll", "sse", "ws"}) {
    if (arm != "poll") {  // to whom a poll is answered does not matter to it
      for (const std::size_t readers : {1u, 10u, 5000u, 10000u}) add(arm, 1, readers, 100);
    }
    for_each_growth([&](std::size_t rooms, std::size_t readers, std::size_t payload) {
      add(arm, rooms, readers, payload);
    });
  }
  return cells;
}

}  // namespace

Experiment counts_experiment() {
  return {
      "E27",
      "counts",
      "How many instructions and system calls is a delivery?",
      {{"rooms", "rooms"}, {"readers", "readers"}, {"payload", "payload_bytes"}},
      {{"user instructions per delivery", "instructions_per_delivery", Unit::count},
       {"system calls per delivery", "system_calls_per_delivery", Unit::count}},
      "by callgrind and strace: what many messages took more than two in each room, one after the other, over their deliveries; of poll it is an answer's",
      "what the kernel does in a system call, some ten times as much",
      {},
      counted_cells};
}

}  // namespace bench
