// Long polling under a rising rate: what comes while an answer and the next poll are under way waits for that poll.

#include "bench/longpoll.hpp"

#include "bench/control.hpp"
#include "bench/delivery.hpp"
#include "bench/experiment.hpp"
#include "bench/plan.hpp"
#include "bench/retransmissions.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>

namespace bench {

std::size_t waited(std::span<const Told> messages, std::chrono::nanoseconds one_way) {
  std::size_t count = 0;
  std::int64_t last_answer = 0, this_answer = 0;  // when they were there
  bool first = true;
  for (const Told& message : messages) {
    // What one answer brings is received at once; two answers are a round trip apart.
    const bool another = first || message.received_ns - this_answer > one_way.count();
    if (another && !first) last_answer = this_answer;
    if (another) this_answer = message.received_ns;
    if (last_answer != 0 && message.sent_ns < last_answer + one_way.count()) ++count;
    first = false;
  }
  return count;
}

namespace {

using std::chrono::milliseconds;

constexpr std::size_t payload = 100;
// Pollers of one room are answered together, and so tell one story: each has a room of its own, with messages of its own.
constexpr double messages_per_second = 500;  // in all rooms

struct LongPolling {
  double rate;  // messages a second, in each room
  milliseconds rtt;
  milliseconds length;
  std::size_t rooms() const { return static_cast<std::size_t>(std::ceil(messages_per_second / rate)); }
};

// Reads in each room, until each long poll is there: the server knows.
bool all_wait(Readers& readers, Control& control, std::uint64_t expected) {
  const auto deadline = Clock::now() + std::chrono::seconds(10);
  while (control.stats().readers < expected) {
    if (Clock::now() > deadline || !readers.failure().empty()) return false;
    readers.run_until(Clock::now() + milliseconds(5), [] { return false; });
  }
  return true;
}

void measure(const Place& place, const LongPolling& what, Run& run) {
  const std::size_t rooms = what.rooms();
  const auto count = static_cast<std::size_t>(what.rate * static_cast<double>(rooms) *
                                              std::chrono::duration<double>(what.length).count());
  const auto plan = arrivals(count, what.length, derive(run.seed, run.cell, run.repetition));
  const auto room_of = drawn(count, rooms, derive(run.seed, run.cell + "/rooms", run.repetition));
  std::vector<std::vector<std::size_t>> indices(rooms);  // of each room's messages
  for (std::size_t i = 0; i < count; ++i) indices[room_of[i]].push_back(i);

  const Link link = link_of_rtt(what.rtt);
  Site site(place, run.arm, {.link = link});
  const Retransmissions again(site);
  const auto one_way = tell_one_way(run, site, link);
  Control control = site.at_server([&] { return Control(site.room_beside()); });
  const Stats before = control.stats();
  net::io_context io(1);
  std::vector<std::unique_ptr<feed::Client>> clients;
  std::vector<feed::Address> beside;
  std::vector<std::size_t> expected;
  for (std::size_t i = 0; i < rooms; ++i) {
    clients.push_back(make_reader(run.arm, io.get_executor(), numbered(site.room(), i)));
    beside.push_back(numbered(site.room_beside(), i));
    expected.push_back(indices[i].size());
  }
  Readers readers(io, std::move(clients), {before.epoch, 0}, expected);
  auto outlet = site.at_server([&] { return PostOutlet(beside, room_of, payload); });
  readers.start();
  const bool all_there = all_wait(readers, control, before.readers + rooms);

  Publisher publisher(outlet, plan);
  Meter meter(site.process());
  publisher.start(Clock::now() + milliseconds(20));
  readers.run_until(publisher.last_due() + std::chrono::seconds(3),
                    [&readers] { return readers.complete(); });
  meter.end();
  site.check();
  publisher.join();

  std::size_t waiting = 0;
  for (std::size_t r = 0; r < rooms; ++r) {
    std::vector<Told> told;
    const Receipts& receipts = readers.receipts()[r];
    for (std::size_t k = 0; k < indices[r].size(); ++k) {
      if (!receipts.has(k)) continue;
      const std::size_t i = indices[r][k];
      run.samples_ns.push_back((receipts.at(k) - publisher.due(i)).count());
      told.push_back(
          {publisher.sent(i).time_since_epoch().count(), receipts.at(k).time_since_epoch().count()});
    }
    waiting += waited(told, one_way);
  }
  tell_delays(run, run.samples_ns);
  const std::vector<std::int64_t> lateness = publisher.lateness();
  run.figures["lateness_p99_us"] = static_cast<double>(percentile(lateness, 0.99)) / 1e3;
  run.figures["waiting_share"] = static_cast<double>(waiting) / static_cast<double>(count);
  if (one_way >= shortest_transit) {
    const LongPollDelay model(what.rate, one_way);
    predict_delays(run, model);
    run.predicted["max_us"] = model.max().count() * 1e6;
    run.predicted["waiting_share"] = model.waiting();
  }
  run.gates.push_back({"readers stayed", all_there && readers.failure().empty(),
                       all_there ? readers.failure() : "not every long poll reached the server"});
  run.gates.push_back(once_and_in_order(readers.receipts()));
  run.gates.push_back(equal("published messages accepted", static_cast<double>(publisher.answered()),
                            static_cast<double>(count)));
  run.gates.push_back(no_negative(run.samples_ns, link.one_way));
  run.gates.push_back(on_time(lateness));
  if (site.process())  // Control, the publisher, and each reader once
    run.gates.push_back(equal("connections opened", static_cast<double>(control.stats().accepted),
                              static_cast<double>(rooms + 2)));
  again.tell_lost(run);
  meter.tell(run);
  run.figures["readers"] = static_cast<double>(rooms);
  readers.close();
  site.stop();
}

std::vector<Cell> cells_of(const Setting& setting) {
  const bool theirs = !setting.place.servers.empty();  // no line of ours leads there
  const milliseconds length(3000);
  std::vector<LongPolling> all;
  for (const double rate : {2, 10, 40}) all.push_back({rate, milliseconds(theirs ? 0 : 100), length});
  if (!theirs) {
    for (const double rate : {10, 50, 200}) all.push_back({rate, milliseconds(20), length});
  }
  std::vector<Cell> cells;
  for (const LongPolling& what : all) {
    Cell cell;
    cell.name = fmt::format("longpoll/longpoll/rate:{:.0f}/rtt_ms:{}", what.rate, what.rtt.count());
    cell.experiment = "longpoll";
    cell.arm = "longpoll";
    cell.parameters = {{"rate", what.rate}, {"rtt_ms", static_cast<double>(what.rtt.count())}};
    cell.headline = "mean_us";
    cell.headline_seconds = 1e-6;
    cell.estimate_s = std::chrono::duration<double>(length + 4 * what.rtt).count() + 0.5;
    cell.repetitions = setting.by_profile(0U, what.rtt.count() == 100 && what.rate == 10 ? 2U : 0U, 10U);
    cell.anywhere = theirs;
    cell.measure = [place = setting.place, what](Run& run) { measure(place, what, run); };
    cells.push_back(std::move(cell));
  }
  return cells;
}

}  // namespace

Experiment longpoll_experiment() {
  std::vector<Column> columns = delay_columns();
  for (Column& column : columns) {
    if (column.figure == "max_us") column.modelled = true;
  }
  columns.push_back({"waited for the next poll", "waiting_share", Unit::share, true});
  return {
      "E2",
      "longpoll",
      "How late is long polling when messages come quickly?",
      {{"RTT, ms", "rtt_ms"}, {"messages/s", "rate"}},
      std::move(columns),
      "delay counts from the time that a message was due to the time that its reader had it; each reader is alone in its room, the publisher "
      "sits beside the server",
      "many readers of one room: they ask again at the same time, and one answer's worth of work waits for another's",
      {{"^longpoll/", "max_us",
        "the longest of a thousand delays is the machine's: relay, server and clients share two cores, and one of them had to wait for its turn"},
       {"^longpoll/", "",
        "the model knows the line alone: from one answer to the next it is a round trip and what client and server take for a message and a poll"}},
      cells_of};
}

}  // namespace bench
