#include "bench/verdict.hpp"

#include "bench/verdict_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

namespace {

using bench::Condition;
using bench::Reading;
using bench::Truth;
using bench::Verdict;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

using Map = std::map<std::string, double>;

bench::Run run(const std::string& cell, unsigned repetition, Map figures, Map predicted = {}) {
  bench::Run made;
  made.cell = cell;
  made.repetition = repetition;
  made.figures = std::move(figures);
  made.predicted = std::move(predicted);
  made.gates = {{"every message once and in order", true, ""}};
  return made;
}

// Runs of a cell with that figure, one a repetition.
void add(bench::Results& results, const std::string& cell, const std::string& figure,
         const std::vector<double>& values) {
  for (std::size_t i = 0; i < values.size(); ++i)
    results.runs.push_back(run(cell, static_cast<unsigned>(i), {{figure, values[i]}}));
}

bench::Claim claim(const std::string& numbers, const std::string& rule) {
  return bench::parse_ledger(
             R"({"claims":[{"id":"L6","claim":"c","source":"s","experiment":"E4","says":"S.","numbers":)" +
                 numbers + R"(,"rule":)" + rule + "}]}",
             "claims.json")
      .at(0);
}

// A claim about one number, with that value, and a rule that always decides: the number is what is looked at.
Reading number(const std::string& value, const bench::Results& results, const std::string& more = "") {
  const auto made = claim(R"([{"name":"x","label":"x","unit":"ratio","value":)" + value + more + "}]",
                          R"([{"verdict":"confirmed","when":[["x","above",0]]}])");
  return bench::judge(made, results).numbers.at(0);
}

const std::string ratio =
    R"([{"name":"ratio","label":"WebSocket over SSE","unit":"ratio","value":["d/ws p50_us","over","d/sse p50_us"],"published":[0.5,0.5]}])";
const std::string rule =
    R"([{"verdict":"confirmed","when":[["ratio","below",0.9]],"since":"it is {ratio}"},
        {"verdict":"confirmed if","when":[["ratio","below",1]],"if":"{ratio} times is faster"},
        {"verdict":"refuted","when":[["ratio","above",1]]}])";

bench::Judgement judged(const std::vector<double>& ws, const std::vector<double>& sse) {
  static const bench::Claim made = claim(ratio, rule);
  bench::Results results;
  add(results, "d/ws", "p50_us", ws);
  add(results, "d/sse", "p50_us", sse);
  return bench::judge(made, results);
}

Reading interval(double low, double high) { return {"", (low + high) / 2, low, high, 10}; }
Condition condition(Condition::Op op, double low, double high) { return {"x", op, low, high}; }
using Op = Condition::Op;

TEST(Truth, OfAboveAndBelowIsDecidedByTheEndsOfTheInterval) {
  const Condition above = condition(Op::above, 2, 2), below = condition(Op::below, 2, 2);
  EXPECT_EQ(bench::truth(above, interval(2.01, 3)), Truth::holds);
  EXPECT_EQ(bench::truth(above, interval(2, 3)), Truth::open);
  EXPECT_EQ(bench::truth(above, interval(1, 2)), Truth::fails);
  EXPECT_EQ(bench::truth(above, interval(1, 2.01)), Truth::open);
  EXPECT_EQ(bench::truth(above, interval(2, 2)), Truth::fails);
  EXPECT_EQ(bench::truth(below, interval(1, 1.99)), Truth::holds);
  EXPECT_EQ(bench::truth(below, interval(1, 2)), Truth::open);
  EXPECT_EQ(bench::truth(below, interval(2, 3)), Truth::fails);
  EXPECT_EQ(bench::truth(below, interval(2, 2)), Truth::fails);
}

TEST(Truth, OfWithinAndOutsideCountsTheBoundsAsWithin) {
  const Condition within = condition(Op::within, 2, 5), outside = condition(Op::outside, 2, 5);
  EXPECT_EQ(bench::truth(within, interval(2, 5)), Truth::holds);
  EXPECT_EQ(bench::truth(within, interval(1.9, 5)), Truth::open);
  EXPECT_EQ(bench::truth(within, interval(2, 5.1)), Truth::open);
  EXPECT_EQ(bench::truth(within, interval(1, 1.9)), Truth::fails);
  EXPECT_EQ(bench::truth(within, interval(5.1, 6)), Truth::fails);
  EXPECT_EQ(bench::truth(within, interval(1, 6)), Truth::open);
  EXPECT_EQ(bench::truth(outside, interval(5.1, 6)), Truth::holds);
  EXPECT_EQ(bench::truth(outside, interval(1, 1.9)), Truth::holds);
  EXPECT_EQ(bench::truth(outside, interval(2, 5)), Truth::fails);
  EXPECT_EQ(bench::truth(outside, interval(4, 6)), Truth::open);
}

TEST(Truth, OfEqualsNeedsAnIntervalWithoutWidth) {
  const Condition equals = condition(Op::equals, 3, 3), zero = condition(Op::equals, 0, 0);
  EXPECT_EQ(bench::truth(equals, interval(3, 3)), Truth::holds);
  EXPECT_EQ(bench::truth(equals, interval(3 * (1 + 1e-12), 3 * (1 + 1e-12))), Truth::holds);
  EXPECT_EQ(bench::truth(equals, interval(2, 4)), Truth::open);
  EXPECT_EQ(bench::truth(equals, interval(3, 4)), Truth::open);
  EXPECT_EQ(bench::truth(equals, interval(4, 4)), Truth::fails);
  EXPECT_EQ(bench::truth(zero, interval(0, 0)), Truth::holds);
  EXPECT_EQ(bench::truth(zero, interval(0, 1)), Truth::open);
}

TEST(Verdict, IsThatOfTheFirstCaseThatHolds) {
  const auto confirmed = judged({40, 41, 42}, {80, 81, 82});
  EXPECT_EQ(confirmed.verdict, Verdict::confirmed);
  ASSERT_NE(confirmed.decided, nullptr);
  EXPECT_EQ(confirmed.words, "it is 0.506");
  const auto conditional = judged({95, 95, 95}, {100, 100, 100});
  EXPECT_EQ(conditional.verdict, Verdict::confirmed_if);
  EXPECT_EQ(conditional.words, "0.950 times is faster");
  const auto refuted = judged({120, 121, 122}, {100, 100, 100});
  EXPECT_EQ(refuted.verdict, Verdict::refuted);
  EXPECT_EQ(refuted.words, "");
}

TEST(Verdict, IsNotTakenWhereTheIntervalStraddles) {
  const auto open = judged({95, 105, 100}, {100, 100, 100});
  EXPECT_EQ(open.verdict, Verdict::not_measured);
  EXPECT_EQ(open.decided, nullptr);
  EXPECT_THAT(
      open.words,
      AllOf(HasSubstr("the interval of \"WebSocket over SSE\", 1.00 (0.950 to 1.05), is on both sides of"),
            HasSubstr("\"below 1\""), HasSubstr("\"above 1\""), Not(HasSubstr("0.9\""))));
}

TEST(Verdict, SaysWhereTheRuleHasAHole) {
  const auto made = claim(ratio, R"([{"verdict":"confirmed","when":[["ratio","below",0.5]]}])");
  bench::Results results;
  add(results, "d/ws", "p50_us", {100, 100});
  add(results, "d/sse", "p50_us", {100, 100});
  const auto judgement = bench::judge(made, results);
  EXPECT_EQ(judgement.verdict, Verdict::not_measured);
  EXPECT_EQ(judgement.words, "the numbers lie between the cases of the rule");
}

TEST(Verdict, IsNotTakenWithoutACellThatTheRuleNeeds) {
  const auto missing = judged({95, 105, 100}, {});
  EXPECT_EQ(missing.verdict, Verdict::not_measured);
  EXPECT_EQ(missing.words, "d/sse was not measured");
}

TEST(Verdict, IsNotTakenFromRunsThatDoNotCount) {
  bench::Results results;
  add(results, "d/ws", "p50_us", {40, 40});
  add(results, "d/sse", "p50_us", {80, 80});
  for (bench::Run& one : results.runs) {
    if (one.cell == "d/sse") one.gates.push_back({"messages sent on time", false, "4 ms late"});
  }
  const bench::Claim made = claim(ratio, rule);
  const auto judgement = bench::judge(made, results);
  EXPECT_EQ(judgement.verdict, Verdict::not_measured);
  EXPECT_EQ(judgement.words, "no run of d/sse counts: messages sent on time: 4 ms late");
}

TEST(Verdict, IsNotTakenFromAFigureThatIsNotThere) {
  bench::Results results;
  add(results, "d/ws", "p99_us", {40, 40});
  add(results, "d/sse", "p50_us", {80, 80});
  const bench::Claim made = claim(ratio, rule);
  EXPECT_EQ(bench::judge(made, results).words, "d/ws has no p50_us");
}

TEST(Verdict, DoesNotNeedWhatIsOnlyTold) {
  const bench::Claim made =
      claim(ratio.substr(0, ratio.size() - 1) +
                R"(,{"name":"more","label":"more","unit":"us","value":"d/longpoll p50_us"}])",
            rule);
  bench::Results results;
  add(results, "d/ws", "p50_us", {40, 41});
  add(results, "d/sse", "p50_us", {80, 80});
  const auto judgement = bench::judge(made, results);
  EXPECT_EQ(judgement.verdict, Verdict::confirmed);
  EXPECT_EQ(judgement.numbers.at(1).missing, "d/longpoll was not measured");
}

TEST(Verdict, OfAClaimThatNeedsABrowserSaysSo) {
  const auto ledger = bench::parse_ledger(
      R"({"claims":[{"id":"R6","claim":"c","source":"MDN","experiment":"E","needs":"a browser","reason":"it is about its limit"}]})",
      "claims.json");
  const auto judgement = bench::judge(ledger[0], {});
  EXPECT_EQ(judgement.verdict, Verdict::not_measured);
  EXPECT_EQ(judgement.words, "it needs a browser: it is about its limit");
}

TEST(Number, OfOneRunIsEnoughOnlyWhereItWasCounted) {
  bench::Results results;
  add(results, "b/ws", "bytes_per_message", {154});
  EXPECT_THAT(number(R"("b/ws bytes_per_message")", results).missing,
              HasSubstr("there is one run of b/ws only"));
  const auto counted = number(R"("b/ws bytes_per_message")", results, R"(,"exact":true)");
  EXPECT_EQ(counted.missing, "");
  EXPECT_EQ(counted.value, 154);
  EXPECT_EQ(counted.low, 154);
  EXPECT_EQ(counted.high, 154);
  EXPECT_EQ(counted.runs, 1U);
}

TEST(Number, IsOfTheMediansAndHasTheRunsOfTheFigureThatHasTheFewest) {
  bench::Results results;
  add(results, "d/ws", "p50_us", {10, 20, 90, 15, 15, 14, 16});
  add(results, "d/sse", "p50_us", {5, 5, 5});
  const auto found = number(R"(["d/ws p50_us","over","d/sse p50_us"])", results);
  EXPECT_EQ(found.value, 3);
  EXPECT_EQ(found.runs, 3U);
  EXPECT_LE(found.low, 3);
  EXPECT_GE(found.high, 3);
  EXPECT_GE(found.low, 2);
  EXPECT_LE(found.high, 18);
}

// What both arms of a block have in common does not widen the ratio.
TEST(Number, IsPairedByRepetition) {
  bench::Results results;
  add(results, "d/ws", "p50_us", {20, 24, 28, 32, 36, 40});
  add(results, "d/sse", "p50_us", {10, 12, 14, 16, 18, 20});
  const auto found = number(R"(["d/ws p50_us","over","d/sse p50_us"])", results);
  EXPECT_DOUBLE_EQ(found.low, 2);
  EXPECT_DOUBLE_EQ(found.high, 2);
}

TEST(Number, TakesARepetitionOfWhichOnlyOneCellCounts) {
  bench::Results results;
  add(results, "d/ws", "p50_us", {20, 22, 24, 26});
  for (const unsigned repetition : {1U, 2U})
    results.runs.push_back(run("d/sse", repetition, {{"p50_us", 10}}));
  bench::Run spoilt = run("d/sse", 0, {{"p50_us", 1000}});
  spoilt.gates.push_back({"the machine was ours", false, "4 % stolen"});
  results.runs.push_back(spoilt);
  const auto found = number(R"(["d/ws p50_us","over","d/sse p50_us"])", results);
  EXPECT_DOUBLE_EQ(found.value, 2.3);
  EXPECT_EQ(found.runs, 2U);
  EXPECT_GE(found.low, 2);
  EXPECT_LE(found.high, 2.6);
}

TEST(Number, IsWorkedOutFromItsParts) {
  bench::Results results;
  add(results, "b/poll", "bytes_per_message", {400, 400});
  add(results, "b/poll", "json_bytes_per_message", {150, 150});
  add(results, "b/ws", "bytes_per_message", {154, 154});
  results.runs.push_back(run("m/ws", 0, {{"mean_us", 110}}, {{"mean_us", 100}}));
  results.runs.push_back(run("m/ws", 1, {{"mean_us", 110}}, {{"mean_us", 100}}));
  const auto value = [&](const std::string& term) { return number(term, results).value; };
  EXPECT_EQ(value(R"(["b/poll bytes_per_message","minus","b/poll json_bytes_per_message"])"), 250);
  EXPECT_EQ(value(R"(["b/poll bytes_per_message","plus",1])"), 401);
  EXPECT_EQ(value(R"([2,"times","b/poll bytes_per_message"])"), 800);
  EXPECT_EQ(
      value(R"([["b/poll bytes_per_message","minus",150],"over",["b/ws bytes_per_message","minus",150]])"),
      62.5);
  EXPECT_EQ(value(R"(["largest of","b/poll bytes_per_message","b/ws bytes_per_message",7])"), 400);
  EXPECT_EQ(value(R"(["smallest of","b/poll bytes_per_message","b/ws bytes_per_message",7])"), 7);
  EXPECT_DOUBLE_EQ(value(R"(["m/ws mean_us","over","m/ws mean_us predicted"])"), 1.1);
  EXPECT_EQ(value(R"(["share of",[150,160],"b/poll bytes_per_message","b/ws bytes_per_message",160,161])"),
            0.5);
}

TEST(Number, IsNotThereWhereItsDivisorIsZero) {
  bench::Results results;
  add(results, "d/ws", "lost", {0, 0});
  add(results, "d/sse", "lost", {1, 1});
  EXPECT_THAT(number(R"(["d/sse lost","over","d/ws lost"])", results).missing,
              HasSubstr("nothing to be divided by"));
}

TEST(Number, IsTheSameEachTimeItIsWorkedOut) {
  bench::Results results;
  add(results, "d/ws", "p50_us", {20, 25, 19, 30, 20});
  add(results, "d/sse", "p50_us", {10, 12, 11, 9, 13});
  const auto first = number(R"(["d/ws p50_us","over","d/sse p50_us"])", results);
  const auto second = number(R"(["d/ws p50_us","over","d/sse p50_us"])", results);
  EXPECT_LT(first.low, first.high);
  EXPECT_EQ(first.low, second.low);
  EXPECT_EQ(first.high, second.high);
}

TEST(Comparisons, AreTheMeasuredRatiosThatTheSourceStates) {
  const auto ledger = bench::Ledger{claim(ratio, rule)};
  bench::Results results;
  EXPECT_TRUE(bench::comparisons(ledger, results).empty());
  add(results, "d/ws", "p50_us", {40, 41});
  add(results, "d/sse", "p50_us", {80, 80});
  const auto rows = bench::comparisons(ledger, results);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].id, "L6");
  EXPECT_EQ(rows[0].published_low, 0.5);
  EXPECT_NEAR(rows[0].measured.value, 0.506, 0.001);
}

bench::Ledger two_claims() {
  return bench::parse_ledger(
      R"({"claims":[{"id":"L6","claim":"WebSocket is faster","source":"a|b","experiment":"E4","says":"On one machine.","numbers":)" +
          ratio + R"(,"rule":)" + rule +
          R"(},{"id":"R6","claim":"The seventh tab","source":"MDN","experiment":"E","needs":"a browser","reason":"it is about its limit"}]})",
      "claims.json");
}

bench::Results two_results() {
  bench::Results results;
  add(results, "d/ws", "p50_us", {95, 95.5, 96});
  add(results, "d/sse", "p50_us", {100, 100, 100});
  return results;
}

TEST(VerdictText, HasARowAndASectionForEachClaim) {
  const std::string text = bench::claims_in_full(two_claims(), two_results());
  EXPECT_THAT(text, HasSubstr("| L6 | WebSocket is faster | a\\|b | **confirmed if** 0.955 times is faster | "
                              "0.955 (0.950 to 0.960) | `bench/run --claim L6` |\n"));
  EXPECT_THAT(
      text,
      HasSubstr("| R6 | The seventh tab | MDN | **not measured here**: it needs a browser: it is about its "
                "limit | - |  |\n"));
  EXPECT_THAT(text, HasSubstr("0 confirmed, 1 confirmed if, 0 refuted, 1 not measured here."));
  EXPECT_THAT(
      text,
      HasSubstr(
          "### L6\n\n*WebSocket is faster.* Source: a|b. Experiment: E4.\n\n**confirmed if** 0.955 times"));
  EXPECT_THAT(text, HasSubstr("1. confirmed where *WebSocket over SSE* is below 0.9.\n"));
  EXPECT_THAT(text, HasSubstr("2. confirmed if (…), where *WebSocket over SSE* is below 1. ← *this one*\n"));
  EXPECT_THAT(text, HasSubstr("| WebSocket over SSE | 0.955 (0.950 to 0.960) | 0.5 | 3 |"));
  EXPECT_THAT(text, HasSubstr("On one machine. Repeat it: `bench/run --claim L6`."));
}

TEST(VerdictText, SaysWhatAnIntervalOfFewRunsIsWorth) {
  EXPECT_THAT(
      bench::claims_in_full(two_claims(), two_results()),
      HasSubstr(
          "Some rest on 3 runs only: their interval is the range of the runs, which holds the median in 75 of 100 cases."));
  bench::Results many;
  add(many, "d/ws", "p50_us", {95, 95, 96, 95, 96, 95});
  add(many, "d/sse", "p50_us", {100, 100, 100, 100, 100, 100});
  EXPECT_THAT(bench::claims_in_full(two_claims(), many), Not(HasSubstr("runs only")));
}

TEST(VerdictText, IsShortForTheReadmeAndForTheTerminal) {
  EXPECT_EQ(
      bench::verdicts(two_claims(), two_results()),
      "| id | claim | verdict | number |\n| --- | --- | --- | --- |\n"
      "| L6 | WebSocket is faster | **confirmed if** 0.955 times is faster | 0.955 (0.950 to 0.960) |\n"
      "\n0 confirmed, 1 confirmed if, 0 refuted, 1 not measured here. Some rest on 3 runs only: their interval is the "
      "range of the runs, which holds the median in 75 of 100 cases.\n"
      "\nNot measured here:\n\n- R6: it needs a browser: it is about its limit\n");
  EXPECT_EQ(
      bench::verdicts_plain(two_claims(), two_results(), two_results()),
      "L6  confirmed if  WebSocket is faster: 0.955 (0.950 to 0.960)\n"
      "                  0.955 times is faster\n"
      "\n0 confirmed, 1 confirmed if, 0 refuted, 1 not measured here. Some rest on 3 runs only: their interval is the "
      "range of the runs, which holds the median in 75 of 100 cases.\n"
      "Not measured in this run: R6.\n");
}

TEST(VerdictText, ShowsEachUnitAsItIsRead) {
  const auto text = [](const char* unit, double value, bool exact = false) {
    const auto made = claim(std::string(R"([{"name":"x","label":"x","unit":")") + unit +
                                R"(","value":"a/b c")" + (exact ? R"(,"exact":true}])" : "}]"),
                            R"([{"verdict":"confirmed","when":[["x","above",0]]}])");
    return bench::shown(made.numbers[0], value);
  };
  EXPECT_EQ(text("ratio", 3.8649), "3.86");
  EXPECT_EQ(text("ratio", 1.0), "1.00");
  EXPECT_EQ(text("ratio", 558'000.0 / 1920), "291");
  EXPECT_EQ(text("ratio", 0.0482), "0.0482");
  EXPECT_EQ(text("share", 0.98333), "98.3 %");
  EXPECT_EQ(text("share", 1), "100 %");
  EXPECT_EQ(text("us", 51'234), "51 ms");
  EXPECT_EQ(text("ns", 12'345), "12 µs");
  EXPECT_EQ(text("s", 5.03), "5.0 s");
  EXPECT_EQ(text("bytes", 238.84, true), "238.8");
  EXPECT_EQ(text("bytes", 9234), "9 200");
  EXPECT_EQ(text("count", 1000, true), "1 000");
  EXPECT_EQ(text("count", 6183.2), "6 200");
}

}  // namespace
