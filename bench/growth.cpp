// How the cost of a delivery grows with the number of rooms and with the size of a message; how it grows with the number of readers is asked by
// fanout. One message after the other, so that nothing gathers, and then as many as the server takes.

#include "bench/growth.hpp"

#include "bench/control.hpp"
#include "bench/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace bench {

Serving serving(const Growth& growth) {
  return {.options = {"--max-message", std::to_string(2 * growth.payload + 1024)}};
}

Crowd::Crowd(Site& site, const Growth& growth, std::size_t messages, std::uint64_t seed) : growth_(growth) {
  const std::string epoch = site.at_server([&] { return Control(site.room_beside()); }).stats().epoch;
  sink_ = std::make_unique<Sink>(growth.arm, rooms(site.room()), epoch, growth.readers, messages,
                                 growth.interval);
  sink_->connect();
  if (growth.arm == "poll") sink_->begin_polling(phases(growth.readers, growth.interval, seed));
  std::vector<std::size_t> room_of(messages * growth.rooms);
  for (std::size_t i = 0; i < room_of.size(); ++i) room_of[i] = i % growth.rooms;
  outlet_ = site.at_server([&] {
    return std::make_unique<PostOutlet>(rooms(site.room_beside()), std::move(room_of), growth.payload);
  });
}

bool Crowd::say(std::size_t until, std::chrono::seconds patience) {
  for (; said_ < until; ++said_) {
    outlet_->send_together(said_ * growth_.rooms, growth_.rooms);
    if (!sink_->run_until(said_ + 1, Clock::now() + patience)) return false;
    for (const auto deadline = Clock::now() + patience;
         outlet_->answered({}) < (said_ + 1) * growth_.rooms;) {
      if (Clock::now() > deadline) return false;
      outlet_->answered(std::chrono::milliseconds(100));
    }
  }
  return true;
}

std::vector<feed::Address> Crowd::rooms(const feed::Address& first) const {
  std::vector<feed::Address> all;
  for (std::size_t n = 0; n < growth_.rooms; ++n) all.push_back(numbered(first, n));
  return all;
}

void judge(Run& run, bool complete, const Sink& sink) {
  run.gates.push_back(
      {"everything came in time", complete, complete ? "" : "some readers still waited when time was up"});
  run.gates.push_back(once_and_in_order(sink.receipts()));
}

Cell cell_of(const std::string& experiment, const Growth& growth) {
  Cell cell;
  cell.name = fmt::format("{}/{}/rooms:{}/readers:{}/payload:{}", experiment, growth.arm, growth.rooms,
                          growth.readers, growth.payload);
  cell.experiment = experiment;
  cell.arm = growth.arm;
  cell.parameters = {{"rooms", static_cast<double>(growth.rooms)},
                     {"readers", static_cast<double>(growth.readers)},
                     {"payload_bytes", static_cast<double>(growth.payload)}};
  if (growth.arm == "poll") cell.parameters["interval_ms"] = static_cast<double>(growth.interval.count());
  return cell;
}

namespace {

constexpr std::size_t warm_up = 2;  // messages in each room
constexpr std::size_t window = 64;  // unanswered at most, when there are to be as many as the server takes
constexpr std::chrono::seconds grace{10};

void measure_growth(const Place& place, const Growth& growth, Run& run) {
  const std::size_t before = warm_up + growth.messages, all = before + growth.burst;
  const std::uint64_t seed = derive(run.seed, run.cell, run.repetition);
  Site site(place, run.arm, serving(growth));
  Crowd crowd(site, growth, all, seed);
  bool complete = crowd.say(warm_up, grace);
  const std::uint64_t polls_before = crowd.sink().polls();
  Meter meter(site.process());
  complete = complete && crowd.say(before, grace);
  meter.end();
  const bool polls = run.arm == "poll";
  const auto deliveries =
      static_cast<double>(polls ? crowd.sink().polls() - polls_before : growth.messages * growth.readers);
  run.figures["cpu_ns_per_delivery"] = static_cast<double>(meter.server_cpu().count()) / deliveries;
  meter.tell(run);

  if (growth.burst > 0) {
    Publisher burst(crowd.outlet(), std::vector<std::chrono::nanoseconds>(growth.burst * growth.rooms),
                    window, before * growth.rooms);
    Meter in_burst(site.process());
    burst.start(Clock::now());
    complete = crowd.sink().run_until(all, Clock::now() + 2 * grace) && complete;
    in_burst.end();
    burst.join();
    const auto delivered = static_cast<double>(growth.burst * growth.readers);
    run.figures["deliveries_per_second"] = delivered / in_burst.seconds();
    run.figures["payload_bytes_per_second"] =
        delivered * static_cast<double>(growth.payload) / in_burst.seconds();
    run.figures["burst_cpu_ns_per_delivery"] = static_cast<double>(in_burst.server_cpu().count()) / delivered;
    run.figures["burst_server_utilisation"] = in_burst.server_utilisation();
    run.figures["burst_client_utilisation"] = in_burst.client_utilisation();
  }
  site.check();
  judge(run, complete, crowd.sink());
  crowd.sink().disconnect();
  site.stop();
}

std::vector<Cell> growth_cells(const Setting& setting) {
  std::vector<Cell> cells;
  for (const std::string arm : {"poll", "sse", "ws"}) {
    for_each_growth([&](std::size_t rooms, std::size_t readers, std::size_t payload) {
      const bool polls = arm == "poll";
      // 100 ms of it, so that there are many times as many samples of its CPU time as it is exact to.
      const std::size_t messages =
          polls ? 5 : std::clamp<std::size_t>(4'000'000 / (readers * (payload + 1000)), 20, 200);
      const std::size_t burst =
          polls ? 0 : std::clamp<std::size_t>(200'000'000 / (readers * rooms * (payload + 500)), 20, 3000);
      const Growth growth{arm,      rooms, readers, payload, std::chrono::milliseconds(polls ? 250 : 0),
                          messages, burst};
      Cell cell = cell_of("growth", growth);
      cell.headline = "cpu_ns_per_delivery";
      cell.headline_seconds = 1e-9;
      cell.estimate_s = 1.5;
      cell.repetitions = setting.by_profile(0u, 0u, 6u);
      cell.measure = [place = setting.place, growth](Run& run) { measure_growth(place, growth, run); };
      cells.push_back(std::move(cell));
    });
  }
  return cells;
}

}  // namespace

Experiment growth_experiment() {
  return {
      "E26",
      "growth",
      "How does the cost of a delivery grow with the rooms, and with the size of a message?",
      {{"rooms", "rooms"}, {"readers", "readers"}, {"payload", "payload_bytes"}},
      {{"server CPU per delivery", "cpu_ns_per_delivery", Unit::nanoseconds},
       {"deliveries/s at most", "deliveries_per_second", Unit::count},
       {"payload/s", "payload_bytes_per_second", Unit::bytes},
       {"server's core busy", "burst_server_utilisation", Unit::share},
       {"readers' core busy", "burst_client_utilisation", Unit::share}},
      "CPU is of one message after the other in each room, so that nothing gathers, of poll of an answer; then a pipelined publisher goes through the rooms as fast as they take it, "
      "64 messages unanswered at most",
      "what a server does whose readers are faster, where their core is as busy as its own",
      {},
      growth_cells};
}

}  // namespace bench
