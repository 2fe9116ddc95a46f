// Facts about who has to ask for what.

#include "bench/control.hpp"
#include "bench/interrupt.hpp"
#include "bench/lockstep.hpp"
#include "bench/model.hpp"
#include "bench/plan.hpp"
#include "bench/polled.hpp"
#include "bench/protocol.hpp"
#include "bench/socket.hpp"

#include <fmt/format.h>

#include <array>
#include <memory>

namespace bench {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t payload = 100;
constexpr std::size_t cookie = 500;  // bytes

// One reader of a stream, from its first message on.
struct Stream {
  Stream(const Place& place, std::string_view arm, std::size_t messages)
      : site(place, arm),
        control(site.room_beside()),
        outlet(site.room_beside(), payload),
        readers(io, clients(arm), {control.stats().epoch, 0}, messages) {
    readers.start();
    there =
        readers.run_until(Clock::now() + std::chrono::seconds(5), [this] { return readers.begun() == 1; });
  }
  std::vector<std::unique_ptr<feed::Client>> clients(std::string_view arm) {
    std::vector<std::unique_ptr<feed::Client>> all;
    all.push_back(make_reader(arm, io.get_executor(), site.room()));
    return all;
  }
  // Until the reader has everything, or does not get it.
  void finish() {
    readers.run_until(Clock::now() + std::chrono::seconds(10), [this] { return readers.complete(); });
  }
  void await_answers(std::size_t count) {
    const auto deadline = Clock::now() + std::chrono::seconds(10);
    while (outlet.answered(milliseconds(20)) < count && Clock::now() < deadline) check_interrupt();
  }
  // How many messages came is a figure.
  void end(Run& run) {
    site.check();
    run.gates.push_back({"the reader stayed", there && readers.failure().empty(), readers.failure()});
    run.gates.push_back(once_and_in_order_so_far(readers.receipts()));
    readers.close();
    site.stop();
  }

  Site site;
  Control control;
  PostOutlet outlet;
  net::io_context io{1};
  Readers readers;
  bool there = false;
};

}  // namespace

void measure_one_request(const Place& place, Run& run) {
  constexpr std::size_t messages = 1000;
  Stream stream(place, "sse", messages);
  const Socket silent = Socket::connect(stream.site.room());  // somebody who does not ask
  for (std::size_t i = 0; i < messages; ++i) stream.outlet.send(i);
  stream.finish();
  stream.await_answers(messages);
  const Stats stats = stream.control.stats();
  tell(run, "requests", static_cast<double>(stats.requests - messages), 1);
  tell(run, "messages", static_cast<double>(stream.readers.receipts()[0].count()), messages);
  std::array<char, 4096> piece;
  const std::size_t unasked =
      silent.wait(milliseconds(40)) ? silent.read_some(piece.data(), piece.size()) : 0;
  tell(run, "unasked_bytes", static_cast<double>(unasked), 0);
  stream.end(run);
}

void measure_no_request(const Place& place, Run& run) {
  constexpr std::size_t messages = 10;
  constexpr milliseconds silence{40};  // before each message: nothing is under way any more
  Stream stream(place, "sse", messages);
  const auto up = [&] { return stream.control.stats().bytes_in - stream.outlet.bytes_out(); };
  const std::uint64_t asked = up();
  const auto begin = Clock::now();
  for (std::size_t i = 0; i < messages; ++i) {
    stream.readers.run_until(Clock::now() + silence, [] { return false; });
    stream.outlet.send(i);
  }
  stream.finish();
  stream.await_answers(messages);
  tell(run, "messages", static_cast<double>(stream.readers.receipts()[0].count()), messages);
  tell(run, "up_bytes", static_cast<double>(up() - asked), 0);
  run.figures["asked_bytes_before"] = static_cast<double>(asked);
  run.figures["since_request_ms"] = Seconds(Clock::now() - begin).count() * 1e3;
  stream.end(run);
}

void measure_empty_share(const Place& place, double per_interval, Run& run) {
  constexpr milliseconds interval{5};
  constexpr std::size_t pollers = 8, intervals = 420;  // of which 7 bring something at 1/60
  const auto messages = static_cast<std::size_t>(per_interval * intervals + 0.5);
  Site site(place, "poll");
  Control control(site.room_beside());
  PostOutlet outlet(site.room_beside(), payload);
  const std::string epoch = control.stats().epoch;
  net::io_context io(1);
  std::vector<std::unique_ptr<feed::Client>> clients;
  for (const auto phase : phases(pollers, interval, derive(run.seed, run.cell, run.repetition)))
    clients.push_back(
        make_reader("poll", io.get_executor(), site.room(), {.interval = interval, .phase = phase}));
  Readers readers(io, std::move(clients), {epoch, 0}, messages + 1);  // with one that ends it
  readers.close_when_complete = true;
  Polled polled(readers, pollers);
  readers.on_message = [&polled](std::size_t reader, std::size_t index) { polled.took(reader, index); };
  const auto never = [] { return false; };
  readers.start();
  readers.run_until(Clock::now() + 10 * interval, never);  // the connections are open
  const std::uint64_t asked = polled.polls(), empty = polled.empty();
  Publisher publisher(
      outlet, arrivals(messages, interval * intervals, derive(run.seed, run.cell, run.repetition + 1000)));
  Meter meter(site.process());
  const auto begin = Clock::now();
  publisher.start(begin);
  readers.run_until(begin + interval * intervals, never);
  const auto polls = static_cast<double>(polled.polls() - asked),
             found_nothing = static_cast<double>(polled.empty() - empty);
  meter.end();
  publisher.join();
  outlet.send(messages);
  const bool complete =
      readers.run_until(Clock::now() + std::chrono::seconds(3), [&] { return readers.complete(); });
  while (outlet.answered(milliseconds(20)) < messages + 1) check_interrupt();
  site.check();

  run.figures["n"] = polls;
  run.figures["messages"] = static_cast<double>(messages);
  run.figures["empty_share"] = found_nothing / polls;
  run.predicted["empty_share"] = empty_polls(per_interval / Seconds(interval).count(), interval);
  const Stats stats = control.stats();
  const Bytes seen{stats.bytes_in - outlet.bytes_out(), stats.bytes_out - outlet.bytes_in()};
  const Bytes expected =
      polled.predict({site.room().authority, site.room().path}, epoch.size(), payload).bytes;
  constexpr double due = pollers * intervals;
  run.gates.push_back({"readers stayed", complete && readers.failure().empty(), readers.failure()});
  run.gates.push_back(once_and_in_order(readers.receipts()));
  run.gates.push_back({"polls as often as asked for", polls > 0.8 * due && polls < 1.2 * due,
                       fmt::format("{:.0f}, expected {:.0f} within a fifth", polls, due)});
  run.gates.push_back(
      equal("bytes from the readers", static_cast<double>(seen.up), static_cast<double>(expected.up)));
  run.gates.push_back(
      equal("bytes to the readers", static_cast<double>(seen.down), static_cast<double>(expected.down)));
  meter.tell(run);
  readers.close();
  site.stop();
}

// The same run without and with a cookie: what it adds to each message, and to the set-up.
void measure_identity(const Place& place, const std::string& arm, Run& run) {
  const bool polls = arm == "poll";
  const std::size_t messages = polls ? 6 : 40;
  const Lockstepped without = run_lockstep(place, {.arm = arm, .messages = messages, .link = {}}, run);
  const Lockstepped with =
      run_lockstep(place, {.arm = arm, .messages = messages, .cookie_bytes = cookie, .link = {}}, run);
  const auto field = static_cast<double>(with.fields_bytes);
  run.figures["n"] = static_cast<double>(messages);
  tell(run, "cookie_bytes_per_message",
       static_cast<double>(with.bytes.total() - without.bytes.total()) / static_cast<double>(messages),
       polls ? field : 0);
  tell(run, "cookie_bytes_once", static_cast<double>(with.setup.total() - without.setup.total()),
       polls ? 0 : field);
}

}  // namespace bench
