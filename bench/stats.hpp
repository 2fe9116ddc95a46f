#pragma once
// The statistics of the harness. Percentiles are taken within a run, everything else across runs: the run is the unit,
// since the deliveries of one run are anything but independent.

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace bench {

/// The smallest sample that at least the share `p` of all samples does not exceed (nearest rank: no value that nobody
/// measured). Throws std::invalid_argument where there are no samples or `p` is not in (0, 1].
std::int64_t percentile(std::span<const std::int64_t> sorted, double p);

/// Whether `n` samples say anything about percentile `p`: at least 10 of them lie above it.
bool may_print(std::size_t n, double p);

/// The shares at which a run's distribution is kept: 0, 0.01 … 0.99, then 0.995, 0.999, 0.9995, 0.9999.
const std::vector<double>& quantile_grid();

/// The values of `sorted` at the shares of quantile_grid(), in microseconds, as far as may_print() allows: the smallest first. Empty where there
/// are no samples. What stands between two is not known; the largest is left out, it is a figure of its own.
std::vector<double> quantiles_us(std::span<const std::int64_t> sorted_ns);

/// Throw std::invalid_argument where there are no values. The median of an even number is the middle of the two.
double mean(std::span<const double> values);
double median(std::span<const double> values);

/// What a figure was over the runs of a cell.
struct Summary {
  std::size_t runs = 0;
  double median = 0;
  double low = 0;   ///< the smallest
  double high = 0;  ///< the largest
};
Summary summarize(std::span<const double> values);

/// A straight line through points, by least squares.
struct Fit {
  double slope = 0;
  double intercept = 0;
  double worst =
      0;  ///< the largest distance of a point from the line, as a share of the rise from the first point to the last
};
/// Throws std::invalid_argument where the series differ in length or where `x` has fewer than two different values.
Fit fit(std::span<const double> x, std::span<const double> y);

/// How much larger one arm's figure is than another's.
struct Ratio {
  double value = 0;
  double low = 0;  ///< of the 95 % confidence interval
  double high = 0;
};

/// median(a) / median(b). `a[i]` and `b[i]` are of the same block: the interval comes from drawing whole blocks anew, so that
/// what drifted over the blocks does not widen it (percentile bootstrap, 10 000 draws, the same for the same seed). Throws
/// std::invalid_argument where the series are empty or of different length, or where a value of `b` is not above 0.
Ratio ratio_of_medians(std::span<const double> a, std::span<const double> b, std::uint64_t seed);

/// A 95 % confidence interval.
struct Interval {
  double low = 0;
  double high = 0;
};

/// Of any statistic of several series that were measured in the same blocks, numbered from 0: what lies between 2.5 % and 97.5 % of its
/// values where whole blocks are drawn anew (percentile bootstrap, 10 000 draws, the same for the same seed). It is given the
/// drawn blocks; a draw of which it can say nothing (a series has no run in any of them) is made again. Empty where that is so of most
/// draws, or there are no blocks.
std::optional<Interval> bootstrap(
    std::size_t blocks, const std::function<std::optional<double>(std::span<const std::size_t>)>& statistic,
    std::uint64_t seed);

/// The largest distance between the samples' distribution and the uniform one on [low, high] (Kolmogorov-Smirnov), 0 to 1.
/// Throws std::invalid_argument where there are no samples or high <= low.
double uniform_distance(std::span<const std::int64_t> sorted, double low, double high);

/// The distance that `n` independent samples of the uniform distribution exceed with probability `alpha` (Stephens 1970; for n
/// from 5 it is right to 1 %).
double critical_distance(std::size_t n, double alpha = 0.01);

}  // namespace bench
