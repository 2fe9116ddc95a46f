#include "bench/stats.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <optional>
#include <random>
#include <span>
#include <stdexcept>
#include <vector>

namespace {

std::vector<std::int64_t> from_1_to(std::int64_t n) {
  std::vector<std::int64_t> values(static_cast<std::size_t>(n));
  std::iota(values.begin(), values.end(), 1);
  return values;
}

TEST(Percentile, IsTheSmallestSampleThatTheShareDoesNotExceed) {
  const auto hundred = from_1_to(100);
  EXPECT_EQ(bench::percentile(hundred, 0.5), 50);
  EXPECT_EQ(bench::percentile(hundred, 0.99), 99);
  EXPECT_EQ(bench::percentile(hundred, 0.991), 100);
  EXPECT_EQ(bench::percentile(hundred, 1), 100);
  EXPECT_EQ(bench::percentile(hundred, 0.001), 1);
}

TEST(Percentile, DoesNotSlipARankBecauseOfBinaryFractions) {
  const auto hundred = from_1_to(100);
  for (int percent = 1; percent <= 100; ++percent)
    EXPECT_EQ(bench::percentile(hundred, percent / 100.0), percent);
}

TEST(Percentile, OfOneSampleIsThatSample) {
  const std::vector<std::int64_t> one{7};
  EXPECT_EQ(bench::percentile(one, 0.01), 7);
  EXPECT_EQ(bench::percentile(one, 0.99), 7);
}

TEST(Percentile, RefusesNoSamplesAndAShareOutsideOfOne) {
  const std::vector<std::int64_t> one{7};
  EXPECT_THROW(bench::percentile({}, 0.5), std::invalid_argument);
  EXPECT_THROW(bench::percentile(one, 0), std::invalid_argument);
  EXPECT_THROW(bench::percentile(one, 1.01), std::invalid_argument);
}

TEST(Percentile, MayBePrintedWhereTenSamplesLieAboveIt) {
  EXPECT_TRUE(bench::may_print(1000, 0.99));
  EXPECT_FALSE(bench::may_print(999, 0.99));
  EXPECT_TRUE(bench::may_print(10000, 0.999));
  EXPECT_FALSE(bench::may_print(9999, 0.999));
  EXPECT_TRUE(bench::may_print(100, 0.9));
  EXPECT_TRUE(bench::may_print(20, 0.5));
  EXPECT_FALSE(bench::may_print(19, 0.5));
}

TEST(Median, OfAnEvenNumberIsTheMiddleOfTheTwo) {
  EXPECT_EQ(bench::median(std::vector<double>{4, 1, 3, 2}), 2.5);
  EXPECT_EQ(bench::median(std::vector<double>{5, 1, 3}), 3);
  EXPECT_EQ(bench::mean(std::vector<double>{5, 1, 3}), 3);
  EXPECT_THROW(bench::median({}), std::invalid_argument);
  EXPECT_THROW(bench::mean({}), std::invalid_argument);
}

TEST(Summary, TellsTheMedianAndTheSpreadOverTheRuns) {
  const auto summary = bench::summarize(std::vector<double>{52, 49, 50});
  EXPECT_EQ(summary.runs, 3U);
  EXPECT_EQ(summary.median, 50);
  EXPECT_EQ(summary.low, 49);
  EXPECT_EQ(summary.high, 52);
}

TEST(Ratio, IsThatOfTheMediansWithAnIntervalThatHoldsIt) {
  const std::vector<double> a{20, 22, 19, 21, 20, 23, 18, 20, 21, 20};
  const std::vector<double> b{10, 10, 11, 9, 10, 10, 10, 11, 9, 10};
  const auto ratio = bench::ratio_of_medians(a, b, 1);
  EXPECT_EQ(ratio.value, 2);
  EXPECT_LE(ratio.low, 2);
  EXPECT_GE(ratio.high, 2);
  EXPECT_GT(ratio.low, 1.8);
  EXPECT_LT(ratio.high, 2.3);
}

TEST(Ratio, IsTheSameForTheSameSeed) {
  const std::vector<double> a{20, 25, 19, 30, 20}, b{10, 12, 11, 9, 13};
  const auto first = bench::ratio_of_medians(a, b, 42), second = bench::ratio_of_medians(a, b, 42);
  EXPECT_EQ(first.low, second.low);
  EXPECT_EQ(first.high, second.high);
}

// Both arms were twice as slow in the later blocks: pairing takes that out of the ratio.
TEST(Ratio, DoesNotWidenWithADriftThatBothArmsShare) {
  const std::vector<double> a{20, 24, 28, 32, 36, 40}, b{10, 12, 14, 16, 18, 20};
  const auto ratio = bench::ratio_of_medians(a, b, 1);
  EXPECT_DOUBLE_EQ(ratio.low, 2);
  EXPECT_DOUBLE_EQ(ratio.high, 2);
}

TEST(Ratio, RefusesSeriesOfDifferentLengthAndADivisorThatIsNotPositive) {
  const std::vector<double> one{1}, two{1, 2}, zero{0};
  EXPECT_THROW(bench::ratio_of_medians(one, two, 1), std::invalid_argument);
  EXPECT_THROW(bench::ratio_of_medians({}, {}, 1), std::invalid_argument);
  EXPECT_THROW(bench::ratio_of_medians(one, zero, 1), std::invalid_argument);
}

// 95 % of the intervals of 95 % should hold the true ratio; the bootstrap of a median of few is known to hold it a little less or more often.
TEST(Ratio, HasAnIntervalThatHoldsTheTruthAboutAsOftenAsItSays) {
  std::mt19937_64 engine(7);
  std::uniform_real_distribution<double> noise(0.9, 1.1);
  int held = 0;
  constexpr int tries = 60;
  for (int i = 0; i < tries; ++i) {
    std::vector<double> a(10), b(10);
    for (double& value : a) value = 3 * noise(engine);
    for (double& value : b) value = noise(engine);
    const auto ratio = bench::ratio_of_medians(a, b, static_cast<std::uint64_t>(i));
    if (ratio.low <= 3 && 3 <= ratio.high) ++held;
  }
  EXPECT_GE(held, tries * 85 / 100);
}

TEST(Bootstrap, OfARatioIsTheIntervalOfTheRatioOfMedians) {
  const std::vector<double> a{20, 25, 19, 30, 20, 22, 21}, b{10, 12, 11, 9, 13, 10, 10};
  const auto interval = bench::bootstrap(
      a.size(),
      [&](std::span<const std::size_t> blocks) {
        std::vector<double> drawn_a, drawn_b;
        for (const std::size_t block : blocks) {
          drawn_a.push_back(a[block]);
          drawn_b.push_back(b[block]);
        }
        return std::optional(bench::median(drawn_a) / bench::median(drawn_b));
      },
      7);
  const auto ratio = bench::ratio_of_medians(a, b, 7);
  ASSERT_TRUE(interval);
  EXPECT_EQ(interval->low, ratio.low);
  EXPECT_EQ(interval->high, ratio.high);
}

TEST(Bootstrap, DrawsAgainWhereTheStatisticSaysNothingAndGivesUpWhereItMostlyDoes) {
  const auto of_first = [](std::span<const std::size_t> blocks) -> std::optional<double> {
    for (const std::size_t block : blocks) {
      if (block == 0) return 1;
    }
    return std::nullopt;
  };
  EXPECT_TRUE(bench::bootstrap(2, of_first, 1));  // three draws in four have it
  const auto never = [](std::span<const std::size_t>) -> std::optional<double> { return std::nullopt; };
  EXPECT_FALSE(bench::bootstrap(2, never, 1));
  EXPECT_FALSE(bench::bootstrap(0, of_first, 1));
}

TEST(UniformDistance, IsHalfASampleWhereTheSamplesLieAsEvenlyAsTheyCan) {
  // 5, 15, ... 95 on [0, 100]: each is half a step from both edges of its step.
  std::vector<std::int64_t> even(10);
  for (std::size_t i = 0; i < even.size(); ++i) even[i] = static_cast<std::int64_t>(10 * i + 5);
  EXPECT_NEAR(bench::uniform_distance(even, 0, 100), 0.05, 1e-12);
}

TEST(UniformDistance, IsOneWhereAllSamplesLieOutside) {
  const std::vector<std::int64_t> outside{200, 300};
  EXPECT_EQ(bench::uniform_distance(outside, 0, 100), 1);
  EXPECT_THROW(bench::uniform_distance(outside, 100, 100), std::invalid_argument);
  EXPECT_THROW(bench::uniform_distance({}, 0, 100), std::invalid_argument);
}

TEST(UniformDistance, PassesWhatIsUniformAndNotAPollerThatKeepsStep) {
  std::mt19937_64 engine(3);
  std::uniform_int_distribution<std::int64_t> anywhere(0, 1'000'000), later(300'000, 1'000'000);
  std::vector<std::int64_t> uniform(1000), shifted(1000);
  for (auto& value : uniform) value = anywhere(engine);
  for (auto& value : shifted) value = later(engine);
  std::sort(uniform.begin(), uniform.end());
  std::sort(shifted.begin(), shifted.end());
  EXPECT_LT(bench::uniform_distance(uniform, 0, 1e6), bench::critical_distance(1000));
  EXPECT_GT(bench::uniform_distance(shifted, 0, 1e6), bench::critical_distance(1000));
  const std::vector<std::int64_t> in_step(1000, 500'000);
  EXPECT_GT(bench::uniform_distance(in_step, 0, 1e6), bench::critical_distance(1000));
}

// From the published table of the Kolmogorov-Smirnov distribution: n = 10, 20, 50 and the limit 1.358/sqrt(n), 1.628/sqrt(n).
TEST(CriticalDistance, EqualsThePublishedTable) {
  EXPECT_NEAR(bench::critical_distance(10, 0.05), 0.409, 0.003);
  EXPECT_NEAR(bench::critical_distance(20, 0.05), 0.294, 0.002);
  EXPECT_NEAR(bench::critical_distance(10, 0.01), 0.489, 0.005);
  EXPECT_NEAR(bench::critical_distance(50, 0.01), 0.226, 0.002);
  EXPECT_NEAR(bench::critical_distance(1'000'000, 0.05), 1.358e-3, 2e-6);
  EXPECT_NEAR(bench::critical_distance(1'000'000, 0.01), 1.628e-3, 2e-6);
}

TEST(Fit, FindsTheLineThatPointsLieOn) {
  const std::vector<double> x{0, 1000, 2000, 4000}, y{5e6, 14e6, 23e6, 41e6};
  const bench::Fit line = bench::fit(x, y);
  EXPECT_NEAR(line.slope, 9000, 1e-6);
  EXPECT_NEAR(line.intercept, 5e6, 1e-3);
  EXPECT_NEAR(line.worst, 0, 1e-12);
}

// Anscombe's first set (1973): y = 3.00 + 0.500 x.
TEST(Fit, EqualsThePublishedLine) {
  const std::vector<double> x{10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5};
  const std::vector<double> y{8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68};
  const bench::Fit line = bench::fit(x, y);
  EXPECT_NEAR(line.slope, 0.500, 0.001);
  EXPECT_NEAR(line.intercept, 3.00, 0.01);
}

TEST(Fit, SaysHowFarThePointsAreFromIt) {
  const std::vector<double> x{0, 1, 2}, straight{0, 1, 2}, bent{0, 0, 3};
  EXPECT_NEAR(bench::fit(x, straight).worst, 0, 1e-12);
  EXPECT_NEAR(bench::fit(x, bent).worst, 1.0 / 3,
              1e-12);  // the line is 1.5 x - 0.5, the middle point 1 below it
  EXPECT_TRUE(std::isinf(bench::fit(x, std::vector<double>{0, 1, 0}).worst));
}

TEST(Fit, NeedsTwoDifferentPoints) {
  EXPECT_THROW(bench::fit(std::vector<double>{1}, std::vector<double>{1}), std::invalid_argument);
  EXPECT_THROW(bench::fit(std::vector<double>{1, 1}, std::vector<double>{1, 2}), std::invalid_argument);
  EXPECT_THROW(bench::fit(std::vector<double>{1, 2}, std::vector<double>{1}), std::invalid_argument);
}

}  // namespace
