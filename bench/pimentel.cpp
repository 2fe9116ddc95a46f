// Pimentel and Nickerson, "Communicating and Displaying Real-Time Data with WebSocket", IEEE Internet Computing 16(4), 2012: wind sensors' values, four
// a second, to readers at four distances. Their polling pauses for 150 ms after each answer, and took 2.31 to 4.48 times as long as WebSocket.

#include "bench/delivery.hpp"
#include "bench/experiment.hpp"
#include "bench/model.hpp"
#include "bench/plan.hpp"

#include <fmt/format.h>

namespace bench {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds pause{150};
constexpr milliseconds gap{250};  // of the messages: as often as they published, and as regularly
constexpr std::size_t messages = 7;
constexpr std::size_t warm_up = 1;  // the first comes over new connections
constexpr std::size_t pollers =
    100;  // each at a random place in its period: what a run of 1200 messages was to them
constexpr std::size_t readers_of_push = 10;

void measure(const Place& place, milliseconds rtt, Run& run) {
  const bool polls = run.arm == "poll";
  Delivery delivery;
  delivery.arm = run.arm;
  for (std::size_t i = 0; i < messages + warm_up; ++i) delivery.plan.push_back(gap * i);
  delivery.warm_up = warm_up;
  delivery.link = link_of_rtt(rtt);
  if (polls) {
    delivery.interval = pause;
    delivery.pace = polling::Pace::answer_to_start;
    delivery.phases = phases(pollers, pause + rtt, derive(run.seed, run.cell, run.repetition));
  } else {
    delivery.phases.resize(readers_of_push);
  }
  const Delivered delivered = deliver_as_expected(place, delivery, run);
  // The next long poll is there long before the next message: none waits.
  if (run.arm == "longpoll" && 2 * delivered.one_way < gap)
    predict_delays(run, Uniform{delivered.one_way, delivered.one_way});
}

std::vector<Cell> cells_of(const Setting& setting) {
  std::vector<Cell> cells;
  const auto add = [&](const std::string& arm, int rtt_ms) {
    const milliseconds rtt(rtt_ms);
    Cell cell;
    cell.name = fmt::format("pimentel/{}/rtt_ms:{}", arm, rtt_ms);
    cell.experiment = "pimentel";
    cell.arm = arm;
    cell.parameters = {{"rate", 1e3 / static_cast<double>(gap.count())},
                       {"rtt_ms", static_cast<double>(rtt_ms)}};
    const bool polls = arm == "poll";
    if (polls) cell.parameters["pause_ms"] = static_cast<double>(pause.count());
    cell.headline = "mean_us";
    cell.headline_seconds = 1e-6;
    const milliseconds period = polls ? pause + rtt : milliseconds(0);
    cell.estimate_s =
        std::chrono::duration<double>(gap * (messages + warm_up) + 2 * period + 3 * rtt).count() + 0.4;
    const bool pair = rtt_ms == 80 && (polls || arm == "ws");
    cell.repetitions = setting.by_profile(0U, pair ? 2U : 0U, 10U);
    cell.measure = [place = setting.place, rtt](Run& run) { measure(place, rtt, run); };
    cells.push_back(std::move(cell));
  };
  for (const int rtt_ms : {60, 80, 160, 300, 484}) {
    add("poll", rtt_ms);
    add("ws", rtt_ms);
  }
  add("longpoll", 80);
  add("sse", 80);
  return cells;
}

}  // namespace

Experiment pimentel_experiment() {
  return {
      "E3",
      "pimentel",
      "How much slower than WebSocket is polling, as Pimentel and Nickerson measured it in 2012?",
      {{"RTT, ms", "rtt_ms"}, {"pause, ms", "pause_ms"}, {"messages/s", "rate"}},
      delay_columns(),
      "delay counts from the time that a message was due to the time that the reader had it; polling pauses for 150 ms after each answer, "
      "messages come every 250 ms; their round trips were 60 to 484 ms",
      "their browsers, servers and lines of 2012, nor that they measured one arm after the other",
      {},
      cells_of};
}

}  // namespace bench
