// The smoke of every row of the campaign.
#include "faults/campaign.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace faults {

static void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

namespace {

class Fault : public testing::TestWithParam<Row> {};

TEST_P(Fault, IsSurvived) {
  Setting setting;
  setting.programs = PROGRAM_DIRECTORY;
  const Findings findings = run(GetParam(), setting);
  if (!findings.skipped().empty()) GTEST_SKIP() << findings.skipped();
  EXPECT_EQ(findings.broken(), std::vector<std::string>{});
  EXPECT_FALSE(is_sanitized ? false : findings.amounts().empty()) << "a row says how much it did";
}

INSTANTIATE_TEST_SUITE_P(Rows, Fault, testing::ValuesIn(rows()),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Campaign, NamesEachRowOnce) {
  std::set<std::string_view> names;
  int last = 0;
  for (const Row& row : rows()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_GE(row.number, last);
    last = row.number;
  }
}

const Row example{7, "example", "an attack | of two\nlines", "nothing",
                  [](const Setting& setting, Findings& findings) {
                    findings.amount(setting.by_amount("a little", "a lot"));
                    findings.measured("0 lost");
                    findings.expect(true, "never said");
                    findings.expect(!setting.full, "it broke");
                  }};

TEST(Campaign, SaysARowAsALineOfATable) {
  EXPECT_EQ(table_line(example, run(example, {})),
            "| 7 | an attack \\| of two lines | a little | nothing | 0 lost |\n");
  Setting full;
  full.full = true;
  EXPECT_EQ(table_line(example, run(example, full)),
            "| 7 | an attack \\| of two lines | a lot | nothing | 0 lost; **not so: it broke** |\n");
}

TEST(Campaign, TakesWhatIsThrownForSomethingBroken) {
  const Row thrown{1, "thrown", "", "",
                   [](const Setting&, Findings&) { throw std::runtime_error("no server"); }};
  EXPECT_THAT(run(thrown, {}).broken(), testing::ElementsAre("it could not be carried out: no server"));
}

}  // namespace
}  // namespace faults
