// The claims themselves: that the file is read, that all are there, and that what they are made of exists.

#include "bench/experiment.hpp"
#include "bench/ledger.hpp"
#include "bench/result.hpp"
#include "bench/verdict.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace {

const std::string project = SOURCE_DIRECTORY;

bench::Ledger ledger() { return bench::read_ledger(project + "/notes/claims.json"); }

TEST(Claims, AreAllThere) {
  std::string ids;
  for (const bench::Claim& claim : ledger()) ids += claim.id + ' ';
  EXPECT_EQ(ids,
            "N1 N2 N3 N4 N5 N6 N7 N8 N9 N10 N11 L1 L2 L3 L4 L5 L6 L7 L8 L9 B1 B2 B3 B4 B5 B6 B7 B8 B9 B10 "
            "C1 C2 C3 C4 C5 R1 R2 R3 R4 R5 R6 R7 R8 ");
}

TEST(Claims, AreMadeOfCellsThatTheFullProfileMeasures) {
  bench::Setting setting;
  setting.profile = bench::Profile::full;
  std::set<std::string> cells;
  for (const bench::Cell& cell : bench::all_cells(setting)) {
    if (cell.repetitions > 0) cells.insert(cell.name);
  }
  const bench::Ledger all = ledger();
  for (const bench::Claim& claim : all) {
    for (const std::string& cell : bench::cells_of_claim(all, claim.id))
      EXPECT_TRUE(cells.contains(cell)) << claim.id << ": there is no cell " << cell;
  }
}

// Confirmed without or with a condition: where arithmetic has one, as for polls in vain, there is no case without it.
TEST(Claims, CanBeRefutedAsWellAsConfirmed) {
  for (const bench::Claim& claim : ledger()) {
    if (!claim.needs.empty()) continue;
    const auto has = [&](bench::Verdict verdict) {
      return std::any_of(claim.rule.begin(), claim.rule.end(),
                         [&](const bench::Case& one) { return one.verdict == verdict; });
    };
    EXPECT_TRUE(has(bench::Verdict::refuted)) << claim.id;
    EXPECT_TRUE(has(bench::Verdict::confirmed) || has(bench::Verdict::confirmed_if)) << claim.id;
  }
}

// Values on both sides of every limit that the rule has for that number.
std::vector<double> candidates(const bench::Claim& claim, const std::string& number) {
  std::set<double> values;
  for (const bench::Case& one : claim.rule) {
    for (const bench::Condition& condition : one.when) {
      if (condition.number != number) continue;
      for (const double limit : {condition.low, condition.high}) {
        const double step = std::max(std::abs(limit) * 1e-3, 1e-6);
        values.insert({limit - step, limit, limit + step});
      }
    }
  }
  return {values.begin(), values.end()};
}

// The cases that decide for some values of the numbers.
std::set<std::size_t> cases_that_decide(const bench::Claim& claim) {
  std::set<std::string> names;
  for (const bench::Case& one : claim.rule) {
    for (const bench::Condition& condition : one.when) names.insert(condition.number);
  }
  std::set<std::size_t> deciding;
  std::map<std::string, double> values;
  const std::function<void(std::set<std::string>::const_iterator)> choose = [&](auto name) {
    if (name != names.end()) {
      for (const double value : candidates(claim, *name)) {
        values[*name] = value;
        choose(std::next(name));
      }
      return;
    }
    const auto holds = [&](const bench::Case& one) {
      return std::all_of(one.when.begin(), one.when.end(), [&](const bench::Condition& condition) {
        const double value = values.at(condition.number);
        return bench::truth(condition, {"", value, value, value, 10}) == bench::Truth::holds;
      });
    };
    const auto first = std::find_if(claim.rule.begin(), claim.rule.end(), holds);
    if (first != claim.rule.end()) deciding.insert(static_cast<std::size_t>(first - claim.rule.begin()));
  };
  choose(names.begin());
  return deciding;
}

// A case that others before it always take away says something that nobody will ever read.
TEST(Claims, HaveNoCaseThatCanNeverDecide) {
  for (const bench::Claim& claim : ledger()) {
    const std::set<std::size_t> deciding = cases_that_decide(claim);
    for (std::size_t i = 0; i < claim.rule.size(); ++i)
      EXPECT_TRUE(deciding.contains(i)) << claim.id << ": case " << i + 1;
  }
}

// "CELL FIGURE" and its value, in two runs.
using Facts = std::map<std::string, double>;

bench::Verdict verdict(const std::string& id, const Facts& facts) {
  bench::Results results;
  for (unsigned repetition = 0; repetition < 2; ++repetition) {
    std::map<std::string, bench::Run> runs;
    for (const auto& [fact, value] : facts) {
      const std::size_t space = fact.find(' ');
      bench::Run& run = runs[fact.substr(0, space)];
      run.cell = fact.substr(0, space);
      run.repetition = repetition;
      run.figures[fact.substr(space + 1)] = value;
      run.gates = {{"it was measured", true, ""}};
    }
    for (auto& [cell, run] : runs) results.runs.push_back(std::move(run));
  }
  const bench::Ledger all = ledger();
  return bench::judge(bench::find_claim(all, id), results).verdict;
}

constexpr auto confirmed = bench::Verdict::confirmed, refuted = bench::Verdict::refuted,
               confirmed_if = bench::Verdict::confirmed_if;

TEST(Claims, FollowWhatWasCountedAboutAskingAndAnswering) {
  const auto n1 = [](double requests, double messages, double unasked) {
    return verdict("N1", {{"protocol/sse/one_request requests", requests},
                          {"protocol/sse/one_request messages", messages},
                          {"protocol/sse/one_request unasked_bytes", unasked}});
  };
  EXPECT_EQ(n1(1, 1000, 0), confirmed_if);
  EXPECT_EQ(n1(1000, 1000, 0), confirmed);
  EXPECT_EQ(n1(1, 0, 0), confirmed);
  EXPECT_EQ(n1(1, 1000, 90), refuted);
  const auto n2 = [](double messages, double bytes) {
    return verdict("N2", {{"protocol/sse/no_request_in_flight messages", messages},
                          {"protocol/sse/no_request_in_flight up_bytes", bytes},
                          {"delivery/sse/rate:100/rtt_ms:0 p50_us", 90}});
  };
  EXPECT_EQ(n2(10, 0), refuted);
  EXPECT_EQ(n2(0, 0), confirmed);
  EXPECT_EQ(n2(10, 900), confirmed);
  const auto n8 = [](double kinds) { return verdict("N8", {{"protocol/all/one_port kinds", kinds}}); };
  EXPECT_EQ(n8(5), confirmed);
  EXPECT_EQ(n8(4), refuted);
}

TEST(Claims, FollowWhatWasLostAfterACut) {
  const auto r1 = [](double sse, double ws, double sse_without) {
    return verdict("R1", {{"resume/sse/cursor:protocol/backlog:10 lost_messages", sse},
                          {"resume/ws/cursor:protocol/backlog:10 lost_messages", ws},
                          {"resume/sse/cursor:no/backlog:10 lost_messages", sse_without},
                          {"resume/ws/cursor:yes/backlog:10 lost_messages", 0}});
  };
  EXPECT_EQ(r1(0, 10, 10), confirmed_if);
  EXPECT_EQ(r1(0, 10, 0), confirmed);
  EXPECT_EQ(r1(10, 10, 10), refuted);
  EXPECT_EQ(r1(0, 0, 10), refuted);
}

TEST(Claims, FollowWhatAPollOpensAndCosts) {
  const auto b6 = [](double kept, double fresh) {
    return verdict("B6", {{"keep_alive/kept/rtt_ms:0 connections_per_poll", kept},
                          {"keep_alive/fresh/rtt_ms:0 connections_per_poll", fresh},
                          {"keep_alive/fresh/rtt_ms:20 p50_us", 40000},
                          {"keep_alive/kept/rtt_ms:20 p50_us", 20000}});
  };
  EXPECT_EQ(b6(0, 1), confirmed_if);
  EXPECT_EQ(b6(1, 1), confirmed);
  EXPECT_EQ(b6(0, 0), refuted);
  const auto c5 = [](double poll_us, double crowd) {
    return verdict("C5", {{"nothing_new/poll/answer:204 cpu_ns_per_request", poll_us * 1000},
                          {"silence/poll/interval_ms:1000 cpu_us_per_hour", poll_us * 3600},
                          {"fanout/poll/interval_ms:1000/readers:10000/rate:5 server_utilisation", crowd}});
  };
  EXPECT_EQ(c5(20, 0.3), refuted);
  EXPECT_EQ(c5(20, 0.97), confirmed_if);
  EXPECT_EQ(c5(300, 0.97), confirmed_if);
  EXPECT_EQ(c5(3000, 0.97), confirmed);
  const auto b5 = [](double bytes) {
    return verdict("B5", {{"bytes/sse/payload:8 framing_bytes_per_message", bytes},
                          {"bytes/ws/payload:8 framing_bytes_per_message", 2}});
  };
  EXPECT_EQ(b5(7), confirmed);
  EXPECT_EQ(b5(40), refuted);
}

// An interval that lies on both sides of a limit may leave a claim undecided; a number that is not there may not.
TEST(Claims, HaveAllTheirNumbersInThePublishedResults) {
  const bench::Results results = bench::load_all(project + "/notes/results");
  const auto is_there = [&results](const bench::Term* figure) {
    const bench::Suite suite = bench::suite_of(figure->cell);
    return suite == bench::Suite::main || results.others.contains(suite);
  };
  for (const bench::Claim& claim : ledger()) {
    const bench::Judgement judgement = bench::judge(claim, results);
    for (std::size_t i = 0; i < judgement.numbers.size(); ++i) {
      const auto figures = bench::figures_of(claim.numbers[i].value);
      const std::string name = claim.id + ": " + claim.numbers[i].name;
      if (std::all_of(figures.begin(), figures.end(), is_there)) {
        EXPECT_EQ(judgement.numbers[i].missing, "") << name;
      } else {  // of a suite that is measured apart
        EXPECT_TRUE(judgement.numbers[i].missing.ends_with(" --publish` measures it")) << name;
      }
    }
  }
}

}  // namespace
