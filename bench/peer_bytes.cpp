// Bytes on a reader's connection for a message whose JSON has 100: what each library and protocol puts around the same.

#include "bench/control.hpp"
#include "bench/lockstep.hpp"
#include "bench/model.hpp"
#include "bench/peer_cells.hpp"
#include "bench/polled.hpp"
#include "bench/socketio.hpp"
#include "bench/tcp_info.hpp"

#include <fmt/format.h>

#include <memory>
#include <optional>

namespace bench {
namespace {

constexpr std::size_t json = 100;
constexpr std::size_t counted = 80;              // with those before counting: numbers of two digits
constexpr std::string_view peer_epoch = "peer";  // of bench/peers/room.mjs

// What one message is on the reader's connection. Nothing for Nchan's SSE: the ids that it gives grow as it pleases.
std::optional<std::size_t> predict(std::string_view arm, std::size_t epoch_bytes) {
  const std::size_t cursor = cursor_bytes(epoch_bytes, before_counting);
  if (arm == "sse" || arm == "sse_node") return sse_event_bytes(cursor, json);
  if (arm == "socketio") return frame_bytes(json + socketio_event_bytes("message"));
  if (arm == "nchan_sse") return std::nullopt;
  return frame_bytes(json);
}

void measure_bytes(const Place& place, Run& run) {
  const std::size_t payload = json - json_bytes(before_counting, 0);
  Site site(place, run.arm);
  std::size_t epoch_bytes = peer_epoch.size();
  if (run.arm == "sse") epoch_bytes = Control(site.room_beside()).stats().epoch.size();
  Sink sink(run.arm, site.room(), {}, 1, before_counting + counted);
  sink.connect();
  const auto outlet = site.at_server([&] { return outlet_to(run.arm, site.room_beside(), payload); });
  std::size_t sent = 0;
  const auto never = Clock::now() + std::chrono::seconds(20);
  Meter meter(site.process());
  bool complete = keep_outstanding(sink, *outlet, 1, before_counting, never, sent);
  const std::uint64_t before = tcp_info(sink.socket(0).fd()).bytes_received;
  complete = complete && keep_outstanding(sink, *outlet, 1, before_counting + counted, never, sent);
  const std::uint64_t bytes = tcp_info(sink.socket(0).fd()).bytes_received - before;
  meter.end();
  site.check();
  run.figures["n"] = counted;
  run.figures["bytes_per_message"] = static_cast<double>(bytes) / counted;
  run.figures["framing_bytes_per_message"] = static_cast<double>(bytes) / counted - json;
  run.gates.push_back(
      {"everything came in time", complete, complete ? "" : "the reader waited for a message for 5 s"});
  if (const auto predicted = predict(run.arm, epoch_bytes)) {
    run.predicted["bytes_per_message"] = static_cast<double>(*predicted);
    run.gates.push_back(
        equal("bytes to the reader", static_cast<double>(bytes), static_cast<double>(*predicted * counted)));
  }
  run.gates.push_back(once_and_in_order(sink.receipts()));
  meter.tell(run);
  sink.disconnect();
  site.stop();
}

std::vector<Cell> cells_of(const Setting& setting) {
  std::vector<Cell> cells;
  for (const std::string arm : {"ws", "ws_node", "socketio", "nchan_ws", "sse", "sse_node", "nchan_sse"}) {
    Cell cell = peer_cell(setting, "peer_bytes", arm, fmt::format("json:{}", json));
    cell.parameters = {{"json_bytes", static_cast<double>(json)}};
    cell.headline = "bytes_per_message";
    cell.headline_seconds = 1e-6;  // there is no time in it: a byte is shown as a microsecond
    cell.estimate_s = 0.3;
    cell.measure = [place = setting.place](Run& run) { measure_bytes(place, run); };
    cells.push_back(std::move(cell));
  }
  return cells;
}

}  // namespace

Experiment peer_bytes_experiment() {
  return {"P8",
          "peer_bytes",
          "What do others put around a message?",
          {{"message, bytes", "json_bytes"}},
          {{"bytes per message", "bytes_per_message", Unit::bytes, true},
           {"framing", "framing_bytes_per_message", Unit::bytes}},
          "bytes are TCP payload to the reader, as its kernel counts them, one message after the other",
          "what a reader says: nothing here, though Socket.IO's answers a ping every 25 s",
          {},
          cells_of,
          Suite::peers,
          peer_scripts()};
}

}  // namespace bench
