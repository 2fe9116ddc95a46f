// The numbers in the committed notes are those that the committed results give, to the letter: none was typed in, none is
// left over from an older run.
#include "bench/report.hpp"
#include "bench/result.hpp"

#include <gtest/gtest.h>

#include <string>

namespace {

const std::string project = SOURCE_DIRECTORY;

TEST(PublishedNotes, FollowFromThePublishedResults) {
  EXPECT_EQ(bench::difference(project + "/notes/results", project), "");
}

TEST(PublishedNotes, AreOfRunsThatAllCount) {
  for (const bench::Run& run : bench::load(project + "/notes/results").runs) {
    EXPECT_TRUE(run.counts()) << run.cell;
    EXPECT_FALSE(run.gates.empty()) << run.cell;
  }
}

}  // namespace
