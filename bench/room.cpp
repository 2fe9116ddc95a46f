// What a room of 100 people costs for an hour: everybody listens, and each says something once a minute.

#include "bench/control.hpp"
#include "bench/experiment.hpp"
#include "bench/model.hpp"
#include "bench/plan.hpp"

#include <fmt/format.h>

#include <cmath>
#include <memory>
#include <utility>

namespace bench {
namespace {

constexpr std::size_t people = 100;
constexpr std::size_t payload = 100;
constexpr std::chrono::seconds heartbeat{15};
constexpr double hour_s = 3600;

struct Room {
  std::chrono::milliseconds interval{0};  // of poll
  std::chrono::milliseconds window{0};
  std::size_t messages = 0;  // within the window: 100 a minute
  double rate() const {
    return static_cast<double>(messages) / std::chrono::duration<double>(window).count();
  }
};

// What the readers' side had carried at some moment: at the door without the publisher's part, and on the line, on which he is not.
struct Moment {
  double bytes = 0, ip_bytes = 0, requests = 0;
};

// A server's pings come after 15 s, which is longer than what is measured. The comments of an event stream come after as much silence
// of the server, and there is none.
double pings_per_hour(std::string_view arm) {
  return arm == "ws" ? static_cast<double>(people) * hour_s / std::chrono::duration<double>(heartbeat).count()
                     : 0;
}

void predict(const Site& site, std::size_t epoch_bytes, const Room& room, Run& run) {
  const Target target{site.room().authority, site.room().path};
  const std::size_t cursor = cursor_bytes(epoch_bytes, 1),
                    message = message_bytes(1, author, text_of(0, payload));
  const double deliveries = static_cast<double>(people) * room.rate() * hour_s;
  double bytes = 0, requests = 0;
  if (run.arm == "poll") {
    requests = static_cast<double>(people) * hour_s / std::chrono::duration<double>(room.interval).count();
    bytes = deliveries * poll_bytes_per_message(target, cursor, message, room.rate(), room.interval);
  } else if (run.arm == "longpoll") {
    const std::chrono::seconds wait{25};
    requests = deliveries;
    bytes = deliveries * static_cast<double>(poll_request_bytes(target, cursor, wait) +
                                             page_response_bytes(page_body_bytes(cursor, 1, message), wait));
  } else {
    bytes = deliveries *
            static_cast<double>(run.arm == "sse" ? sse_event_bytes(cursor, message) : frame_bytes(message));
  }
  run.predicted["bytes_per_hour"] = bytes + pings_per_hour(run.arm) * static_cast<double>(ping().total());
  run.predicted["requests_per_hour"] = requests;
  if (run.arm == "poll")
    run.predicted["mean_us"] = poll_delay(room.interval, Seconds(0)).mean().count() * 1e6;
}

void measure(const Place& place, const Room& room, Run& run) {
  const bool polls = run.arm == "poll";
  Site site(place, run.arm, {.link = {.always = true}, .heartbeat = heartbeat});
  const std::uint64_t memory = site.process()->memory_bytes();
  Control control = site.at_server([&] { return Control(site.room_beside()); });
  const std::string epoch = control.stats().epoch;
  PostOutlet outlet = site.at_server([&] { return PostOutlet(site.room_beside(), payload); });
  auto plan = arrivals(room.messages, room.window, derive(run.seed, "room", run.repetition));
  const std::size_t count = plan.size();

  net::io_context io(1);
  std::vector<std::unique_ptr<feed::Client>> clients;
  const auto starts = phases(people, polls ? room.interval : std::chrono::milliseconds(1),
                             derive(run.seed, run.cell, run.repetition));
  for (const auto phase : starts) {
    Asking asking;
    asking.interval = room.interval;
    asking.phase = phase;
    clients.push_back(make_reader(run.arm, io.get_executor(), site.room(), asking));
  }
  Readers readers(io, std::move(clients), {epoch, 0}, count);
  readers.start();
  const auto here = [&] {
    return run.arm == "longpoll" ? control.stats().readers == people : readers.begun() == people;
  };
  const bool all_there = readers.run_until(Clock::now() + room.interval + std::chrono::seconds(10), here);
  const auto moment = [&] {
    const Stats stats = control.stats();
    return Moment{
        static_cast<double>(stats.bytes_in + stats.bytes_out - outlet.bytes_out() - outlet.bytes_in()),
        static_cast<double>(site.network().counts().bytes()),
        static_cast<double>(stats.requests - outlet.answered({}))};
  };

  const Moment before = moment();
  Publisher publisher(outlet, std::move(plan));
  Meter meter(site.process());
  const auto start = Clock::now();
  publisher.start(start);
  readers.run_until(start + room.window, [] { return false; });
  meter.end();
  const bool complete = readers.run_until(start + room.window + room.interval + std::chrono::seconds(3), [&] {
    return readers.complete() &&
           (polls || Clock::now() > start + room.window + std::chrono::milliseconds(100));
  });
  publisher.join();
  site.check();
  // A stream's last acknowledgement is there by now; of a poller everything until here counts, by the time that it took.
  const Moment after = moment();
  const double seconds =
      polls ? std::chrono::duration<double>(Clock::now() - start).count() : meter.seconds();

  std::vector<std::int64_t> delays;
  for (std::size_t i = 0; i < count; ++i) {
    for (const Receipts& reader : readers.receipts()) {
      if (reader.has(i)) delays.push_back((reader.at(i) - publisher.due(i)).count());
    }
  }
  tell_delays(run, delays);
  const double hours = seconds / hour_s;
  run.figures["bytes_per_hour"] =
      (after.bytes - before.bytes) / hours + pings_per_hour(run.arm) * static_cast<double>(ping().total());
  const double pings_ip = static_cast<double>(ip_bytes(ping().total(), 3));
  run.figures["ip_bytes_per_hour"] =
      (after.ip_bytes - before.ip_bytes) / hours + pings_per_hour(run.arm) * pings_ip;
  run.figures["requests_per_hour"] = (after.requests - before.requests) / hours;
  run.figures["cpu_us_per_hour"] =
      static_cast<double>(meter.server_cpu().count()) / 1e3 / (meter.seconds() / hour_s);
  run.figures["memory_bytes"] =
      static_cast<double>(site.process()->memory_bytes()) - static_cast<double>(memory);
  run.figures["connections"] = static_cast<double>(control.stats().connections) - 2;
  predict(site, epoch.size(), room, run);
  run.gates.push_back(
      {"readers stayed", all_there && complete && readers.failure().empty(),
       !all_there ? fmt::format("{} of {} began", readers.begun(), people) : readers.failure()});
  run.gates.push_back(once_and_in_order(readers.receipts()));
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
    // Of polls a whole number of intervals, so that everybody asks equally often; else as long as a whole number of messages takes.
    const Room room = interval.count() > 4000 ? Room{interval, interval, 8}
                      : polls                 ? Room{interval, std::chrono::milliseconds(6000), 10}
                                              : Room{interval, std::chrono::milliseconds(4200), 7};
    Cell cell;
    cell.name = fmt::format("room/{}{}/people:{}", arm,
                            polls ? fmt::format("/interval_ms:{}", interval.count()) : "", people);
    cell.experiment = "room";
    cell.arm = arm;
    cell.parameters = {{"people", static_cast<double>(people)}, {"rate", room.rate()}};
    if (polls) cell.parameters["interval_ms"] = static_cast<double>(interval.count());
    cell.headline = "cpu_us_per_hour";
    cell.headline_seconds = 1e-6;
    cell.estimate_s = std::chrono::duration<double>(room.window + 2 * interval).count() + 0.4;
    cell.repetitions = setting.by_profile(0U, 2U, 4U);
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
       {"with TCP/IP", "ip_bytes_per_hour", Unit::bytes},
       {"requests per hour", "requests_per_hour", Unit::count, true},
       {"connections", "connections", Unit::count},
       {"server CPU per hour", "cpu_us_per_hour", Unit::microseconds},
       {"memory", "memory_bytes", Unit::bytes},
       {"mean delay", "mean_us", Unit::microseconds, true}},
      "100 people listen, and each says 100 bytes once a minute at no particular time; measured for 4 to 6 s "
      "and told for an hour, with the pings of a WebSocket, which come every 15 s, added",
      "what publishing costs, which is a POST or a frame for each of 6 000 messages, nor a distance: a delay has one transit more there",
      {{"room/poll/", "",
        "the model has Poisson arrivals for ever, and few intervals were measured: how many of them were empty differs"}},
      cells_of};
}

}  // namespace bench
