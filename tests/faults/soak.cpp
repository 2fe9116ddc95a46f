// Row 33: all of it for a long time, mixed by chance.

#include "faults/abuse.hpp"
#include "faults/population.hpp"
#include "faults/rows.hpp"
#include "faults/target.hpp"

#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <random>
#include <thread>
#include <vector>

namespace faults {
namespace {

using Clock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;

constexpr double bytes_a_mebibyte = 1 << 20;

struct Sample {
  double second;
  double bytes;
};

// The slope of the line that fits best (least squares), in bytes a second; 0 where there is none.
double slope(const std::vector<Sample>& samples) {
  double second = 0;
  double bytes = 0;
  for (const Sample& sample : samples) {
    second += sample.second;
    bytes += sample.bytes;
  }
  const auto count = static_cast<double>(samples.size());
  double covariance = 0;
  double variance = 0;
  for (const Sample& sample : samples) {
    covariance += (sample.second - second / count) * (sample.bytes - bytes / count);
    variance += (sample.second - second / count) * (sample.second - second / count);
  }
  return variance > 0 ? covariance / variance : 0;
}

void attack(std::uint16_t port, std::mt19937_64& random) {
  switch (random() % 4) {
    case 0:
      return come_and_go(port, 200, 500, random);
    case 1:
      return stall_for_a_while(port, 5, random);
    case 2:
      return talk_nonsense(port, 50, random);
    default:
      return flood_with_frames(port, 2000, random);
  }
}

}  // namespace

void soak(const Setting& setting, Findings& findings) {
  const auto length = setting.by_amount(std::chrono::seconds(5), std::chrono::seconds(1800));
  const auto warm_up = length / 4;
  std::mt19937_64 random(setting.seed);
  Target target(setting);
  Plan plan;
  plan.of_each = setting.by_amount(5, 125);
  plan.publishers = setting.by_amount(4, 20);
  plan.pace = std::chrono::milliseconds(setting.by_amount(50, 1000));
  plan.poll_interval = std::chrono::milliseconds(setting.by_amount(20, 1000));
  Population population(target.port(), plan);
  const auto start = Clock::now();
  std::vector<Sample> samples;
  int attacks = 0;
  while (Clock::now() - start < length) {
    attack(target.port(), random);
    ++attacks;
    const Seconds now = Clock::now() - start;
    if (now > warm_up) samples.push_back({now.count(), static_cast<double>(target.memory())});
  }
  const double mebibytes_an_hour = slope(samples) * 3600 / bytes_a_mebibyte;
  const history::Report& report = population.finish();
  findings.amount(fmt::format("{} s, {} clients, {} attacks, seed {}", length.count(), 4 * plan.of_each,
                              attacks, setting.seed));
  findings.measured(fmt::format("memory {:+.1f} MiB an hour after {} s; {} delivered, {} reconnects",
                                mebibytes_an_hour, warm_up.count(), report.delivered, report.reconnects));
  findings.expect(report.is_silent(), "the checker says: " + history::summary(report));
  findings.expect(report.reconnects == 0,
                  fmt::format("honest clients were cut off {} times", report.reconnects));
  // A slope over seconds says nothing.
  findings.expect(!setting.full || is_sanitized || mebibytes_an_hour <= 1,
                  fmt::format("memory grew by {:.1f} MiB an hour, expected 1 at most", mebibytes_an_hour));
  target.stop(findings);
}

}  // namespace faults
