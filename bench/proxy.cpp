// nginx between the reader and the server: whether it ends a stream that says nothing, and whether it keeps for itself what was
// meant to be there at once.

#include "bench/arms.hpp"
#include "bench/control.hpp"
#include "bench/experiment.hpp"
#include "bench/front_model.hpp"
#include "bench/front_proxy.hpp"
#include "bench/interrupt.hpp"
#include "bench/plan.hpp"

#include <fmt/format.h>

#include <memory>
#include <optional>

namespace bench {
namespace {

constexpr std::size_t payload = 100;

// Idle: a second stands for nginx's minute, and a heartbeat four times as often for the servers' 15 s.
constexpr std::chrono::milliseconds read_timeout{1000};
constexpr std::chrono::milliseconds heartbeat{250};
constexpr std::chrono::milliseconds watched{2500};

// Buffering.
constexpr double rate = 25;
constexpr std::chrono::milliseconds length{1500};
constexpr std::chrono::milliseconds grace{300};  // for the last message

// One reader through nginx, and what it takes to have it.
struct Stage {
  Stage(const Place& place, const Run& run, const Serving& serving, const Front& how, std::size_t messages)
      : site(place, run.arm, serving),
        control(std::make_unique<Control>(site.room_beside())),
        epoch(control->stats().epoch),
        front(site, place.cores, how) {
    std::vector<std::unique_ptr<feed::Client>> clients;
    clients.push_back(make_reader(run.arm, io.get_executor(), front.room()));
    readers = std::make_unique<Readers>(io, std::move(clients), feed::Cursor{epoch, 0}, messages);
    readers->start();
    // The server knows that it is there; what nginx holds back the reader does not.
    const auto deadline = Clock::now() + std::chrono::seconds(5);
    while (control->stats().readers < 1) {
      if (Clock::now() > deadline)
        throw std::runtime_error("the reader did not come to the server within 5 s");
      readers->run_until(Clock::now() + std::chrono::milliseconds(5), [] { return false; });
    }
  }
  net::io_context io{1};
  Site site;
  std::unique_ptr<Control> control;
  std::string epoch;
  FrontProxy front;
  std::unique_ptr<Readers> readers;
};

void measure_idle(const Place& place, bool beats, Run& run) {
  Serving serving;
  if (beats) serving.heartbeat = heartbeat;
  Stage stage(place, run, serving, {.read_timeout = read_timeout}, 1);
  Readers& readers = *stage.readers;
  readers.run_until(Clock::now() + std::chrono::seconds(5), [&] { return readers.begun() == 1; });
  Meter meter(stage.site.process());
  const auto begin = Clock::now();
  readers.run_until(begin + watched, [] { return false; });
  const double lived_ms = std::chrono::duration<double, std::milli>(Clock::now() - begin).count();
  meter.end();
  stage.site.check();
  const bool lived = readers.failure().empty();
  run.figures["lived"] = lived ? 1 : 0;
  run.predicted["lived"] = beats ? 1 : 0;
  run.figures["lived_ms"] = lived ? static_cast<double>(watched.count()) : lived_ms;
  run.predicted["lived_ms"] = static_cast<double>((beats ? watched : read_timeout).count());
  run.gates.push_back(equal("readers that began", static_cast<double>(readers.begun()), 1));
  meter.tell(run);
  readers.close();
  stage.control.reset();
  stage.front.stop();
  stage.site.stop();
}

// What nginx keeps where it gathers and no chunk tells it how much there is: a buffer is passed on when it is full.
void predict_kept(Run& run, const std::vector<std::chrono::nanoseconds>& plan, std::size_t epoch_bytes) {
  std::vector<Seconds> said(plan.begin(), plan.end());
  std::vector<std::size_t> bytes;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    bytes.push_back(sse_event_text_bytes(cursor_bytes(epoch_bytes, i + 1),
                                         message_bytes(i + 1, author, text_of(i, payload))));
  }
  const std::size_t head = nginx_stream_head_bytes() + sse_hello_text_bytes(cursor_bytes(epoch_bytes, 0));
  std::vector<std::int64_t> delays;
  for (const auto& kept : kept_by_proxy(said, bytes, head, nginx_buffer)) {
    if (kept) delays.push_back(std::chrono::duration_cast<std::chrono::nanoseconds>(*kept).count());
  }
  Run model;
  tell_delays(model, delays);
  for (const char* figure : {"mean_us", "p50_us", "max_us"}) {
    if (model.figures.contains(figure)) run.predicted[figure] = model.figures[figure];
  }
  run.predicted["arrived_share"] = static_cast<double>(delays.size()) / static_cast<double>(plan.size());
}

void measure_buffering(const Place& place, const Front& how, Run& run) {
  const auto plan = poisson(rate, length, derive(run.seed, "proxy", run.repetition));
  if (plan.empty()) throw std::runtime_error("the plan of this seed has no messages");
  Stage stage(place, run, {}, how, plan.size());
  Readers& readers = *stage.readers;
  PostOutlet outlet(stage.site.room_beside(), payload);
  Publisher publisher(outlet, plan);
  Meter meter(stage.site.process());
  publisher.start(Clock::now() + std::chrono::milliseconds(20));
  readers.run_until(publisher.last_due() + grace, [&] { return readers.complete(); });
  meter.end();
  stage.site.check();
  publisher.join();

  const Receipts& got = readers.receipts().front();
  std::vector<std::int64_t> delays;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    if (got.has(i)) delays.push_back((got.at(i) - publisher.due(i)).count());
  }
  const auto n = static_cast<double>(plan.size());
  tell_delays(run, delays);
  run.figures["n"] = n;
  run.figures["arrived_share"] = static_cast<double>(got.count()) / n;
  run.predicted["arrived_share"] = 1;
  if (how.buffering && how.asks_by_1_0 && !how.obeys) predict_kept(run, plan, stage.epoch.size());
  run.gates.push_back(no_negative(delays));
  run.gates.push_back(on_time(publisher.lateness()));
  meter.tell(run);
  run.samples_ns = std::move(delays);

  // With the stream comes the end of what is held back: late, and not lost.
  stage.control.reset();
  stage.site.stop();
  const bool complete =
      readers.run_until(Clock::now() + std::chrono::seconds(5), [&] { return readers.complete(); });
  run.gates.push_back({"everything was there when the stream had ended", complete || readers.complete(),
                       fmt::format("{} of {} messages", got.count(), plan.size())});
  run.gates.push_back(once_and_in_order(readers.receipts()));
  readers.close();
  stage.front.stop();
}

std::vector<Cell> cells_of(const Setting& setting) {
  std::vector<Cell> cells;
  const auto add = [&](const std::string& arm, const std::string& rest, double estimate_s) -> Cell& {
    Cell cell;
    cell.name = fmt::format("proxy/{}/{}", arm, rest);
    cell.experiment = "proxy";
    cell.arm = arm;
    cell.estimate_s = estimate_s;
    cell.repetitions = setting.by_profile(0U, 0U, 3U);
    cells.push_back(std::move(cell));
    return cells.back();
  };
  for (const std::string arm : {"sse", "ws"}) {
    for (const bool beats : {true, false}) {
      const double lives_s = std::chrono::duration<double>(beats ? watched : read_timeout).count();
      Cell& cell = add(arm, beats ? "idle:heartbeat" : "idle:silent", lives_s + 0.2);
      cell.parameters = {{"read_timeout_ms", static_cast<double>(read_timeout.count())}};
      if (beats) cell.parameters["heartbeat_ms"] = static_cast<double>(heartbeat.count());
      cell.headline = "lived_ms";
      cell.headline_seconds = 1e-3;
      cell.measure = [place = setting.place, beats](Run& run) { measure_idle(place, beats, run); };
    }
    for (const std::string buffering : {"on", "off", "on/upstream:1.0", "header/upstream:1.0"}) {
      Front how;
      how.buffering = buffering != "off";
      how.obeys = buffering.starts_with("header");
      how.asks_by_1_0 = buffering.ends_with("1.0");
      if (how.asks_by_1_0 && arm == "ws") continue;  // HTTP/1.0 has no upgrade
      Cell& cell =
          add(arm, "buffering:" + buffering, std::chrono::duration<double>(length + grace).count() + 0.2);
      cell.parameters = {{"rate", rate},
                         {"payload_bytes", static_cast<double>(payload)},
                         {"buffering", how.buffering ? 1 : 0},
                         {"obeys", how.obeys ? 1 : 0},
                         {"upstream", how.asks_by_1_0 ? 1.0 : 1.1}};
      cell.headline = "max_us";
      cell.headline_seconds = 1e-6;
      cell.measure = [place = setting.place, how](Run& run) { measure_buffering(place, how, run); };
    }
  }
  return cells;
}

}  // namespace

Experiment proxy_experiment() {
  return {
      "P1",
      "proxy",
      "Does a stream live, and arrive at once, with a proxy between?",
      {{"heartbeat, ms", "heartbeat_ms"},
       {"proxy waits, ms", "read_timeout_ms"},
       {"buffering", "buffering"},
       {"obeys the server", "obeys"},
       {"asks by HTTP", "upstream"},
       {"messages/s", "rate"}},
      {{"lived", "lived", Unit::count, true},
       {"lived, ms", "lived_ms", Unit::count, true},
       {"arrived at once or while it ran", "arrived_share", Unit::share, true},
       {"p50 of those", "p50_us", Unit::microseconds, true},
       {"max of those", "max_us", Unit::microseconds, true}},
      "nginx is the proxy; a stream without a word is watched for 2.5 s, and delays are those of the messages that were there when the stream went on",
      "other proxies, whose buffers and patience are different, nor nginx's usual minute, for which a second stands here",
      {},
      cells_of};
}

}  // namespace bench
