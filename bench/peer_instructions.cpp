// What a delivery costs our servers' programs: instructions in user mode, counted by callgrind where the machine's own counters cannot be read. The same
// under every load, so one run is enough. Of others there is nothing: a program that is compiled as it runs is another one under callgrind.

#include "bench/descriptors.hpp"
#include "bench/peer_cells.hpp"
#include "bench/peers.hpp"
#include "bench/temporary_directory.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <fstream>
#include <stdexcept>
#include <string>

namespace bench {
namespace {

constexpr std::size_t payload = 100;
constexpr std::size_t readers = 1000;
constexpr std::size_t few = 5, many = 105;  // messages: what they have in common is start, readers and end

// Of the server's whole life.
std::uint64_t count(const Place& place, Run& run, std::size_t messages) {
  const TemporaryDirectory directory("callgrind");
  const std::string file = (directory.path() / "out").string();
  Site site(
      place, run.arm,
      {.under = {find_program("valgrind"), "--tool=callgrind", "--quiet", "--callgrind-out-file=" + file}});
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
  site.stop();
  std::ifstream in(file);
  constexpr std::string_view mark = "summary: ";
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with(mark)) return std::stoull(line.substr(mark.size()));
  }
  throw std::runtime_error("callgrind wrote no line that begins with \"summary: \"");
}

void measure_instructions(const Place& place, Run& run) {
  expect_descriptors(readers);
  const std::uint64_t by_few = count(place, run, few), by_many = count(place, run, many);
  constexpr auto deliveries = static_cast<double>((many - few) * readers);
  run.figures["n"] = deliveries;
  run.figures["instructions_per_delivery"] = static_cast<double>(by_many - by_few) / deliveries;
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
    cell.why_not = [] {
      return std::string(
          find_program("valgrind").empty() ? "valgrind is not installed; bench/peers/setup installs it" : "");
    };
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
      {{"user instructions per delivery", "instructions_per_delivery", Unit::count}},
      "instructions in user mode, one message outstanding, by callgrind: what 105 messages took more than 5, over their deliveries",
      "the kernel's, some ten times as many, nor anybody else's: Node compiles as it runs, and would be another program under callgrind",
      {},
      cells_of,
      Suite::peers,
      peer_scripts()};
}

}  // namespace bench
