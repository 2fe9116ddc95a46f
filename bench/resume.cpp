// A reader is cut off, messages are published while it is away, and it comes back: what it lost, what it got twice, and how long it
// takes until it is where the others are.

#include "bench/arms.hpp"
#include "bench/control.hpp"
#include "bench/cut_line.hpp"
#include "bench/event_source.hpp"
#include "bench/experiment.hpp"
#include "bench/interrupt.hpp"
#include "bench/model.hpp"

#include <boost/asio/co_spawn.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <thread>

namespace bench {
namespace {

constexpr std::size_t payload = 100;
constexpr std::size_t before = 5;  // messages until the cut
constexpr std::chrono::milliseconds rtt{20};
constexpr std::chrono::milliseconds interval{50};  // of poll
constexpr std::chrono::seconds wait{25};           // of longpoll
constexpr std::chrono::milliseconds settled{
    50};  // until the server has noticed the cut, and counted what came before
constexpr feed::Backoff at_once{std::chrono::milliseconds(20), std::chrono::milliseconds(20)};

/// How the reader says where it was.
enum class Memory {
  cursor,   ///< its code keeps the cursor
  nothing,  ///< it asks for what comes now
  protocol,  ///< whatever the protocol itself remembers: an event stream its last id, WebSocket and polling nothing
};

std::string_view to_string(Memory memory) {
  return memory == Memory::cursor ? "yes" : memory == Memory::nothing ? "no" : "protocol";
}

// What came, by its place in the room.
class Got {
 public:
  explicit Got(std::size_t messages) : times_(messages), at_(messages) {}
  void take(std::uint64_t seq) {
    if (seq == 0 || seq > times_.size()) {
      ++foreign_;
      return;
    }
    if (times_[seq - 1]++ > 0) return;
    at_[seq - 1] = Clock::now();
    if (seq < last_) ++foreign_;
    last_ = seq;
  }
  /// Of those from `from` to before `to`, counted from 0.
  std::size_t lost(std::size_t from, std::size_t to) const {
    const auto begin = times_.begin();
    return static_cast<std::size_t>(
        std::count(begin + static_cast<std::ptrdiff_t>(from), begin + static_cast<std::ptrdiff_t>(to), 0u));
  }
  std::size_t repeated() const {
    std::size_t sum = 0;
    for (const unsigned count : times_) sum += count > 1 ? count - 1 : 0;
    return sum;
  }
  std::size_t foreign() const { return foreign_; }  ///< that nobody published, or out of order
  Clock::time_point at(std::size_t i) const { return at_[i]; }

 private:
  std::vector<unsigned> times_;
  std::vector<Clock::time_point> at_;
  std::uint64_t last_ = 0;
  std::size_t foreign_ = 0;
};

// A reader that comes back whenever it was cut off.
class Returning {
 public:
  virtual ~Returning() = default;
  virtual net::awaitable<std::string> read() = 0;  // until close(); why it ended by itself
  virtual void close() = 0;
  std::size_t hellos = 0;  // how often it was told where its feed begins
};

// With the project's client. `close_at`: closes as soon as it has that many messages, before it could ask for more.
class WithClient final : public Returning {
 public:
  WithClient(std::unique_ptr<feed::Client> client, Memory memory, feed::After first, Got& got,
             std::size_t close_at)
      : client_(std::move(client)), memory_(memory), first_(std::move(first)) {
    events_.hello = [this](const feed::Hello& hello) {
      ++hellos;
      gap_ = gap_ || hello.gap.has_value();
    };
    events_.message = [this, &got, close_at](const feed::Message& message) {
      got.take(message.seq);
      if (message.seq == close_at) client_->close();
    };
  }
  void close() override { client_->close(); }

  net::awaitable<std::string> read() override {
    feed::Error ended{feed::Errc::closed, {}};
    if (memory_ == Memory::cursor) {
      ended = co_await feed::follow(*client_, first_, events_, at_once);
    } else {
      // The URL of the beginning again and again.
      while (!client_->is_closed()) {
        const auto connected = co_await client_->connect(first_);
        if (connected) ended = co_await client_->subscribe(events_);
        co_await client_->pause(Clock::now() + at_once.first / 2);
      }
    }
    if (gap_) co_return "it was told of a gap, expected none";
    co_return client_->is_closed() ? std::string() : ended.detail;
  }

 private:
  std::unique_ptr<feed::Client> client_;
  Memory memory_;
  feed::After first_;
  feed::Events events_;
  bool gap_ = false;
};

// As a browser does it. What is in the messages is read to count them, and for nothing else.
class WithEventSource final : public Returning {
 public:
  WithEventSource(net::any_io_executor executor, const feed::Address& room, Got& got)
      : source_(std::move(executor), room.origin + room.path + "/events" + std::string(query),
                [this, &got](const sse::Event& event) {
                  if (event.type == "hello") ++hellos;
                  if (event.type != "message") return;
                  const auto message = feed::parse_message(event.data);
                  got.take(message ? message->seq : 0);
                }) {}
  net::awaitable<std::string> read() override { return source_.run(); }
  void close() override { source_.close(); }
  const std::string& last_event_id() const { return source_.said().back(); }

  static constexpr std::string_view query = "?after=latest";

 private:
  EventSource source_;
};

struct Outage {
  Memory memory;
  std::size_t backlog;
};

// The way back, and what was said meanwhile.
Bytes expected_bytes(std::string_view arm, const feed::Address& room, std::size_t epoch_bytes,
                     const Outage& outage) {
  const Target target{room.authority, room.path};
  const std::size_t place = cursor_bytes(epoch_bytes, before), all = before + outage.backlog;
  Bytes bytes;
  std::size_t json = 0;
  if (arm == "sse") bytes = sse_setup(target, place, place);
  if (arm == "ws") bytes = websocket_setup(target, place, place);
  if (outage.memory == Memory::protocol) bytes.up += WithEventSource::query.size();
  for (std::size_t i = before; i < all; ++i) {
    const std::size_t one = message_bytes(i + 1, author, text_of(i, payload));
    json += one;
    if (arm == "sse") bytes.down += sse_event_bytes(cursor_bytes(epoch_bytes, i + 1), one);
    if (arm == "ws") bytes.down += frame_bytes(one);
  }
  if (is_streaming(arm)) return bytes;
  const auto patience = arm == "longpoll" ? std::optional(wait) : std::nullopt;
  const std::size_t body = page_body_bytes(cursor_bytes(epoch_bytes, all), outage.backlog, json);
  return {poll_request_bytes(target, place, patience), page_response_bytes(body, patience)};
}

// One run, step by step.
class Story {
 public:
  Story(const Place& place, const Outage& outage, Run& run)
      : run_(run),
        outage_(outage),
        // Who remembers gets everything; of one who does not it is known when a later message has come.
        remembers_(outage.memory == Memory::cursor ||
                   (outage.memory == Memory::protocol && run.arm == "sse")),
        missed_(before + outage.backlog),
        site_(place, run.arm, {.link = link_of_rtt(rtt)}),
        control_(site_.at_server([&] { return Control(site_.room_beside()); })),
        epoch_(control_.stats().epoch),
        outlet_(site_.at_server([&] { return PostOutlet(site_.room_beside(), payload); })),
        line_(io_, site_.room()),
        got_(missed_ + 1) {}

  void tell() {
    begin();
    publish(before);
    until("the messages before the cut", [&] { return got_.lost(0, before) == 0; });
    line_.cut();
    const auto noticed = Clock::now() + settled + rtt;
    until("a moment", [&] { return Clock::now() >= noticed; });
    publish(outage_.backlog);
    const Stats away = control_.stats();
    const std::size_t hellos = reader_->hellos;
    line_.mend();
    if (remembers_) {  // or loses it, which is a figure
      if (comes([&] { return got_.lost(before, missed_) == 0; })) say_catch_up(away, control_.stats());
    } else {
      if (run_.arm == "longpoll") {  // is told of its beginning with the next message only
        until("the reader at the server", [&] { return control_.stats().readers > 0; });
      } else {
        until("the hello", [&] { return reader_->hellos > hellos; });
      }
      publish(1);
      until("a later message", [&] { return got_.lost(missed_, missed_ + 1) == 0; });
    }
    reader_->close();
    until("the end of the reader", [&] { return ended_.has_value(); });
    site_.check();
    say_losses();
    site_.stop();
  }

 private:
  void begin() {
    if (outage_.memory == Memory::protocol && run_.arm == "sse") {
      auto source = std::make_unique<WithEventSource>(io_.get_executor(), line_.room(), got_);
      source_ = source.get();
      reader_ = std::move(source);
    } else {
      const auto first =
          outage_.memory == Memory::cursor ? feed::After::at({epoch_, 0}) : feed::After::latest();
      const bool asks_on = remembers_ && !is_streaming(run_.arm);  // a poll under way would be counted, too
      reader_ = std::make_unique<WithClient>(
          make_reader(run_.arm, io_.get_executor(), line_.room(), Asking{.interval = interval, .wait = wait}),
          outage_.memory, first, got_, asks_on ? missed_ : 0);
    }
    net::co_spawn(io_, reader_->read(), [this](std::exception_ptr failure, std::string why) {
      ended_ = std::move(why);
      if (failure) std::rethrow_exception(failure);
    });
    if (outage_.memory == Memory::cursor) return;
    if (run_.arm == "longpoll") {
      until("the reader at the server", [&] { return control_.stats().readers > 0; });
    } else {
      until("the first hello", [&] { return reader_->hellos > 0; });
    }
  }

  void publish(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) outlet_.send(published_++);
    while (outlet_.answered(std::chrono::milliseconds(1)) < published_) turn();
  }

  void turn() {
    check_interrupt();
    if (io_.stopped()) io_.restart();
    io_.run_for(std::chrono::milliseconds(1));
  }

  // False where it is not so within 10 s.
  bool comes(const std::function<bool()>& done) {
    const auto deadline = Clock::now() + std::chrono::seconds(10);
    while (!done()) {
      if (ended_ && !ended_->empty()) throw std::runtime_error("the reader ended: " + *ended_);
      if (Clock::now() > deadline) return false;
      turn();
    }
    return true;
  }

  void until(const char* what, const std::function<bool()>& done) {
    if (!comes(done)) throw std::runtime_error(fmt::format("{} did not come within 10 s", what));
  }

  void say_catch_up(const Stats& away, const Stats& back) {
    const Bytes expected = expected_bytes(run_.arm, line_.room(), epoch_.size(), outage_);
    const Bytes seen{back.bytes_in - away.bytes_in, back.bytes_out - away.bytes_out};
    // TCP, the request, and the answer as its window grows.
    const Seconds one_way = Seconds(rtt) / 2;
    run_.figures["caught_up_us"] = Seconds(got_.at(missed_ - 1) - line_.connected()).count() * 1e6;
    if (site_.network().means() != Means::sockets)  // which would answer for the server
      run_.predicted["caught_up_us"] = (3 * one_way + slow_start(expected.down, one_way)).count() * 1e6;
    run_.figures["catch_up_bytes"] = static_cast<double>(seen.total());
    run_.predicted["catch_up_bytes"] = static_cast<double>(expected.total());
    run_.gates.push_back(
        equal("bytes from the reader", static_cast<double>(seen.up), static_cast<double>(expected.up)));
    run_.gates.push_back(
        equal("bytes to the reader", static_cast<double>(seen.down), static_cast<double>(expected.down)));
    if (source_) {
      const std::string cursor = feed::to_string(feed::Cursor{epoch_, before});
      run_.gates.push_back({"the id that was sent again", source_->last_event_id() == cursor,
                            fmt::format("\"{}\", expected \"{}\"", source_->last_event_id(), cursor)});
    }
  }

  void say_losses() {
    const auto lost = static_cast<double>(got_.lost(before, missed_)),
               repeated = static_cast<double>(got_.repeated());
    const double expected = remembers_ ? 0 : static_cast<double>(outage_.backlog);
    run_.figures["lost_messages"] = lost;
    run_.predicted["lost_messages"] = expected;
    run_.figures["repeated_messages"] = repeated;
    run_.predicted["repeated_messages"] = 0;
    if (outage_.memory == Memory::protocol)
      run_.figures["resumes_by_protocol"] = lost + repeated == 0 ? 1 : 0;
    run_.gates.push_back(
        equal("messages that nobody said, or in the wrong order", static_cast<double>(got_.foreign()), 0));
    run_.gates.push_back(equal("connections that were handed on", static_cast<double>(line_.handed_on()), 2));
  }

  Run& run_;
  Outage outage_;
  bool remembers_;
  std::size_t missed_;  // so many were said when the line is mended
  Site site_;
  Control control_;
  std::string epoch_;
  PostOutlet outlet_;
  net::io_context io_{1};
  CutLine line_;
  Got got_;
  std::unique_ptr<Returning> reader_;
  const WithEventSource* source_ = nullptr;  // reader_, where it is one
  std::optional<std::string> ended_;
  std::size_t published_ = 0;
};

std::vector<Cell> cells_of(const Setting& setting) {
  std::vector<Cell> cells;
  const auto add = [&](const std::string& arm, const Outage& outage) {
    Cell cell;
    cell.name = fmt::format("resume/{}/cursor:{}/backlog:{}", arm, to_string(outage.memory), outage.backlog);
    cell.experiment = "resume";
    cell.arm = arm;
    cell.parameters = {{"backlog", static_cast<double>(outage.backlog)},
                       {"rtt_ms", static_cast<double>(rtt.count())},
                       {"payload_bytes", static_cast<double>(payload)}};
    if (outage.memory != Memory::protocol)
      cell.parameters["cursor"] = outage.memory == Memory::cursor ? 1 : 0;
    const bool remembers = outage.memory == Memory::cursor;
    cell.headline = remembers ? "caught_up_us" : "lost_messages";
    cell.headline_seconds = remembers ? 1e-6 : 1;
    cell.estimate_s = outage.memory == Memory::protocol && arm == "sse" ? 1.6 : 0.6;
    const bool telling = remembers && outage.backlog == 10;
    cell.repetitions = setting.by_profile(0U, telling ? 2U : 0U, 3U);
    cell.measure = [place = setting.place, outage](Run& run) { Story(place, outage, run).tell(); };
    cells.push_back(std::move(cell));
  };
  for (const std::size_t backlog : {std::size_t{10}, std::size_t{1000}}) {
    for (const char* arm : {"poll", "longpoll", "sse", "ws"}) {
      add(arm, {Memory::cursor, backlog});
      add(arm, {Memory::nothing, backlog});
    }
  }
  for (const char* arm : {"sse", "ws"}) add(arm, {Memory::protocol, 10});
  return cells;
}

}  // namespace

Experiment resume_experiment() {
  return {
      "E12",
      "resume",
      "What does a reader lose that was cut off, and how long does it take to catch up?",
      {{"RTT, ms", "rtt_ms"}, {"missed", "backlog"}, {"says its cursor", "cursor"}},
      {{"lost", "lost_messages", Unit::count, true},
       {"repeated", "repeated_messages", Unit::count},
       {"caught up after", "caught_up_us", Unit::microseconds, true},
       {"bytes of it", "catch_up_bytes", Unit::bytes, true},
       {"resumes by the protocol alone", "resumes_by_protocol", Unit::count}},
      "its connection is reset and refused while messages are published; time counts from the connection that succeeds until the last missed message is there, bytes are TCP payload, both ways",
      "how long it takes to notice that a line is dead, which a reset says at once, nor the waiting before another attempt",
      {{"^resume/sse/cursor:yes/backlog:1000$", "caught_up_us",
        "188 kB are at the edge of a further round trip: four windows of a real slow start carried 180 to 190 kB here, where one that "
        "doubles to the segment would carry 217"}},
      cells_of};
}

}  // namespace bench
