#include "bench/goals.hpp"

#include "bench/terms.hpp"
#include "bench/verdict.hpp"
#include "bench/verdict_text.hpp"

#include <fmt/format.h>

#include <utility>

namespace bench {
namespace {

using NumberUnit = Number::Unit;
using Op = Condition::Op;

Condition condition(std::string number, Op op, double limit) { return {std::move(number), op, limit, limit}; }

Op other(Op op) { return op == Op::above ? Op::below : Op::above; }

// Confirmed where the number is on the right side of the limit, refuted on the other.
Goal goal(std::string what, std::string reach, std::vector<Number> numbers, Op op, double limit,
          std::optional<double> stretch = {}) {
  Goal made;
  made.claim.id = std::move(what);
  made.claim.claim = std::move(reach);
  made.claim.numbers = std::move(numbers);
  const std::string first = made.claim.numbers.at(0).name;
  made.claim.rule = {{Verdict::confirmed, {condition(first, op, limit)}, {}},
                     {Verdict::refuted, {condition(first, other(op), limit)}, {}}};
  if (stretch) made.stretch = condition(first, op, *stretch);
  return made;
}

// The cells that are compared, and the figure.
struct Pair {
  std::string ours, theirs, peer, figure;
  NumberUnit unit;
};

Goal ratio(std::string what, std::string reach, const Pair& of, Op op, double limit,
           std::optional<double> stretch = {}) {
  const Term a = figure(of.ours, of.figure), b = figure(of.theirs, of.figure);
  return goal(std::move(what), std::move(reach),
              {number("ratio", "ours over theirs", NumberUnit::ratio, made_of(Term::Kind::over, a, b)),
               number("ours", "ours", of.unit, a), number("theirs", of.peer, of.unit, b)},
              op, limit, stretch);
}

// A limit for our own figure; that of a peer stands beside it.
Goal own(std::string what, std::string reach, const Pair& of, Op op, double limit,
         std::optional<double> stretch = {}) {
  std::vector<Number> numbers{number("ours", "ours", of.unit, figure(of.ours, of.figure))};
  if (!of.theirs.empty()) numbers.push_back(number("theirs", of.peer, of.unit, figure(of.theirs, of.figure)));
  return goal(std::move(what), std::move(reach), std::move(numbers), op, limit, stretch);
}

// Every message at every reader, and most of them before `limit_us`.
Goal open_loop(int rate, std::string reach) {
  const auto cell = [rate](const char* arm) {
    return fmt::format("peer_load/{}/readers:1000/rate:{}", arm, rate);
  };
  Goal made =
      own(fmt::format("WebSocket, {} messages/s to 1000 readers, nothing lost: p99", rate), std::move(reach),
          {cell("ws"), rate == 2000 ? cell("nchan_ws") : "", "Nchan", "p99_us", NumberUnit::microseconds},
          Op::below, 50'000);
  Number missing =
      number("missing", "not there at the end", NumberUnit::share, figure(cell("ws"), "late_share"));
  missing.exact = true;
  made.claim.numbers.push_back(std::move(missing));
  made.claim.rule[0].when.push_back(condition("missing", Op::equals, 0));
  made.claim.rule.push_back(
      {Verdict::refuted, {condition("missing", Op::above, 0)}, "{missing} had not come at the end"});
  return made;
}

// A delivery in a large room over one in a small one; how it is with Nchan stands beside it, since most of what grows is the kernel's.
Goal growth() {
  const auto grows = [](const char* arm) {
    const auto cpu = [arm](int readers) {
      return figure(fmt::format("peer_fanout/{}/readers:{}/window:1", arm, readers), "cpu_ns_per_delivery");
    };
    return made_of(Term::Kind::over, cpu(5000), cpu(100));
  };
  return goal("WebSocket, one outstanding: server CPU per delivery to 5000 readers over that to 100",
              "at most 1.3 ×",
              {number("ours", "ours", NumberUnit::ratio, grows("ws")),
               number("theirs", "Nchan", NumberUnit::ratio, grows("nchan_ws"))},
              Op::below, 1.3);
}

Goal instructions() {
  Goal made =
      own("WebSocket, one outstanding: user-mode instructions per delivery", "at most 900, better 300",
          {"peer_instructions/ws/readers:1000", "", "", "instructions_per_delivery", NumberUnit::count},
          Op::below, 900, 300);
  made.claim.numbers[0].exact = true;
  return made;
}

// To the byte.
Goal bytes() {
  const std::string ours = "peer_bytes/ws/json:100", theirs = "peer_bytes/socketio/json:100",
                    name = "bytes_per_message";
  const Term measured = figure(ours, name);
  std::vector<Number> numbers{number("ours", "ours", NumberUnit::bytes, measured),
                              number("theirs", "Socket.IO", NumberUnit::bytes, figure(theirs, name)),
                              number("off", "more than predicted", NumberUnit::bytes,
                                     made_of(Term::Kind::minus, measured, figure(ours, name, true)))};
  for (Number& one : numbers) one.exact = true;
  Goal made = goal("bytes of a delivered message of 100, WebSocket", "equal to the prediction: 102",
                   std::move(numbers), Op::equals, 102);
  made.claim.rule = {
      {Verdict::confirmed, {condition("ours", Op::equals, 102), condition("off", Op::equals, 0)}, {}},
      {Verdict::refuted, {condition("off", Op::outside, 0)}, "{off} more than predicted"},
      {Verdict::refuted, {condition("ours", Op::outside, 102)}, {}}};
  return made;
}

std::vector<Goal> all_goals() {
  const auto fanout = [](const char* arm, int window) {
    return fmt::format("peer_fanout/{}/readers:1000/window:{}", arm, window);
  };
  const auto at = [](const char* experiment, const char* arm, const char* how) {
    return fmt::format("{}/{}/{}", experiment, arm, how);
  };
  const auto fast = [&](const char* ours, const char* theirs, const char* peer) {
    return Pair{fanout(ours, 64), fanout(theirs, 64), peer, "deliveries_per_second", NumberUnit::count};
  };
  const auto delay = [&](const char* figure) {
    return Pair{at("peer_delay", "ws", "readers:1000/rate:10"),
                at("peer_delay", "nchan_ws", "readers:1000/rate:10"), "Nchan", figure,
                NumberUnit::microseconds};
  };
  const auto polls = [&](const char* theirs, const char* peer) {
    return Pair{at("peer_polls", "poll", "connections:64"), at("peer_polls", theirs, "connections:64"), peer,
                "cpu_ns_per_request", NumberUnit::nanoseconds};
  };
  const auto memory = [&](const char* ours, const char* theirs, const char* peer) {
    return Pair{at("peer_memory", ours, "readers:4000"), at("peer_memory", theirs, "readers:4000"), peer,
                "user_bytes_per_reader", NumberUnit::bytes};
  };
  const std::string ws = "WebSocket to 1000 readers, 64 outstanding: deliveries/s",
                    sse = "SSE to 1000 readers, 64 outstanding: deliveries/s",
                    lone = "WebSocket to 1000 readers, one outstanding: ";
  return {
      ratio(ws, "5 × Nchan, better 8 ×", fast("ws", "nchan_ws", "Nchan"), Op::above, 5, 8),
      ratio(ws, "15 × ws (Node), better 30 ×", fast("ws", "ws_node", "ws (Node)"), Op::above, 15, 30),
      ratio(lone + "server CPU per delivery", "at most 0.75 × Nchan",
            {fanout("ws", 1), fanout("nchan_ws", 1), "Nchan", "cpu_ns_per_delivery", NumberUnit::nanoseconds},
            Op::below, 0.75),
      instructions(),
      open_loop(2000, "below 50 ms"),
      open_loop(8000, "better still: below 50 ms"),
      ratio(sse, "8 × Nchan, better 12 ×", fast("sse", "nchan_sse", "Nchan"), Op::above, 8, 12),
      ratio(sse, "15 × Node", fast("sse", "sse_node", "Node"), Op::above, 15),
      ratio("WebSocket to 1000 readers, 10 messages/s: p50",
            "at most 1.1 × the best of the others, better 0.9 ×", delay("p50_us"), Op::below, 1.1, 0.9),
      ratio("WebSocket to 1000 readers, 10 messages/s: p99",
            "at most 1.1 × the best of the others, better 0.9 ×", delay("p99_us"), Op::below, 1.1, 0.9),
      ratio("WebSocket echo: p50", "at most 1.2 × raw TCP, better 1.05 ×",
            {at("peer_echo", "ws", "payload:100"), at("peer_echo", "tcp", "payload:100"), "raw TCP", "p50_us",
             NumberUnit::microseconds},
            Op::below, 1.2, 1.05),
      ratio("polling, nothing new, 64 connections: server CPU per request",
            "at most nginx's with a file, better 0.9 ×", polls("nginx_static", "nginx"), Op::below, 1.0, 0.9),
      ratio("polling, nothing new, 64 connections: server CPU per request", "at most 0.1 × Express",
            polls("poll_express", "Express"), Op::below, 0.1),
      own("memory of a silent WebSocket reader", "at most 10 000 bytes, better 5 000",
          memory("ws", "ws_node", "ws (Node)"), Op::below, 10'000, 5'000),
      own("memory of a silent SSE reader", "at most 5 000 bytes, better 2 500",
          memory("sse", "sse_node", "Node"), Op::below, 5'000, 2'500),
      ratio("WebSocket connect: server CPU", "at most 0.25 × ws (Node)",
            {at("peer_connect", "ws", "readers:2000"), at("peer_connect", "ws_node", "readers:2000"),
             "ws (Node)", "cpu_ns_per_connection", NumberUnit::nanoseconds},
            Op::below, 0.25),
      bytes(),
      growth(),
  };
}

std::string met(const Goal& goal, const Judgement& judgement) {
  if (judgement.verdict == Verdict::not_measured) return judgement.words;
  const std::string why = judgement.words.empty() ? std::string() : ": " + judgement.words;
  if (judgement.verdict == Verdict::refuted) return "not met" + why;
  if (goal.stretch && truth(*goal.stretch, judgement.numbers.at(0)) == Truth::holds)
    return "met, and the better one";
  return "met" + why;
}

// "610 ns Nchan", "-": a number of the claim by its name.
std::string said(const Claim& claim, const Judgement& judgement, const std::string& name, bool with_label) {
  for (std::size_t i = 0; i < claim.numbers.size(); ++i) {
    if (claim.numbers[i].name != name || !judgement.numbers[i].missing.empty()) continue;
    const std::string value = shown(claim.numbers[i], judgement.numbers[i]);
    return with_label ? fmt::format("{}: {}", claim.numbers[i].label, value) : value;
  }
  return std::string(none);
}

}  // namespace

const std::vector<Goal>& goals() {
  static const std::vector<Goal> all = all_goals();
  return all;
}

Table goals_table(const Results& results) {
  Table table{{"what", "goal", "ours over theirs", "ours", "theirs", "met"}, {}};
  for (const Goal& goal : goals()) {
    const Judgement judgement = judge(goal.claim, results);
    table.rows.push_back({goal.claim.id, goal.claim.claim, said(goal.claim, judgement, "ratio", false),
                          said(goal.claim, judgement, "ours", false),
                          said(goal.claim, judgement, "theirs", true), met(goal, judgement)});
  }
  return table;
}

}  // namespace bench
