// Row 24: no descriptor is left.

#include "faults/population.hpp"
#include "faults/rows.hpp"
#include "faults/target.hpp"
#include "support/raw_client.hpp"

#include <fmt/format.h>

#include <chrono>
#include <exception>
#include <thread>
#include <vector>

namespace faults {
namespace {

using support::RawClient;
using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

bool is_served(std::uint16_t port) {
  try {
    return RawClient(port).ask(support::get("/healthz")).status == 200;
  } catch (const std::exception&) {  // it was reset: what it had sent took its 503 away
    return false;
  }
}

void exhaust(const Setting& setting, Findings& findings, unsigned limit, std::chrono::seconds time) {
  support::Bounds bounds;
  bounds.descriptors = limit;
  Target target(setting, {}, bounds);
  const std::uint16_t port = target.port();
  Bystanders bystanders(port);
  target.meet(limit / 2);
  const Resources before(target);
  std::vector<RawClient> crowd;
  for (unsigned n = 0; n < 2 * limit; ++n) crowd.emplace_back(port);

  const auto cpu_before = target.cpu_time();
  const auto start = Clock::now();
  std::this_thread::sleep_for(time);  // how long it lasts is the attack
  const Seconds cpu = target.cpu_time() - cpu_before;
  const Seconds lasted = Clock::now() - start;
  const double share = cpu / lasted;
  findings.amount(fmt::format("a limit of {} and {} connections, {} s", limit, crowd.size(), time.count()));
  findings.measured(fmt::format("{:.1f} % CPU", share * 100));
  findings.expect(target.descriptors() <= limit, "more descriptors than allowed");

  crowd.clear();
  const auto released = Clock::now();
  bool served = is_served(port);
  while (!served && Clock::now() < released + support::patience) served = is_served(port);
  const Seconds until_served = Clock::now() - released;
  findings.expect(served, "nobody is served after the release");
  findings.measured(fmt::format("served {:.2f} s after the release", until_served.count()));
  if (setting.full) {
    findings.expect(share <= 0.05, fmt::format("it took {:.1f} % CPU, expected 5 at most", share * 100));
    findings.expect(until_served.count() <= 1,
                    fmt::format("it took {:.2f} s, expected 1 at most", until_served.count()));
  }
  before.expect_back(target, findings);
  bystanders.expect_untouched(setting, findings);
  target.stop(findings);
}

}  // namespace

void descriptors(const Setting& setting, Findings& findings) {
  // UBSan's check of a vptr looks at memory through a pipe: without descriptors it takes every object for broken.
  if (is_sanitized) return findings.measured("not under a sanitizer, which needs descriptors itself");
  exhaust(setting, findings, 64, setting.by_amount(std::chrono::seconds(1), std::chrono::seconds(60)));
  if (setting.full) exhaust(setting, findings, 1024, std::chrono::seconds(60));
}

}  // namespace faults
