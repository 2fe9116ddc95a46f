// The advice: its predictions against what was measured and published, and what it says to cases whose answer is known.

#include "bench/advice.hpp"

#include "bench/stats.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using bench::Costs;
using bench::Need;
using bench::Offer;
using bench::Seconds;
using bench::Way;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

const std::string project = SOURCE_DIRECTORY;

std::string error_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "no error";
}

const bench::Results& published() {
  static const bench::Results results = bench::load(project + "/notes/results");
  return results;
}

// The median over the runs that count.
std::optional<double> measured(const std::string& cell, const std::string& figure) {
  std::vector<double> values;
  for (const bench::Run& run : published().runs) {
    const auto found = run.figures.find(figure);
    if (run.cell == cell && run.counts() && found != run.figures.end()) values.push_back(found->second);
  }
  return values.empty() ? std::nullopt : std::optional(bench::median(values));
}

const Offer& offer(const bench::Advice& advice, Way way) {
  for (const Offer& one : advice.offers) {
    if (one.way == way) return one;
  }
  throw std::logic_error("no such offer");
}

// One reader of a room like those of the harness.
Need one_reader(double per_second, Seconds max_delay, Seconds one_way = 0s) {
  Need need;
  need.per_second = per_second;
  need.readers = 1;
  need.max_delay = max_delay;
  need.one_way = one_way;
  need.target = {"127.0.0.1:40000", "/rooms/bench-18f3a2b4c-1"};
  return need;
}

Offer predicted(const Need& need, Way way) {
  return offer(bench::advise(need, bench::costs_of(published())), way);
}

void expect_near(double predicted, const std::string& cell, const std::string& figure, double share) {
  const auto seen = measured(cell, figure);
  ASSERT_TRUE(seen) << cell << " has no " << figure;
  EXPECT_NEAR(predicted, *seen, share * *seen) << cell << ' ' << figure;
}

// What a transport of the size of those here costs: one core, some ten kilobytes for each reader.
Costs usual_costs() {
  Costs costs;
  costs.poll_ns.add(100, 160e3);
  costs.poll_ns.add(1000, 60e3);
  costs.poll_ns.add(10000, 40e3);
  for (const Way way : {Way::sse, Way::ws}) {
    costs.push_ns[way].add(1, 250e3);
    costs.push_ns[way].add(100, 14e3);
    costs.push_ns[way].add(10000, 12e3);
    costs.gathered_ns[way].add(1000, 2e3);
    costs.silent_ns[way] = 30e3;
  }
  costs.memory = {{Way::poll, 9e3}, {Way::sse, 8e3}, {Way::ws, 13e3}};
  costs.connection_ns = 60e3;
  costs.post_ns = 250e3;
  return costs;
}

Way best(const Need& need, const Costs& costs) {
  const bench::Advice advice = bench::advise(need, costs);
  if (!advice.best) throw std::logic_error("nothing will do");
  return advice.offers[*advice.best].way;
}

Need chat() {
  Need need;
  need.per_second = 1;
  need.readers = 100;
  need.max_delay = 500ms;
  need.one_way = 20ms;
  need.target.fields = 500;
  need.both_ways = true;
  return need;
}

Need weather() {
  Need need;
  need.per_second = 1.0 / 600;
  need.readers = 100'000;
  need.max_delay = 60s;
  need.one_way = 20ms;
  need.target.fields = 500;
  return need;
}

Need game() {
  Need need;
  need.per_second = 40;
  need.readers = 4;
  need.max_delay = 100ms;
  need.one_way = 20ms;
  need.target.fields = 500;
  need.both_ways = true;
  return need;
}

// --- predictions against measured cells ---

TEST(AdvicePredicts, TheDelayOfPolling) {
  expect_near(predicted(one_reader(100, 1s), Way::poll).mean.count() * 1e6,
              "delivery/poll/interval_ms:1000/rtt_ms:0", "mean_us", 0.1);
  expect_near(predicted(one_reader(100, 1050ms, 50ms), Way::poll).mean.count() * 1e6,
              "delivery/poll/interval_ms:1000/rtt_ms:100", "mean_us", 0.1);
  expect_near(predicted(one_reader(100, 110ms, 10ms), Way::poll).worst.count() * 1e6,
              "delivery/poll/interval_ms:100/rtt_ms:20", "max_us", 0.15);
}

TEST(AdvicePredicts, TheDelayOfStreamsAndOfLongPolling) {
  const Need need = one_reader(10, 1s, 50ms);
  expect_near(predicted(need, Way::sse).mean.count() * 1e6, "delivery/sse/rate:100/rtt_ms:100", "mean_us",
              0.1);
  expect_near(predicted(need, Way::ws).mean.count() * 1e6, "delivery/ws/rate:100/rtt_ms:100", "mean_us", 0.1);
  expect_near(predicted(need, Way::longpoll).mean.count() * 1e6, "longpoll/longpoll/rate:10/rtt_ms:100",
              "mean_us", 0.1);
}

TEST(AdvicePredicts, TheDelayOfSendingAndHearingItBack) {
  Need need = one_reader(1, 200ms, 50ms);  // a poll every 100 ms
  need.both_ways = true;
  expect_near(predicted(need, Way::poll).mean.count() * 1e6, "echo/poll/rtt_ms:100", "mean_us", 0.1);
  expect_near(predicted(need, Way::sse).mean.count() * 1e6, "echo/sse/rtt_ms:100", "mean_us", 0.1);
  expect_near(predicted(need, Way::ws).mean.count() * 1e6, "echo/ws/rtt_ms:100", "mean_us", 0.1);
}

TEST(AdvicePredicts, TheBytesOfASilentHour) {
  for (const char* figure : {"bytes_per_hour", "ip_bytes_per_hour"}) {
    const auto bytes = [&](const Offer& made) {
      return std::string_view(figure) == "bytes_per_hour" ? made.bytes_per_hour : made.ip_bytes_per_hour;
    };
    expect_near(bytes(predicted(one_reader(0, 1s), Way::poll)), "silence/poll/interval_ms:1000", figure,
                0.15);
    expect_near(bytes(predicted(one_reader(0, 1s), Way::longpoll)), "silence/longpoll/wait_s:25", figure,
                0.15);
    expect_near(bytes(predicted(one_reader(0, 1s), Way::sse)), "silence/sse/heartbeat_s:15", figure, 0.01);
    expect_near(bytes(predicted(one_reader(0, 1s), Way::ws)), "silence/ws/heartbeat_s:15", figure, 0.01);
  }
}

// Its messages have shorter numbers than those that are reckoned with, and an event says its number twice.
TEST(AdvicePredicts, TheBytesOfABusyHourOfARoom) {
  Need need = one_reader(7 / 4.2, 1s);
  need.readers = 100;
  expect_near(predicted(need, Way::ws).ip_bytes_per_hour, "room/ws/people:100", "ip_bytes_per_hour", 0.01);
  expect_near(predicted(need, Way::sse).ip_bytes_per_hour, "room/sse/people:100", "ip_bytes_per_hour", 0.04);
}

// Beast's keep-alive asks after each heartbeat, whatever the server has said since.
TEST(Advice, CountsThePingsOfAWebSocketWhileMessagesFlow) {
  const auto bytes = [](double per_second, Way way) {
    return offer(bench::advise(one_reader(per_second, 1s), usual_costs()), way).ip_bytes_per_hour;
  };
  const double silent = bytes(0, Way::ws), one = bytes(1, Way::ws), two = bytes(2, Way::ws);
  EXPECT_NEAR(one - silent, two - one, 1e-6 * one);
  EXPECT_GT(bytes(2, Way::sse) - bytes(1, Way::sse),
            bytes(1, Way::sse) - bytes(0, Way::sse));  // silence ends
}

TEST(AdvicePredicts, TheBytesOfAMessageAtEveryRate) {
  for (const double per_interval : {0.1, 1.0, 10.0}) {
    const double per_second = per_interval / 0.1;  // an interval of 100 ms
    const std::string rest = "/per_interval:" + std::string(per_interval < 1   ? "0.1"
                                                            : per_interval > 1 ? "10"
                                                                               : "1");
    for (const auto& [way, arm] : {std::pair(Way::poll, "poll"), {Way::sse, "sse"}, {Way::ws, "ws"}}) {
      const Offer made = predicted(one_reader(per_second, 100ms), way);
      const double messages = per_second * 3600;
      expect_near(made.bytes_per_hour / messages, std::string("break_even/") + arm + rest,
                  "bytes_per_message", 0.15);
      expect_near(made.ip_bytes_per_hour / messages, std::string("break_even/") + arm + rest,
                  "ip_bytes_per_message", 0.15);
    }
  }
}

TEST(AdvicePredicts, WhatAConnectionForEachPollAdds) {
  const Offer made = predicted(one_reader(0, 10s), Way::poll_closing);
  expect_near(made.ip_bytes_per_hour / 360, "keep_alive/fresh/rtt_ms:0", "ip_bytes_per_poll", 0.1);
}

// --- what it says to known cases ---

TEST(Advice, IsAStreamForAChatOfAHundred) {
  EXPECT_THAT(best(chat(), usual_costs()), testing::AnyOf(Way::sse, Way::ws));
  EXPECT_THAT(best(chat(), bench::costs_of(published())), testing::AnyOf(Way::sse, Way::ws));
  Need patient = chat();
  patient.max_delay = 2s;
  EXPECT_THAT(best(patient, usual_costs()), testing::AnyOf(Way::sse, Way::ws));
}

TEST(Advice, IsPollingForTheWeather) {
  EXPECT_THAT(best(weather(), usual_costs()), testing::AnyOf(Way::poll, Way::poll_closing));
  EXPECT_THAT(best(weather(), bench::costs_of(published())), testing::AnyOf(Way::poll, Way::poll_closing));
}

TEST(Advice, IsAWebSocketForAGame) {
  EXPECT_EQ(best(game(), usual_costs()), Way::ws);
  EXPECT_EQ(best(game(), bench::costs_of(published())), Way::ws);
}

TEST(Advice, IsSseWhereOnlyTheServerSpeaks) {
  Need need = chat();
  need.both_ways = false;
  EXPECT_EQ(best(need, usual_costs()), Way::sse);
}

TEST(Advice, IsPollingWhereMessagesAreManyAndMayBeLate) {
  Need need = chat();
  need.both_ways = false;
  need.per_second = 100;
  need.readers = 500;
  need.max_delay = 2s;
  const bench::Advice advice = bench::advise(need, usual_costs());
  ASSERT_TRUE(advice.best);
  EXPECT_EQ(advice.offers[*advice.best].way, Way::poll);
  EXPECT_GT(advice.per_interval, 100);
  EXPECT_LT(advice.bytes_break_even, advice.per_interval);
  EXPECT_LT(advice.cpu_break_even.value_or(1e9), advice.per_interval);
}

TEST(Advice, PollsAsSeldomAsTheDelayAllows) {
  Need need = chat();
  need.both_ways = false;
  EXPECT_DOUBLE_EQ(offer(bench::advise(need, {}), Way::poll).interval.count(),
                   0.48);  // 500 ms less a transit
  need.both_ways = true;
  EXPECT_DOUBLE_EQ(offer(bench::advise(need, {}), Way::poll).interval.count(),
                   0.46);  // and the way to the server
  EXPECT_LE(offer(bench::advise(need, {}), Way::poll).worst, need.max_delay + 1ns);
}

TEST(Advice, SaysThatNothingWillDoWhereTheLineIsLongerThanTheDelay) {
  Need need = chat();
  need.max_delay = 15ms;
  const bench::Advice advice = bench::advise(need, usual_costs());
  EXPECT_FALSE(advice.best);
  for (const Offer& made : advice.offers) EXPECT_NE(made.unfit, "");
  EXPECT_THAT(bench::in_words(need, advice, usual_costs(), {}, {}),
              AllOf(StartsWith("Nothing here brings a message to everybody within 15 ms."),
                    HasSubstr("- Not SSE: ")));
}

TEST(Advice, DoesNotPollFasterThanAnAnswerComesBack) {
  Need need = chat();
  need.both_ways = false;
  need.one_way = 50ms;
  need.max_delay = 120ms;  // 70 ms between polls that take 100
  const bench::Advice advice = bench::advise(need, usual_costs());
  EXPECT_THAT(offer(advice, Way::poll).unfit, HasSubstr("a poll takes 100 ms"));
  EXPECT_EQ(offer(advice, Way::sse).unfit, "");
}

TEST(Advice, KnowsThatAServerClosesWhatIsNotUsed) {
  Need need = weather();
  need.max_delay = 10min;
  const bench::Advice advice = bench::advise(need, usual_costs());
  EXPECT_THAT(offer(advice, Way::poll).unfit, HasSubstr("closes a connection"));
  EXPECT_EQ(advice.best, 1U);
  EXPECT_EQ(advice.offers[1].way, Way::poll_closing);
}

TEST(Advice, LetsMessagesGatherBeforeItSaysThatACoreIsNotEnough) {
  Need need = chat();
  need.both_ways = false;
  need.per_second = 200;
  need.readers = 1000;  // 200 000 deliveries/s: 2.4 cores one by one, 0.4 gathered
  const Offer made = offer(bench::advise(need, usual_costs()), Way::ws);
  EXPECT_DOUBLE_EQ(made.cpu.value_or(0), 1);
  EXPECT_EQ(made.unfit, "");
  need.per_second = 1000;
  EXPECT_THAT(offer(bench::advise(need, usual_costs()), Way::ws).unfit, HasSubstr("needs 2.0 cores"));
}

TEST(Advice, LeavesOutWhatWasNotMeasuredAndSaysSo) {
  Costs costs = usual_costs();
  costs.memory.clear();
  costs.connection_ns.reset();
  const bench::Advice advice = bench::advise(chat(), costs);
  ASSERT_TRUE(advice.best);
  for (const Offer& made : advice.offers) EXPECT_FALSE(made.memory);
  EXPECT_FALSE(offer(advice, Way::poll_closing).cpu);
  EXPECT_THAT(
      bench::in_words(chat(), advice, costs, {}, {}),
      HasSubstr(
          "Not in these results, and left out of the comparison: CPU of a connection (bench/run --filter "
          "^keep_alive/); memory (bench/run --filter ^memory/)."));
}

TEST(Advice, RefusesANeedThatMakesNoSense) {
  Need need = chat();
  need.readers = 0;
  EXPECT_EQ(error_of([&] { bench::advise(need, {}); }),
            "the number of readers is 0, expected 1 to 100 000 000");
  need = chat();
  need.max_delay = 0s;
  EXPECT_EQ(error_of([&] { bench::advise(need, {}); }), "the delay is 0 ns, expected more than 0");
  need = chat();
  need.per_second = -1;
  EXPECT_THAT(error_of([&] { bench::advise(need, {}); }), StartsWith("the rate is -1, expected"));
}

TEST(Advice, BeginsWithTheAnswerAndEndsWithWhatItRestsOn) {
  const auto ledger = bench::read_ledger(project + "/notes/claims.json");
  const std::string text =
      bench::in_words(game(), bench::advise(game(), usual_costs()), usual_costs(), ledger, {});
  EXPECT_THAT(
      text,
      StartsWith(
          "WebSocket: a message is there after 40 ms on average and 40 ms at worst (100 ms allowed), for "));
  EXPECT_THAT(text, HasSubstr("\nWhy:\n"));
  EXPECT_THAT(text, HasSubstr("messages fall into a poll's interval"));
  EXPECT_THAT(
      text, HasSubstr("  L7  not measured here Sending by WebSocket is 2 to 5 times faster than by POST\n"));
  EXPECT_THAT(text, Not(HasSubstr("nan")));
}

// --- costs ---

TEST(Curve, IsALineInLogarithmsBetweenItsPointsAndFlatBeyond) {
  bench::Curve curve;
  EXPECT_FALSE(curve.at(1));
  curve.add(10, 100);
  curve.add(1000, 1);
  EXPECT_DOUBLE_EQ(*curve.at(100), 10);
  EXPECT_DOUBLE_EQ(*curve.at(1), 100);
  EXPECT_DOUBLE_EQ(*curve.at(1e6), 1);
  EXPECT_DOUBLE_EQ(*curve.at(1000), 1);
  EXPECT_EQ(curve.end(), 1000);
}

bench::Run run(const std::string& cell, const std::string& arm, std::map<std::string, double> parameters,
               std::map<std::string, double> figures) {
  bench::Run made;
  made.cell = cell;
  made.experiment = cell.substr(0, cell.find('/'));
  made.arm = arm;
  made.parameters = std::move(parameters);
  made.figures = std::move(figures);
  made.gates = {{"held", true, ""}};
  return made;
}

TEST(Costs, AreTakenFromTheCellsThatMeasureThem) {
  bench::Results results;
  results.runs = {
      run("fanout/ws/readers:1", "ws", {{"readers", 1}, {"rate", 20}}, {{"cpu_ns_per_delivery", 250e3}}),
      run("fanout/ws/readers:1000", "ws", {{"readers", 1000}, {"rate", 20}},
          {{"cpu_ns_per_delivery", 12e3}, {"burst_cpu_ns_per_delivery", 2e3}}),
      run("fanout/poll/readers:1000", "poll", {{"readers", 1000}, {"rate", 20}, {"interval_ms", 1000}},
          {{"cpu_ns_per_delivery", 5e3}}),
      run("silence/sse/heartbeat_s:15", "sse", {{"heartbeat_s", 15}},
          {{"cpu_us_per_hour", 7200}, {"wake_ups_per_hour", 240}}),
      run("memory/ws/readers:4000", "ws", {{"readers", 4000}},
          {{"user_bytes_per_reader", 9000}, {"kernel_bytes_per_reader", 4000}}),
      run("keep_alive/kept/rtt_ms:0", "poll", {}, {{"cpu_ns_per_poll", 100e3}}),
      run("keep_alive/fresh/rtt_ms:0", "poll", {}, {{"cpu_ns_per_poll", 170e3}})};
  const Costs costs = bench::costs_of(results);
  EXPECT_DOUBLE_EQ(costs.push_ns.at(Way::ws).at(1000).value_or(0), 12e3);
  EXPECT_DOUBLE_EQ(costs.gathered_ns.at(Way::ws).at(1000).value_or(0), 2e3);
  EXPECT_DOUBLE_EQ(costs.post_ns, 250e3);
  EXPECT_DOUBLE_EQ(costs.poll_ns.at(1000).value_or(0), 100e3);  // 20 messages in each
  EXPECT_DOUBLE_EQ(costs.silent_ns.at(Way::sse), 30e3);
  EXPECT_DOUBLE_EQ(costs.memory.at(Way::ws), 13e3);
  EXPECT_DOUBLE_EQ(costs.connection_ns.value_or(0), 70e3);
}

// --- what it is asked with ---

TEST(AdviceArguments, ReadTimes) {
  EXPECT_DOUBLE_EQ(bench::parse_duration("200ms").count(), 0.2);
  EXPECT_DOUBLE_EQ(bench::parse_duration("2s").count(), 2);
  EXPECT_DOUBLE_EQ(bench::parse_duration("1.5min").count(), 90);
  EXPECT_DOUBLE_EQ(bench::parse_duration("1h").count(), 3600);
  EXPECT_DOUBLE_EQ(bench::parse_duration("250").count(), 0.25);
  for (const char* wrong : {"", "soon", "-2s", "2 s", "2d", "nan", "inf", "1e400s"})
    EXPECT_EQ(error_of([&] { bench::parse_duration(wrong); }),
              "got \"" + std::string(wrong) + "\", expected a time like 200ms, 2s, 1.5min or 1h");
}

TEST(AdviceArguments, ReadRates) {
  EXPECT_DOUBLE_EQ(bench::parse_rate("3"), 3);
  EXPECT_DOUBLE_EQ(bench::parse_rate("3/s"), 3);
  EXPECT_DOUBLE_EQ(bench::parse_rate("30/min"), 0.5);
  EXPECT_DOUBLE_EQ(bench::parse_rate("6/h"), 1.0 / 600);
  EXPECT_DOUBLE_EQ(bench::parse_rate("0"), 0);
  EXPECT_THAT(error_of([] { bench::parse_rate("often"); }),
              HasSubstr("got \"often\", expected messages a second"));
  EXPECT_THAT(error_of([] { bench::parse_rate("-1"); }), HasSubstr("got \"-1\""));
}

TEST(AdviceArguments, ReadHeaders) {
  EXPECT_EQ(bench::parse_fields("lean"), 0U);
  EXPECT_EQ(bench::parse_fields("800"), 800U);
  EXPECT_GT(bench::parse_fields("browser"), 300U);
  EXPECT_EQ(bench::parse_fields("cookie"),
            bench::parse_fields("browser") + 510);  // "Cookie: " and the line's end
  for (const char* wrong : {"", "chrome", "-1", "1e3", "10000000"})
    EXPECT_THAT(error_of([&] { bench::parse_fields(wrong); }),
                HasSubstr("expected lean, browser, cookie or a number"))
        << wrong;
}

}  // namespace
