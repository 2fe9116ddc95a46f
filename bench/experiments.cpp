#include "bench/experiment.hpp"

#include <algorithm>
#include <utility>

namespace bench {

const std::vector<Experiment>& experiments() {
  static const std::vector<Experiment> all{floor_experiment(),       delivery_experiment(),
                                           longpoll_experiment(),    pimentel_experiment(),
                                           load_experiment(),        bytes_experiment(),
                                           break_even_experiment(),  silence_experiment(),
                                           fanout_experiment(),      echo_experiment(),
                                           connect_experiment(),     keep_alive_experiment(),
                                           resume_experiment(),      burst_experiment(),
                                           stalled_experiment(),     compression_experiment(),
                                           headers_experiment(),     memory_experiment(),
                                           nagle_experiment(),       nothing_new_experiment(),
                                           room_experiment(),        proxy_experiment(),
                                           http2_experiment(),       dead_peer_experiment(),
                                           protocol_experiment(),    keeping_experiment(),
                                           uploads_experiment(),     threads_experiment(),
                                           growth_experiment(),      counts_experiment(),
                                           browser_experiment(),     peer_fanout_experiment(),
                                           peer_load_experiment(),   peer_delay_experiment(),
                                           peer_echo_experiment(),   peer_polls_experiment(),
                                           peer_memory_experiment(), peer_connect_experiment(),
                                           peer_bytes_experiment(),  peer_instructions_experiment()};
  return all;
}

std::vector<Cell> all_cells(const Setting& setting, Suite suite) {
  std::vector<Cell> all;
  for (const Experiment& experiment : experiments()) {
    if (!experiment.cells || experiment.suite != suite) continue;
    for (Cell& cell : experiment.cells(setting)) all.push_back(std::move(cell));
  }
  return all;
}

std::vector<Cell> all_cells(const Setting& setting) {
  std::vector<Cell> all;
  for (const Suite suite : suites) {
    for (Cell& cell : all_cells(setting, suite)) all.push_back(std::move(cell));
  }
  return all;
}

Suite suite_of(std::string_view cell, const std::vector<Experiment>& among) {
  const std::string_view name = cell.substr(0, cell.find('/'));
  const auto found =
      std::find_if(among.begin(), among.end(), [name](const Experiment& one) { return one.name == name; });
  return found == among.end() ? Suite::main : found->suite;
}

}  // namespace bench
