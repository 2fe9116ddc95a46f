// What the notes say about HTTP and WebSocket, as facts: who may speak when, who is let in, what a port can serve.

#include "bench/protocol.hpp"

#include <fmt/format.h>

#include <functional>
#include <string>

namespace bench {
namespace {

std::vector<Cell> cells_of(const Setting& setting) {
  std::vector<Cell> cells;
  const auto add = [&](const std::string& name, const std::string& what, double estimate_s,
                       const std::string& headline, std::function<void(Run&)> measure) {
    Cell cell;
    cell.name = "protocol/" + name;
    cell.experiment = "protocol";
    cell.arm = what;
    cell.headline = headline;
    cell.headline_seconds =
        1e-6;  // of most there is no time: one of whatever it is, is shown as a microsecond
    cell.estimate_s = estimate_s;
    cell.repetitions = setting.by_profile(0U, 1U, 3U);
    cell.measure = std::move(measure);
    cells.push_back(std::move(cell));
  };
  const Place& place = setting.place;
  add("sse/one_request", "SSE: a thousand messages", 0.4, "requests",
      [place](Run& run) { measure_one_request(place, run); });
  add("sse/no_request_in_flight", "SSE: the client is silent", 0.7, "messages",
      [place](Run& run) { measure_no_request(place, run); });
  for (const char* arm : {"poll", "sse", "ws"}) {
    add(fmt::format("{}/identity", arm), fmt::format("{}: a cookie of 500 bytes", arm), 1.1,
        "cookie_bytes_per_message",
        [place, arm = std::string(arm)](Run& run) { measure_identity(place, arm, run); });
    if (setting.profile != Profile::full)
      cells.back().repetitions = 0;  // the experiment on headers says the same
  }
  add("poll/empty_share", "polling: what polls find", 2.3, "empty_share",
      [place](Run& run) { measure_empty_share(place, 1, run); });
  cells.back().parameters = {{"per_interval", 1}};
  // News every 10 minutes, a poll every 10 s; a thousand times as fast.
  constexpr double rare = 1.0 / 60;
  add("poll/empty_share/per_interval:0.0167", "polling: what polls find", 2.3, "empty_share",
      [place](Run& run) { measure_empty_share(place, rare, run); });
  cells.back().parameters = {{"per_interval", rare}};
  add("ws/accepted", "WebSocket: accepted", 0.4, "cpu_us_per_handshake",
      [place](Run& run) { measure_handshakes(place, true, run); });
  add("ws/refused", "WebSocket: refused", 0.4, "cpu_us_per_handshake",
      [place](Run& run) { measure_handshakes(place, false, run); });
  add("ws/foreign_origin", "WebSocket: the allow-list", 0.2, "accepted",
      [place](Run& run) { measure_origins(place, run); });
  add("ws/both_ways", "WebSocket: both speak at once", 0.5, "messages",
      [place](Run& run) { measure_both_ways(place, run); });
  add("ws/remembers", "WebSocket: where the client is", 0.2, "remembered_messages",
      [place](Run& run) { measure_memory_of_place(place, run); });
  add("ws/text_and_binary", "WebSocket: text and binary frames", 0.2, "text_opcode",
      [place](Run& run) { measure_text_and_binary(place, run); });
  add("all/one_port", "all on one port", 0.2, "kinds", [place](Run& run) { measure_one_port(place, run); });
  return cells;
}

}  // namespace

void tell(Run& run, const std::string& name, double seen, double predicted) {
  run.figures[name] = seen;
  run.predicted[name] = predicted;
}

Experiment protocol_experiment() {
  return {"P0",
          "protocol",
          "Who may speak when, who is let in, what can one port serve?",
          {{"messages per interval", "per_interval"}},
          {{"requests", "requests", Unit::count, true},
           {"messages", "messages", Unit::count, true},
           {"bytes from the client", "up_bytes", Unit::bytes, true},
           {"share of empty polls", "empty_share", Unit::share, true},
           {"cookie bytes per message", "cookie_bytes_per_message", Unit::bytes, true},
           {"and once", "cookie_bytes_once", Unit::bytes, true},
           {"bytes per handshake", "bytes_per_handshake", Unit::bytes, true},
           {"server CPU per handshake", "cpu_us_per_handshake", Unit::microseconds},
           {"let in", "accepted", Unit::count, true},
           {"refused", "refused", Unit::count, true},
           {"kinds of conversation", "kinds", Unit::count, true}},
          "what was counted at the server's door, or came back byte for byte",
          "what a browser makes of it: how it shows a binary frame, which cookies it sends where",
          {},
          cells_of};
}

}  // namespace bench
