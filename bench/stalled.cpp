// Readers that stop reading and stay: whether the others notice, and what the server keeps for them. It has promised one block of
// its tape each, at most (notes/decisions.md, "The log is the queue"): what they have missed is forgotten, and they are told so
// when they read on.

#include "bench/control.hpp"
#include "bench/descriptors.hpp"
#include "bench/experiment.hpp"
#include "bench/kernel_memory.hpp"
#include "bench/plan.hpp"
#include "bench/sink.hpp"
#include "bench/stats.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

namespace bench {
namespace {

constexpr std::size_t readers = 200;
constexpr std::size_t payload =
    16'000;  // so that what fits into the kernel between server and reader, a megabyte, is soon full
constexpr double rate = 200;
constexpr std::size_t history = 60;  // messages in the room's log: soon more have come than it keeps
constexpr std::chrono::milliseconds before_length{500}, stall_length{400}, after_length{900};
constexpr double block_bytes = 16 * 1024;  // of a tape

std::vector<std::int64_t> delays(const std::vector<Receipts>& some, const Publisher& publisher,
                                 std::size_t first) {
  std::vector<std::int64_t> samples;
  for (std::size_t i = 0; i < publisher.size(); ++i) {
    for (const Receipts& reader : some) {
      if (reader.has(first + i)) samples.push_back((reader.at(first + i) - publisher.due(i)).count());
    }
  }
  return samples;
}

double p99_us(std::vector<std::int64_t> samples) {
  std::sort(samples.begin(), samples.end());
  return samples.empty() ? 0 : static_cast<double>(percentile(samples, 0.99)) / 1e3;
}

void tell_memory(Run& run, double grown, double kernel_grown, std::size_t stalled) {
  run.figures["grown_bytes"] = grown;
  if (stalled == 0) return;
  run.figures["bytes_per_stalled"] = grown / static_cast<double>(stalled);
  run.predicted["bytes_per_stalled"] = block_bytes;
  run.figures["kernel_bytes_per_stalled"] = kernel_grown / static_cast<double>(stalled);
}

void measure_stalled(const Place& place, std::size_t stalled, Run& run) {
  expect_descriptors(readers);
  Site site(place, run.arm, {.options = {"--history", fmt::format("{}", history)}});
  const auto plan_of = [&run](const char* part, std::chrono::milliseconds length) {
    return poisson(rate, length, derive(run.seed, part, run.repetition));
  };
  auto before_plan = plan_of("stalled, before", before_length);
  auto plan = plan_of("stalled", stall_length + after_length);
  const std::size_t before = 2 * history, first = before + before_plan.size(), all = first + plan.size();
  const std::string epoch = site.at_server([&] { return Control(site.room_beside()); }).stats().epoch;
  Sink sink(run.arm, site.room(), epoch, readers, all);
  // Anywhere among the others, so that it does not matter who is written to first.
  std::vector<std::size_t> those = shuffled(readers, derive(run.seed, "stalled, who", run.repetition));
  those.resize(stalled);
  sink.make_small(those);
  sink.connect();
  const auto outlet =
      site.at_server([&] { return std::make_unique<PostOutlet>(site.room_beside(), payload); });

  // The log is filled first, so that it does not grow while memory is watched.
  Publisher fill(*outlet, std::vector<std::chrono::nanoseconds>(before), 8);
  fill.start(Clock::now());
  bool complete = sink.run_until(before, Clock::now() + std::chrono::seconds(10));
  fill.join();
  Publisher calm(*outlet, std::move(before_plan), 0, before);
  calm.start(Clock::now() + std::chrono::milliseconds(5));
  complete = sink.run_until(first, calm.last_due() + std::chrono::seconds(3)) && complete;
  calm.join();

  const auto memory = static_cast<double>(site.process()->memory_bytes()),
             kernel = static_cast<double>(kernel_memory_bytes());
  Publisher publisher(*outlet, std::move(plan), 0, first);
  Meter meter(site.process());
  const auto start = Clock::now() + std::chrono::milliseconds(5);
  publisher.start(start);
  // One after the other, so that each is left with another piece of the log.
  for (std::size_t i = 0; i < stalled; ++i) {
    sink.run_until(all, start + stall_length * i / stalled);
    sink.stall({those[i]});
  }
  complete = sink.run_until(all, publisher.last_due() + std::chrono::seconds(3)) && complete;
  meter.end();
  site.check();
  publisher.join();
  const double grown = static_cast<double>(site.process()->memory_bytes()) - memory,
               kernel_grown = static_cast<double>(kernel_memory_bytes()) - kernel;

  std::vector<Receipts> others;
  for (std::size_t i = 0; i < readers; ++i) {
    if (std::find(those.begin(), those.end(), i) == those.end()) others.push_back(sink.receipts()[i]);
  }
  const auto samples = delays(others, publisher, first);
  tell_delays(run, samples);
  run.figures["p99_before_us"] = p99_us(delays(others, calm, before));
  run.figures["p99_ratio"] = run.figures["p99_us"] / run.figures["p99_before_us"];
  tell_memory(run, grown, kernel_grown, stalled);
  run.gates.push_back({"everything came to the others in time", complete,
                       complete ? "" : "some who read still waited when time was up"});
  run.gates.push_back(once_and_in_order(others));
  run.gates.push_back(no_negative(samples));
  run.gates.push_back(on_time(publisher.lateness()));
  const std::size_t told = sink.told_of_a_gap(Clock::now() + std::chrono::seconds(3));
  run.gates.push_back(equal("told what they missed when they read on", static_cast<double>(told),
                            static_cast<double>(stalled)));
  meter.tell(run);
  run.samples_ns = samples;
  sink.disconnect();
  site.stop();
}

std::vector<Cell> cells_of(const Setting& setting) {
  std::vector<Cell> cells;
  for (const std::string arm : {"sse", "ws"}) {
    for (const std::size_t stalled : {0u, 1u, 50u}) {
      Cell cell;
      cell.name = fmt::format("stalled/{}/stalled:{}", arm, stalled);
      cell.experiment = "stalled";
      cell.arm = arm;
      cell.parameters = {{"stalled", static_cast<double>(stalled)},
                         {"readers", static_cast<double>(readers)},
                         {"rate", rate},
                         {"payload_bytes", static_cast<double>(payload)}};
      cell.headline = "p99_us";
      cell.headline_seconds = 1e-6;
      cell.estimate_s = Seconds(before_length + stall_length + after_length).count() + 0.3;
      cell.repetitions = setting.by_profile(0u, stalled == 50 ? 2u : 0u, 10u);
      cell.measure = [place = setting.place, stalled](Run& run) { measure_stalled(place, stalled, run); };
      cells.push_back(std::move(cell));
    }
  }
  return cells;
}

}  // namespace

Experiment stalled_experiment() {
  return {
      "E15",
      "stalled",
      "What happens to the others, and to the server, when readers stop reading?",
      {{"of 200 readers, stalled", "stalled"}},
      {{"p99 of the others", "p99_us", Unit::microseconds},
       {"before", "p99_before_us", Unit::microseconds},
       {"server memory per stalled reader", "bytes_per_stalled", Unit::bytes, true},
       {"kernel, both ends", "kernel_bytes_per_stalled", Unit::bytes},
       {"server grew by", "grown_bytes", Unit::bytes}},
      "delay counts from the time that a message was due, for the readers who go on reading; memory is what the server (PSS) and the kernel took more at the end of the stall than before it; messages of 16 000 bytes, a room that remembers 60 of them",
      "a server that keeps a queue for each reader; nor what a stalled reader holds in the kernel on loopback with its usual packets of 64 KiB: here they have the size of an Ethernet's",
      {{"^stalled/", "bytes_per_stalled",
        "the model is the promise, a block of 16 KiB each at most; readers that stopped within the same block share it, and a single one is less than what a program's memory moves by anyway"}},
      cells_of};
}

}  // namespace bench
