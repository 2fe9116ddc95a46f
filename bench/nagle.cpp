// One message in two small writes: Nagle's algorithm holds the second until the first was acknowledged, and a receiver who
// usually answers takes its time to acknowledge: it hopes to do both in one packet, and has nothing to answer yet. And what a write costs: many messages in one, or each in its own. On the floor's
// server, which writes as it is told: the transports write whole messages, without Nagle.

#include "bench/experiment.hpp"
#include "bench/model.hpp"
#include "bench/plan.hpp"
#include "bench/retransmissions.hpp"
#include "bench/sink.hpp"
#include "bench/stats.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

namespace bench {
namespace {

constexpr std::size_t payload = 100;
constexpr std::size_t many = 80;  // readers, and as many delays for each message: enough for a p99
// Over a line: more than the relay can carry at once would wait there, and TCP, taking it for lost, would send it again.
constexpr std::size_t several = 10;
constexpr std::size_t messages = 13;
// So far apart that no message meets the one before it, and not so far that the receiver thinks that the sender begins anew, and
// acknowledges at once (200 ms, the least time after which TCP sends again).
constexpr std::chrono::milliseconds between{80};
// TCP acknowledges the first 16 segments of a connection at once (TCP_MAX_QUICKACKS in Linux).
constexpr std::size_t warm_up = 20;
constexpr std::chrono::milliseconds warm_up_between{5};
constexpr std::chrono::milliseconds late{
    35};  // what is later has waited for an acknowledgement: those are held for 40 ms

struct Writes {
  bool nagle;
  unsigned writes;  // of a message
  bool silent;      // the readers; else they answer each message
  std::chrono::milliseconds rtt;
  std::size_t readers() const { return rtt.count() > 0 ? several : many; }
};

std::vector<std::chrono::nanoseconds> every(std::chrono::nanoseconds gap, std::size_t count) {
  std::vector<std::chrono::nanoseconds> plan(count);
  for (std::size_t i = 0; i < count; ++i) plan[i] = gap * i;
  return plan;
}

void measure_writes(const Place& place, const Writes& writes, Run& run) {
  Site site(
      place, "tcp",
      {.link = link_of_rtt(writes.rtt),
       .options = {"--nagle", writes.nagle ? "on" : "off", "--writes", fmt::format("{}", writes.writes)}});
  Sink sink("tcp", site.room(), "floor", writes.readers(), warm_up + messages);
  sink.connect();
  if (!writes.silent) sink.answer();
  const auto outlet =
      site.at_server([&] { return std::make_unique<TcpOutlet>(site.room_beside(), payload); });
  const Retransmissions retransmissions(site);
  Publisher warm(*outlet, every(warm_up_between, warm_up));
  warm.start(Clock::now());
  bool complete = sink.run_until(warm_up, warm.last_due() + std::chrono::seconds(3));
  warm.join();

  Publisher publisher(*outlet, every(between, messages), 0, warm_up);
  Meter meter(site.process());
  publisher.start(Clock::now() + between);
  complete = sink.run_until(warm_up + messages, publisher.last_due() + std::chrono::seconds(3)) && complete;
  meter.end();
  site.check();
  publisher.join();

  for (std::size_t i = 0; i < messages; ++i) {
    for (const Receipts& reader : sink.receipts()) {
      if (reader.has(warm_up + i))
        run.samples_ns.push_back((reader.at(warm_up + i) - publisher.due(i)).count());
    }
  }
  tell_delays(run, run.samples_ns);
  const auto held = std::count_if(run.samples_ns.begin(), run.samples_ns.end(), [](std::int64_t sample) {
    return sample >= std::chrono::nanoseconds(late).count();
  });
  run.figures["late_share"] = static_cast<double>(held) / static_cast<double>(run.samples_ns.size());
  const Seconds one_way = Seconds(writes.rtt) / 2;
  const Seconds model = writes.silent ? second_write_to_the_silent(one_way, writes.nagle, writes.writes)
                                      : second_write(one_way, writes.nagle, writes.writes);
  run.predicted["late_share"] = model >= late ? 1 : 0;
  if (model >= shortest_transit) run.predicted["p50_us"] = model.count() * 1e6;
  run.gates.push_back(
      {"everything came in time", complete, complete ? "" : "some readers still waited when time was up"});
  run.gates.push_back(once_and_in_order(sink.receipts()));
  run.gates.push_back(no_negative(run.samples_ns, writes.rtt / 2));
  run.gates.push_back(on_time(publisher.lateness()));
  retransmissions.tell(run);
  meter.tell(run);
  sink.disconnect();
  site.stop();
}

constexpr std::size_t crowd = 32;  // messages that come together
constexpr std::size_t crowds = 40;
constexpr std::size_t listeners = 100;
constexpr std::chrono::milliseconds between_crowds{20};

// The same messages, 32 together: in one write to each reader, or in 32.
void measure_coalescing(const Place& place, bool together, Run& run) {
  Site site(place, "tcp", {.options = {"--together", together ? "on" : "off"}});
  constexpr std::size_t all = crowd * (crowds + 1);
  Sink sink("tcp", site.room(), "floor", listeners, all);
  sink.connect();
  const auto outlet =
      site.at_server([&] { return std::make_unique<TcpOutlet>(site.room_beside(), payload); });
  std::vector<std::chrono::nanoseconds> plan(all);
  for (std::size_t i = 0; i < all; ++i) plan[i] = between_crowds * (i / crowd);
  Publisher publisher(*outlet, std::move(plan));
  publisher.gather();
  publisher.start(Clock::now() + std::chrono::milliseconds(5));
  bool complete = sink.run_until(crowd, publisher.due(0) + std::chrono::seconds(3));
  Meter meter(site.process());
  complete = sink.run_until(all, publisher.last_due() + std::chrono::seconds(5)) && complete;
  meter.end();
  site.check();
  publisher.join();
  std::vector<double> last;  // of each crowd
  for (std::size_t i = 1; i <= crowds; ++i) {
    const std::size_t end = (i + 1) * crowd - 1;
    Clock::time_point latest{};
    for (const Receipts& reader : sink.receipts()) {
      if (reader.has(end)) latest = std::max(latest, reader.at(end));
    }
    last.push_back(std::chrono::duration<double, std::micro>(latest - publisher.due(end)).count());
  }
  run.figures["cpu_ns_per_delivery"] =
      static_cast<double>(meter.server_cpu().count()) / static_cast<double>(crowd * crowds * listeners);
  run.figures["last_us"] = median(last);
  run.gates.push_back(
      {"everything came in time", complete, complete ? "" : "some readers still waited when time was up"});
  run.gates.push_back(once_and_in_order(sink.receipts()));
  run.gates.push_back(on_time(publisher.lateness()));
  meter.tell(run);
  sink.disconnect();
  site.stop();
}

Cell cell_of(const Setting& setting, std::string name, std::string headline, double headline_seconds,
             double estimate_s, bool telling) {
  Cell cell;
  cell.name = "nagle/tcp/" + std::move(name);
  cell.experiment = "nagle";
  cell.arm = "tcp";
  cell.headline = std::move(headline);
  cell.headline_seconds = headline_seconds;
  cell.estimate_s = estimate_s;
  cell.repetitions = setting.by_profile(0u, telling ? 2u : 0u, 10u);
  return cell;
}

std::vector<Cell> cells_of(const Setting& setting) {
  std::vector<Cell> cells;
  const auto add = [&](bool nagle, unsigned writes, bool silent, int rtt_ms) {
    const Writes how{nagle, writes, silent, std::chrono::milliseconds(rtt_ms)};
    Cell cell = cell_of(setting,
                        fmt::format("nagle:{}/writes:{}{}/rtt_ms:{}", nagle ? "on" : "off", writes,
                                    silent ? "/reader:silent" : "", rtt_ms),
                        "p50_us", 1e-6, 1.2, nagle && writes == 2 && rtt_ms == 0);
    cell.parameters = {{"nagle", nagle ? 1 : 0},
                       {"writes", writes},
                       {"silent", silent ? 1 : 0},
                       {"rtt_ms", rtt_ms},
                       {"readers", static_cast<double>(how.readers())},
                       {"payload_bytes", static_cast<double>(payload)}};
    cell.measure = [place = setting.place, how](Run& run) { measure_writes(place, how, run); };
    cells.push_back(std::move(cell));
  };
  for (const bool nagle : {true, false}) {
    for (const unsigned writes : {1u, 2u}) add(nagle, writes, false, 0);
    add(nagle, 2, false, 2);
  }
  for (const int rtt_ms : {0, 2}) add(true, 2, true, rtt_ms);
  for (const bool together : {true, false}) {
    const std::size_t per_write = together ? crowd : 1;
    Cell cell = cell_of(setting, fmt::format("messages_per_write:{}", per_write), "cpu_ns_per_delivery", 1e-9,
                        1.1, true);
    cell.parameters = {{"messages_per_write", static_cast<double>(per_write)},
                       {"readers", static_cast<double>(listeners)},
                       {"payload_bytes", static_cast<double>(payload)}};
    cell.measure = [place = setting.place, together](Run& run) { measure_coalescing(place, together, run); };
    cells.push_back(std::move(cell));
  }
  return cells;
}

}  // namespace

Experiment nagle_experiment() {
  return {
      "E20",
      "nagle",
      "What do small writes cost?",
      {{"Nagle", "nagle"},
       {"writes per message", "writes"},
       {"reader is silent", "silent"},
       {"RTT, ms", "rtt_ms"},
       {"messages per write", "messages_per_write"}},
      {{"p50", "p50_us", Unit::microseconds, true},
       {"p99", "p99_us", Unit::microseconds},
       {"later than 35 ms, share", "late_share", Unit::count, true},
       {"server CPU per delivery", "cpu_ns_per_delivery", Unit::nanoseconds},
       {"last of 32", "last_us", Unit::microseconds}},
      "delay counts from the time that a message was due, one every 80 ms, to 80 readers (10 over the line), who answer each with a byte or say nothing; CPU is of 32 messages at once to 100 readers, in one write to each or in 32",
      "the transports themselves: their servers write whole messages, without Nagle",
      {{"^nagle/tcp/nagle:on/writes:2", "p50_us",
        "the kernel's timer for an acknowledgement runs in ticks of its own clock, 4 ms at 250 Hz"},
       {"/rtt_ms:2", "p50_us",
        "the way is 1 ms, and the programs beside it take half a millisecond: publisher, server, relay and readers wake up one after the other"}},
      cells_of};
}

}  // namespace bench
