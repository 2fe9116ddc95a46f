// What it costs to be there and hear nothing: bytes, packets, requests and server CPU of a silent client per hour, from a short
// window in which the polls or heartbeats are counted one by one.

#include "bench/control.hpp"
#include "bench/experiment.hpp"
#include "bench/lockstep.hpp"
#include "bench/model.hpp"
#include "bench/plan.hpp"
#include "bench/polled.hpp"
#include "bench/retransmissions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <memory>
#include <optional>

namespace bench {
namespace {

using std::chrono::milliseconds;

constexpr double hour_s = 3600;
constexpr std::chrono::seconds heartbeat{15};  // what a server does by itself
constexpr milliseconds short_heartbeat{200};   // what is measured: many of them in a short window
constexpr std::chrono::seconds wait{25};       // what a long poll asks for
constexpr std::chrono::seconds short_wait{1};  // what is measured

struct Silence {
  std::size_t clients;
  milliseconds interval;  // of poll
  std::size_t rounds;     // that are counted
};

// Where the counters stand between two rounds.
struct Mark {
  Bytes door;
  PacketCounts line;
};

// What one poll or heartbeat was seen to cost, and what the model says.
struct Once {
  double bytes, predicted_bytes;
  double packets, predicted_packets;
  double cpu_ns, sleeps;
};

// Turns that into an hour of them.
void tell_hour(Run& run, const Once& once, double times, bool asks) {
  run.figures["bytes_per_hour"] = once.bytes * times;
  run.predicted["bytes_per_hour"] = once.predicted_bytes * times;
  if (once.packets > 0) {
    run.figures["packets_per_hour"] = once.packets * times;
    run.predicted["packets_per_hour"] = once.predicted_packets * times;
    run.figures["ip_bytes_per_hour"] = (once.bytes + once.packets * header_bytes) * times;
    run.predicted["ip_bytes_per_hour"] =
        (once.predicted_bytes + once.predicted_packets * header_bytes) * times;
  }
  run.figures["requests_per_hour"] = asks ? times : 0;
  run.figures["wake_ups_per_hour"] = times;
  if (once.cpu_ns > 0) {
    run.figures["cpu_us_per_hour"] = once.cpu_ns * times / 1e3;
    run.figures["server_wake_ups_per_hour"] = once.sleeps * times;
  }
}

// They come one after the other, but all within a part of the interval: so there is a time in which nothing is under way, and what was
// done until then can be counted exactly.
milliseconds spread_of(const Silence& silence) {
  return std::clamp(silence.interval / 3, milliseconds(1), milliseconds(300));
}

// A run of silent clients: what both kinds of them share.
struct Quiet {
  Quiet(const Place& place, const Silence& silence, const Run& run)
      : site(place, run.arm, {.link = counted_line(), .heartbeat = short_heartbeat}),
        control(site.at_server([this] { return Control(site.room_beside()); })),
        epoch(control.stats().epoch),
        target{site.room().authority, site.room().path},
        begin(cursor_bytes(epoch.size(), 0)) {
    const Stats stats = control.stats();
    before = {stats.bytes_in, stats.bytes_out};
    for (const auto phase :
         phases(silence.clients, spread_of(silence), derive(run.seed, run.cell, run.repetition))) {
      const Asking asking{silence.interval, phase, short_wait};
      clients.push_back(make_reader(run.arm, io.get_executor(), site.room(), asking));
    }
  }
  // When nothing is under way: then `whole` is true of what the door has counted, and soon so where it is not at once.
  Mark mark(Readers& readers, const std::function<bool(const Bytes&)>& whole) {
    Mark now;
    for (int i = 0; i < 100; ++i) {
      const Stats stats = control.stats();
      now = {Bytes{stats.bytes_in, stats.bytes_out} - before, site.network().counts()};
      if (whole(now.door)) break;
      readers.run_until(Clock::now() + milliseconds(1), [] { return false; });
    }
    return now;
  }
  void end(Readers& readers, Run& run, const Meter& meter, bool there) {
    site.check();
    run.gates.push_back({"readers stayed", there && readers.failure().empty(), readers.failure()});
    meter.tell(run);
    again.tell(run);
    readers.close();
    site.stop();
  }

  Site site;
  Retransmissions again{site};
  Control control;
  std::string epoch;
  Target target;
  std::size_t begin;  // bytes of the cursor that they all have
  Bytes before;
  net::io_context io{1};
  std::vector<std::unique_ptr<feed::Client>> clients;
};

void gate_bytes(Run& run, const Bytes& seen, const Bytes& expected) {
  run.gates.push_back(
      equal("bytes from the readers", static_cast<double>(seen.up), static_cast<double>(expected.up)));
  run.gates.push_back(
      equal("bytes to the readers", static_cast<double>(seen.down), static_cast<double>(expected.down)));
}

void gate_line(Run& run, const Mark& from, const Mark& to) {
  const PacketCounts line = to.line - from.line;
  if (line.packets() == 0 || run.figures["retransmitted_segments"] > 0) return;
  run.gates.push_back(equal("bytes on the line are those at the door, and 52 for each packet",
                            static_cast<double>(line.bytes()),
                            static_cast<double>(ip_bytes((to.door - from.door).total(), line.packets()))));
}

void gate_count(Run& run, const char* name, double seen, std::size_t expected) {
  const auto due = static_cast<double>(expected);
  run.gates.push_back({name, std::abs(seen - due) <= 0.2 * due,
                       fmt::format("{:.0f}, expected {:.0f} within a fifth", seen, due)});
}

// What was seen between two marks, of so many polls or heartbeats.
Once average(const Mark& from, const Mark& to, const Meter& meter, double times, const Bytes& predicted,
             std::uint64_t packets) {
  return {static_cast<double>((to.door - from.door).total()) / times,
          static_cast<double>(predicted.total()),
          static_cast<double>((to.line - from.line).packets()) / times,
          static_cast<double>(packets),
          static_cast<double>(meter.server_cpu().count()) / times,
          static_cast<double>(meter.server_sleeps()) / times};
}

void measure_polls(const Place& place, const Silence& silence, Run& run) {
  const bool waits = run.arm == "longpoll";
  const auto measured_wait = waits ? std::optional(short_wait) : std::nullopt;
  const milliseconds period = waits ? milliseconds(short_wait) : silence.interval;
  Quiet quiet(place, silence, run);
  Readers readers(quiet.io, std::move(quiet.clients), {quiet.epoch, 0}, 1);
  const Polled polled(readers, silence.clients);
  const Bytes nothing = empty_poll(quiet.target, quiet.begin, measured_wait);
  const auto expected = [&] {  // a long poll is always under way: asked, and not answered
    return polled.empty() * nothing + (waits ? silence.clients : 0) * Bytes{nothing.up, 0};
  };
  const auto whole = [&](const Bytes& door) { return door == expected(); };
  const auto never = [] { return false; };
  // The first round opens the connections, and TCP acknowledges the first answers on a connection more eagerly than later ones: a second
  // round of long polls, whose acknowledgements else go with the next, goes before those that are counted. Each is over, acknowledgements and all, before the next.
  const std::size_t first = waits ? 2 : 1;
  const auto start = Clock::now();
  readers.start();
  const auto after_round = [&](std::size_t round) {
    const milliseconds over = std::min(period - milliseconds(4), spread_of(silence) + milliseconds(150));
    return start + static_cast<long>(round - 1) * period + over;
  };
  readers.run_until(after_round(first), never);
  const Mark from = quiet.mark(readers, whole);
  const std::uint64_t before = polled.empty();
  Meter meter(quiet.site.process());
  readers.run_until(after_round(first + silence.rounds), never);
  meter.end();
  const Mark to = quiet.mark(readers, whole);
  const auto times = static_cast<double>(polled.empty() - before);

  Once once = average(from, to, meter, times, nothing, packets_of_exchange(nothing.up, nothing.down));
  if (waits) {  // "wait=25" is longer than the "wait=1" that was measured
    const std::size_t longer = empty_poll(quiet.target, quiet.begin, wait).total() - nothing.total();
    once.bytes += static_cast<double>(longer);
    once.predicted_bytes += static_cast<double>(longer);
  }
  tell_hour(run, once, hour_s / Seconds(waits ? Seconds(wait) : Seconds(silence.interval)).count(), true);
  run.figures["n"] = times;
  gate_count(run, "polls as often as asked for", times, silence.clients * silence.rounds);
  run.gates.push_back(
      equal("polls that brought something", static_cast<double>(polled.polls() - polled.empty()), 0));
  gate_bytes(run, to.door, expected());
  quiet.end(readers, run, meter, true);
  gate_line(run, from, to);
}

void measure_heartbeats(const Place& place, const Silence& silence, Run& run) {
  const bool sockets = run.arm == "ws";
  const Bytes once = sockets ? ping() : Bytes{0, sse_heartbeat_bytes()};
  Quiet quiet(place, silence, run);
  Readers readers(quiet.io, std::move(quiet.clients), {quiet.epoch, 0}, 1);
  const Bytes setup = silence.clients * (sockets ? websocket_setup(quiet.target, quiet.begin, quiet.begin)
                                                 : sse_setup(quiet.target, quiet.begin, quiet.begin));
  const auto beats_in = [&](const Bytes& bytes) { return bytes.down / once.down; };
  const auto whole = [&](const Bytes& door) {
    const Bytes said = door - setup;
    return beats_in(said) * once == said;
  };
  const auto never = [] { return false; };
  readers.start();
  const bool there = readers.run_until(Clock::now() + std::chrono::seconds(5),
                                       [&] { return readers.begun() == silence.clients; });
  // Half a heartbeat after the first: its acknowledgements are there, and it is long until the next.
  const auto start = Clock::now() + short_heartbeat + short_heartbeat / 2;
  readers.run_until(start, never);
  const Mark from = quiet.mark(readers, whole);
  Meter meter(quiet.site.process());
  readers.run_until(start + static_cast<long>(silence.rounds) * short_heartbeat, never);
  meter.end();
  const Mark to = quiet.mark(readers, whole);
  const Bytes said = to.door - from.door;
  const auto times = static_cast<double>(beats_in(said));

  const std::uint64_t packets =
      sockets ? packets_of_exchange(once.down, once.up) : packets_of_push(once.down);
  tell_hour(run, average(from, to, meter, times, once, packets), hour_s / Seconds(heartbeat).count(), false);
  run.figures["n"] = times;
  gate_count(run, "heartbeats as often as asked for", times, silence.clients * silence.rounds);
  gate_bytes(run, from.door, setup + beats_in(from.door - setup) * once);
  gate_bytes(run, said, beats_in(said) * once);
  quiet.end(readers, run, meter, there);
  gate_line(run, from, to);
}

std::vector<Cell> cells_of(const Setting& setting) {
  std::vector<Cell> cells;
  const auto add = [&](const std::string& arm, const Silence& silence, std::string parameter, double value,
                       unsigned smoke, unsigned standard) {
    Cell cell;
    cell.name = fmt::format("silence/{}/{}:{:.0f}", arm, parameter, value);
    cell.experiment = "silence";
    cell.arm = arm;
    cell.parameters = {{parameter, value}};
    cell.headline = "cpu_us_per_hour";
    cell.headline_seconds = 1e-6;
    const milliseconds period = is_streaming(arm) ? short_heartbeat
                                : arm == "poll"   ? silence.interval
                                                  : milliseconds(short_wait);
    cell.estimate_s = Seconds(period).count() * static_cast<double>(silence.rounds) + 0.7;
    cell.repetitions = setting.by_profile(smoke, standard, 10U);
    cell.measure = [place = setting.place, silence](Run& run) {
      is_streaming(run.arm) ? measure_heartbeats(place, silence, run) : measure_polls(place, silence, run);
    };
    cells.push_back(std::move(cell));
  };
  const auto rounds = [&](std::size_t smoke, std::size_t otherwise) {
    return setting.by_profile(smoke, otherwise, otherwise);
  };
  add("poll", {20, milliseconds(100), rounds(4, 12)}, "interval_ms", 100, 0, 0);
  add("poll", {100, milliseconds(1000), rounds(1, 2)}, "interval_ms", 1000, 1, 1);
  add("poll", {200, milliseconds(5000), 1}, "interval_ms", 5000, 0, 0);
  add("longpoll", {50, {}, 1}, "wait_s", Seconds(wait).count(), 0, 1);
  for (const char* arm : {"sse", "ws"})
    add(arm, {50, {}, rounds(4, 8)}, "heartbeat_s", Seconds(heartbeat).count(), 1, 1);
  return cells;
}

}  // namespace

Experiment silence_experiment() {
  return {
      "E7",
      "silence",
      "What does it cost to be there and hear nothing?",
      {{"wait, s", "wait_s"}, {"heartbeat, s", "heartbeat_s"}},
      {{"bytes per hour", "bytes_per_hour", Unit::bytes, true},
       {"with TCP/IP", "ip_bytes_per_hour", Unit::bytes, true},
       {"packets per hour", "packets_per_hour", Unit::count, true},
       {"requests per hour", "requests_per_hour", Unit::count},
       {"wake-ups per hour", "wake_ups_per_hour", Unit::count},
       {"server CPU per hour", "cpu_us_per_hour", Unit::microseconds}},
      "bytes are TCP payload, both ways, of one client to whom nothing is said; heartbeats and long polls are measured at a shorter time, and counted as often as they come at the one given",
      "what proxies and TLS add, nor what waking up costs a phone's battery",
      {},
      cells_of};
}

}  // namespace bench
