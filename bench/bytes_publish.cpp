// What it costs to say something: a POST and its answer, or a frame on a connection that is there anyhow. One at a time, so far apart
// that each stands alone.

#include "bench/browser.hpp"
#include "bench/bytes.hpp"
#include "bench/control.hpp"
#include "bench/lockstep.hpp"
#include "bench/polled.hpp"
#include "bench/retransmissions.hpp"
#include "polling/client.hpp"
#include "websocket/client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <fmt/format.h>

#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace bench {
namespace {

constexpr std::size_t usual = 100, large = 70000;  // bytes of text
constexpr std::size_t counted = 8;                 // messages
constexpr std::size_t all = before_counting + counted;

struct Saying {
  std::size_t payload_bytes;
  std::string profile;
  Link link;
};

// An answer and the message that it is about leave a WebSocket server as two packets, and their acknowledgement is held back. On a line
// without a delay TCP takes them for lost by then (RFC 8985, 7: a probe after two round trips); so this line has one.
const Link delayed_line = link_of_rtt(std::chrono::milliseconds(30));

// What the client's connection had carried, and the line.
struct Said {
  Bytes door;
  PacketCounts line;
};

// One client that speaks.
class Speaker {
 public:
  Speaker(const Place& place, const Saying& saying, std::string_view arm);
  void run(Run& run);

 private:
  bool posts() const { return arm_ == "post"; }
  net::awaitable<void> speak();
  Said mark();
  void tell(Run& run) const;

  const Saying& saying_;
  const std::string arm_;
  Site site_;
  Control control_;
  const std::string epoch_;
  net::io_context io_{1};
  std::unique_ptr<feed::Client> client_;
  Target target_;
  Said begin_, end_;
  std::size_t said_ = 0;
  std::string failure_;
};

Speaker::Speaker(const Place& place, const Saying& saying, std::string_view arm)
    : saying_(saying),
      arm_(arm),
      site_(place, arm == "post" ? "poll" : "ws",
            {.link = saying.link, .options = {"--max-message", "131072"}}),
      control_(site_.at_server([this] { return Control(site_.room_beside()); })),
      epoch_(control_.stats().epoch) {
  const auto fields = profile_fields(saying.profile, posts() ? "post" : "ws", site_.room());
  if (posts()) {
    client_ = std::make_unique<polling::Client>(io_.get_executor(), site_.room());
  } else {
    client_ = std::make_unique<websocket::Client>(io_.get_executor(), site_.room());
  }
  client_->send_fields(fields);
  target_ = {site_.room().authority, site_.room().path, fields_bytes(fields)};
}

net::awaitable<void> Speaker::speak() {
  const auto connected = co_await client_->connect(feed::After::latest());
  if (!connected) {
    failure_ = "the client could not connect: " + connected.error().detail;
    co_return;
  }
  while (said_ < all) {
    const auto place = co_await client_->publish(std::string(author), text_of(said_, saying_.payload_bytes));
    if (!place) {
      failure_ = fmt::format("message {} of {} was not accepted: {}", said_ + 1, all, place.error().detail);
      co_return;
    }
    if (place->seq != said_ + 1) {
      failure_ = fmt::format("message {} was given the number {}", said_ + 1, place->seq);
      co_return;
    }
    ++said_;
    if (said_ == before_counting) begin_ = mark();
    if (said_ == all) end_ = mark();
    // Where packets are counted, each message stands alone.
    if (said_ >= before_counting && !saying_.link.is_loopback())
      co_await client_->pause(Clock::now() + apart);
  }
}

Said Speaker::mark() {
  // What was sent has come over, and been counted.
  std::this_thread::sleep_for(2 * saying_.link.one_way + std::chrono::milliseconds(4));
  const Stats stats = control_.stats();
  return {{stats.bytes_in, stats.bytes_out}, site_.network().counts()};
}

void Speaker::run(Run& run) {
  const Retransmissions again(site_);
  Meter meter(site_.process());
  bool ended = false;
  std::exception_ptr thrown;
  net::co_spawn(io_, speak(), [&](std::exception_ptr failure) {
    thrown = failure;
    ended = true;
  });
  const auto deadline = Clock::now() + std::chrono::seconds(20);
  while (!ended && Clock::now() < deadline) io_.run_one_for(std::chrono::milliseconds(50));
  if (!ended) client_->close();
  for (int i = 0; !ended && i < 100; ++i) io_.run_one_for(std::chrono::milliseconds(50));
  if (thrown) std::rethrow_exception(thrown);
  site_.check();
  meter.end();
  meter.tell(run);
  again.tell(run);
  run.gates.push_back({"every message was accepted", ended && said_ == all, failure_});
  if (said_ == all) tell(run);
  client_->close();
  if (io_.stopped()) io_.restart();
  io_.run_for(std::chrono::milliseconds(20));  // says goodbye
  site_.stop();
}

void Speaker::tell(Run& run) const {
  Bytes expected;
  std::uint64_t heard = 0, packets = 0, json = 0;
  for (std::size_t i = before_counting; i < all; ++i) {
    const std::string text = text_of(i, saying_.payload_bytes);
    const std::size_t cursor = cursor_bytes(epoch_.size(), i + 1);
    const Bytes once =
        posts() ? post(target_, author, text, cursor) : websocket_publish(i + 1, author, text, cursor);
    expected += once;
    json += posts() ? draft_bytes(author, text) : websocket_draft_bytes(i + 1, author, text);
    if (posts()) {
      packets += packets_of_post(once.up - draft_bytes(author, text), draft_bytes(author, text), once.down);
    } else {  // who speaks in the room is in it, and hears itself
      const std::size_t frame = frame_bytes(message_bytes(i + 1, author, text));
      heard += frame;
      packets += packets_of_exchange(once.up, once.down) + segments(frame);
    }
  }
  const Bytes seen = end_.door - begin_.door;
  const PacketCounts line = end_.line - begin_.line;
  const auto figure = [&run](const char* name, std::uint64_t measured, std::uint64_t predicted) {
    run.figures[name] = static_cast<double>(measured) / static_cast<double>(counted);
    run.predicted[name] = static_cast<double>(predicted) / static_cast<double>(counted);
  };
  run.figures["n"] = static_cast<double>(counted);
  run.parameters["fields_bytes"] = static_cast<double>(posts() ? target_.fields : 0);
  run.figures["json_bytes_per_message"] = static_cast<double>(json) / static_cast<double>(counted);
  // What is heard is told about where messages are delivered.
  figure("bytes_per_message", seen.total() - heard, expected.total());
  figure("up_bytes_per_message", seen.up, expected.up);
  figure("framing_bytes_per_message", seen.total() - heard - json, expected.total() - json);
  if (!posts()) figure("frame_header_bytes", seen.up - json, expected.up - json);
  if (line.packets() > 0) {
    figure("packets_per_message", line.packets(), packets);
    figure("ip_bytes_per_message", line.bytes() - heard, ip_bytes(expected.total(), packets));
    if (run.figures["retransmitted_segments"] == 0)
      run.gates.push_back(equal("bytes on the line are those at the door, and 52 for each packet",
                                static_cast<double>(line.bytes()),
                                static_cast<double>(ip_bytes(seen.total(), line.packets()))));
  }
  run.gates.push_back(
      equal("bytes from the client", static_cast<double>(seen.up), static_cast<double>(expected.up)));
  run.gates.push_back(equal("bytes to the client", static_cast<double>(seen.down),
                            static_cast<double>(expected.down + heard)));
}

}  // namespace

std::vector<Cell> publish_cells(const Setting& setting) {
  std::vector<Cell> cells;
  const auto add = [&](const std::string& arm, const std::string& name, const Saying& saying) {
    Cell cell;
    cell.name = fmt::format("bytes/{}/{}", arm, name);
    cell.experiment = "bytes";
    cell.arm = arm;
    cell.parameters = {{"payload_bytes", static_cast<double>(saying.payload_bytes)}};
    cell.headline = "bytes_per_message";
    cell.headline_seconds = 1e-6;  // there is no time in it: a byte is shown as a microsecond
    cell.estimate_s = saying.link.is_loopback() ? 0.2 : 1.1;
    const bool telling =
        saying.profile == "lean" && (saying.payload_bytes == usual || saying.payload_bytes == large);
    cell.repetitions = setting.by_profile(0U, telling ? 1U : 0U, 3U);
    cell.measure = [place = setting.place, saying, arm](Run& run) { Speaker(place, saying, arm).run(run); };
    cells.push_back(std::move(cell));
  };
  add("post", fmt::format("payload:{}", usual), {usual, "lean", counted_line()});
  for (const char* profile : {"browser", "cookie"})
    add("post", fmt::format("payload:{}/profile:{}", usual, profile), {usual, profile, counted_line()});
  add("ws_publish", fmt::format("payload:{}", usual), {usual, "lean", delayed_line});
  add("ws_publish", fmt::format("payload:{}", large), {large, "lean", {}});
  // Where the header of a masked frame grows.
  const std::size_t around = websocket_draft_bytes(before_counting + 1, author, {});
  for (const std::size_t json : {125, 126, 65535, 65536})
    add("ws_publish", fmt::format("json:{}", json), {json - around, "lean", {}});
  return cells;
}

}  // namespace bench
