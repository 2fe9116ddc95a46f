// Row 31: all readers of a server that was away come back.

#include "faults/population.hpp"
#include "faults/rows.hpp"
#include "faults/target.hpp"
#include "support/directory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <vector>

namespace faults {
namespace {

// The most of them within a second.
std::size_t densest_second(const std::vector<double>& seconds) {
  std::size_t most = 0;
  for (auto at = seconds.begin(); at != seconds.end(); ++at)
    most = std::max(most, static_cast<std::size_t>(std::upper_bound(at, seconds.end(), *at + 1) - at));
  return most;
}

}  // namespace

void herd(const Setting& setting, Findings& findings) {
  const support::Directory data;
  Target target(setting, {"--data", data.text(), "--history", "1000000", "--history-bytes", "1000000000"});
  Plan plan;
  plan.of_each = setting.by_amount(10, 250);
  plan.pace = std::chrono::milliseconds(100);
  plan.poll_interval = std::chrono::milliseconds(setting.by_amount(50, 1000));  // to notice that it is away
  plan.rules.is_kept = true;
  Population population(target.port(), plan);
  const auto away = setting.by_amount(std::chrono::milliseconds(500), std::chrono::milliseconds(5000));
  target.restart(findings, away);
  population.wait_for_acknowledged(population.acknowledged() + 1);
  const std::size_t all = static_cast<std::size_t>(4 * plan.of_each);
  population.wait_for_comebacks(all);
  const history::Report& report = population.finish();
  const std::vector<double>& comebacks = population.comebacks();
  const double spread = comebacks.empty() ? 0 : comebacks.back() - comebacks.front();
  findings.amount(fmt::format("{} clients, the server was away for {:.1f} s", all,
                              std::chrono::duration<double>(away).count()));
  findings.measured(fmt::format("they came back over {:.1f} s, {} at most within one; {} delivered, {} gaps",
                                spread, densest_second(comebacks), report.delivered, report.gaps));
  findings.expect(report.is_silent(), "the checker says: " + history::summary(report));
  findings.expect(report.gaps == 0, fmt::format("{} gaps were told, expected none", report.gaps));
  if (setting.full && !is_sanitized) {
    findings.expect(spread >= 5, fmt::format("they came back within {:.1f} s, expected 5 at least", spread));
  }
  target.stop(findings);
}

}  // namespace faults
