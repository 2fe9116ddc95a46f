#include "bench/curves.hpp"

#include <algorithm>
#include <regex>

namespace bench {

std::vector<CellRuns> by_arm(const Results& results, const std::string& experiment,
                             const std::string& pattern) {
  const std::regex names(pattern);
  std::vector<CellRuns> all = cells(results, experiment);
  std::erase_if(
      all, [&](const CellRuns& cell) { return cell.counted.empty() || !std::regex_match(cell.name, names); });
  std::stable_sort(all.begin(), all.end(),
                   [](const CellRuns& a, const CellRuns& b) { return rank(a.arm) < rank(b.arm); });
  return all;
}

std::vector<Quantile> quantiles(const CellRuns& cell) {
  std::size_t common = cell.counted.empty() ? 0 : quantile_grid().size();
  for (const Run* run : cell.counted) common = std::min(common, run->quantiles_us.size());
  std::vector<Quantile> all;
  for (std::size_t i = 0; i < common; ++i) {
    std::vector<double> seconds;
    for (const Run* run : cell.counted) seconds.push_back(run->quantiles_us[i] / 1e6);
    all.push_back({quantile_grid()[i], summarize(seconds)});
  }
  return all;
}

std::optional<double> median_of(const CellRuns& cell, const std::string& figure, double factor) {
  const auto found = summary(cell, figure);
  return found ? std::optional(found->median * factor) : std::nullopt;
}

}  // namespace bench
