// What a cookie costs. Polling sends it with every request; a stream sends it once, however many messages come after.

#include "bench/experiment.hpp"
#include "bench/lockstep.hpp"

#include <fmt/format.h>

namespace bench {
namespace {

constexpr std::size_t payload = 100;
void measure_cookie(const Place& place, std::size_t cookie, Run& run) {
  const std::size_t messages = is_streaming(run.arm) ? 40 : 8;
  tell_layers(
      run_lockstep(place,
                   {.arm = run.arm, .payload_bytes = payload, .messages = messages, .cookie_bytes = cookie},
                   run),
      run);
}

std::vector<Cell> cells_of(const Setting& setting) {
  std::vector<Cell> cells;
  for (const char* arm : {"poll", "sse", "ws"}) {
    for (const std::size_t cookie : {0, 100, 500, 1000, 4000}) {
      Cell cell;
      cell.name = fmt::format("headers/{}/cookie:{}", arm, cookie);
      cell.experiment = "headers";
      cell.arm = arm;
      cell.parameters = {{"cookie_bytes", static_cast<double>(cookie)},
                         {"payload_bytes", static_cast<double>(payload)}};
      cell.headline = "lockstep_us";
      cell.headline_seconds = 1e-6;
      cell.estimate_s = cell.arm == "poll" ? 0.65 : 0.2;
      cell.repetitions = setting.by_profile(0U, cookie == 0 || cookie == 500 ? 1U : 0U, 3U);
      cell.anywhere = true;
      cell.measure = [place = setting.place, cookie](Run& run) { measure_cookie(place, cookie, run); };
      cells.push_back(std::move(cell));
    }
  }
  return cells;
}

}  // namespace

Experiment headers_experiment() {
  return {
      "E17",
      "headers",
      "What does a cookie cost?",
      {{"cookie, bytes", "cookie_bytes"}},
      {{"bytes per message", "bytes_per_message", Unit::bytes, true},
       {"of them up", "up_bytes_per_message", Unit::bytes, true},
       {"with TCP/IP", "ip_bytes_per_message", Unit::bytes, true},
       {"packets", "packets_per_message", Unit::count, true},
       {"set-up, once", "setup_bytes", Unit::bytes, true}},
      "bytes are TCP payload, both ways, of one message, the only one of its poll; polling pays the same for a poll that brings nothing",
      "what HTTP/2 saves, which does not repeat what it has said",
      {},
      cells_of};
}

}  // namespace bench
