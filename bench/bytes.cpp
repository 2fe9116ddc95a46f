// Bytes per delivered message, counted at the server's door and predicted from the text of the protocols:
// equal to the byte, or the run does not count. In lockstep: the next message is published when the last one
// is there, so that a poll brings exactly one.

#include "bench/control.hpp"
#include "bench/experiment.hpp"
#include "bench/floor_client.hpp"
#include "bench/interrupt.hpp"
#include "bench/model.hpp"
#include "polling/client.hpp"

#include <fmt/format.h>

#include <memory>
#include <numeric>
#include <optional>

namespace bench {
namespace {

constexpr std::size_t messages = 100;
constexpr std::chrono::milliseconds interval{5};  // of poll: the next message is there long before
constexpr std::chrono::seconds wait{25};          // of longpoll

// What the reader's connection should have carried.
struct Expected {
  Bytes setup;
  Bytes messages;
  std::size_t json = 0;  // of the messages alone
};

// `empty[i]`: polls that found nothing while they waited for message i, from 0.
Expected predict(std::string_view arm, const Target& target, std::size_t epoch_bytes, std::size_t payload,
                 const std::vector<std::uint64_t>& empty) {
  Expected expected;
  const std::size_t begin = cursor_bytes(epoch_bytes, 0);
  if (arm == "sse") expected.setup = sse_setup(target, begin, begin);
  if (arm == "ws") expected.setup = websocket_setup(target, begin, begin);
  if (arm == "tcp")
    expected.setup = {1, tcp_message_bytes(std::string_view(R"({"cursor":"floor.0"})").size())};
  for (std::size_t i = 0; i < empty.size(); ++i) {
    const std::size_t before = cursor_bytes(epoch_bytes, i), cursor = cursor_bytes(epoch_bytes, i + 1);
    const std::size_t json = message_bytes(i + 1, author, text_of(i, payload));
    expected.json += json;
    const auto patience = arm == "longpoll" ? std::optional(wait) : std::nullopt;
    if (arm == "sse") expected.messages += {0, sse_event_bytes(cursor, json)};
    if (arm == "ws") expected.messages += {0, frame_bytes(json)};
    if (arm == "tcp") expected.messages += {0, tcp_message_bytes(json)};
    if (arm != "poll" && arm != "longpoll") continue;
    expected.messages += empty[i] * empty_poll(target, before, patience);
    expected.messages += {poll_request_bytes(target, before, patience),
                          page_response_bytes(page_body_bytes(cursor, 1, json), patience)};
  }
  return expected;
}

void measure_bytes(const Place& place, std::size_t payload, Run& run) {
  const std::string& arm = run.arm;
  const bool has_door = arm != "tcp", polls = !is_streaming(arm);
  Site site(place, arm);
  std::optional<Control> control;
  if (has_door) control.emplace(site.room_beside());
  const std::string epoch = has_door ? control->stats().epoch : std::string(floor_epoch);

  std::unique_ptr<PostOutlet> post;
  std::unique_ptr<Outlet> bare;
  if (has_door) {
    post = std::make_unique<PostOutlet>(site.room_beside(), payload);
  } else {
    bare = std::make_unique<TcpOutlet>(site.room_beside(), payload);
  }
  Outlet& outlet = post ? *post : *bare;
  net::io_context io(1);
  std::vector<std::unique_ptr<feed::Client>> clients;
  const Asking asking{interval, {}, wait};
  clients.push_back(make_reader(arm, io.get_executor(), site.room(), asking));
  Readers readers(io, std::move(clients), {epoch, 0}, messages);
  std::vector<std::uint64_t> empty(messages);
  readers.close_when_complete = polls;  // so that no poll is under way when the bytes are read
  readers.on_message = [&](std::size_t, std::size_t i) {
    if (polls) {
      const auto& poller = static_cast<const polling::Client&>(readers.client(0));
      empty[i] =
          poller.empty_polls() -
          std::accumulate(empty.begin(), empty.begin() + static_cast<std::ptrdiff_t>(i), std::uint64_t{0});
    }
    if (i + 1 < messages) outlet.send(i + 1);
  };
  const auto deadline = Clock::now() + std::chrono::seconds(20);
  if (polls) {  // the first message is there before the first poll; a poller has no set-up
    outlet.send(0);
    while (outlet.answered(std::chrono::milliseconds(20)) < 1) check_interrupt();
  }
  // The door, without what the publisher has caused.
  const auto door = [&] {
    const Stats stats = control->stats();
    return Bytes{stats.bytes_in - post->bytes_out(), stats.bytes_out - post->bytes_in()};
  };
  Bytes setup;
  readers.start();
  if (!polls) {
    readers.run_until(deadline, [&readers] { return readers.begun() == 1; });
    if (has_door) setup = door();
    outlet.send(0);
  }
  const auto begin = Clock::now();
  const bool complete = readers.run_until(deadline, [&readers] { return readers.complete(); });
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  site.check();
  while (outlet.answered(std::chrono::milliseconds(20)) < messages && Clock::now() < deadline)
    check_interrupt();

  const Target target{site.room().authority, site.room().path};
  const Expected expected = predict(arm, target, epoch.size(), payload, empty);
  Bytes seen;
  if (has_door) {
    seen = door();
    seen.up -= setup.up;
    seen.down -= setup.down;
  } else {
    seen.down = static_cast<const FloorClient&>(readers.client(0)).bytes_read() - expected.setup.down;
  }
  constexpr auto n = static_cast<double>(messages);
  run.figures["n"] = n;
  run.figures["bytes_per_message"] = static_cast<double>(seen.total()) / n;
  run.predicted["bytes_per_message"] = static_cast<double>(expected.messages.total()) / n;
  run.figures["json_bytes_per_message"] = static_cast<double>(expected.json) / n;
  run.figures["empty_polls"] =
      static_cast<double>(std::accumulate(empty.begin(), empty.end(), std::uint64_t{0}));
  run.figures["lockstep_us"] = seconds / n * 1e6;
  run.gates.push_back({"the reader stayed", complete && readers.failure().empty(), readers.failure()});
  run.gates.push_back(once_and_in_order(readers.receipts()));
  run.gates.push_back(equal("bytes from the reader", static_cast<double>(seen.up),
                            static_cast<double>(expected.messages.up)));
  run.gates.push_back(equal("bytes to the reader", static_cast<double>(seen.down),
                            static_cast<double>(expected.messages.down)));
  if (!polls && has_door) {
    run.figures["setup_bytes"] = static_cast<double>(setup.total());
    run.predicted["setup_bytes"] = static_cast<double>(expected.setup.total());
    run.gates.push_back(equal("bytes of the set-up", static_cast<double>(setup.total()),
                              static_cast<double>(expected.setup.total())));
  }
  readers.close();
  control.reset();
  site.stop();
}

std::vector<Cell> cells_of(const Setting& setting) {
  std::vector<Cell> cells;
  for (const char* arm : {"poll", "longpoll", "sse", "ws", "tcp"}) {
    for (const std::size_t payload :
         {std::size_t{16}, std::size_t{100}, std::size_t{1000}, std::size_t{10000}}) {
      Cell cell;
      cell.name = fmt::format("bytes/{}/payload:{}", arm, payload);
      cell.experiment = "bytes";
      cell.arm = arm;
      cell.parameters = {{"payload_bytes", static_cast<double>(payload)}};
      cell.headline = "lockstep_us";
      cell.headline_seconds = 1e-6;
      cell.estimate_s = cell.arm == "poll" ? 0.7 : 0.2;
      cell.repetitions = setting.profile == Profile::smoke ? 1 : 2;
      cell.measure = [place = setting.place, payload](Run& run) { measure_bytes(place, payload, run); };
      cells.push_back(std::move(cell));
    }
  }
  return cells;
}

}  // namespace

Experiment bytes_experiment() {
  return {
      "E5",
      "bytes",
      "What does a delivered message cost in bytes?",
      {{"payload, bytes", "payload_bytes"}, {"messages/s", "rate"}},
      {{"bytes per message", "bytes_per_message", Unit::bytes, true},
       {"of that JSON", "json_bytes_per_message", Unit::bytes},
       {"with TCP/IP", "ip_bytes_per_message", Unit::bytes, true},
       {"set-up, once", "setup_bytes", Unit::bytes, true}},
      "bytes are TCP payload, both ways: what the reader's connection carried after its set-up, divided by the messages that it delivered",
      "what a browser's headers, cookies, TLS or compression add: these are the lean headers of libcurl and Beast",
      {},
      cells_of};
}

}  // namespace bench
