// Bytes per delivered message, in layers: the message, what HTTP, SSE or WebSocket put around it, and the packets of TCP and IP. Counted
// at the server's door and on the line, and predicted from the text of the protocols: equal to the byte at the door, or the run does not
// count.

#include "bench/bytes.hpp"

#include "bench/lockstep.hpp"
#include "bench/polled.hpp"

#include <fmt/format.h>

#include <string>

namespace bench {
namespace {

constexpr std::size_t pushed = 80;
constexpr std::size_t large = 10000, pushed_large = 20;
constexpr std::size_t asked_for = 12;             // of those that come 50 ms apart
constexpr std::size_t shortest = 8, usual = 100;  // bytes of text

void measure_bytes(const Place& place, std::size_t payload, const std::string& profile, Run& run) {
  const std::size_t messages = !is_streaming(run.arm) ? asked_for : payload < large ? pushed : pushed_large;
  const Lockstepped done = run_lockstep(
      place, {.arm = run.arm, .payload_bytes = payload, .messages = messages, .profile = profile}, run);
  run.parameters["fields_bytes"] = static_cast<double>(done.fields_bytes);
  tell_layers(done, run);
  if (run.arm == "ws") {  // RFC 6455, 5.2
    run.figures["frame_header_bytes"] = run.figures["framing_bytes_per_message"];
    run.predicted["frame_header_bytes"] = static_cast<double>(frame_bytes(done.json_bytes) - done.json_bytes);
  }
}

std::vector<Cell> cells_of(const Setting& setting) {
  std::vector<Cell> cells;
  const auto add = [&](const std::string& arm, const std::string& parameter, std::size_t value,
                       std::size_t payload, const std::string& profile) {
    Cell cell;
    cell.name = fmt::format("bytes/{}/{}:{}{}", arm, parameter, value,
                            profile == "lean" ? "" : "/profile:" + profile);
    cell.experiment = "bytes";
    cell.arm = arm;
    cell.parameters = {{"payload_bytes", static_cast<double>(payload)}};
    cell.headline = "lockstep_us";
    cell.headline_seconds = 1e-6;
    cell.estimate_s = is_streaming(arm) ? 0.2 : 0.85;
    // The usual message, the shortest, and where a frame's header grows: what the claims are about.
    const bool pushes = arm == "sse" || arm == "ws";
    const bool telling =
        payload == usual || (pushes && payload == shortest) || (arm == "ws" && parameter == "json");
    const bool first = payload == usual && profile == "lean";
    cell.repetitions = setting.by_profile(first ? 1U : 0U, telling ? 1U : 0U, 3U);
    cell.anywhere = arm != "tcp";
    cell.measure = [place = setting.place, payload, profile](Run& run) {
      measure_bytes(place, payload, profile, run);
    };
    cells.push_back(std::move(cell));
  };
  for (const char* arm : {"poll", "longpoll", "sse", "ws", "tcp"}) {
    for (const std::size_t payload : {shortest, usual, std::size_t{1000}, large, std::size_t{65000}})
      add(arm, "payload", payload, payload, "lean");
  }
  for (const char* arm : {"poll", "longpoll", "sse", "ws"}) {
    for (const char* profile : {"browser", "cookie"}) add(arm, "payload", usual, usual, profile);
  }
  // Where the header of a frame grows; beside it what SSE takes for the same.
  const std::size_t around = json_bytes(before_counting, 0);
  for (const std::size_t json : {125, 126, 65535, 65536}) add("ws", "json", json, json - around, "lean");
  for (const std::size_t json : {125, 126}) add("sse", "json", json, json - around, "lean");
  for (Cell& cell : publish_cells(setting)) cells.push_back(std::move(cell));
  for (Cell& cell : picture_cells(setting)) cells.push_back(std::move(cell));
  return cells;
}

}  // namespace

Experiment bytes_experiment() {
  return {
      "E5",
      "bytes",
      "What does a delivered message cost in bytes?",
      {{"payload, bytes", "payload_bytes"}, {"further header fields, bytes", "fields_bytes"}},
      {{"message", "json_bytes_per_message", Unit::bytes},
       {"framing", "framing_bytes_per_message", Unit::bytes},
       {"bytes per message", "bytes_per_message", Unit::bytes, true},
       {"with TCP/IP", "ip_bytes_per_message", Unit::bytes, true},
       {"packets", "packets_per_message", Unit::count, true},
       {"set-up, once", "setup_bytes", Unit::bytes, true}},
      "bytes per message are TCP payload, both ways: what the reader's connection carried after its set-up for one message, the only one of its poll",
      "what TLS or compression add or take away, nor what is saved where one poll brings many messages",
      {},
      cells_of};
}

}  // namespace bench
