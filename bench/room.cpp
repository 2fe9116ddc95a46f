// What a room of 100 people costs for an hour: everybody listens, and each says something once a minute.

#include "bench/control.hpp"
#include "bench/experiment.hpp"
#include "bench/model.hpp"
#include "bench/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace bench {
namespace {

constexpr std::size_t people = 100;
constexpr std::size_t payload = 100;
constexpr std::chrono::seconds heartbeat{15};
constexpr double hour_s = 3600;

// What was said before anybody came: so that all that counts has numbers of two digits, and one size.
constexpr std::size_t said_before = 10;
// No two messages so close that a long poll would bring both: its next request is under way for less.
constexpr std::chrono::milliseconds apart{20};
// By so much a poll may be late on a busy machine.
constexpr std::chrono::milliseconds lateness{100};
constexpr std::chrono::seconds wait{25};  // of a long poll

struct Room {
  std::chrono::milliseconds interval{0};  // of poll
  std::chrono::milliseconds window{0};
  std::size_t messages = 0;  // within the window: 100 a minute
  double rate() const {
    return static_cast<double>(messages) / std::chrono::duration<double>(window).count();
  }
  // A poll of the window's beginning brings what was said before it: messages must have come for an interval by then.
  std::size_t messages_before() const {
    return static_cast<std::size_t>(std::lround(rate() * std::chrono::duration<double>(interval).count()));
  }
};

// When messages are due: in the interval before the window, from its beginning on; and within the window, exactly the room's number.
struct Plans {
  std::vector<std::chrono::nanoseconds> before, within;
};

Plans plans_of(const Room& room, std::uint64_t seed) {
  return {scattered(room.messages_before(), room.interval, apart, derive(seed, "before")),
          scattered(room.messages, room.window, apart, derive(seed, "window"))};
}

// What the readers' side had carried at some moment: at the door without the publisher's part, and on the line, on which he is not.
struct Moment {
  double bytes = 0, ip_bytes = 0, requests = 0;
  friend Moment operator-(const Moment& a, const Moment& b) {
    return {a.bytes - b.bytes, a.ip_bytes - b.ip_bytes, a.requests - b.requests};
  }
};

// A server's pings come after 15 s, which is longer than what is measured. The comments of an event stream come after as much silence
// of the server, and there is none.
double pings_per_hour(std::string_view arm) {
  return arm == "ws" ? static_cast<double>(people) * hour_s / std::chrono::duration<double>(heartbeat).count()
                     : 0;
}

// Of the room's window: what the protocols say for this plan and these phases.
struct Expected {
  double bytes = 0, packets = 0, requests = 0;
  void add(double times, std::uint64_t request, std::uint64_t answer) {
    bytes += times * static_cast<double>(request + answer);
    packets += times * static_cast<double>(packets_of_exchange(request, answer));
    requests += times;
  }
};

Expected expect(std::string_view arm, const Target& target, std::size_t epoch_bytes, const Room& room,
                const Plans& plans, const std::vector<std::chrono::nanoseconds>& starts) {
  const std::size_t cursor = cursor_bytes(epoch_bytes, said_before),
                    message = message_bytes(said_before, author, text_of(0, payload));
  const double deliveries = static_cast<double>(people * room.messages);
  Expected expected;
  if (arm == "poll") {
    std::vector<Seconds> phases, said;
    for (const auto start : starts) phases.emplace_back(start);
    for (const auto due : plans.before) said.emplace_back(due - room.interval);
    for (const auto due : plans.within) said.emplace_back(due);
    const std::vector<std::size_t> polls = pages(phases, room.interval, said, room.window);
    const std::size_t request = poll_request_bytes(target, cursor);
    for (std::size_t k = 0; k < polls.size(); ++k) {
      expected.add(
          static_cast<double>(polls[k]), request,
          k == 0 ? empty_response_bytes() : page_response_bytes(page_body_bytes(cursor, k, k * message)));
    }
  } else if (arm == "longpoll") {
    expected.add(deliveries, poll_request_bytes(target, cursor, wait),
                 page_response_bytes(page_body_bytes(cursor, 1, message), wait));
  } else {
    const std::size_t bytes = arm == "sse" ? sse_event_bytes(cursor, message) : frame_bytes(message);
    expected.bytes = deliveries * static_cast<double>(bytes);
    expected.packets = deliveries * static_cast<double>(packets_of_push(bytes));
  }
  return expected;
}

Gate near(std::string name, double seen, double expected) {
  return {std::move(name), std::abs(seen - expected) <= 0.01 * expected,
          fmt::format("{:.0f}, expected {:.0f} within a hundredth", seen, expected)};
}

// What the readers' side carried within the window, for an hour.
void tell_hour(Run& run, const Site& site, const Moment& carried, const Expected& expected, double hours) {
  const double pings = pings_per_hour(run.arm), ping_bytes = static_cast<double>(ping().total()),
               ping_ip_bytes = static_cast<double>(ip_bytes(ping().total(), 3));
  run.figures["bytes_per_hour"] = carried.bytes / hours + pings * ping_bytes;
  run.predicted["bytes_per_hour"] = expected.bytes / hours + pings * ping_bytes;
  run.figures["requests_per_hour"] = carried.requests / hours;
  run.predicted["requests_per_hour"] = expected.requests / hours;
  if (run.arm == "sse" || run.arm == "ws") {
    run.gates.push_back(equal("bytes of the readers", carried.bytes, expected.bytes));
  } else {  // where a message comes just as a poll does, the next one brings it
    run.gates.push_back(near("bytes of the readers", carried.bytes, expected.bytes));
  }
  if (!site.network().counts_packets()) return;
  run.figures["ip_bytes_per_hour"] = carried.ip_bytes / hours + pings * ping_ip_bytes;
  run.predicted["ip_bytes_per_hour"] =
      (expected.bytes + expected.packets * static_cast<double>(header_bytes)) / hours + pings * ping_ip_bytes;
}

void measure(const Place& place, const Room& room, Run& run) {
  const bool polls = run.arm == "poll";
  Site site(place, run.arm, {.link = {.always = true}, .heartbeat = heartbeat});
  const std::uint64_t memory = site.process()->memory_bytes();
  Control control = site.at_server([&] { return Control(site.room_beside()); });
  const std::string epoch = control.stats().epoch;
  PostOutlet outlet = site.at_server([&] { return PostOutlet(site.room_beside(), payload); });
  Publisher earlier(outlet, std::vector<std::chrono::nanoseconds>(said_before), 1);
  earlier.start(Clock::now());
  earlier.join();
  const Plans plans = plans_of(room, derive(run.seed, "room", run.repetition));
  const std::size_t first = said_before + plans.before.size(), count = first + plans.within.size();

  net::io_context io(1);
  std::vector<std::unique_ptr<feed::Client>> clients;
  const auto starts = spread_phases(people, polls ? room.interval : std::chrono::milliseconds(1),
                                    derive(run.seed, run.cell, run.repetition));
  for (const auto phase : starts)
    clients.push_back(make_reader(run.arm, io.get_executor(), site.room(), {room.interval, phase, wait}));
  Readers readers(io, std::move(clients), {epoch, 0}, count);
  for (std::size_t i = 0; i < people; ++i) readers.begin_behind(i, said_before);
  Publisher leading(outlet, plans.before, 0, said_before), publisher(outlet, plans.within, 0, first);
  readers.start();
  bool all_there = polls;
  if (!polls) {
    all_there = readers.run_until(Clock::now() + std::chrono::seconds(10), [&] {
      return run.arm == "longpoll" ? control.stats().readers == people : readers.begun() == people;
    });
    // Until the last acknowledgements of the set-up are there, too.
    readers.run_until(Clock::now() + std::chrono::milliseconds(100), [] { return false; });
  }
  const auto moment = [&] {
    const Stats stats = control.stats();
    return Moment{
        static_cast<double>(stats.bytes_in + stats.bytes_out - outlet.bytes_out() - outlet.bytes_in()),
        static_cast<double>(site.network().counts().bytes()),
        static_cast<double>(stats.requests - outlet.answered({}))};
  };

  // Pollers open their connections in the interval before the window, and messages come in it already.
  // Nobody publishes while the door is read.
  const auto start = Clock::now(), begin = start + room.interval, end = begin + room.window;
  leading.start(start);
  if (polls) {
    readers.run_until(begin, [] { return false; });
    all_there = readers.begun() == people;
  }
  leading.join();
  const Moment before = moment();
  Meter meter(site.process());
  publisher.start(begin);
  readers.run_until(end, [] { return false; });
  meter.end();
  publisher.join();
  const Moment at_end = moment();
  // A stream's last message may be under way, and its acknowledgement be held back: nothing else is said any more.
  if (!polls) {
    readers.run_until(end + std::chrono::milliseconds(100), [] { return false; });
  }
  const Moment after = polls ? at_end : moment();
  site.check();

  // Every poller has asked within the last interval: what was due before that must be there.
  std::size_t due = said_before;
  std::vector<std::int64_t> delays;
  for (std::size_t i = said_before; i < count; ++i, ++due) {
    const auto at = i < first ? leading.due(i - said_before) : publisher.due(i - first);
    if (polls && at > end - room.interval - lateness) break;
    for (const Receipts& reader : readers.receipts()) {
      if (reader.has(i)) delays.push_back((reader.at(i) - at).count());
    }
  }
  const bool complete = std::all_of(readers.receipts().begin(), readers.receipts().end(),
                                    [due](const Receipts& reader) { return reader.count() >= due; });
  tell_delays(run, delays);
  const double hours = Seconds(room.window).count() / hour_s;
  tell_hour(run, site, after - before,
            expect(run.arm, {site.room().authority, site.room().path}, epoch.size(), room, plans, starts),
            hours);
  if (polls) run.predicted["mean_us"] = poll_delay(room.interval, Seconds(0)).mean().count() * 1e6;
  run.figures["cpu_us_per_hour"] =
      static_cast<double>(meter.server_cpu().count()) / 1e3 / (meter.seconds() / hour_s);
  run.figures["memory_bytes"] =
      static_cast<double>(site.process()->memory_bytes()) - static_cast<double>(memory);
  run.figures["connections"] = static_cast<double>(control.stats().connections) - 2;
  run.gates.push_back(
      {"readers stayed", all_there && readers.failure().empty(),
       !all_there ? fmt::format("{} of {} began", readers.begun(), people) : readers.failure()});
  run.gates.push_back(
      {"everything came in time", complete, complete ? "" : "some readers still waited when time was up"});
  run.gates.push_back(polls ? once_and_in_order_so_far(readers.receipts())
                            : once_and_in_order(readers.receipts()));
  run.gates.push_back(no_negative(delays));
  run.gates.push_back(on_time(publisher.lateness()));
  run.gates.push_back(equal("connections opened", static_cast<double>(control.stats().accepted),
                            static_cast<double>(people + 2)));
  meter.tell(run);
  run.samples_ns = std::move(delays);
  readers.close();
  site.stop();
}

std::vector<Cell> cells_of(const Setting& setting) {
  std::vector<Cell> cells;
  const auto add = [&](const std::string& arm, std::chrono::milliseconds interval) {
    const bool polls = interval.count() > 0;
    const Room room{interval, std::chrono::milliseconds(4200), 7};
    Cell cell;
    cell.name = fmt::format("room/{}{}/people:{}", arm,
                            polls ? fmt::format("/interval_ms:{}", interval.count()) : "", people);
    cell.experiment = "room";
    cell.arm = arm;
    cell.parameters = {{"people", static_cast<double>(people)}, {"rate", room.rate()}};
    if (polls) cell.parameters["interval_ms"] = static_cast<double>(interval.count());
    cell.headline = "cpu_us_per_hour";
    cell.headline_seconds = 1e-6;
    cell.estimate_s = std::chrono::duration<double>(room.window + interval).count() + 0.4;
    cell.repetitions = setting.by_profile(0U, 2U, 10U);
    cell.measure = [place = setting.place, room](Run& run) { measure(place, room, run); };
    cells.push_back(std::move(cell));
  };
  add("poll", std::chrono::milliseconds(1000));
  add("poll", std::chrono::milliseconds(5000));
  for (const char* arm : {"longpoll", "sse", "ws"}) add(arm, {});
  return cells;
}

}  // namespace

Experiment room_experiment() {
  return {
      "E22",
      "room",
      "What does a room of 100 people cost for an hour?",
      {{"people", "people"}},
      {{"bytes per hour", "bytes_per_hour", Unit::bytes, true},
       {"with TCP/IP", "ip_bytes_per_hour", Unit::bytes, true},
       {"requests per hour", "requests_per_hour", Unit::count, true},
       {"connections", "connections", Unit::count},
       {"server CPU per hour", "cpu_us_per_hour", Unit::microseconds},
       {"memory", "memory_bytes", Unit::bytes},
       {"mean delay", "mean_us", Unit::microseconds, true}},
      "100 people listen, and each says 100 bytes once a minute at no particular time; measured for 4.2 s, in which 7 messages come, and "
      "told for an hour, with the pings of a WebSocket, which come every 15 s, added; the model knows when the messages came and "
      "when each poll went out",
      "what publishing costs in bytes and requests, which is a POST or a frame for each of 6 000 messages, nor a distance: a delay has one transit more there",
      {{"room/poll/", "mean_us",
        "the model has messages for ever; in 4.2 s there are seven, and when they come is a matter of chance"}},
      cells_of};
}

}  // namespace bench
