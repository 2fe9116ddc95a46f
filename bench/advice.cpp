#include "bench/advice.hpp"

#include "bench/cells.hpp"
#include "bench/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <iterator>
#include <stdexcept>
#include <system_error>

namespace bench {
namespace {

constexpr double hour_s = 3600;
constexpr Seconds heartbeat{15};  // of the servers
constexpr std::chrono::seconds wait{25};
constexpr Seconds idle_time{75};  // then the servers close a connection that nobody uses
constexpr Seconds shortest_interval{0.01};
// SYN and its answer with options, and five packets without any data.
constexpr double connection_bytes = 2 * 60 + 5 * static_cast<double>(header_bytes);

// What nobody notices.
constexpr double small_cpu = 0.01;                // of a core
constexpr double small_bytes = 1e6 / 8 * hour_s;  // 1 Mbit/s
constexpr double small_memory = 100e6;
constexpr double about_as_long = 1.1;

// Far into a log.
constexpr std::uint64_t some_seq = 12345;
constexpr std::size_t epoch_bytes = 8;
constexpr std::string_view author = "ada";

// --- what was measured ---

std::optional<double> figure_of(const CellRuns& cell, const std::string& name) {
  const auto found = summary(cell, name);
  return found ? std::optional(found->median) : std::nullopt;
}

std::optional<Way> way_of(const std::string& arm) {
  if (arm == "poll") return Way::poll;
  if (arm == "longpoll") return Way::longpoll;
  if (arm == "sse") return Way::sse;
  if (arm == "ws") return Way::ws;
  return std::nullopt;
}

void take_fanout(const Results& results, Costs& costs) {
  constexpr double crowd = 100;  // readers; with fewer, taking the messages is most of the work
  for (const CellRuns& cell : cells(results, "fanout")) {
    const auto cpu = figure_of(cell, "cpu_ns_per_delivery");
    const auto readers = cell.parameter("readers"), rate = cell.parameter("rate");
    if (!cpu || !readers) continue;
    if (cell.arm == "sse" || cell.arm == "ws") {
      costs.push_ns[*way_of(cell.arm)].add(*readers, *cpu);
      if (const auto gathered = figure_of(cell, "burst_cpu_ns_per_delivery"))
        costs.gathered_ns[*way_of(cell.arm)].add(*readers, *gathered);
    } else if (const auto interval_ms = cell.parameter("interval_ms");
               cell.arm == "poll" && rate && interval_ms && *readers >= crowd) {
      const double interval_s = *interval_ms / 1e3;
      costs.poll_ns.add(*readers / interval_s, *cpu * *rate * interval_s);
    } else {
      continue;
    }
    costs.cells.push_back(cell.name);
  }
  // A message to one reader is mostly the POST that brings it.
  for (const auto& [way, curve] : costs.push_ns)
    costs.post_ns = std::max(costs.post_ns, curve.at(1).value_or(0));
}

void take_silence(const Results& results, Costs& costs) {
  for (const CellRuns& cell : cells(results, "silence")) {
    const auto cpu = figure_of(cell, "cpu_us_per_hour"), events = figure_of(cell, "wake_ups_per_hour");
    const auto way = way_of(cell.arm);
    if (!cpu || !events || *events <= 0 || !way) continue;
    const double each_ns = *cpu / *events * 1e3;
    if (*way == Way::poll) {
      // The readers of that run are not told; a hundred, or twenty at short intervals, asked this often in all.
      const auto interval_ms = cell.parameter("interval_ms");
      const auto readers = figure_of(cell, "readers");
      if (!interval_ms || !readers) continue;
      costs.poll_ns.add(*readers / (*interval_ms / 1e3), each_ns);
    } else {
      costs.silent_ns[*way] = each_ns;
    }
    costs.cells.push_back(cell.name);
  }
}

void take_memory(const Results& results, Costs& costs) {
  for (const CellRuns& cell : cells(results, "memory")) {
    const auto user = figure_of(cell, "user_bytes_per_reader"),
               kernel = figure_of(cell, "kernel_bytes_per_reader");
    const auto way = way_of(cell.arm);
    if (!user || !way) continue;
    costs.memory[*way] = *user + kernel.value_or(0);
    costs.cells.push_back(cell.name);
  }
}

void take_connections(const Results& results, Costs& costs) {
  std::optional<double> kept, fresh;
  for (const CellRuns& cell : cells(results, "keep_alive")) {
    if (cell.name == "keep_alive/kept/rtt_ms:0") kept = figure_of(cell, "cpu_ns_per_poll");
    if (cell.name == "keep_alive/fresh/rtt_ms:0") fresh = figure_of(cell, "cpu_ns_per_poll");
  }
  if (!kept || !fresh) return;
  costs.connection_ns = std::max(*fresh - *kept, 0.0);
  costs.cells.insert(costs.cells.end(), {"keep_alive/kept/rtt_ms:0", "keep_alive/fresh/rtt_ms:0"});
}

// --- what each way would cost ---

struct Message {
  std::size_t cursor = cursor_bytes(epoch_bytes, some_seq);
  std::size_t json;
  explicit Message(const Need& need)
      : json(message_bytes(some_seq, author, std::string(need.text_bytes, 'x'))) {}
};

double with_headers(double payload, double packets) {
  return payload + packets * static_cast<double>(header_bytes);
}

double ip(const Bytes& bytes, std::uint64_t packets) {
  return with_headers(static_cast<double>(bytes.total()), static_cast<double>(packets));
}

// Bytes of sending them, both layers, an hour.
void add_sending(Offer& offer, const Need& need) {
  if (!need.both_ways) return;
  const Target& target = need.target;
  const Message message(need);
  const std::string text(need.text_bytes, 'x');
  const double an_hour = need.per_second * hour_s;
  if (offer.way == Way::ws) {
    const Bytes sent = websocket_publish(some_seq, author, text, message.cursor);
    offer.bytes_per_hour += an_hour * static_cast<double>(sent.total());
    offer.ip_bytes_per_hour += an_hour * ip(sent, packets_of_exchange(sent.up, sent.down));
    return;
  }
  const Bytes sent = post(target, author, text, message.cursor);
  const std::size_t body = draft_bytes(author, text);
  offer.bytes_per_hour += an_hour * static_cast<double>(sent.total());
  offer.ip_bytes_per_hour += an_hour * ip(sent, packets_of_post(sent.up - body, body, sent.down));
  offer.requests_per_second += need.per_second;
}

// From the sender to the server.
Seconds sending(const Need& need) { return need.both_ways ? need.one_way : Seconds(0); }

// The last reader of a broadcast is served when all others have been.
Seconds serving(const Need& need, std::optional<double> each_ns) {
  return last_reader(static_cast<std::size_t>(need.readers), Seconds(each_ns.value_or(0) * 1e-9));
}

// Of one core: what it takes to accept the messages.
double taking(const Need& need, const Costs& costs) { return need.per_second * costs.post_ns * 1e-9; }

Offer polling(const Need& need, const Costs& costs, Seconds interval, bool closes) {
  const Target& target = need.target;
  const Message message(need);
  Offer offer;
  offer.way = closes ? Way::poll_closing : Way::poll;
  offer.interval = interval;
  const Uniform delay = poll_delay(interval, need.one_way);
  offer.mean = delay.mean() + sending(need);
  offer.worst = delay.high + sending(need);
  const double polls = need.readers / interval.count();  // a second
  offer.requests_per_second = polls;
  if (need.per_second > 0) {
    const double per_hour = need.readers * need.per_second * hour_s;
    offer.bytes_per_hour =
        per_hour * poll_bytes_per_message(target, message.cursor, message.json, need.per_second, interval);
    offer.ip_bytes_per_hour = per_hour * poll_ip_bytes_per_message(target, message.cursor, message.json,
                                                                   need.per_second * interval.count());
  } else {
    const Bytes nothing = empty_poll(target, message.cursor);
    offer.bytes_per_hour = polls * hour_s * static_cast<double>(nothing.total());
    offer.ip_bytes_per_hour = polls * hour_s * ip(nothing, packets_of_exchange(nothing.up, nothing.down));
  }
  offer.connections = need.readers;
  auto each_ns = costs.poll_ns.at(polls);
  if (closes) {
    // One is open for the round trips of TCP and of the request, and a moment.
    offer.connections = polls * (4 * need.one_way.count() + 0.001);
    offer.ip_bytes_per_hour += polls * hour_s * connection_bytes;
    if (each_ns && costs.connection_ns) {
      *each_ns += *costs.connection_ns;
    } else {
      each_ns.reset();
    }
  }
  if (each_ns) offer.cpu = polls * *each_ns * 1e-9 + taking(need, costs);
  const auto memory = costs.memory.find(Way::poll);
  if (memory != costs.memory.end()) offer.memory = offer.connections * memory->second;
  add_sending(offer, need);
  return offer;
}

Offer long_polling(const Need& need, const Costs& costs) {
  const Target& target = need.target;
  const Message message(need);
  Offer offer;
  offer.way = Way::longpoll;
  const double lambda = need.per_second, d = need.one_way.count();
  const double at_once = 1 - std::exp(-2 * lambda * d);  // polls that find something there
  const double timed_out = (1 - at_once) * std::exp(-lambda * Seconds(wait).count());
  const double polls = need.readers * long_polls_per_second(lambda, need.one_way, wait);
  const auto request = static_cast<double>(poll_request_bytes(target, message.cursor, wait));
  const double nothing = request + static_cast<double>(empty_response_bytes(wait));
  const std::size_t body = page_body_bytes(message.cursor, 1, message.json);
  const double page = request + static_cast<double>(page_response_bytes(body, wait) - message.json - 1);
  const double payload = polls * (timed_out * nothing + (1 - timed_out) * page) +
                         need.readers * lambda * static_cast<double>(message.json + 1);
  // The next request follows at once and acknowledges the answer; a request that waits is acknowledged alone.
  const double packets = polls * (2 + (1 - at_once));
  offer.bytes_per_hour = payload * hour_s;
  offer.ip_bytes_per_hour = with_headers(payload, packets) * hour_s;
  offer.requests_per_second = polls;
  offer.connections = need.readers;
  const auto push = costs.push_ns.find(Way::sse);
  const auto each_ns = push == costs.push_ns.end() ? std::nullopt : push->second.at(need.readers);
  const LongPollDelay delay(lambda, need.one_way);
  const Seconds served = serving(need, each_ns);
  offer.mean = delay.mean() + sending(need) + served / 2;
  offer.worst = delay.max() + sending(need) + served;
  if (const auto poll_ns = costs.poll_ns.at(polls)) offer.cpu = polls * *poll_ns * 1e-9 + taking(need, costs);
  const auto memory = costs.memory.find(Way::poll);
  if (memory != costs.memory.end()) offer.memory = need.readers * memory->second;
  add_sending(offer, need);
  return offer;
}

Offer pushing(const Need& need, const Costs& costs, Way way) {
  const Message message(need);
  const bool frames = way == Way::ws;
  Offer offer;
  offer.way = way;
  const std::size_t event =
      frames ? frame_bytes(message.json) : sse_event_bytes(message.cursor, message.json);
  const Bytes beat = frames ? ping() : Bytes{0, sse_heartbeat_bytes()};
  const double events = need.readers * need.per_second;  // a second
  // A comment says that the server is there, and a message says as much. A ping asks whether the client is, which only what it sends would
  // tell: it goes out however much the server says.
  const double beats =
      need.readers * (frames ? 1 / heartbeat.count() : heartbeats_per_second(need.per_second, heartbeat));
  const std::uint64_t beat_packets =
      frames ? packets_of_exchange(beat.down, beat.up) : packets_of_push(beat.down);
  offer.bytes_per_hour =
      hour_s * (events * static_cast<double>(event) + beats * static_cast<double>(beat.total()));
  offer.ip_bytes_per_hour = hour_s * (events * static_cast<double>(ip_bytes(event, packets_of_push(event))) +
                                      beats * ip(beat, beat_packets));
  offer.connections = need.readers;
  const auto push = costs.push_ns.find(way);
  const auto each_ns = push == costs.push_ns.end() ? std::nullopt : push->second.at(need.readers);
  const Seconds served = serving(need, each_ns);
  offer.mean = need.one_way + sending(need) + served / 2;
  offer.worst = need.one_way + sending(need) + served;
  const auto silent = costs.silent_ns.find(way);
  if (each_ns && silent != costs.silent_ns.end()) {
    // Many heartbeats are many small writes, like a broadcast, which was measured with more readers.
    const double beat_ns = std::min(silent->second, *each_ns);
    offer.cpu = (events * *each_ns + beats * beat_ns) * 1e-9;
    const auto gathered = costs.gathered_ns.find(way);
    if (offer.cpu > 1 && gathered != costs.gathered_ns.end()) {
      // What comes while the others are still being written to leaves together, in the next round.
      offer.cpu = std::max(1.0, events * gathered->second.at(need.readers).value_or(*each_ns) * 1e-9);
      offer.mean += served / 2;
      offer.worst += served;
    }
  }
  const auto memory = costs.memory.find(way);
  if (memory != costs.memory.end()) offer.memory = need.readers * memory->second;
  add_sending(offer, need);
  return offer;
}

// --- the choice ---

// Two digits, downwards.
Seconds rounded_down(Seconds seconds) {
  if (seconds.count() <= 0) return Seconds(0);
  const double scale = std::pow(10.0, std::floor(std::log10(seconds.count())) - 1);
  return Seconds(std::floor(seconds.count() / scale * (1 + 1e-9)) * scale);
}

void judge_fitness(Offer& offer, const Need& need) {
  const bool polls = offer.way == Way::poll || offer.way == Way::poll_closing;
  const Seconds period = 2 * need.one_way * (offer.way == Way::poll_closing ? 2 : 1);
  if (polls && offer.interval < std::max(period, shortest_interval)) {
    offer.unfit = fmt::format("a poll takes {}", in_words(std::max(period, shortest_interval)));
  } else if (offer.way == Way::poll && offer.interval > idle_time) {
    offer.unfit = fmt::format("the server closes a connection that was not used for {}", in_words(idle_time));
  } else if (!polls && offer.worst > need.max_delay) {
    offer.unfit = fmt::format("{} at worst", in_words(offer.worst));
  } else if (offer.cpu && *offer.cpu > 1) {
    offer.unfit = fmt::format("needs {:.1f} cores, and the server has one", *offer.cpu);
  }
}

// How many times what nobody notices; a resource that is not known of all does not count.
void score(std::vector<Offer>& offers) {
  const auto known = [&](auto member) {
    return std::all_of(offers.begin(), offers.end(), [&](const Offer& offer) {
      return !offer.unfit.empty() || (offer.*member).has_value();
    });
  };
  const bool cpu = known(&Offer::cpu), memory = known(&Offer::memory);
  for (Offer& offer : offers) {
    offer.score = std::max(1.0, offer.ip_bytes_per_hour / small_bytes);
    if (cpu) offer.score *= std::max(1.0, offer.cpu.value_or(0) / small_cpu);
    if (memory) offer.score *= std::max(1.0, offer.memory.value_or(0) / small_memory);
  }
}

int plainness(Way way) {
  constexpr std::array order{Way::sse, Way::ws, Way::poll, Way::poll_closing, Way::longpoll};
  return static_cast<int>(std::find(order.begin(), order.end(), way) - order.begin());
}

bool better(const Offer& a, const Offer& b, const Need& need) {
  if (need.max_delay > attention) {
    if (a.connections != b.connections) return a.connections < b.connections;
  } else if (a.mean * about_as_long < b.mean || b.mean * about_as_long < a.mean) {
    return a.mean < b.mean;
  }
  if (a.requests_per_second != b.requests_per_second) return a.requests_per_second < b.requests_per_second;
  return plainness(a.way) < plainness(b.way);
}

void choose(Advice& advice, const Need& need) {
  double lowest = INFINITY;
  for (const Offer& offer : advice.offers) {
    if (offer.unfit.empty()) lowest = std::min(lowest, offer.score);
  }
  for (std::size_t i = 0; i < advice.offers.size(); ++i) {
    const Offer& offer = advice.offers[i];
    if (!offer.unfit.empty() || offer.score > about_the_same * lowest) continue;
    if (!advice.best || better(offer, advice.offers[*advice.best], need)) advice.best = i;
  }
}

void expect(bool holds, const std::string& what, const std::string& got, const std::string& expected) {
  if (!holds) throw std::invalid_argument(fmt::format("{} is {}, expected {}", what, got, expected));
}

}  // namespace

std::string in_words(Seconds time) {
  const double s = time.count();
  if (s >= 120) return exact(std::round(s / 6) / 10) + " min";
  if (s >= 10) return exact(std::round(s)) + " s";
  return shown(s * 1e6, Unit::microseconds);
}

std::string in_words(Way way, Seconds interval) {
  switch (way) {
    case Way::poll:
      return "polling every " + in_words(interval);
    case Way::poll_closing:
      return "polling every " + in_words(interval) + ", a connection for each";
    case Way::longpoll:
      return "long polling";
    case Way::sse:
      return "SSE";
    case Way::ws:
      return "WebSocket";
  }
  return {};
}

std::optional<double> Curve::at(double x) const {
  if (points_.empty()) return std::nullopt;
  const auto after = points_.lower_bound(x);
  if (after == points_.begin()) return after->second;
  const auto before = std::prev(after);
  if (after == points_.end()) return before->second;
  const double share = std::log(x / before->first) / std::log(after->first / before->first);
  return before->second * std::pow(after->second / before->second, share);
}

Costs costs_of(const Results& results) {
  Costs costs;
  take_fanout(results, costs);
  take_silence(results, costs);
  take_memory(results, costs);
  take_connections(results, costs);
  return costs;
}

Advice advise(const Need& need, const Costs& costs) {
  expect(need.per_second >= 0 && std::isfinite(need.per_second), "the rate", exact(need.per_second),
         "0 or more messages a second");
  expect(need.readers >= 1 && need.readers <= 1e8, "the number of readers", exact(need.readers),
         "1 to 100 000 000");
  expect(need.max_delay > Seconds(0), "the delay", in_words(need.max_delay), "more than 0");
  expect(need.one_way >= Seconds(0), "the round-trip time", in_words(2 * need.one_way), "0 or more");
  Advice advice;
  const Seconds interval = rounded_down(need.max_delay - need.one_way - sending(need));
  // Something to count with where there is no time for an interval at all; such an offer is unfit.
  const Seconds possible = std::max(interval, std::min(2 * need.one_way, Seconds(1)) + Seconds(1e-3));
  for (const bool closes : {false, true}) {
    Offer offer = polling(need, costs, interval > Seconds(0) ? interval : possible, closes);
    judge_fitness(offer, need);
    if (interval <= Seconds(0)) offer.unfit = "there is no time to wait for the next poll";
    advice.offers.push_back(std::move(offer));
  }
  for (Offer offer :
       {long_polling(need, costs), pushing(need, costs, Way::sse), pushing(need, costs, Way::ws)}) {
    judge_fitness(offer, need);
    advice.offers.push_back(std::move(offer));
  }
  score(advice.offers);
  choose(advice, need);

  const Message message(need);
  const Target& target = need.target;
  const std::size_t event = sse_event_bytes(message.cursor, message.json);
  advice.per_interval = need.per_second * advice.offers.front().interval.count();
  advice.bytes_break_even = where_polling_is_cheaper(
      [&](double per_interval) {
        return poll_ip_bytes_per_message(target, message.cursor, message.json, per_interval);
      },
      static_cast<double>(ip_bytes(event, packets_of_push(event))));
  const auto push = costs.push_ns.find(Way::sse);
  const auto push_ns = push == costs.push_ns.end() ? std::nullopt : push->second.at(need.readers);
  const auto poll_ns = costs.poll_ns.at(advice.offers.front().requests_per_second);
  if (push_ns && poll_ns) advice.cpu_break_even = break_even(*poll_ns, *push_ns);
  return advice;
}

}  // namespace bench
