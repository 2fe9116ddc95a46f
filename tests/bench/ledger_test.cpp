#include "bench/ledger.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>
#include <string>

namespace {

using bench::Condition;
using bench::parse_ledger;
using bench::Term;
using bench::Verdict;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

std::string error_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "no error";
}

// What a ledger of one claim with these members is refused for.
std::string refusal(const std::string& members) {
  return error_of([&] { parse_ledger(R"({"claims":[{"id":"L6",)" + members + "}]}", "claims.json"); });
}

const std::string head =
    R"("claim":"WebSocket is faster than SSE","source":"heard often","experiment":"E4","says":"Two sentences.",)";
const std::string ratio =
    R"({"name":"ratio","label":"WebSocket over SSE","unit":"ratio","value":["delivery/ws/rate:100/rtt_ms:20 p50_us","over","delivery/sse/rate:100/rtt_ms:20 p50_us"]})";
const std::string rule = R"([{"verdict":"confirmed","when":[["ratio","below",0.95]]}])";

std::string with_number(const std::string& number) {
  return head + R"("numbers":[)" + number + R"(],"rule":)" + rule;
}
std::string with_value(const std::string& value) {
  return with_number(R"({"name":"ratio","label":"x","unit":"ratio","value":)" + value + "}");
}
std::string with_rule(const std::string& cases) {
  return head + R"("numbers":[)" + ratio + R"(],"rule":)" + cases;
}

TEST(Ledger, ReadsAClaimWithItsNumbersAndItsRule) {
  const auto ledger = parse_ledger(R"({"about":"…","claims":[{"id":"L4",
    "claim":"polling is 2.3 to 4.5 times slower","source":"P&N","experiment":"E3","says":"On one machine.",
    "numbers":[{"name":"near","label":"at 60 ms","unit":"ratio","published":[4.48,4.48],
                "value":["pimentel/poll/rtt_ms:60 mean_us","over","pimentel/ws/rtt_ms:60 mean_us"]},
               {"name":"model","label":"off the model","unit":"share","exact":true,
                "value":["share of",[0.9,1.1],["a/b x_us","over","a/b x_us predicted"],["largest of","c/d x_us",3]]}],
    "rule":[{"verdict":"confirmed","when":[["near","within",[4,5]],["model","equals",1]]},
            {"verdict":"confirmed if","when":[["near","above",2]],"if":"it is {near} times"},
            {"verdict":"refuted","when":[["near","outside",[1,2]]],"since":"it is {near}"}]}]})",
                                   "claims.json");
  ASSERT_EQ(ledger.size(), 1U);
  const bench::Claim& claim = ledger[0];
  EXPECT_EQ(claim.id, "L4");
  EXPECT_EQ(claim.says, "On one machine.");
  ASSERT_EQ(claim.numbers.size(), 2U);
  EXPECT_EQ(claim.numbers[0].published, std::pair(4.48, 4.48));
  EXPECT_EQ(claim.numbers[0].value.kind, Term::Kind::over);
  EXPECT_EQ(claim.numbers[0].value.of[1].cell, "pimentel/ws/rtt_ms:60");
  EXPECT_EQ(claim.numbers[0].value.of[1].figure, "mean_us");
  EXPECT_FALSE(claim.numbers[0].exact);
  const Term& share = claim.numbers[1].value;
  EXPECT_TRUE(claim.numbers[1].exact);
  EXPECT_EQ(share.kind, Term::Kind::share);
  EXPECT_EQ(share.low, 0.9);
  ASSERT_EQ(share.of.size(), 2U);
  EXPECT_FALSE(share.of[0].of[0].predicted);
  EXPECT_TRUE(share.of[0].of[1].predicted);
  EXPECT_EQ(share.of[1].kind, Term::Kind::largest);
  EXPECT_EQ(share.of[1].of[1].constant, 3);
  ASSERT_EQ(claim.rule.size(), 3U);
  EXPECT_EQ(claim.rule[0].when[0].op, Condition::Op::within);
  EXPECT_EQ(claim.rule[0].when[0].high, 5);
  EXPECT_EQ(claim.rule[1].verdict, Verdict::confirmed_if);
  EXPECT_EQ(claim.rule[1].words, "it is {near} times");
  EXPECT_EQ(claim.rule[2].verdict, Verdict::refuted);
}

TEST(Ledger, ReadsAClaimThatNeedsWhatIsNotHere) {
  const auto ledger = parse_ledger(
      R"({"claims":[{"id":"R6","claim":"c","source":"MDN","experiment":"seven tabs","needs":"a browser","reason":"it is about its limit"}]})",
      "claims.json");
  ASSERT_EQ(ledger.size(), 1U);
  EXPECT_EQ(ledger[0].needs, "a browser");
  EXPECT_TRUE(bench::cells_of_claim(ledger, "R6").empty());
}

TEST(Ledger, TellsTheCellsOfAClaimOnceEachAndWhichClaimsThereAre) {
  const auto ledger = parse_ledger(
      R"({"claims":[{"id":"L6",)" +
          with_number(
              ratio +
              R"(,{"name":"b","label":"b","unit":"us","value":"delivery/sse/rate:100/rtt_ms:20 p99_us"})") +
          "}]}",
      "claims.json");
  EXPECT_THAT(bench::cells_of_claim(ledger, "L6"),
              ElementsAre("delivery/ws/rate:100/rtt_ms:20", "delivery/sse/rate:100/rtt_ms:20"));
  EXPECT_EQ(error_of([&] { bench::cells_of_claim(ledger, "L99"); }),
            R"(there is no claim "L99", expected one of L6)");
}

TEST(Ledger, RefusesWhatIsNoJsonOrNoLedger) {
  EXPECT_THAT(error_of([] { parse_ledger(R"({"claims":[)", "claims.json"); }),
              StartsWith("claims.json: cut short or not JSON"));
  EXPECT_EQ(error_of([] { parse_ledger("[]", "claims.json"); }),
            "claims.json: the ledger is [], expected an object");
  EXPECT_EQ(error_of([] { parse_ledger("{}", "claims.json"); }),
            R"(claims.json: the ledger has no "claims")");
  EXPECT_THAT(error_of([] { parse_ledger(R"({"claims":[],"clams":[]})", "claims.json"); }),
              HasSubstr(R"(the ledger has "clams", expected claims, about)"));
  EXPECT_THAT(error_of([] { parse_ledger(R"({"claims":[{"claim":"x"}]})", "claims.json"); }),
              HasSubstr(R"(a claim has no "id")"));
  EXPECT_THAT(error_of([] { bench::read_ledger("/nowhere/claims.json"); }),
              StartsWith("/nowhere/claims.json: cannot be read"));
}

TEST(Ledger, NamesTheClaimThatIsWrong) {
  EXPECT_EQ(refusal(R"("claim":"x")"), R"(claims.json: claim L6: it has no "source")");
  EXPECT_EQ(
      refusal(with_number(ratio) + R"(,"verdict":"confirmed")"),
      R"(claims.json: claim L6: it has "verdict", expected id, claim, source, experiment, says, numbers, rule)");
  EXPECT_THAT(refusal(head + R"("needs":"a browser","reason":"x")"), HasSubstr(R"(claim L6: it has "says")"));
  EXPECT_THAT(refusal(R"("claim":7,"source":"x","experiment":"E1","needs":"x","reason":"x")"),
              HasSubstr("claim L6: claim is 7, expected some text"));
  const std::string one = R"({"id":"L6",)" + with_number(ratio) + "}";
  EXPECT_EQ(error_of([&] { parse_ledger(R"({"claims":[)" + one + "," + one + "]}", "claims.json"); }),
            "claims.json: claim L6: it is there twice");
}

TEST(Ledger, RefusesNumbersThatSayNothing) {
  EXPECT_THAT(refusal(head + R"("numbers":[],"rule":)" + rule), HasSubstr("it has no numbers"));
  EXPECT_THAT(refusal(with_number(ratio + "," + ratio)), HasSubstr(R"(there are two numbers "ratio")"));
  EXPECT_THAT(refusal(with_number(R"({"name":"ratio","label":"x","unit":"ms","value":"a/b c"})")),
              HasSubstr(R"(number "ratio": the unit is "ms", expected one of "ratio", "share", "us")"));
  EXPECT_THAT(
      refusal(with_number(R"({"name":"ratio","label":"x","unit":"us","value":"a/b c","publish":[1,2]})")),
      HasSubstr(R"(a number has "publish", expected name, label, unit, value, published, exact)"));
  EXPECT_THAT(
      refusal(with_number(R"({"name":"ratio","label":"x","unit":"us","value":"a/b c","published":[2,1]})")),
      HasSubstr("published is [2,1], expected the first not to be above the second"));
  EXPECT_THAT(refusal(with_number(R"({"name":"ratio","label":"x","unit":"us","value":"a/b c","exact":1})")),
              HasSubstr("exact is 1, expected true or false"));
  EXPECT_THAT(refusal(with_value("3")), HasSubstr("its value has no figure in it"));
}

TEST(Ledger, RefusesValuesThatItCannotWorkOut) {
  const std::string figure = R"(expected "CELL FIGURE" or "CELL FIGURE predicted")";
  EXPECT_THAT(refusal(with_value(R"("delivery/ws")")), HasSubstr(figure));
  EXPECT_THAT(refusal(with_value(R"("delivery p50_us")")), HasSubstr(figure));
  EXPECT_THAT(refusal(with_value(R"("delivery/ws P50")")), HasSubstr(figure));
  EXPECT_THAT(refusal(with_value(R"("delivery/ws p50_us expected")")), HasSubstr(figure));
  EXPECT_THAT(refusal(with_value(R"(["a/b c","above","a/b d"])")),
              HasSubstr(R"(is "above", expected one of "over", "minus", "plus", "times")"));
  EXPECT_THAT(refusal(with_value(R"(["a/b c","over"])")), HasSubstr(R"(expected [a, "over", b])"));
  EXPECT_THAT(refusal(with_value(R"(["most of","a/b c"])")),
              HasSubstr(R"(is "most of", expected one of "largest of", "smallest of", "share of")"));
  EXPECT_THAT(refusal(with_value(R"(["largest of"])")), HasSubstr("expected at least one value in it"));
  EXPECT_THAT(refusal(with_value(R"(["share of","a/b c"])")), HasSubstr("the range of a share"));
  EXPECT_THAT(refusal(with_value("[]")), HasSubstr("a value is []"));
  EXPECT_THAT(refusal(with_value("true")), HasSubstr("a value is true, expected a list"));
}

TEST(Ledger, RefusesRulesThatDecideNothing) {
  EXPECT_THAT(refusal(with_rule("[]")), HasSubstr("its rule has no cases"));
  EXPECT_THAT(refusal(with_rule(R"([{"verdict":"confirmed","when":[]}])")),
              HasSubstr("a case has no conditions"));
  EXPECT_THAT(
      refusal(with_rule(R"([{"verdict":"plausible","when":[["ratio","above",1]]}])")),
      HasSubstr(R"(the verdict is "plausible", expected one of "confirmed", "refuted", "confirmed if")"));
  EXPECT_THAT(refusal(with_rule(R"([{"verdict":"not measured here","when":[["ratio","above",1]]}])")),
              HasSubstr("which is what remains where no case holds"));
  EXPECT_THAT(refusal(with_rule(R"([{"verdict":"confirmed","when":[["ration","above",1]]}])")),
              HasSubstr(R"(a condition is about "ration", which is not among the numbers)"));
  EXPECT_THAT(
      refusal(with_rule(R"([{"verdict":"confirmed","when":[["ratio",">",1]]}])")),
      HasSubstr(
          R"(the op of a condition is ">", expected one of "above", "below", "within", "outside", "equals")"));
  EXPECT_THAT(refusal(with_rule(R"([{"verdict":"confirmed","when":[["ratio","above",[1,2]]]}])")),
              HasSubstr("what a condition compares with is [1,2], expected a number"));
  EXPECT_THAT(refusal(with_rule(R"([{"verdict":"confirmed","when":[["ratio","within",1]]}])")),
              HasSubstr("what a condition compares with is 1, expected a list"));
  EXPECT_THAT(refusal(with_rule(R"([{"verdict":"confirmed","when":[["ratio","above"]]}])")),
              HasSubstr("expected [number, op, value]"));
}

TEST(Ledger, DemandsTheConditionOfAVerdictThatHasOne) {
  EXPECT_THAT(refusal(with_rule(R"([{"verdict":"confirmed if","when":[["ratio","above",1]]}])")),
              HasSubstr(R"(a case with the verdict "confirmed if" has no "if")"));
  EXPECT_THAT(refusal(with_rule(R"([{"verdict":"confirmed","when":[["ratio","above",1]],"if":"x"}])")),
              HasSubstr(R"(a case with the verdict "confirmed" has an "if")"));
  EXPECT_THAT(
      refusal(with_rule(R"([{"verdict":"confirmed if","when":[["ratio","above",1]],"if":"x","since":"x"}])")),
      HasSubstr("expected one of them"));
  EXPECT_THAT(
      refusal(with_rule(R"([{"verdict":"refuted","when":[["ratio","above",1]],"since":"it is {ration}"}])")),
      HasSubstr("the words name {ration}, which is not among the numbers"));
}

}  // namespace
