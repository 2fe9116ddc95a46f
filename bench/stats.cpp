#include "bench/stats.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

namespace bench {
namespace {

// 0.07 * 100 is 7.000000000000001 in binary: ranks are taken below that noise.
constexpr double noise = 1e-9;

constexpr std::size_t draws = 10'000;

double median_of(std::vector<double>& values) {
  const std::size_t middle = values.size() / 2;
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(middle), values.end());
  const double upper = values[middle];
  if (values.size() % 2 == 1) return upper;
  return (*std::max_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(middle)) + upper) /
         2;
}

template <class T>
void expect_some(std::span<T> values) {
  if (values.empty()) throw std::invalid_argument("got no values, expected at least one");
}

}  // namespace

std::int64_t percentile(std::span<const std::int64_t> sorted, double p) {
  expect_some(sorted);
  if (!(p > 0 && p <= 1)) {
    throw std::invalid_argument("percentile is " + std::to_string(p) + ", expected above 0 and at most 1");
  }
  const double rank = std::ceil(p * static_cast<double>(sorted.size()) - noise);
  return sorted[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

bool may_print(std::size_t n, double p) { return static_cast<double>(n) * (1 - p) >= 10 - noise; }

const std::vector<double>& quantile_grid() {
  static const std::vector<double> grid = [] {
    std::vector<double> shares;
    for (int percent = 0; percent < 100; ++percent) shares.push_back(percent / 100.0);
    shares.insert(shares.end(), {0.995, 0.999, 0.9995, 0.9999});
    return shares;
  }();
  return grid;
}

std::vector<double> quantiles_us(std::span<const std::int64_t> sorted_ns) {
  std::vector<double> values;
  for (const double share : quantile_grid()) {
    if (sorted_ns.empty() || (share > 0.5 && !may_print(sorted_ns.size(), share))) break;
    const std::int64_t at = share == 0 ? sorted_ns.front() : percentile(sorted_ns, share);
    values.push_back(std::round(static_cast<double>(at) / 10) / 100);  // to 10 ns
  }
  return values;
}

double mean(std::span<const double> values) {
  expect_some(values);
  return std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
}

double median(std::span<const double> values) {
  expect_some(values);
  std::vector<double> copy(values.begin(), values.end());
  return median_of(copy);
}

Summary summarize(std::span<const double> values) {
  expect_some(values);
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return {values.size(), median(values), *low, *high};
}

Fit fit(std::span<const double> x, std::span<const double> y) {
  if (x.size() != y.size() || x.size() < 2)
    throw std::invalid_argument("expected two series of the same length, from 2");
  const double mean_x = mean(x), mean_y = mean(y);
  double products = 0, squares = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    products += (x[i] - mean_x) * (y[i] - mean_y);
    squares += (x[i] - mean_x) * (x[i] - mean_x);
  }
  if (!(squares > 0)) throw std::invalid_argument("all points have the same x");
  Fit line;
  line.slope = products / squares;
  line.intercept = mean_y - line.slope * mean_x;
  const auto [least, most] = std::minmax_element(x.begin(), x.end());
  const double rise = std::abs(line.slope * (*most - *least));
  for (std::size_t i = 0; i < x.size(); ++i)
    line.worst = std::max(line.worst, std::abs(y[i] - line.intercept - line.slope * x[i]));
  line.worst = rise > 0 ? line.worst / rise : line.worst > 0 ? std::numeric_limits<double>::infinity() : 0;
  return line;
}

Ratio ratio_of_medians(std::span<const double> a, std::span<const double> b, std::uint64_t seed) {
  expect_some(a);
  if (a.size() != b.size()) {
    throw std::invalid_argument("got " + std::to_string(a.size()) + " and " + std::to_string(b.size()) +
                                " values, expected as many of one as of the other");
  }
  for (const double value : b) {
    if (!(value > 0))
      throw std::invalid_argument("divisor is " + std::to_string(value) + ", expected above 0");
  }
  std::mt19937_64 engine(seed);
  std::vector<double> ratios(draws), drawn_a(a.size()), drawn_b(b.size());
  for (double& ratio : ratios) {
    for (std::size_t i = 0; i < a.size(); ++i) {
      const std::size_t block =
          engine() % a.size();  // not a distribution: those differ from library to library
      drawn_a[i] = a[block];
      drawn_b[i] = b[block];
    }
    ratio = median_of(drawn_a) / median_of(drawn_b);
  }
  std::sort(ratios.begin(), ratios.end());
  return {median(a) / median(b), ratios[draws / 40 - 1], ratios[draws - draws / 40]};
}

std::optional<Interval> bootstrap(
    std::size_t blocks, const std::function<std::optional<double>(std::span<const std::size_t>)>& statistic,
    std::uint64_t seed) {
  if (blocks == 0) return std::nullopt;
  std::mt19937_64 engine(seed);
  std::vector<std::size_t> drawn(blocks);
  std::vector<double> values;
  values.reserve(draws);
  for (std::size_t tries = 0; values.size() < draws; ++tries) {
    if (tries == 2 * draws) return std::nullopt;
    for (std::size_t& block : drawn) block = engine() % blocks;
    if (const auto value = statistic(drawn)) values.push_back(*value);
  }
  std::sort(values.begin(), values.end());
  return Interval{values[draws / 40 - 1], values[draws - draws / 40]};
}

double uniform_distance(std::span<const std::int64_t> sorted, double low, double high) {
  expect_some(sorted);
  if (!(high > low)) {
    throw std::invalid_argument("bounds are " + std::to_string(low) + " and " + std::to_string(high) +
                                ", expected the second to be larger");
  }
  const double n = static_cast<double>(sorted.size());
  double distance = 0;
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const double expected = std::clamp((static_cast<double>(sorted[i]) - low) / (high - low), 0.0, 1.0);
    const double below = static_cast<double>(i) / n;
    const double reached = static_cast<double>(i + 1) / n;
    distance = std::max({distance, expected - below, reached - expected});
  }
  return distance;
}

double critical_distance(std::size_t n, double alpha) {
  if (n == 0 || !(alpha > 0 && alpha < 1))
    throw std::invalid_argument("expected n from 1 and alpha between 0 and 1");
  const double root = std::sqrt(static_cast<double>(n));
  return std::sqrt(-std::log(alpha / 2) / 2) / (root + 0.12 + 0.11 / root);
}

}  // namespace bench
