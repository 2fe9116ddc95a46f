// Row 8: kill -9 under load, and a restart, again and again.

#include "faults/population.hpp"
#include "faults/rows.hpp"
#include "faults/target.hpp"
#include "support/directory.hpp"

#include <fmt/format.h>

#include <chrono>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace faults {
namespace {

struct Crashes {
  int rounds;
  int readers_of_each;
  std::uint64_t messages;  // acknowledged in a round, on average
};

history::Report crash_again_and_again(const Setting& setting, Findings& findings, Target& target,
                                      const Crashes& crashes, bool is_kept) {
  Plan plan;
  plan.room = "lobby";
  plan.of_each = crashes.readers_of_each;
  plan.publishers = 4;
  plan.pace = std::chrono::milliseconds(0);
  plan.poll_interval = std::chrono::milliseconds(100);
  plan.backoff = {std::chrono::milliseconds(50),
                  std::chrono::milliseconds(500)};  // the row is about what they get, not when
  plan.rules.is_kept = is_kept;
  Population population(target.port(), plan);
  std::mt19937_64 random(setting.seed);
  for (int round = 0; round < crashes.rounds; ++round) {
    const std::uint64_t least = crashes.messages / 2;
    population.wait_for_acknowledged(population.acknowledged() + least + random() % (2 * least + 1));
    target.crash();
  }
  population.wait_for_acknowledged(population.acknowledged() + 1);  // it serves again
  history::Report report = population.finish();
  findings.amount(
      fmt::format("{} rounds, {} readers over polling, long polling, SSE and WebSocket, 4 publishers",
                  crashes.rounds, 4 * crashes.readers_of_each));
  findings.measured(fmt::format("{} acknowledged, {} unanswered, {} delivered, {} reconnects, {} gaps told",
                                report.acknowledged, report.unanswered, report.delivered, report.reconnects,
                                report.gaps));
  findings.expect(report.is_silent(), "the checker says: " + history::summary(report));
  return report;
}

// All that is said is in the log, so that a gap can have one reason only.
const std::vector<std::string> long_history{"--history", "10000000", "--history-bytes", "4000000000"};

}  // namespace

void crash_with_data(const Setting& setting, Findings& findings) {
  const support::Directory data;
  std::vector<std::string> options = long_history;
  options.insert(options.end(), {"--data", data.text()});
  Target target(setting, std::move(options));
  const Crashes crashes{setting.by_amount(3, 50), setting.by_amount(5, 50),
                        setting.by_amount<std::uint64_t>(50, 110)};
  const history::Report report = crash_again_and_again(setting, findings, target, crashes, true);
  findings.expect(report.gaps == 0, fmt::format("{} gaps were told, expected none", report.gaps));
  if (setting.full) {
    findings.expect(report.delivered >= 1'000'000,
                    fmt::format("{} were delivered, expected 1 000 000 at least", report.delivered));
  }
  target.stop(findings);
}

void crash_without_data(const Setting& setting, Findings& findings) {
  Target target(setting, long_history);
  const Crashes crashes{setting.by_amount(2, 10), setting.by_amount(5, 50),
                        setting.by_amount<std::uint64_t>(50, 500)};
  const history::Report report = crash_again_and_again(setting, findings, target, crashes, false);
  // A reader may sleep through one of two restarts, but not through all of them.
  findings.expect(report.gaps >= report.readers,
                  fmt::format("{} gaps were told to {} readers, expected one each at least", report.gaps,
                              report.readers));
  target.stop(findings);
}

}  // namespace faults
