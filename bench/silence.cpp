// What it costs to be there and hear nothing: bytes, requests and server CPU of a silent client per hour,
// from a short window in which the polls or heartbeats are counted one by one.

#include "bench/control.hpp"
#include "bench/experiment.hpp"
#include "bench/floor_client.hpp"
#include "bench/interrupt.hpp"
#include "bench/model.hpp"
#include "bench/plan.hpp"
#include "polling/client.hpp"

#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <thread>

namespace bench {
namespace {

constexpr double hour_s = 3600;
constexpr std::chrono::seconds heartbeat{15};              // what a server does by itself
constexpr std::chrono::milliseconds short_heartbeat{100};  // what is measured: many of them in a short window
constexpr std::chrono::seconds wait{25};                   // what a long poll asks for
constexpr std::chrono::seconds short_wait{1};              // what is measured
constexpr std::size_t payload = 16;                        // of the message that ends a poller's run

struct Silence {
  std::size_t clients;
  std::chrono::milliseconds interval;  // of poll
  std::chrono::milliseconds window;
};

// Turns what one poll or heartbeat costs into an hour of them.
void tell_hour(Run& run, double bytes_each, double predicted_bytes_each, double cpu_ns_each, double times,
               bool asks) {
  run.figures["bytes_per_hour"] = bytes_each * times;
  run.predicted["bytes_per_hour"] = predicted_bytes_each * times;
  run.figures["requests_per_hour"] = asks ? times : 0;
  run.figures["wake_ups_per_hour"] = times;
  run.figures["cpu_us_per_hour"] = cpu_ns_each * times / 1e3;
}

// Ended by one message: each poller closes when it has it, and no poll is under way when the bytes are read.
void measure_polls(const Place& place, const Silence& silence, Run& run) {
  const bool waits = run.arm == "longpoll";
  Site site(place, run.arm);
  Control control(site.room_beside());
  const std::string epoch = control.stats().epoch;
  PostOutlet outlet(site.room_beside(), payload);
  net::io_context io(1);
  std::vector<std::unique_ptr<feed::Client>> clients;
  const auto starts =
      phases(silence.clients, silence.interval.count() > 0 ? silence.interval : std::chrono::milliseconds(1),
             derive(run.seed, run.cell, run.repetition));
  for (const auto phase : starts) {
    const Asking asking{silence.interval, phase, short_wait};
    clients.push_back(make_reader(run.arm, io.get_executor(), site.room(), asking));
  }
  Readers readers(io, std::move(clients), {epoch, 0}, 1);
  readers.close_when_complete = true;
  const auto polls = [&](bool empty) {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < silence.clients; ++i) {
      const auto& poller = static_cast<const polling::Client&>(readers.client(i));
      sum += empty ? poller.empty_polls() : poller.polls();
    }
    return sum;
  };
  const auto never = [] { return false; };
  readers.start();
  readers.run_until(Clock::now() + std::max<std::chrono::milliseconds>(silence.interval, short_wait) +
                        std::chrono::milliseconds(200),
                    [&] { return polls(true) >= silence.clients; });
  const std::uint64_t before = polls(true);
  Meter meter(site.process());
  readers.run_until(Clock::now() + silence.window, never);
  meter.end();
  const std::uint64_t counted = polls(true) - before;
  outlet.send(0);
  const bool complete = readers.run_until(Clock::now() + 2 * silence.interval + std::chrono::seconds(3),
                                          [&readers] { return readers.complete(); });
  site.check();
  while (outlet.answered(std::chrono::milliseconds(20)) < 1) check_interrupt();

  const Target target{site.room().authority, site.room().path};
  const std::size_t begin = cursor_bytes(epoch.size(), 0), end = cursor_bytes(epoch.size(), 1);
  const auto measured_wait = waits ? std::optional(short_wait) : std::nullopt;
  const std::size_t json = message_bytes(1, author, text_of(0, payload));
  const Bytes nothing = empty_poll(target, begin, measured_wait);
  const Bytes something{poll_request_bytes(target, begin, measured_wait),
                        page_response_bytes(page_body_bytes(end, 1, json), measured_wait)};
  const std::uint64_t empty = polls(true);
  const Bytes expected = empty * nothing + silence.clients * something;
  const Stats stats = control.stats();
  const Bytes seen{stats.bytes_in - outlet.bytes_out(), stats.bytes_out - outlet.bytes_in()};

  const double each =
      (static_cast<double>(seen.total()) - static_cast<double>(silence.clients * something.total())) /
      static_cast<double>(empty);
  const double cpu_each =
      counted > 0 ? static_cast<double>(meter.server_cpu().count()) / static_cast<double>(counted) : 0;
  const double times =
      hour_s /
      (waits ? std::chrono::duration<double>(wait) : std::chrono::duration<double>(silence.interval)).count();
  // "wait=25" is longer than the "wait=1" that was measured, by as much as the model says.
  const double longer = waits ? static_cast<double>(empty_poll(target, begin, wait).total()) -
                                    static_cast<double>(nothing.total())
                              : 0;
  tell_hour(run, each + longer, static_cast<double>(nothing.total()) + longer, cpu_each, times, true);
  run.figures["counted"] = static_cast<double>(empty);
  run.gates.push_back({"readers stayed", complete && readers.failure().empty(), readers.failure()});
  run.gates.push_back(once_and_in_order(readers.receipts()));
  run.gates.push_back(equal("polls that brought something", static_cast<double>(polls(false) - empty),
                            static_cast<double>(silence.clients)));
  run.gates.push_back(equal("connections opened", static_cast<double>(stats.accepted),
                            static_cast<double>(silence.clients + 2)));
  run.gates.push_back(
      equal("bytes from the readers", static_cast<double>(seen.up), static_cast<double>(expected.up)));
  run.gates.push_back(
      equal("bytes to the readers", static_cast<double>(seen.down), static_cast<double>(expected.down)));
  meter.tell(run);
  readers.close();
  site.stop();
}

void measure_heartbeats(const Place& place, const Silence& silence, Run& run) {
  Site site(place, run.arm, {.heartbeat = short_heartbeat});
  Control control(site.room_beside());
  const std::string epoch = control.stats().epoch;
  net::io_context io(1);
  std::vector<std::unique_ptr<feed::Client>> clients;
  for (std::size_t i = 0; i < silence.clients; ++i)
    clients.push_back(make_reader(run.arm, io.get_executor(), site.room()));
  Readers readers(io, std::move(clients), {epoch, 0}, 1);
  const Bytes once = run.arm == "ws" ? ping() : Bytes{0, sse_heartbeat_bytes()};
  // A ping whose answer is still under way would be counted by half.
  const auto settled = [&] {
    for (int i = 0; i < 100; ++i) {
      const Stats stats = control.stats();
      const Target target{site.room().authority, site.room().path};
      const std::size_t begin = cursor_bytes(epoch.size(), 0);
      const Bytes setup =
          run.arm == "ws" ? websocket_setup(target, begin, begin) : sse_setup(target, begin, begin);
      const Bytes seen{stats.bytes_in - silence.clients * setup.up,
                       stats.bytes_out - silence.clients * setup.down};
      if (once.up == 0 || seen.up * once.down == seen.down * once.up) return seen;
      readers.run_until(Clock::now() + std::chrono::milliseconds(1), [] { return false; });
    }
    return Bytes{};
  };
  readers.start();
  const bool there = readers.run_until(Clock::now() + std::chrono::seconds(5),
                                       [&] { return readers.begun() == silence.clients; });
  const Bytes before = settled();
  Meter meter(site.process());
  readers.run_until(Clock::now() + silence.window, [] { return false; });
  meter.end();
  site.check();
  const Bytes after = settled();
  const Bytes seen{after.up - before.up, after.down - before.down};

  const auto beats = static_cast<double>(seen.down) / static_cast<double>(once.down);
  const double due = static_cast<double>(silence.clients) * meter.seconds() /
                     std::chrono::duration<double>(short_heartbeat).count();
  const double times = hour_s / std::chrono::duration<double>(heartbeat).count();
  tell_hour(run, static_cast<double>(seen.total()) / beats, static_cast<double>(once.total()),
            static_cast<double>(meter.server_cpu().count()) / beats, times, false);
  run.figures["counted"] = beats;
  run.gates.push_back({"readers stayed", there && readers.failure().empty(), readers.failure()});
  run.gates.push_back(
      {"bytes are whole heartbeats",
       beats > 0 && seen.down % once.down == 0 && seen.up * once.down == seen.down * once.up,
       fmt::format("{} bytes to the readers and {} from them, expected multiples of {} and {}", seen.down,
                   seen.up, once.down, once.up)});
  run.gates.push_back({"heartbeats as often as asked for", std::abs(beats - due) <= 0.2 * due,
                       fmt::format("{:.0f}, expected {:.0f} within a fifth", beats, due)});
  meter.tell(run);
  readers.close();
  site.stop();
}

std::vector<Cell> cells_of(const Setting& setting) {
  const bool smoke = setting.profile == Profile::smoke;
  std::vector<Cell> cells;
  const auto add = [&](const std::string& arm, std::size_t clients, std::chrono::milliseconds interval,
                       std::string parameter, double value) {
    const Silence silence{clients, interval, std::chrono::milliseconds(smoke ? 1200 : 2500)};
    Cell cell;
    cell.name = fmt::format("silence/{}/{}:{:.0f}", arm, parameter, value);
    cell.experiment = "silence";
    cell.arm = arm;
    cell.parameters = {{parameter, value}};
    cell.headline = "cpu_us_per_hour";
    cell.headline_seconds = 1e-6;
    cell.estimate_s = std::chrono::duration<double>(silence.window + 2 * interval).count() +
                      (arm == "longpoll" ? 1.2 : 0.2);
    cell.repetitions = smoke ? 1 : 2;
    cell.measure = [place = setting.place, silence](Run& run) {
      is_streaming(run.arm) ? measure_heartbeats(place, silence, run) : measure_polls(place, silence, run);
    };
    cells.push_back(std::move(cell));
  };
  for (const int interval : {100, 1000}) {
    add("poll", interval < 1000 ? 20 : 100, std::chrono::milliseconds(interval), "interval_ms", interval);
  }
  add("longpoll", 50, {}, "wait_s", std::chrono::duration<double>(wait).count());
  for (const char* arm : {"sse", "ws"})
    add(arm, 50, {}, "heartbeat_s", std::chrono::duration<double>(heartbeat).count());
  return cells;
}

}  // namespace

Experiment silence_experiment() {
  return {"E7",
          "silence",
          "What does it cost to be there and hear nothing?",
          {{"wait, s", "wait_s"}, {"heartbeat, s", "heartbeat_s"}},
          {{"bytes per hour", "bytes_per_hour", Unit::bytes, true},
           {"with TCP/IP", "ip_bytes_per_hour", Unit::bytes, true},
           {"packets per hour", "packets_per_hour", Unit::count, true},
           {"requests per hour", "requests_per_hour", Unit::count, true},
           {"server CPU per hour", "cpu_us_per_hour", Unit::microseconds}},
          "bytes are TCP payload, both ways, of one client to whom nothing is said",
          "what proxies and TLS add, nor what waking up costs a phone's battery",
          {},
          cells_of};
}

}  // namespace bench
