// The numbers in the committed notes are those that the committed results give, to the letter: none was typed in, none is
// left over from an older run.
#include "bench/report.hpp"
#include "bench/result.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

namespace {

const std::string project = SOURCE_DIRECTORY;

TEST(PublishedNotes, FollowFromThePublishedResults) {
  EXPECT_EQ(bench::difference(project + "/notes/results", project), "");
}

TEST(PublishedNotes, HaveARunOfEachCellThatPassedItsGates) {
  std::map<std::string, int> counted;
  for (const bench::Run& run : bench::load_all(project + "/notes/results").runs) {
    // What a protocol or a browser lets happen is a figure, whatever it turns out to be.
    const bool only_looks = run.experiment == "protocol" || run.experiment == "browser";
    EXPECT_TRUE(only_looks || !run.gates.empty()) << run.cell;
    counted[run.cell] += run.counts();
  }
  for (const auto& [cell, runs] : counted) EXPECT_GE(runs, 1) << cell;
}

}  // namespace
