// Send, and hear it back: one message at a time, by clients across the line from the server.

#include "bench/control.hpp"
#include "bench/delivery.hpp"
#include "bench/experiment.hpp"
#include "bench/model.hpp"
#include "bench/plan.hpp"
#include "bench/retransmissions.hpp"
#include "feed/user_agent.hpp"
#include "polling/client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <deque>
#include <memory>
#include <optional>
#include <utility>

namespace bench {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t payload = 100;
constexpr milliseconds interval{100};     // of poll
constexpr std::chrono::seconds wait{25};  // of longpoll

// How one cell speaks and hears.
struct Echo {
  std::string arm;
  bool fresh = false;  // a new connection for each POST
  milliseconds rtt{0};
  std::size_t clients = 1;  // each in a room of its own: they do not hear each other
  std::size_t echoes = 1;   // of each client that count
  // The first opens the connection of the POSTs, and does not count.
  std::size_t messages() const { return 1 + echoes; }
  bool polls() const { return arm == "poll"; }
  // Before each message up to so much, at random. For polls a whole interval, so that no message keeps step with them.
  milliseconds thinking() const { return polls() ? interval : milliseconds(rtt.count() > 0 ? 5 : 1); }
};

// What one client says, and when it was heard.
class Speaker {
 public:
  // `through`: whose connection carries what is said; null where that is a POST.
  Speaker(net::io_context& io, const feed::Address& room, const Echo& echo, feed::Client* through,
          std::vector<std::chrono::nanoseconds> pauses)
      : io_(io),
        url_(room.origin + room.path),
        fresh_(echo.fresh),
        through_(through),
        pauses_(std::move(pauses)) {
    if (!through_) agent_.emplace(io.get_executor());
  }

  net::awaitable<void> speak() {
    for (std::size_t i = 0; i < pauses_.size() && failure_.empty(); ++i) {
      net::steady_timer timer(io_, pauses_[i]);
      co_await timer.async_wait(net::use_awaitable);
      if (fresh_) agent_.emplace(io_.get_executor());
      said_.push_back(Clock::now());
      const auto place = co_await publish(text_of(i, payload));
      if (!place) failure_ = "a message was not taken: " + place.error().detail;
      answered_.push_back(Clock::now());
      if (fresh_) opened_ += agent_->connections();
      while (heard_ <= i && failure_.empty()) co_await waiter_.wait();
    }
    if (agent_ && !fresh_) opened_ += agent_->connections();
    done_ = true;
  }
  void hear(std::size_t index) {
    heard_ = index + 1;
    waiter_.wake();
  }
  void give_up(const std::string& why) {
    if (failure_.empty()) failure_ = why;
    if (agent_) agent_->close();
    waiter_.wake();
  }

  bool done() const { return done_; }
  const std::string& failure() const { return failure_; }
  const std::vector<Clock::time_point>& said() const { return said_; }
  const std::vector<Clock::time_point>& answered() const { return answered_; }
  std::uint64_t connections() const { return opened_; }  // by POSTs

 private:
  net::awaitable<feed::Result<feed::Cursor>> publish(std::string text) {
    if (through_) co_return co_await through_->publish(std::string(author), std::move(text));
    feed::Draft draft{std::string(author), std::move(text)};
    co_return co_await feed::post(*agent_, url_, std::move(draft));
  }

  net::io_context& io_;
  std::string url_;
  bool fresh_;
  feed::Client* through_;
  std::optional<feed::UserAgent> agent_;  // of POSTs
  std::vector<std::chrono::nanoseconds> pauses_;
  std::vector<Clock::time_point> said_, answered_;
  std::size_t heard_ = 0;
  feed::Waiter waiter_;
  std::uint64_t opened_ = 0;
  bool done_ = false;
  std::string failure_;
};

// What the echoes of one client carry, up and down. `empty[i]`: polls that found nothing while they waited for message i.
Bytes predict_bytes(const Echo& echo, const Target& target, std::size_t epoch_bytes,
                    const std::vector<std::uint64_t>& empty) {
  Bytes sum;
  const auto patience = echo.arm == "longpoll" ? std::optional(wait) : std::nullopt;
  for (std::size_t i = 0; i < echo.messages(); ++i) {
    const std::string text = text_of(i, payload);
    const std::size_t before = cursor_bytes(epoch_bytes, i), cursor = cursor_bytes(epoch_bytes, i + 1);
    const std::size_t json = message_bytes(i + 1, author, text);
    sum += echo.arm == "ws" ? websocket_publish(i + 1, author, text, cursor)
                            : post(target, author, text, cursor);
    if (echo.arm == "ws") sum += {0, frame_bytes(json)};
    if (echo.arm == "sse") sum += {0, sse_event_bytes(cursor, json)};
    if (is_streaming(echo.arm)) continue;
    sum += empty[i] * empty_poll(target, before, patience);
    sum += {poll_request_bytes(target, before, patience),
            page_response_bytes(page_body_bytes(cursor, 1, json), patience)};
  }
  return sum;
}

// Waits until every reader was told where its feed begins; the server knows of long polls.
bool wait_for_readers(Readers& readers, const Echo& echo, Control& control, std::uint64_t before) {
  const auto deadline = Clock::now() + std::chrono::seconds(10);
  if (echo.arm != "longpoll")
    return readers.run_until(deadline, [&] { return readers.begun() == echo.clients; });
  while (control.stats().readers < before + echo.clients) {
    if (Clock::now() > deadline || !readers.failure().empty()) return false;
    readers.run_until(Clock::now() + milliseconds(5), [] { return false; });
  }
  return true;
}

void predict(const Echo& echo, Seconds one_way, Run& run) {
  const Seconds answer = echo.fresh ? echo_delay_with_connect(one_way) : echo_delay(one_way);
  if (echo.polls()) predict_delays(run, poll_echo_delay(interval, one_way));
  if (one_way < shortest_transit) return;
  if (!echo.polls()) predict_delays(run, Uniform{answer, answer});
  run.predicted["answer_p50_us"] = answer.count() * 1e6;
}

void measure(const Place& place, const Echo& echo, Run& run) {
  const Link link = link_of_rtt(echo.rtt);
  Site site(place, echo.arm, {.link = link});
  const Retransmissions again(site);
  const auto one_way = tell_one_way(run, site, link);
  Control control = site.at_server([&] { return Control(site.room_beside()); });
  const Stats before = control.stats();
  net::io_context io(1);
  std::vector<std::unique_ptr<feed::Client>> clients;
  const auto starts = phases(echo.clients, interval, derive(run.seed, run.cell + "/phases", run.repetition));
  for (std::size_t i = 0; i < echo.clients; ++i) {
    const Asking asking{interval, starts[i], wait};
    clients.push_back(make_reader(echo.arm, io.get_executor(), numbered(site.room(), i), asking));
  }
  Readers readers(io, std::move(clients), {before.epoch, 0}, echo.messages());
  std::deque<Speaker> speakers;
  for (std::size_t i = 0; i < echo.clients; ++i) {
    const auto pauses = phases(echo.messages(), echo.thinking(),
                               derive(run.seed, run.cell + fmt::format("/{}", i), run.repetition));
    speakers.emplace_back(io, numbered(site.room(), i), echo, echo.arm == "ws" ? &readers.client(i) : nullptr,
                          pauses);
  }
  const bool asks = !is_streaming(echo.arm);
  std::vector<std::vector<std::uint64_t>> empty(echo.clients);  // polls before each message
  std::vector<std::uint64_t> empty_so_far(echo.clients);
  readers.close_when_complete = asks;  // so that no poll is under way when the bytes are read
  readers.on_message = [&](std::size_t reader, std::size_t index) {
    if (asks) {
      const std::uint64_t now = static_cast<const polling::Client&>(readers.client(reader)).empty_polls();
      empty[reader].push_back(now - std::exchange(empty_so_far[reader], now));
    }
    speakers[reader].hear(index);
  };
  readers.start();
  const bool all_there = wait_for_readers(readers, echo, control, before.readers);
  const Stats begun = control.stats();

  Meter meter(site.process());
  std::size_t running = speakers.size();
  for (Speaker& speaker : speakers) {
    net::co_spawn(io, speaker.speak(), [&running](std::exception_ptr failure) {
      --running;
      if (failure) std::rethrow_exception(failure);
    });
  }
  const auto all_done = [&running] { return running == 0; };
  const bool complete = readers.run_until(Clock::now() + std::chrono::seconds(20), all_done);
  meter.end();
  if (!complete) {
    for (Speaker& speaker : speakers) speaker.give_up("it was not heard within 20 s");
    readers.run_until(Clock::now() + std::chrono::seconds(2), all_done);
  }
  site.check();

  const Stats ended = control.stats();
  std::vector<std::int64_t> answers_ns;
  std::string failure = readers.failure();
  std::uint64_t posts_opened = 0;
  Bytes expected;
  for (std::size_t i = 0; i < echo.clients; ++i) {
    const Speaker& speaker = speakers[i];
    if (failure.empty()) failure = speaker.failure();
    posts_opened += speaker.connections();
    for (std::size_t k = 1; k < speaker.answered().size(); ++k) {
      answers_ns.push_back((speaker.answered()[k] - speaker.said()[k]).count());
      if (!readers.receipts()[i].has(k)) continue;
      run.samples_ns.push_back((readers.receipts()[i].at(k) - speaker.said()[k]).count());
    }
    const feed::Address room = numbered(site.room(), i);
    empty[i].resize(echo.messages());
    expected += predict_bytes(echo, {room.authority, room.path}, before.epoch.size(), empty[i]);
  }
  tell_delays(run, run.samples_ns);
  std::sort(answers_ns.begin(), answers_ns.end());
  if (!answers_ns.empty())
    run.figures["answer_p50_us"] = static_cast<double>(percentile(answers_ns, 0.5)) / 1e3;
  run.figures["clients"] = static_cast<double>(echo.clients);
  predict(echo, one_way, run);
  const auto count = static_cast<double>(echo.clients * echo.messages());
  run.gates.push_back({"every message was said and heard", all_there && complete && failure.empty(),
                       !all_there ? "not every reader was told where its feed begins" : failure});
  run.gates.push_back(once_and_in_order(readers.receipts()));
  run.gates.push_back(no_negative(run.samples_ns, 2 * link.one_way));
  if (echo.polls()) {  // each message at a place of its own between two polls
    const auto period = std::max<std::chrono::nanoseconds>(interval, 2 * one_way);
    run.gates.push_back(uniform(run.samples_ns, period, 2 * one_way, run.samples_ns.size() / 2));
  }
  if (site.process()) {
    // A poller has nothing but messages, and says them from its first poll on.
    const Bytes seen{ended.bytes_in - (asks ? before : begun).bytes_in,
                     ended.bytes_out - (asks ? before : begun).bytes_out};
    run.figures["bytes_per_echo"] = static_cast<double>(seen.total()) / count;
    run.predicted["bytes_per_echo"] = static_cast<double>(expected.total()) / count;
    run.gates.push_back(
        equal("bytes from the clients", static_cast<double>(seen.up), static_cast<double>(expected.up)));
    run.gates.push_back(
        equal("bytes to the clients", static_cast<double>(seen.down), static_cast<double>(expected.down)));
    const std::size_t by_posts = echo.arm == "ws" ? 0 : echo.fresh ? echo.messages() : 1;  // of each client
    run.gates.push_back(equal("connections opened for POSTs", static_cast<double>(posts_opened),
                              static_cast<double>(echo.clients * by_posts)));
    run.gates.push_back(equal("connections opened", static_cast<double>(ended.accepted),
                              static_cast<double>(1 + echo.clients * (1 + by_posts))));
  }
  again.tell_lost(run);
  meter.tell(run);
  readers.close();
  site.stop();
}

// As many clients as make a thousand echoes in a second or so; on loopback one, since two would be in each other's way.
std::vector<Echo> echoes() {
  std::vector<Echo> all;
  for (const int rtt : {0, 20, 100}) {
    for (const char* arm : {"ws", "sse", "sse_fresh", "longpoll", "poll"}) {
      Echo echo;
      echo.fresh = std::string_view(arm) == "sse_fresh";
      echo.arm = echo.fresh ? "sse" : arm;
      echo.rtt = milliseconds(rtt);
      if (echo.polls()) {
        echo.clients = rtt == 100 ? 100 : 50;
        echo.echoes = 500 / echo.clients;
      } else if (rtt == 0) {
        echo.echoes = 1000;
      } else {
        echo.clients = rtt == 100 ? 100 : 25;
        echo.echoes = 1000 / echo.clients;
      }
      all.push_back(echo);
    }
  }
  return all;
}

std::vector<Cell> cells_of(const Setting& setting) {
  std::vector<Cell> cells;
  for (const Echo& echo : echoes()) {
    Cell cell;
    cell.name = fmt::format("echo/{}{}/rtt_ms:{}", echo.arm, echo.fresh ? "_fresh" : "", echo.rtt.count());
    cell.experiment = "echo";
    cell.arm = echo.arm;
    cell.parameters = {{"payload_bytes", static_cast<double>(payload)},
                       {"rtt_ms", static_cast<double>(echo.rtt.count())}};
    if (echo.polls()) cell.parameters["interval_ms"] = static_cast<double>(interval.count());
    if (echo.fresh) cell.parameters["fresh"] = 1;
    cell.headline = "p50_us";
    cell.headline_seconds = 1e-6;
    const Seconds one_way = echo.rtt / 2.0;
    const Seconds each = echo.polls() ? poll_echo_delay(interval, one_way).mean()
                         : echo.fresh ? echo_delay_with_connect(one_way)
                                      : echo_delay(one_way);
    cell.estimate_s = static_cast<double>(echo.messages()) * (each + Seconds(echo.thinking()) / 2).count() +
                      (echo.polls() ? 0.3 : 0) + 4 * one_way.count() + 0.4;
    cell.repetitions = setting.by_profile(0U, echo.rtt.count() == 20 ? 1U : 0U, 10U);
    cell.anywhere = echo.rtt.count() == 0;
    cell.measure = [place = setting.place, echo](Run& run) { measure(place, echo, run); };
    cells.push_back(std::move(cell));
  }
  return cells;
}

}  // namespace

Experiment echo_experiment() {
  return {
      "E9",
      "echo",
      "How long does it take to send a message and to hear it back?",
      {{"RTT, ms", "rtt_ms"}, {"a connection for each POST", "fresh"}},
      {{"p50", "p50_us", Unit::microseconds, true},
       {"p99", "p99_us", Unit::microseconds, true},
       {"mean", "mean_us", Unit::microseconds, true},
       {"the answer to sending, p50", "answer_p50_us", Unit::microseconds, true},
       {"bytes per echo", "bytes_per_echo", Unit::bytes, true}},
      "delay counts from the time that a client began to send a message to the time that it heard it in the room; one message at a time",
      "a room in which others speak too: there a long poll may be under way when a message comes",
      {{"^echo/(ws|sse|sse_fresh|longpoll)/", "p99_us",
        "what the line does not take is the machine's: clients, server and relay share two cores, and wait for their turn"}},
      cells_of};
}

}  // namespace bench
