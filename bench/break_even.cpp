// Where polling becomes cheaper than pushing: one answer brings all the messages of an interval, each pushed one goes alone. Bytes, packets
// and server CPU per delivered message against the messages per poll interval, λT.

#include "bench/control.hpp"
#include "bench/experiment.hpp"
#include "bench/interrupt.hpp"
#include "bench/lockstep.hpp"
#include "bench/model.hpp"
#include "bench/plan.hpp"
#include "bench/polled.hpp"
#include "bench/retransmissions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

namespace bench {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds interval{100};
constexpr std::size_t pollers = 20;  // and as many readers of a stream
constexpr std::size_t payload = 100;

struct Rate {
  double per_interval;  // λT
  std::size_t intervals_polled, intervals_pushed;
  std::size_t messages(bool polls) const {
    return static_cast<std::size_t>(
        std::lround(per_interval * static_cast<double>(polls ? intervals_polled : intervals_pushed)));
  }
};

struct Mark {
  Bytes door;
  PacketCounts line;
  std::uint64_t polls;
};

void predict(Run& run, const Target& target, std::size_t epoch_bytes, std::size_t messages,
             double per_interval) {
  // A message in the middle of the run stands for all: their numbers have one to three digits.
  const std::size_t middle = messages / 2, cursor = cursor_bytes(epoch_bytes, middle + 1);
  const std::size_t json = json_bytes(middle, payload);
  const auto polled = [&](double at) {
    return poll_bytes_per_message(target, cursor, json, at / Seconds(interval).count(), interval);
  };
  const auto polled_ip = [&](double at) { return poll_ip_bytes_per_message(target, cursor, json, at); };
  if (!is_streaming(run.arm)) {
    run.predicted["bytes_per_message"] = polled(per_interval);
    run.predicted["ip_bytes_per_message"] = polled_ip(per_interval);
    return;
  }
  const std::size_t pushed = run.arm == "ws" ? frame_bytes(json) : sse_event_bytes(cursor, json);
  const auto pushed_ip = static_cast<double>(ip_bytes(pushed, packets_of_push(pushed)));
  run.predicted["bytes_per_message"] = static_cast<double>(pushed);
  run.predicted["packets_per_message"] = static_cast<double>(packets_of_push(pushed));
  run.predicted["ip_bytes_per_message"] = pushed_ip;
  run.predicted["break_even_per_interval"] = where_polling_is_cheaper(polled, static_cast<double>(pushed));
  run.predicted["break_even_ip_per_interval"] = where_polling_is_cheaper(polled_ip, pushed_ip);
}

void measure_rate(const Place& place, const Rate& rate, Run& run) {
  const bool polls = !is_streaming(run.arm);
  const std::size_t messages = rate.messages(polls), ending = polls ? 1 : 0;
  const milliseconds length = interval * (polls ? rate.intervals_polled : rate.intervals_pushed);
  Site site(place, run.arm, {.link = counted_line()});
  Control control = site.at_server([&] { return Control(site.room_beside()); });
  const auto outlet =
      site.at_server([&] { return std::make_unique<PostOutlet>(site.room_beside(), payload); });
  const Retransmissions again(site);
  const std::string epoch = control.stats().epoch;
  net::io_context io(1);
  std::vector<std::unique_ptr<feed::Client>> clients;
  // In the last tenth of each interval nobody polls, and the counters can be read between two polls.
  for (const auto phase : phases(pollers, interval * 9 / 10, derive(run.seed, run.cell, run.repetition)))
    clients.push_back(
        make_reader(run.arm, io.get_executor(), site.room(), {.interval = interval, .phase = phase}));
  // Pollers are ended by one message more, so that none of their polls is under way when all bytes are counted.
  Readers readers(io, std::move(clients), {epoch, 0}, messages + ending);
  readers.close_when_complete = polls;
  Polled polled(readers, polls ? pollers : 0);
  if (polls)
    readers.on_message = [&polled](std::size_t reader, std::size_t index) { polled.took(reader, index); };
  const auto never = [] { return false; };
  const auto door = [&] {
    const Stats stats = control.stats();
    return Bytes{stats.bytes_in - outlet->bytes_out(), stats.bytes_out - outlet->bytes_in()};
  };
  const auto mark = [&] { return Mark{door(), site.network().counts(), polls ? polled.polls() : 0}; };

  auto begin = Clock::now() + 2 * interval - interval / 20;  // of the third round: the connections are open
  readers.start();
  bool there = true;
  if (polls) {
    readers.run_until(begin - milliseconds(2), never);
  } else {
    there = readers.run_until(begin + std::chrono::seconds(5), [&] { return readers.begun() == pollers; });
    readers.run_until(Clock::now() + milliseconds(10), never);
    begin = Clock::now() + milliseconds(4);
  }
  const Mark from = mark();
  // All messages within the first intervals but one: then each is fetched within the time that is counted.
  Publisher publisher(*outlet, arrivals(messages, polls ? length - interval : length,
                                        derive(run.seed, "break_even", run.repetition)));
  Meter meter(site.process());
  publisher.start(begin);
  readers.run_until(begin + length, never);
  if (!polls) readers.run_until(Clock::now() + std::chrono::seconds(3), [&] { return readers.complete(); });
  meter.end();
  publisher.join();
  const Mark to = mark();
  site.check();
  if (polls) {
    outlet->send(messages);
    readers.run_until(Clock::now() + 2 * interval + std::chrono::seconds(3),
                      [&] { return readers.complete(); });
    while (outlet->answered(milliseconds(20)) < messages + ending) check_interrupt();
  }

  const Target target{site.room().authority, site.room().path};
  const auto deliveries = static_cast<double>(messages * pollers);
  const auto figure = [&run, deliveries](const char* name, auto total) {
    run.figures[name] = static_cast<double>(total) / deliveries;
  };
  run.figures["n"] = deliveries;
  figure("bytes_per_message", (to.door - from.door).total());
  const PacketCounts line = to.line - from.line;
  if (line.packets() > 0) {
    figure("packets_per_message", line.packets());
    figure("ip_bytes_per_message", line.bytes());
  }
  if (site.process()) figure("cpu_ns_per_delivery", meter.server_cpu().count());
  if (polls) {
    const auto answered = static_cast<double>(to.polls - from.polls);
    run.figures["messages_per_poll"] = deliveries / answered;
    run.predicted["messages_per_poll"] = rate.per_interval;
    if (site.process())
      run.figures["cpu_ns_per_poll"] = static_cast<double>(meter.server_cpu().count()) / answered;
  }
  predict(run, target, epoch.size(), messages, rate.per_interval);

  Bytes expected;
  if (polls) {
    expected = polled.predict(target, epoch.size(), payload).bytes;
  } else {
    for (std::size_t i = 0; i < messages; ++i) {
      const std::size_t json = json_bytes(i, payload);
      expected.down += pollers * (run.arm == "ws" ? frame_bytes(json)
                                                  : sse_event_bytes(cursor_bytes(epoch.size(), i + 1), json));
    }
  }
  const Bytes seen = polls ? door() : to.door - from.door;
  const std::vector<std::int64_t> lateness = publisher.lateness();
  run.gates.push_back({"readers stayed", there && readers.failure().empty(), readers.failure()});
  run.gates.push_back(once_and_in_order(readers.receipts()));
  run.gates.push_back(equal("published messages accepted", static_cast<double>(publisher.answered()),
                            static_cast<double>(messages)));
  run.gates.push_back(on_time(lateness));
  run.gates.push_back(
      equal("bytes from the readers", static_cast<double>(seen.up), static_cast<double>(expected.up)));
  run.gates.push_back(
      equal("bytes to the readers", static_cast<double>(seen.down), static_cast<double>(expected.down)));
  meter.tell(run);
  again.tell(run);
  readers.close();
  site.stop();
}

std::vector<Cell> cells_of(const Setting& setting) {
  constexpr Rate rates[]{{0.1, 20, 20}, {0.3, 20, 10}, {1, 15, 8}, {3, 12, 6}, {10, 12, 6}, {30, 12, 6}};
  std::vector<Cell> cells;
  for (const char* arm : {"poll", "sse", "ws"}) {
    for (const Rate& rate : rates) {
      Cell cell;
      const bool polls = !is_streaming(arm);
      cell.name = fmt::format("break_even/{}/per_interval:{:g}", arm, rate.per_interval);
      cell.experiment = "break_even";
      cell.arm = arm;
      cell.parameters = {{"per_interval", rate.per_interval},
                         {"interval_ms", static_cast<double>(interval.count())}};
      if (!polls) cell.parameters.erase("interval_ms");
      cell.headline = "cpu_ns_per_delivery";
      cell.headline_seconds = 1e-9;
      cell.estimate_s = Seconds(interval).count() *
                            static_cast<double>(polls ? rate.intervals_polled : rate.intervals_pushed) +
                        (polls ? 0.7 : 0.4);
      const bool telling = rate.per_interval == 1 || rate.per_interval == 30;
      cell.repetitions = setting.by_profile(0U, telling ? 1U : 0U, 10U);
      cell.measure = [place = setting.place, rate](Run& run) { measure_rate(place, rate, run); };
      cells.push_back(std::move(cell));
    }
  }
  return cells;
}

}  // namespace

Experiment break_even_experiment() {
  return {
      "E6",
      "break_even",
      "Where does polling become cheaper than pushing?",
      {{"messages per interval", "per_interval"}},
      {{"bytes per message", "bytes_per_message", Unit::bytes, true},
       {"with TCP/IP", "ip_bytes_per_message", Unit::bytes, true},
       {"packets", "packets_per_message", Unit::count, true},
       {"server CPU per message", "cpu_ns_per_delivery", Unit::nanoseconds}},
      "of a message that one of 20 readers gets: its share of the polls, the empty ones too, or of the writes; a twentieth of the POST that published it is in its CPU time",
      "headers larger than libcurl's, which move the border up, nor delay, which polling pays with",
      {{"break_even/(sse|ws)/per_interval:(10|30)", "packets_per_message",
        "two messages that come within the time that a write takes go in one packet, and are acknowledged together"}},
      cells_of};
}

}  // namespace bench
