#include "bench/delivery.hpp"

#include "bench/control.hpp"
#include "bench/floor_client.hpp"
#include "bench/interrupt.hpp"
#include "bench/model.hpp"
#include "bench/plan.hpp"
#include "bench/retransmissions.hpp"
#include "bench/stats.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <optional>
#include <utility>

namespace bench {
namespace {

// Long polls are told of their beginning with the first message only; the server knows that they are there, beside as many as were there
// `before`.
bool wait_for_readers(Readers& readers, std::string_view arm, std::size_t count, Control* control,
                      std::uint64_t before, Clock::duration patience) {
  const auto deadline = Clock::now() + patience;
  if (arm != "longpoll") return readers.run_until(deadline, [&] { return readers.begun() == count; });
  while (control->stats().readers < before + count) {
    if (Clock::now() > deadline) return false;
    readers.run_until(Clock::now() + std::chrono::milliseconds(5), [] { return false; });
  }
  return true;
}

void collect(const std::vector<Receipts>& readers, const Publisher& publisher, std::size_t from,
             Delivered& delivered) {
  for (std::size_t i = from; i < publisher.size(); ++i) {
    for (const Receipts& reader : readers) {
      if (!reader.has(i)) continue;
      delivered.from_due_ns.push_back((reader.at(i) - publisher.due(i)).count());
      delivered.from_sent_ns.push_back((reader.at(i) - publisher.sent(i)).count());
    }
  }
}

}  // namespace

Delivered deliver(const Place& place, const Delivery& delivery, Run& run) {
  const std::size_t count = delivery.phases.size();
  const bool has_server = !server_of(delivery.arm).empty(), has_door = has_server && delivery.arm != "tcp";
  Site site(place, delivery.arm, {.link = delivery.link, .options = delivery.options});
  const Retransmissions again(site);
  std::optional<Control> control;
  if (has_door) control.emplace(site.at_server([&] { return Control(site.room_beside()); }));
  const Stats before = control ? control->stats() : Stats{};
  const std::string epoch = control ? before.epoch : std::string(floor_epoch);
  Delivered delivered;
  const bool ours = !has_server || site.process();
  if (has_server) delivered.one_way = tell_one_way(run, site, delivery.link);

  net::io_context io(1);
  NullRoom null_room(io.get_executor(), delivery.payload_bytes);
  std::vector<std::unique_ptr<feed::Client>> clients;
  for (const auto phase : delivery.phases) {
    Asking asking{delivery.interval, phase};
    asking.pace = delivery.pace;
    clients.push_back(make_reader(delivery.arm, io.get_executor(), site.room(), asking, &null_room));
  }
  Readers readers(io, std::move(clients), {epoch, 0}, delivery.plan.size());
  std::unique_ptr<Outlet> outlet;
  if (has_server) {
    outlet =
        site.at_server([&] { return outlet_to(delivery.arm, site.room_beside(), delivery.payload_bytes); });
  } else {
    outlet = std::make_unique<CallOutlet>([&null_room](std::size_t index) { null_room.publish(index); });
  }
  readers.start();
  // A poller's first poll brings what was said before it, as every other does, but it opens the connection too: a round trip, which is nothing
  // on loopback. There nobody needs to be waited for.
  const bool at_once = delivery.arm == "poll" && ours && delivery.link.is_loopback();
  bool all_there = at_once || wait_for_readers(readers, delivery.arm, count, control ? &*control : nullptr,
                                               before.readers, delivery.interval + std::chrono::seconds(5));

  Publisher publisher(*outlet, delivery.plan, delivery.window);
  // Where there is no server, the publisher has its core: messages come to the readers from another one, as in every arm.
  if (!has_server && place.cores.apart()) publisher.keep_to(place.cores.server);
  Meter meter(site.process());
  const auto start = Clock::now() + std::chrono::milliseconds(20);
  if (delivery.disturb) delivery.disturb(site, start);
  publisher.start(start);
  readers.run_until(publisher.last_due() + delivery.interval + std::chrono::seconds(3),
                    [&readers] { return readers.complete(); });
  meter.end();
  site.check();
  publisher.join();

  if (at_once) all_there = readers.begun() == count;
  collect(readers.receipts(), publisher, delivery.warm_up, delivered);
  const std::vector<std::int64_t> lateness = publisher.lateness();
  tell_delays(run, delivered.from_due_ns);
  if (may_print(lateness.size(), 0.99))
    run.figures["lateness_p99_us"] = static_cast<double>(percentile(lateness, 0.99)) / 1e3;
  if (site.process()) {
    run.figures["cpu_ns_per_delivery"] =
        static_cast<double>(meter.server_cpu().count()) / static_cast<double>(delivery.plan.size() * count);
  }
  run.gates.push_back(
      {"readers stayed", all_there && readers.failure().empty(),
       !all_there ? fmt::format("{} of {} readers began", readers.begun(), count) : readers.failure()});
  run.gates.push_back(once_and_in_order(readers.receipts()));
  run.gates.push_back(equal("published messages accepted", static_cast<double>(publisher.answered()),
                            static_cast<double>(publisher.size())));
  run.gates.push_back(no_negative(delivered.from_due_ns, delivery.link.one_way));
  run.gates.push_back(on_time(lateness));
  if (control && ours)  // Control, the publisher, and each reader once
    run.gates.push_back(equal("connections opened", static_cast<double>(control->stats().accepted),
                              static_cast<double>(count + 2)));
  again.tell_lost(run);
  run.figures["readers"] = static_cast<double>(count);
  meter.tell(run);
  run.samples_ns = delivered.from_due_ns;
  readers.close();
  control.reset();
  site.stop();
  return delivered;
}

Delivered deliver_as_expected(const Place& place, const Delivery& delivery, Run& run) {
  Delivered delivered = deliver(place, delivery, run);
  const Seconds interval = delivery.interval, one_way = delivered.one_way;
  if (delivery.arm != "poll") {
    const bool pushes = is_streaming(delivery.arm) && delivery.arm != "null";
    if (pushes && one_way >= shortest_transit) predict_delays(run, Uniform{one_way, one_way});
    return delivered;
  }
  const Uniform model = delivery.pace == polling::Pace::answer_to_start
                            ? poll_delay_with_pause(interval, one_way)
                            : poll_delay(interval, one_way);
  predict_delays(run, model);
  // The delays of one poller, or of one message, depend on each other: their distribution is as far off as that of half as many independent
  // ones (simulated). A quarter lets one honest run in some thousands fail.
  const auto period = std::chrono::duration_cast<std::chrono::nanoseconds>(model.high - model.low);
  run.gates.push_back(uniform(run.samples_ns, period, delivered.one_way, run.samples_ns.size() / 4));
  return delivered;
}

std::vector<Column> delay_columns() {
  return {{"p50", "p50_us", Unit::microseconds, true},
          {"p99", "p99_us", Unit::microseconds, true},
          {"max", "max_us", Unit::microseconds},
          {"mean", "mean_us", Unit::microseconds, true},
          {"generator late, p99", "lateness_p99_us", Unit::microseconds}};
}

namespace {

using std::chrono::milliseconds;

constexpr double rate = 100;  // a second, far from any limit
constexpr std::size_t payload = 100;
// In an interval of polling, at most: an answer that does not fit into the first ten segments of a connection that was idle takes a round trip
// more, which is a question of its own (burst).
constexpr double most_per_interval = 40;
constexpr std::size_t pollers = 40;
constexpr std::size_t readers_of_push = 10;
constexpr std::size_t warm_up = 10;   // of push: its first messages come over new connections
constexpr std::size_t counted = 100;  // of push: with ten readers enough for a p99

// How one cell reads.
struct Way {
  std::string arm;
  milliseconds interval{0};  // of poll
  polling::Pace pace = polling::Pace::start_to_start;
  milliseconds rtt{0};
  unsigned standard = 0;  // how often the standard profile measures it
  bool smoke = false;
};

std::vector<Way> ways() {
  constexpr auto pause = polling::Pace::answer_to_start, start = polling::Pace::start_to_start;
  std::vector<Way> all;
  for (const int interval : {50, 100, 200, 500, 1000, 2000, 5000}) {
    const bool told = interval == 100 || interval == 1000;  // in the headline
    all.push_back({"poll", milliseconds(interval), start, {}, told ? 2U : 0U, interval == 100});
  }
  for (const int rtt : {20, 100}) {
    for (const int interval : {100, 1000})
      all.push_back({"poll", milliseconds(interval), start, milliseconds(rtt), 2});
  }
  for (const int rtt : {0, 20, 100}) {
    all.push_back({"poll", milliseconds(200), pause, milliseconds(rtt)});
    for (const char* arm : {"longpoll", "sse", "ws", "tcp"}) {
      const bool told = std::string_view(arm) != "tcp";
      all.push_back({arm, {}, start, milliseconds(rtt), told ? 2U : 0U, told && rtt == 0});
    }
  }
  all.push_back({"null"});
  return all;
}

std::string name_of(const Way& way) {
  const std::string how =
      way.arm != "poll"
          ? fmt::format("rate:{:.0f}", rate)
          : fmt::format("{}_ms:{}", way.pace == polling::Pace::answer_to_start ? "pause" : "interval",
                        way.interval.count());
  return fmt::format("delivery/{}/{}/rtt_ms:{}", way.arm, how, way.rtt.count());
}

// From one poll to the next.
milliseconds period_of(const Way& way) {
  const bool pauses = way.pace == polling::Pace::answer_to_start;
  return pauses ? way.interval + way.rtt : std::max(way.interval, way.rtt);
}

double rate_of(const Way& way) {
  if (way.arm != "poll") return rate;
  return std::min(rate, most_per_interval / std::chrono::duration<double>(period_of(way)).count());
}

// Of polls a whole number of periods, so that a message is as likely in one part of a period as in another.
milliseconds length_of(const Way& way, bool smoke) {
  if (way.arm != "poll")
    return milliseconds(static_cast<int>((warm_up + counted) / rate * 1000)) / (smoke ? 2 : 1);
  const milliseconds least(smoke ? 500 : 1000), period = period_of(way);
  return period * ((least + period - milliseconds(1)) / period);
}

void measure(const Place& place, const Way& way, milliseconds length, Run& run) {
  const bool polls = way.arm == "poll";
  Delivery delivery;
  delivery.arm = way.arm;
  delivery.payload_bytes = payload;
  const double messages = std::chrono::duration<double>(length).count() * rate_of(way);
  delivery.plan = arrivals(static_cast<std::size_t>(std::lround(messages)), length,
                           derive(run.seed, run.cell, run.repetition));
  delivery.warm_up = polls ? 0 : warm_up;
  delivery.interval = way.interval;
  delivery.pace = way.pace;
  delivery.link = link_of_rtt(way.rtt);
  delivery.phases =
      polls ? phases(pollers, period_of(way), derive(run.seed, run.cell + "/phases", run.repetition))
            : std::vector<std::chrono::nanoseconds>(readers_of_push);
  const Delivered delivered = deliver_as_expected(place, delivery, run);
  if (way.arm == "longpoll" && delivered.one_way >= shortest_transit)
    predict_delays(run, LongPollDelay(rate, delivered.one_way));
}

std::vector<Cell> cells_of(const Setting& setting) {
  const bool smoke = setting.profile == Profile::smoke;
  std::vector<Cell> cells;
  for (const Way& way : ways()) {
    const milliseconds length = length_of(way, smoke);
    Cell cell;
    cell.name = name_of(way);
    cell.experiment = "delivery";
    cell.arm = way.arm;
    cell.parameters = {{"rate", rate_of(way)},
                       {"payload_bytes", static_cast<double>(payload)},
                       {"rtt_ms", static_cast<double>(way.rtt.count())}};
    const bool pauses = way.pace == polling::Pace::answer_to_start;
    if (way.arm == "poll")
      cell.parameters[pauses ? "pause_ms" : "interval_ms"] = static_cast<double>(way.interval.count());
    cell.headline = "p50_us";
    cell.headline_seconds = 1e-6;
    // Over a line pollers are waited for until each has polled once.
    const milliseconds waiting = way.arm == "poll" && way.rtt.count() > 0 ? period_of(way) : milliseconds(0);
    cell.estimate_s =
        std::chrono::duration<double>(waiting + length + way.interval + 4 * way.rtt).count() + 0.4;
    cell.repetitions = setting.by_profile(way.smoke ? 1U : 0U, way.standard, 10U);
    cell.anywhere =
        way.rtt.count() == 0 && server_of(way.arm) != "tcp_floor_server" && !server_of(way.arm).empty();
    cell.measure = [place = setting.place, way, length](Run& run) { measure(place, way, length, run); };
    cells.push_back(std::move(cell));
  }
  return cells;
}

}  // namespace

Experiment delivery_experiment() {
  return {
      "E1",
      "delivery",
      "When does a message reach its reader?",
      {{"RTT, ms", "rtt_ms"}, {"pause, ms", "pause_ms"}, {"messages/s", "rate"}},
      delay_columns(),
      "delay counts from the time that a message was due to the time that the reader had it; the publisher sits beside the server",
      "loss, jitter or a line that is full: the delay of the line is always the same",
      {{"^delivery/longpoll/", "",
        "the model knows the line alone: from one answer to the next it is a round trip and what client and server take for a message and a poll"},
       {"^delivery/(sse|ws|tcp)/", "p99_us",
        "what the line does not take is the machine's: publisher, server, relay and readers share two cores, and bare TCP waits for its turn as often"}},
      cells_of};
}

}  // namespace bench
