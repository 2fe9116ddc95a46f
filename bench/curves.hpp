#pragma once
// Results as pictures want them: arm by arm, and a run's distribution as a curve.

#include "bench/cells.hpp"

#include <string>
#include <vector>

namespace bench {

/// The cells of an experiment that have a run that counts and whose names the regular expression (ECMAScript, the whole name) matches, arm by arm
/// in the order of the story, otherwise in the order of cells().
std::vector<CellRuns> by_arm(const Results& results, const std::string& experiment,
                             const std::string& pattern = ".*");

/// A share of the messages and the delay that it does not exceed: the median of the runs' quantiles, the smallest and the largest.
struct Quantile {
  double share = 0;
  Summary seconds;
};

/// At the shares of quantile_grid(), as far as all runs that count go.
std::vector<Quantile> quantiles(const CellRuns& cell);

/// A figure's median, times `factor`; nothing where no run has it.
std::optional<double> median_of(const CellRuns& cell, const std::string& figure, double factor = 1);

}  // namespace bench
