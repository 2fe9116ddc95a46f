#pragma once
// What was measured, cell by cell: the runs that count, under the names and parameters of their cells.

#include "bench/result.hpp"
#include "bench/stats.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// A cell and those of its runs whose gates all held: at least one. The results must outlive it.
class Measured {
 public:
  Measured(std::string cell, std::vector<const Run*> runs) : cell_(std::move(cell)), runs_(std::move(runs)) {}

  const std::string& cell() const { return cell_; }
  const std::string& arm() const { return runs_.front()->arm; }
  std::size_t runs() const { return runs_.size(); }

  /// What the cell's name says: `20` for "rtt_ms" in "echo/ws/rtt_ms:20". Nothing where it says nothing, or no number.
  std::optional<double> parameter(std::string_view name) const;

  /// Over the runs; nothing where no run has it.
  std::optional<Summary> figure(const std::string& name) const;
  std::optional<double> predicted(const std::string& name) const;

  /// At each share of quantile_grid(), as far as all runs go: the median of the runs' quantiles, in seconds, and the smallest and the largest.
  struct Quantile {
    double share = 0;
    Summary seconds;
  };
  std::vector<Quantile> quantiles() const;

 private:
  std::string cell_;
  std::vector<const Run*> runs_;
};

/// The cells whose whole name the regular expression (ECMAScript) matches: by arm in the order of the story, then by the numbers in
/// their names; not by the order of the runs.
std::vector<Measured> measured(const Results& results, const std::string& pattern);

}  // namespace bench
