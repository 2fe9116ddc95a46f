// The claims themselves: that the file is read, that all are there, and that what they are made of exists.

#include "bench/experiment.hpp"
#include "bench/ledger.hpp"
#include "bench/result.hpp"
#include "bench/verdict.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

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

TEST(Claims, CanBeRefutedAsWellAsConfirmed) {
  for (const bench::Claim& claim : ledger()) {
    if (!claim.needs.empty()) continue;
    const auto has = [&](bench::Verdict verdict) {
      return std::any_of(claim.rule.begin(), claim.rule.end(),
                         [&](const bench::Case& one) { return one.verdict == verdict; });
    };
    EXPECT_TRUE(has(bench::Verdict::refuted)) << claim.id;
    EXPECT_TRUE(has(bench::Verdict::confirmed)) << claim.id;
  }
}

// An interval that lies on both sides of a limit may leave a claim undecided; a number that is not there may not.
TEST(Claims, HaveAllTheirNumbersInThePublishedResults) {
  const bench::Results results = bench::load(project + "/notes/results");
  for (const bench::Claim& claim : ledger()) {
    const bench::Judgement judgement = bench::judge(claim, results);
    for (std::size_t i = 0; i < judgement.numbers.size(); ++i)
      EXPECT_EQ(judgement.numbers[i].missing, "") << claim.id << ": " << claim.numbers[i].name;
  }
}

}  // namespace
