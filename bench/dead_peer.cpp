// Somebody pulls the plug: no packet goes through any more, and nobody says goodbye. Who notices, and when?

#include "bench/control.hpp"
#include "bench/experiment.hpp"
#include "sse/client.hpp"
#include "websocket/client.hpp"

#include <fmt/format.h>

#include <memory>
#include <optional>
#include <thread>
#include <utility>

namespace bench {
namespace {

constexpr std::chrono::milliseconds short_heartbeat{500};  // stands for the 15 s of our servers
constexpr std::chrono::seconds short_silence{1};           // a client's patience, which is whole seconds
constexpr std::chrono::hours never{1};
// Of the experiment: what was not noticed by then was not noticed. libcurl's watch over an event stream takes the mean of some 5 s, so
// that a client of a second's patience takes up to 7.
constexpr std::chrono::seconds patience{10};

std::unique_ptr<feed::Client> reader(const std::string& arm, net::any_io_executor executor,
                                     const feed::Address& room, std::chrono::seconds silence) {
  if (arm == "sse") return std::make_unique<sse::Client>(executor, room, silence);
  return std::make_unique<websocket::Client>(executor, room, silence);
}

void measure(const Place& place, bool heartbeat, Run& run) {
  Site site(place, run.arm,
            {.link = {.always = true, .can_be_cut = true},
             .heartbeat = heartbeat ? short_heartbeat : std::chrono::milliseconds(never)});
  Control control = site.at_server([&] { return Control(site.room_beside()); });
  net::io_context io(1);
  std::vector<std::unique_ptr<feed::Client>> clients;
  clients.push_back(reader(run.arm, io.get_executor(), site.room(),
                           heartbeat ? short_silence : std::chrono::seconds(never)));
  Readers readers(io, std::move(clients), {control.stats().epoch, 0}, 1);
  readers.start();
  const bool there =
      readers.run_until(Clock::now() + std::chrono::seconds(5), [&] { return readers.begun() == 1; });
  // Until both have heard of each other once more.
  readers.run_until(Clock::now() + 2 * short_heartbeat, [] { return false; });
  const bool lived = readers.failure().empty() && control.stats().readers == 1;

  Meter meter(site.process());
  site.network().black_hole(true);
  const auto cut = Clock::now();
  std::optional<double> server_ms, client_ms;
  const auto since = [cut] { return std::chrono::duration<double, std::milli>(Clock::now() - cut).count(); };
  while (Clock::now() < cut + patience && !(server_ms && client_ms)) {
    readers.run_until(Clock::now() + std::chrono::milliseconds(10), [] { return false; });
    if (!client_ms && !readers.failure().empty()) client_ms = since();
    if (!server_ms && control.stats().readers == 0) server_ms = since();
    if (client_ms)
      std::this_thread::sleep_for(std::chrono::milliseconds(10));  // the loop has nothing to wait for
  }
  meter.end();
  run.figures["server_noticed"] = server_ms ? 1 : 0;
  run.figures["client_noticed"] = client_ms ? 1 : 0;
  run.figures["noticed"] = server_ms || client_ms ? 1 : 0;
  if (server_ms) run.figures["server_us"] = *server_ms * 1e3;
  if (client_ms) run.figures["client_us"] = *client_ms * 1e3;
  run.gates.push_back({"both were there before the cut", there && lived, readers.failure()});
  meter.tell(run);
  site.check();
  readers.close();
  site.network().black_hole(false);
  site.stop();
}

std::vector<Cell> cells_of(const Setting& setting) {
  std::vector<Cell> cells;
  for (const char* arm : {"sse", "ws"}) {
    for (const bool heartbeat : {true, false}) {
      Cell cell;
      cell.name = fmt::format("dead_peer/{}/heartbeat:{}", arm, heartbeat ? "yes" : "no");
      cell.experiment = "dead_peer";
      cell.arm = arm;
      cell.parameters = {{"heartbeat_ms", heartbeat ? static_cast<double>(short_heartbeat.count()) : 0}};
      cell.headline = "noticed";
      cell.headline_seconds = 1;
      cell.estimate_s = 1.2 + std::chrono::duration<double>(patience).count();
      cell.repetitions = setting.by_profile(0U, 0U, 3U);
      cell.measure = [place = setting.place, heartbeat](Run& run) { measure(place, heartbeat, run); };
      cells.push_back(std::move(cell));
    }
  }
  return cells;
}

}  // namespace

Experiment dead_peer_experiment() {
  return {
      "P3",
      "dead_peer",
      "When is a peer noticed that is gone without a word?",
      {{"heartbeat, ms", "heartbeat_ms"}},
      {{"server noticed", "server_noticed", Unit::count},
       {"after", "server_us", Unit::microseconds},
       {"client noticed", "client_noticed", Unit::count},
       {"after", "client_us", Unit::microseconds}},
      "the line drops every packet from one moment on; 1 is noticed and 0 is not, within 10 s; a heartbeat of 0 is none, and then the "
      "client is as patient as the server",
      "what TCP notices by itself: a write that is not acknowledged is given up after some 15 minutes (tcp_retries2), and a side "
      "that only reads never notices",
      {},
      cells_of};
}

}  // namespace bench
