// The floors and ceilings of the instrument: what it adds by itself, and how much it can do.

#include "bench/control.hpp"
#include "bench/delivery.hpp"
#include "bench/experiment.hpp"
#include "bench/interrupt.hpp"
#include "bench/peer.hpp"
#include "bench/plan.hpp"
#include "bench/sink.hpp"
#include "bench/tcp_info.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <sys/socket.h>

namespace bench {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t payload = 100;
constexpr std::size_t warm_up = 10;

// There and back over two connections of the floor's server, one at a time: the next begins when the last is
// back.
void measure_round_trips(const Place& place, std::size_t count, Run& run) {
  Site site(place, "tcp");
  Sink sink("tcp", site.room(), "floor", 1, count);
  sink.connect();
  TcpOutlet outlet(site.room_beside(), payload);
  std::vector<std::int64_t> samples;
  samples.reserve(count);
  Meter meter(site.process());
  bool complete = true;
  for (std::size_t i = 0; i < count && complete; ++i) {
    const auto begin = Clock::now();
    outlet.send(i);
    complete = sink.run_until(i + 1, begin + std::chrono::seconds(2));
    if (complete) samples.push_back((sink.receipts()[0].at(i) - begin).count());
  }
  meter.end();
  site.check();
  tell_delays(run, samples);
  run.gates.push_back(once_and_in_order(sink.receipts()));
  meter.tell(run);
  run.samples_ns = std::move(samples);
  sink.disconnect();
  site.stop();
}

std::optional<int> far_core(const Place& place) {
  return place.cores.apart() ? std::optional<int>(place.cores.server) : std::nullopt;
}

// A line that loses what it was not asked to lose is not what it was made to be.
void tell_line(const Network& network, const Socket& here, const Peer& there, Run& run) {
  const auto again = tcp_info(here.fd()).retransmitted + tcp_info(there.accepted().fd()).retransmitted;
  run.figures["retransmitted"] = static_cast<double>(again);
  if (network.counts_packets())
    run.gates.push_back(equal("packets lost on the line", static_cast<double>(network.counts().lost), 0));
}

// Who waits for the answer waits in the kernel: nothing of ours is between it and the socket.
void hear_back(const Socket& socket, std::string_view text) {
  socket.write_all(text);
  std::array<char, 4096> piece;
  const auto deadline = Clock::now() + std::chrono::seconds(5);
  for (std::size_t got = 0; got < text.size();) {
    if (Clock::now() > deadline) throw std::runtime_error("nothing came back over the line within 5 s");
    if (socket.wait(milliseconds(100))) got += socket.read_some(piece.data(), piece.size());
  }
}

// There and back over one connection, across the link.
void measure_echo(const Place& place, const Link& link, std::size_t count, Run& run) {
  Network network(link);
  Peer peer(network, Manner::echo, far_core(place));
  network.enter();
  const Socket socket = Socket::connect(peer.address());
  const std::string text(payload, 'x');
  for (std::size_t i = 0; i < warm_up; ++i) hear_back(socket, text);
  std::vector<std::int64_t> samples;
  samples.reserve(count);
  Meter meter(nullptr);
  for (std::size_t i = 0; i < count; ++i) {
    check_interrupt();
    const auto begin = Clock::now();
    hear_back(socket, text);
    samples.push_back((Clock::now() - begin).count());
  }
  meter.end();
  tell_delays(run, samples);
  const double round_trip_us = std::chrono::duration<double, std::micro>(2 * link.one_way).count();
  if (round_trip_us > 0) {
    run.predicted["p50_us"] = run.predicted["mean_us"] = round_trip_us;
    run.gates.push_back(
        {"nothing is back before its time",
         static_cast<double>(*std::min_element(samples.begin(), samples.end())) / 1e3 >= round_trip_us,
         "a round trip was shorter than the line is long"});
  }
  run.figures["added_us"] = run.figures["p50_us"] - round_trip_us;
  tell_line(network, socket, peer, run);
  run.gates.push_back(equal("segments sent again", run.figures["retransmitted"], 0));
  meter.tell(run);
  run.samples_ns = std::move(samples);
}

// As much as goes through one connection, one way, in that time.
void measure_bulk(const Place& place, const Link& link, milliseconds length, Run& run) {
  Network network(link);
  Peer peer(network, Manner::keep, far_core(place));
  network.enter();
  const Socket socket = Socket::connect(peer.address());
  const std::string piece(256 * 1024, 'x');
  std::size_t sent = 0;
  Meter meter(nullptr);
  const auto begin = Clock::now();
  while (Clock::now() < begin + length) {
    check_interrupt();
    const std::size_t taken = socket.write_some(piece);
    if (taken == 0) socket.wait(milliseconds(100), true);
    sent += taken;
  }
  ::shutdown(socket.fd(), SHUT_WR);
  const bool all_there = socket.wait(std::chrono::seconds(10));  // the peer leaves when it has everything
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  meter.end();
  run.figures["megabytes_per_second"] = static_cast<double>(sent) / 1e6 / seconds;
  run.gates.push_back(
      {"everything arrived", all_there, "the far end still waited for some of it after 10 s"});
  tell_line(network, socket, peer, run);
  meter.tell(run);
}

// So many readers on one core: whether the sink can be where real clients would be the limit.
void measure_sink(const Place& place, std::size_t readers, double rate, milliseconds length, Run& run) {
  Site site(place, "sse");
  auto plan = poisson(rate, length, derive(run.seed, "floor", run.repetition));
  const std::size_t messages = plan.size();
  Sink sink("sse", site.room(), Control(site.room_beside()).stats().epoch, readers, messages);
  sink.connect();
  PostOutlet outlet(site.room_beside(), payload);
  Publisher publisher(outlet, std::move(plan));
  Meter meter(site.process());
  const auto start = Clock::now() + milliseconds(20);
  publisher.start(start);
  const bool complete = sink.run_until(messages, publisher.last_due() + std::chrono::seconds(5));
  std::this_thread::sleep_until(start + length);  // the plan's own silence at its end is part of the rate
  meter.end();
  site.check();
  publisher.join();
  for (std::size_t i = 0; i < messages; ++i) {
    for (const Receipts& reader : sink.receipts())
      if (reader.has(i)) run.samples_ns.push_back((reader.at(i) - publisher.due(i)).count());
  }
  tell_delays(run, run.samples_ns);
  run.figures["deliveries_per_second"] = static_cast<double>(messages * readers) / meter.seconds();
  run.gates.push_back({"everything came in time", complete, "some readers still waited after 5 s"});
  run.gates.push_back(once_and_in_order(sink.receipts()));
  run.gates.push_back(no_negative(run.samples_ns));
  run.gates.push_back(on_time(publisher.lateness()));
  meter.tell(run);
  sink.disconnect();
  site.stop();
}

std::vector<Cell> cells_of(const Setting& setting) {
  const Place& place = setting.place;
  std::vector<Cell> cells;
  const auto add = [&](std::string name, std::string arm, std::map<std::string, double> parameters,
                       double estimate_s, unsigned standard, std::function<void(Run&)> measure) -> Cell& {
    Cell cell;
    cell.name = std::move(name);
    cell.experiment = "floor";
    cell.arm = std::move(arm);
    cell.parameters = std::move(parameters);
    cell.headline = "p50_us";
    cell.headline_seconds = 1e-6;
    cell.estimate_s = estimate_s;
    cell.repetitions = setting.by_profile(standard > 1 ? 1U : 0U, standard, 10U);
    cell.measure = std::move(measure);
    return cells.emplace_back(std::move(cell));
  };
  constexpr auto bytes = static_cast<double>(payload);

  const std::size_t trips = setting.by_profile(2000, 10000, 10000);
  add(fmt::format("floor/tcp/round_trip/payload:{}", payload), "tcp", {{"payload_bytes", bytes}}, 0.8, 2,
      [place, trips](Run& run) { measure_round_trips(place, trips, run); });

  // As fast as the generator must be able to go.
  constexpr double rate = 5000;
  const milliseconds length(setting.by_profile(500, 1000, 1000));
  add(fmt::format("floor/null/rate:{:.0f}/payload:{}", rate, payload), "null",
      {{"payload_bytes", bytes}, {"rate", rate}}, std::chrono::duration<double>(length).count() + 0.1, 2,
      [place, length](Run& run) {
        Delivery delivery;
        delivery.arm = "null";
        delivery.payload_bytes = payload;
        delivery.plan = poisson(rate, length, derive(run.seed, "floor", run.repetition));
        delivery.warm_up = 100;
        delivery.phases.resize(1);
        deliver(place, delivery, run);
      });

  add(fmt::format("floor/loopback/round_trip/payload:{}", payload), "loopback", {{"payload_bytes", bytes}},
      0.4, 1, [place, trips](Run& run) { measure_echo(place, {}, trips, run); });
  for (const int rtt : {0, 20, 100}) {
    // A median needs twenty samples.
    const std::size_t count = rtt == 0 ? trips : rtt == 20 ? 50 : 20;
    const Link link{.one_way = milliseconds(rtt) / 2, .always = true};
    add(fmt::format("floor/relay/round_trip/payload:{}/rtt_ms:{}", payload, rtt), "relay",
        {{"payload_bytes", bytes}, {"rtt_ms", rtt}},
        rtt == 0 ? 0.8 : 0.2 + 1e-3 * rtt * static_cast<double>(count + warm_up), rtt == 100 ? 1 : 2,
        [place, link, count](Run& run) { measure_echo(place, link, count, run); });
  }

  for (const char* arm : {"loopback", "relay"}) {
    const Link link{.always = std::string_view(arm) == "relay"};
    Cell& cell = add(fmt::format("floor/{}/bulk", arm), arm, {}, 0.7, 1,
                     [place, link](Run& run) { measure_bulk(place, link, milliseconds(400), run); });
    cell.headline = "megabytes_per_second";
    cell.headline_seconds = 1;
  }

  constexpr std::size_t readers = 10'000;
  constexpr double messages = 5;
  add(fmt::format("floor/sink/readers:{}/rate:{:.0f}", readers, messages), "sink",
      {{"readers", static_cast<double>(readers)}, {"rate", messages}, {"payload_bytes", bytes}}, 3, 1,
      [place](Run& run) { measure_sink(place, readers, messages, milliseconds(1600), run); });
  return cells;
}

}  // namespace

Experiment floor_experiment() {
  return {
      "E0",
      "floor",
      "What does the instrument add by itself, and how much can it do?",
      {{"RTT, ms", "rtt_ms"}, {"readers", "readers"}, {"messages/s", "rate"}},
      {{"p50", "p50_us", Unit::microseconds, true},
       {"p99", "p99_us", Unit::microseconds},
       {"max", "max_us", Unit::microseconds},
       {"longer than the line", "added_us", Unit::microseconds},
       {"MB/s", "megabytes_per_second", Unit::count},
       {"deliveries/s", "deliveries_per_second", Unit::count},
       {"clients, of a core", "client_utilisation", Unit::share},
       {"generator late, p99 (1 ms at most)", "lateness_p99_us", Unit::microseconds}},
      "delay counts from the time that a message was due to the time that the reader had it; of a round trip, until it is back",
      "a transport: it is the part of every other delay that belongs to the instrument and to TCP on one machine. Nor does "
      "it show saturation over the line: what goes through it in a second is the relay's own ceiling",
      {},
      cells_of};
}

}  // namespace bench
