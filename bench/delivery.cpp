#include "bench/delivery.hpp"

#include "bench/control.hpp"
#include "bench/floor_client.hpp"
#include "bench/interrupt.hpp"
#include "bench/model.hpp"
#include "bench/plan.hpp"
#include "bench/stats.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

namespace bench {
namespace {

constexpr double rate = 250;  // a second: busy enough for a p99 within seconds, far from any limit
constexpr std::size_t payload = 100;
constexpr std::size_t pollers = 20;
constexpr std::size_t warm_up = 10;

// Long polls are told of their beginning with the first message only; the server knows that they are there.
bool wait_for_readers(Readers& readers, std::string_view arm, std::size_t count, Control* control,
                      Clock::duration patience) {
  const auto deadline = Clock::now() + patience;
  if (arm != "longpoll") return readers.run_until(deadline, [&] { return readers.begun() == count; });
  while (control->stats().readers < count) {
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
  Site site(place, delivery.arm, {.link = delivery.link});
  std::optional<Control> control;
  if (has_door) control.emplace(site.at_server([&] { return Control(site.room_beside()); }));
  const std::string epoch = control ? control->stats().epoch : std::string(floor_epoch);

  net::io_context io(1);
  NullRoom null_room(io.get_executor(), delivery.payload_bytes);
  std::vector<std::unique_ptr<feed::Client>> clients;
  for (const auto phase : delivery.phases) {
    const Asking asking{delivery.interval, phase};
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
  const bool all_there = wait_for_readers(readers, delivery.arm, count, control ? &*control : nullptr,
                                          delivery.interval + std::chrono::seconds(5));

  Publisher publisher(*outlet, delivery.plan, delivery.window);
  Meter meter(site.process());
  const auto start = Clock::now() + std::chrono::milliseconds(20);
  if (delivery.disturb) delivery.disturb(site, start);
  publisher.start(start);
  readers.run_until(publisher.last_due() + delivery.interval + std::chrono::seconds(3),
                    [&readers] { return readers.complete(); });
  meter.end();
  site.check();
  publisher.join();

  Delivered delivered;
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
  run.gates.push_back(no_negative(delivered.from_due_ns));
  run.gates.push_back(on_time(lateness));
  if (control)
    run.gates.push_back(equal("connections opened", static_cast<double>(control->stats().accepted),
                              static_cast<double>(count + 2)));
  meter.tell(run);
  run.samples_ns = delivered.from_due_ns;
  readers.close();
  control.reset();
  site.stop();
  return delivered;
}

namespace {

std::vector<Cell> cells_of(const Setting& setting) {
  const bool smoke = setting.profile == Profile::smoke;
  const std::chrono::milliseconds length(smoke ? 1200 : 4400);
  std::vector<Cell> cells;
  const auto add = [&](const std::string& arm, std::chrono::milliseconds interval) {
    Cell cell;
    const bool polls = interval.count() > 0;
    cell.name = fmt::format("delivery/{}{}/rate:{:.0f}/payload:{}", arm,
                            polls ? fmt::format("/interval_ms:{}", interval.count()) : "", rate, payload);
    cell.experiment = "delivery";
    cell.arm = arm;
    cell.parameters = {{"rate", rate}, {"payload_bytes", static_cast<double>(payload)}};
    if (polls) cell.parameters["interval_ms"] = static_cast<double>(interval.count());
    cell.headline = "p50_us";
    cell.headline_seconds = 1e-6;
    cell.estimate_s = std::chrono::duration<double>(length + 2 * interval).count() + 0.3;
    cell.repetitions = smoke ? 1 : 3;
    cell.measure = [=](Run& run) {
      Delivery delivery;
      delivery.arm = arm;
      delivery.payload_bytes = payload;
      // The same plan for all arms of a block.
      delivery.plan = poisson(rate, length, derive(run.seed, "delivery", run.repetition));
      delivery.warm_up = warm_up;
      delivery.interval = interval;
      delivery.phases = polls ? phases(pollers, interval, derive(run.seed, run.cell, run.repetition))
                              : std::vector<std::chrono::nanoseconds>(1);
      deliver(setting.place, delivery, run);
      run.figures["readers"] = static_cast<double>(delivery.phases.size());
      if (!polls) return;
      const Uniform model = poll_delay(interval, Seconds(0));  // loopback: d is nothing beside T
      run.predicted["mean_us"] = model.mean().count() * 1e6;
      run.predicted["p50_us"] = model.percentile(0.5).count() * 1e6;
      run.predicted["p90_us"] = model.percentile(0.9).count() * 1e6;
      if (run.figures.contains("p99_us")) run.predicted["p99_us"] = model.percentile(0.99).count() * 1e6;
      run.gates.push_back(uniform(run.samples_ns, interval, {}, delivery.plan.size() - warm_up));
    };
    cells.push_back(std::move(cell));
  };
  add("poll", std::chrono::milliseconds(100));
  add("poll", std::chrono::milliseconds(1000));
  for (const char* arm : {"longpoll", "sse", "ws", "tcp", "null"}) add(arm, {});
  return cells;
}

}  // namespace

Experiment delivery_experiment() {
  return {
      "E1",
      "delivery",
      "When does a message reach its reader?",
      {{"RTT, ms", "rtt_ms"}, {"messages/s", "rate"}},
      {{"p50", "p50_us", Unit::microseconds, true},
       {"p99", "p99_us", Unit::microseconds, true},
       {"max", "max_us", Unit::microseconds},
       {"mean", "mean_us", Unit::microseconds, true},
       {"generator late, p99", "lateness_p99_us", Unit::microseconds}},
      "delay counts from the time that a message was due to the time that the reader had it",
      "what a network adds: where no RTT is given, server and reader are on one machine and d is microseconds",
      {},
      cells_of};
}

}  // namespace bench
