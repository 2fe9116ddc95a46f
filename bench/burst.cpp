// Many messages at once, to one reader who is there: when the last of them is. The server gathers them while it takes them in; over a
// distance TCP decides, which sends little before it has heard from the other side, and twice as much with every round trip.

#include "bench/control.hpp"
#include "bench/experiment.hpp"
#include "bench/model.hpp"
#include "bench/plan.hpp"
#include "bench/polled.hpp"
#include "bench/retransmissions.hpp"
#include "bench/sink.hpp"
#include "bench/stats.hpp"

#include <fmt/format.h>

#include <memory>
#include <utility>

namespace bench {
namespace {

constexpr std::size_t payload = 100;
constexpr std::chrono::milliseconds interval{200};  // of poll: longer than any round trip here

struct Burst {
  std::size_t messages;
  std::chrono::milliseconds rtt;
  std::size_t times;  // each on a connection of its own, which has sent little before
};

// TCP payload that brings all messages to the reader, as one page where it polls.
std::uint64_t burst_bytes(std::string_view arm, std::size_t epoch_bytes, std::size_t messages) {
  std::uint64_t bytes = 0, json = 0;
  for (std::size_t i = 0; i < messages; ++i) {
    const std::size_t message = json_bytes(i, payload);
    json += message;
    bytes += arm == "ws" ? frame_bytes(message) : sse_event_bytes(cursor_bytes(epoch_bytes, i + 1), message);
  }
  if (arm != "poll") return bytes;
  return page_response_bytes(page_body_bytes(cursor_bytes(epoch_bytes, messages), messages, json));
}

// What one burst came to.
struct Drained {
  Seconds first, middle, last;  // of the messages, from the time that they were due
  Seconds accepted;             // until the publisher had all answers: the server had all messages
  Seconds predicted_last;
  bool complete = false;
};

Drained measure_one(Site& site, const Burst& burst, std::size_t number, const std::string& epoch, Run& run) {
  const feed::Address room = numbered(site.room(), number), beside = numbered(site.room_beside(), number);
  const Seconds one_way = Seconds(burst.rtt) / 2;
  Sink sink(run.arm, room, epoch, 1, burst.messages, interval);
  sink.connect();
  const auto outlet = site.at_server([&] { return std::make_unique<PostOutlet>(beside, payload); });
  auto first_poll = Clock::now();
  if (run.arm == "poll") {
    sink.ask_once();
    const auto phase = phases(1, interval, derive(run.seed, run.cell, 100 * run.repetition + number));
    first_poll = Clock::now() + phase[0];
    sink.begin_polling(phase);
  }
  Publisher publisher(*outlet, std::vector<std::chrono::nanoseconds>(burst.messages));
  publisher.gather();
  const auto start = Clock::now() + std::chrono::milliseconds(20);
  publisher.start(start);
  Drained drained;
  drained.complete = sink.run_until(burst.messages, start + std::chrono::seconds(5));
  publisher.join();
  drained.accepted = publisher.answered_at() - start;

  std::vector<std::int64_t> delays;
  const Receipts& reader = sink.receipts()[0];
  for (std::size_t i = 0; i < burst.messages; ++i) {
    if (reader.has(i)) delays.push_back((reader.at(i) - start).count());
  }
  run.samples_ns.insert(run.samples_ns.end(), delays.begin(), delays.end());
  run.gates.push_back(once_and_in_order(sink.receipts()));
  if (!drained.complete) return drained;
  const auto seconds = [](std::int64_t ns) { return Seconds(std::chrono::nanoseconds(ns)); };
  drained.first = seconds(delays.front());
  drained.middle = seconds(percentile(delays, 0.5));
  drained.last = seconds(delays.back());

  const std::uint64_t bytes = burst_bytes(run.arm, epoch.size(), burst.messages);
  run.figures["burst_bytes"] = static_cast<double>(bytes);
  if (run.arm == "poll") {
    while (first_poll + std::chrono::duration_cast<Clock::duration>(one_way) < start) first_poll += interval;
    drained.predicted_last = polled_burst(bytes, first_poll - start, one_way, drained.accepted);
  } else {
    drained.predicted_last = drained.accepted + slow_start(bytes, one_way);
  }
  sink.disconnect();
  return drained;
}

void measure_burst(const Place& place, const Burst& burst, Run& run) {
  Site site(place, run.arm, {.link = link_of_rtt(burst.rtt)});
  const std::string epoch = site.at_server([&] { return Control(site.room_beside()); }).stats().epoch;
  const Retransmissions retransmissions(site);
  Meter meter(site.process());
  std::vector<double> first, middle, last, accepted, predicted;
  bool complete = true;
  for (std::size_t i = 0; i < burst.times; ++i) {
    const Drained drained = measure_one(site, burst, i, epoch, run);
    site.check();
    complete = complete && drained.complete;
    first.push_back(drained.first.count() * 1e6);
    middle.push_back(drained.middle.count() * 1e6);
    last.push_back(drained.last.count() * 1e6);
    accepted.push_back(drained.accepted.count() * 1e6);
    predicted.push_back(drained.predicted_last.count() * 1e6);
  }
  meter.end();
  run.figures["first_us"] = median(first);
  run.figures["p50_us"] = median(middle);
  run.figures["last_us"] = median(last);
  run.predicted["last_us"] = median(predicted);
  run.figures["accepted_us"] = median(accepted);
  run.figures["n"] = static_cast<double>(run.samples_ns.size());
  run.gates.push_back(
      {"everything came in time", complete, complete ? "" : "the reader still waited after 5 s"});
  run.gates.push_back(no_negative(run.samples_ns, burst.rtt / 2));
  retransmissions.tell(run);
  meter.tell(run);
  site.stop();
}

std::vector<Cell> cells_of(const Setting& setting) {
  std::vector<Cell> cells;
  for (const std::string arm : {"poll", "sse", "ws"}) {
    for (const std::size_t messages : {100u, 1000u}) {
      for (const int rtt_ms : {0, 20, 100}) {
        const Burst burst{messages, std::chrono::milliseconds(rtt_ms),
                          rtt_ms == 0    ? 5u
                          : rtt_ms == 20 ? 3u
                                         : 1u};
        const bool telling = messages == 1000 && rtt_ms == 100;
        Cell cell;
        cell.name = fmt::format("burst/{}/messages:{}/rtt_ms:{}", arm, messages, rtt_ms);
        cell.experiment = "burst";
        cell.arm = arm;
        cell.parameters = {{"messages", static_cast<double>(messages)},
                           {"rtt_ms", static_cast<double>(rtt_ms)},
                           {"payload_bytes", static_cast<double>(payload)}};
        if (arm == "poll") cell.parameters["interval_ms"] = static_cast<double>(interval.count());
        cell.headline = "last_us";
        cell.headline_seconds = 1e-6;
        cell.estimate_s =
            0.2 + static_cast<double>(burst.times) * (0.03 + rtt_ms * 6e-3 + (arm == "poll" ? 0.1 : 0));
        cell.repetitions = setting.by_profile(0u, telling ? 2u : 0u, 10u);
        cell.measure = [place = setting.place, burst](Run& run) { measure_burst(place, burst, run); };
        cells.push_back(std::move(cell));
      }
    }
  }
  return cells;
}

}  // namespace

Experiment burst_experiment() {
  return {
      "E13",
      "burst",
      "When is the last of many messages there that were said at once?",
      {{"messages", "messages"}, {"RTT, ms", "rtt_ms"}},
      {{"last", "last_us", Unit::microseconds, true},
       {"median", "p50_us", Unit::microseconds},
       {"first", "first_us", Unit::microseconds},
       {"the server had them all", "accepted_us", Unit::microseconds},
       {"bytes", "burst_bytes", Unit::bytes}},
      "delay counts from the time that all messages were due; the publisher sits beside the server, the reader across the line, on a connection that has sent little before; polls every 200 ms",
      "a connection that has been busy, on which TCP has widened its window already, nor a line that is slow or loses packets",
      {{"^burst/", "last_us",
        "the model lets all of it leave at once when the server has it all, as far as the window allows; the server writes 16 KiB at a time, and now and then a round trip more is needed"}},
      cells_of};
}

}  // namespace bench
