#include "bench/lockstep.hpp"

#include "bench/browser.hpp"
#include "bench/control.hpp"
#include "bench/experiment.hpp"
#include "bench/floor_client.hpp"
#include "bench/interrupt.hpp"
#include "bench/polled.hpp"
#include "bench/retransmissions.hpp"

#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace bench {
namespace {

constexpr std::chrono::seconds wait{25};  // of longpoll
constexpr std::chrono::milliseconds carried_over{
    4};  // what was sent has crossed a line without a delay by then
constexpr std::string_view floor_hello = R"({"cursor":"floor.0"})";

std::vector<std::string> fields_of(const Lockstep& how, const feed::Address& room) {
  std::vector<std::string> fields = profile_fields(how.profile, how.arm, room);
  for (std::string& field : cookie_field(how.cookie_bytes)) fields.push_back(std::move(field));
  return fields;
}

// The parts of a run, which callbacks use.
class Stepper {
 public:
  Stepper(const Place& place, const Lockstep& lockstep);
  Lockstepped run(Run& run);

 private:
  bool has_door() const { return control_.has_value(); }
  bool polls() const { return !is_streaming(how_.arm); }
  std::size_t all() const { return before_counting + how_.messages; }
  Outlet& outlet() { return post_ ? static_cast<Outlet&>(*post_) : *bare_; }

  Readers make_readers();
  void publish();
  void await_answers();
  void took(std::size_t index);
  Bytes door();
  Carried predict() const;
  Mark mark();

  const Lockstep& how_;
  Site site_;
  std::optional<Control> control_;
  std::string epoch_;
  std::unique_ptr<PostOutlet> post_;
  std::unique_ptr<TcpOutlet> bare_;
  const std::vector<std::string> fields_;
  net::io_context io_{1};
  Readers readers_;
  Polled polled_;
  net::steady_timer pause_{io_};
  Target target_;
  Bytes before_;  // what the door had counted before the run: of a server that is not ours
  std::size_t published_ = 0, received_ = 0;
  Mark begin_, end_;
  Clock::time_point begun_, ended_;
};

Stepper::Stepper(const Place& place, const Lockstep& lockstep)
    : how_(lockstep),
      // The largest message is 65000 bytes, and JSON around it.
      site_(place, lockstep.arm,
            {.link = lockstep.link,
             .options = lockstep.arm == "tcp" ? std::vector<std::string>()
                                              : std::vector<std::string>{"--max-message", "131072"}}),
      control_(lockstep.arm == "tcp"
                   ? std::nullopt
                   : std::optional(site_.at_server([this] { return Control(site_.room_beside()); }))),
      epoch_(control_ ? control_->stats().epoch : std::string(floor_epoch)),
      fields_(fields_of(lockstep, site_.room())),
      readers_(make_readers()),
      polled_(readers_, polls() ? 1 : 0),
      target_{site_.room().authority, site_.room().path + lockstep.mistake, fields_bytes(fields_)} {
  if (has_door()) {
    const Stats stats = control_->stats();
    before_ = {stats.bytes_in, stats.bytes_out};
    post_ = site_.at_server(
        [this] { return std::make_unique<PostOutlet>(site_.room_beside(), how_.payload_bytes); });
  } else {
    bare_ = site_.at_server(
        [this] { return std::make_unique<TcpOutlet>(site_.room_beside(), how_.payload_bytes); });
  }
}

Readers Stepper::make_readers() {
  std::vector<std::unique_ptr<feed::Client>> clients;
  clients.push_back(
      make_reader(how_.arm, io_.get_executor(), site_.room(), {.interval = apart, .wait = wait}));
  clients.back()->send_fields(fields_);
  return Readers(io_, std::move(clients), {epoch_, 0}, all());
}

void Stepper::publish() { outlet().send(published_++); }

void Stepper::await_answers() {
  const auto deadline = Clock::now() + std::chrono::seconds(10);
  while (outlet().answered(std::chrono::milliseconds(20)) < published_) {
    check_interrupt();
    if (Clock::now() > deadline)
      throw std::runtime_error(
          fmt::format("{} of {} messages were accepted within 10 s", outlet().answered({}), published_));
  }
}

void Stepper::took(std::size_t index) {
  if (polls()) polled_.took(0, index);
  if (++received_ == before_counting) {
    begin_ = mark();
    begun_ = Clock::now();
  }
  if (received_ == all()) {
    ended_ = Clock::now();
    end_ = mark();
  }
  if (received_ < published_ || published_ == all()) return;
  if (how_.arm != "longpoll") return publish();
  // The poll that goes out now is there long before, and has been acknowledged, as where messages are rare.
  pause_.expires_after(apart);
  pause_.async_wait([this](const boost::system::error_code& error) {
    if (!error) publish();
  });
}

// What the reader has caused: the rest is known.
Bytes Stepper::door() {
  if (!has_door()) return {1, static_cast<const FloorClient&>(readers_.client(0)).bytes_read()};
  const Stats stats = control_->stats();
  return Bytes{stats.bytes_in - post_->bytes_out(), stats.bytes_out - post_->bytes_in()} - before_;
}

// Since the reader's first byte, by the model.
Carried Stepper::predict() const {
  if (polls())
    return polled_.predict(target_, epoch_.size(), how_.payload_bytes,
                           how_.arm == "longpoll" ? std::optional(wait) : std::nullopt);
  const std::size_t begin = cursor_bytes(epoch_.size(), 0);
  Carried sum;
  if (how_.arm == "sse") sum.bytes = sse_setup(target_, begin, begin);
  if (how_.arm == "ws") sum.bytes = websocket_setup(target_, begin, begin);
  if (how_.arm == "tcp") sum.bytes = {1, tcp_message_bytes(floor_hello.size())};
  for (std::size_t i = 0; i < received_; ++i) {
    const std::size_t json = json_bytes(i, how_.payload_bytes);
    const std::size_t bytes = how_.arm == "sse"  ? sse_event_bytes(cursor_bytes(epoch_.size(), i + 1), json)
                              : how_.arm == "ws" ? frame_bytes(json)
                                                 : tcp_message_bytes(json);
    sum += {{0, bytes}, packets_of_push(bytes)};
  }
  return sum;
}

// Between two messages. An acknowledgement that a poller's kernel holds back is missing in both marks of a run.
Mark Stepper::mark() {
  await_answers();
  std::this_thread::sleep_for(carried_over);
  const Carried predicted = predict();
  return {door(), predicted.bytes, site_.network().counts(), predicted.packets};
}

Lockstepped Stepper::run(Run& run) {
  const Retransmissions again(site_);
  Meter meter(site_.process());
  const auto deadline = Clock::now() + std::chrono::seconds(20);
  readers_.close_when_complete = polls();  // so that no poll is under way when the bytes are read
  readers_.on_message = [this](std::size_t, std::size_t index) { took(index); };
  Mark setup;
  bool there = true;
  if (polls()) {  // a poller has no set-up: its first poll brings what was there before
    while (published_ < before_counting) publish();
    await_answers();
    readers_.start();
  } else {
    readers_.start();
    there = readers_.run_until(deadline, [this] { return readers_.begun() == 1; });
    setup = mark();
    publish();
  }
  const bool complete = there && readers_.run_until(deadline, [this] { return readers_.complete(); });
  site_.check();

  meter.end();

  Lockstepped done;
  done.setup = setup.door;
  done.predicted_setup = setup.predicted;
  done.setup_line = setup.line;
  // The server says the 101 and the hello of a WebSocket one after the other; of an event stream it says head and hello at once.
  const std::uint64_t pieces = how_.arm == "ws" ? 2 : 1;
  done.predicted_setup_ip_bytes =
      syn_bytes + ip_bytes(setup.predicted.total(), packets_of_setup(setup.predicted.up, pieces));
  done.bytes = end_.door - begin_.door;
  done.predicted = end_.predicted - begin_.predicted;
  done.line = end_.line - begin_.line;
  done.predicted_packets = end_.packets - begin_.packets;
  done.messages = how_.messages;
  done.json_bytes = json_bytes(before_counting, how_.payload_bytes);
  done.fields_bytes = target_.fields;
  done.seconds = std::chrono::duration<double>(ended_ - begun_).count();
  const auto gate = [&run](const char* name, std::uint64_t seen, std::uint64_t expected) {
    run.gates.push_back(equal(name, static_cast<double>(seen), static_cast<double>(expected)));
  };
  run.gates.push_back({"the reader stayed", complete && readers_.failure().empty(), readers_.failure()});
  run.gates.push_back(once_and_in_order(readers_.receipts()));
  gate("bytes from the reader", done.bytes.up, done.predicted.up);
  gate("bytes to the reader", done.bytes.down, done.predicted.down);
  if (!polls() && has_door()) {
    gate("bytes of the set-up from the reader", done.setup.up, done.predicted_setup.up);
    gate("bytes of the set-up to the reader", done.setup.down, done.predicted_setup.down);
  }
  meter.tell(run);
  again.tell(run);
  if (done.line.packets() > 0 && run.figures["retransmitted_segments"] == 0)
    gate("bytes on the line are those at the door, and 52 for each packet", done.line.bytes(),
         ip_bytes(done.bytes.total(), done.line.packets()));
  readers_.close();
  control_.reset();
  site_.stop();
  return done;
}

}  // namespace

Lockstepped run_lockstep(const Place& place, const Lockstep& lockstep, Run& run) {
  if (lockstep.messages > 89)
    throw std::invalid_argument(
        fmt::format("{} messages in lockstep, expected 89 at most", lockstep.messages));
  return Stepper(place, lockstep).run(run);
}

void tell_layers(const Lockstepped& done, Run& run) {
  const auto n = static_cast<double>(done.messages);
  const auto tell = [&](const char* name, std::uint64_t seen, std::uint64_t expected, double of) {
    run.figures[name] = static_cast<double>(seen) / of;
    run.predicted[name] = static_cast<double>(expected) / of;
  };
  run.figures["n"] = n;
  run.figures["json_bytes_per_message"] = static_cast<double>(done.json_bytes);
  const std::uint64_t json = done.messages * done.json_bytes;
  tell("framing_bytes_per_message", done.bytes.total() - json, done.predicted.total() - json, n);
  tell("bytes_per_message", done.bytes.total(), done.predicted.total(), n);
  tell("up_bytes_per_message", done.bytes.up, done.predicted.up, n);
  if (done.line.packets() > 0) {
    tell("packets_per_message", done.line.packets(), done.predicted_packets, n);
    // How often a reader acknowledges a large message depends on how it is woken while the message comes in, and on whether the kernel hands
    // it several segments at once: from once to once a segment. The bytes hardly change by that.
    if (done.bytes.down / done.messages > 3 * segment_bytes) run.predicted.erase("packets_per_message");
    tell("ip_bytes_per_message", done.line.bytes(), ip_bytes(done.predicted.total(), done.predicted_packets),
         n);
  }
  run.figures["lockstep_us"] = done.seconds / n * 1e6;
  if (done.setup.down == 0) return;
  tell("setup_bytes", done.setup.total(), done.predicted_setup.total(), 1);
  if (done.setup_line.packets() > 0)
    tell("setup_ip_bytes", done.setup_line.bytes(), done.predicted_setup_ip_bytes, 1);
}

}  // namespace bench
