#pragma once
// Results that nobody measured: the models with seeded noise, for tests of what is made of results. Never in the notes.

#include "bench/model.hpp"
#include "bench/result.hpp"
#include "bench/stats.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace imagined {

using Figures = std::map<std::string, double>;
using Random = std::mt19937_64;

/// A run of "experiment/arm/…" that passed its gates.
inline bench::Run run(const std::string& cell, unsigned repetition, Figures figures, Figures predicted = {}) {
  bench::Run made;
  made.cell = cell;
  const std::size_t first = cell.find('/'), second = cell.find('/', first + 1);
  made.experiment = cell.substr(0, first);
  made.arm = cell.substr(first + 1, second == std::string::npos ? second : second - first - 1);
  made.repetition = repetition;
  made.figures = std::move(figures);
  made.predicted = std::move(predicted);
  made.gates = {{"every message once and in order", true, ""}};
  return made;
}

/// A uniform number from 0 to 1, the same with every standard library.
inline double uniform(Random& random) { return static_cast<double>(random() >> 11) / 9007199254740992.0; }

inline std::vector<double> quantiles(std::size_t n, const std::function<double()>& delay_s) {
  std::vector<std::int64_t> samples(n);
  for (std::int64_t& sample : samples) sample = static_cast<std::int64_t>(delay_s() * 1e9);
  std::sort(samples.begin(), samples.end());
  return bench::quantiles_us(samples);
}

/// A transit on a quiet machine: a floor, some spread, and a long tail.
inline double transit(Random& random, double floor_s) {
  const double u = uniform(random);
  return floor_s * (1 + 0.4 * u + (u > 0.98 ? 2 * uniform(random) : 0) + (u > 0.9995 ? 8 : 0));
}

inline void add_delivery(bench::Results& results, Random& random) {
  const std::map<std::string, double> floors{
      {"null", 6e-6}, {"tcp", 45e-6}, {"ws", 80e-6}, {"sse", 95e-6}, {"longpoll", 150e-6}};
  for (unsigned repetition = 0; repetition < 5; ++repetition) {
    for (const double rtt : {0.0, 20.0, 100.0}) {
      const std::string where = "/rtt_ms:" + std::to_string(static_cast<int>(rtt));
      const double d = rtt / 2000;
      for (const int interval : {50, 100, 200, 500, 1000, 2000, 5000}) {
        if (rtt > 0 && interval != 100 && interval != 1000) continue;
        bench::Run made =
            run("delivery/poll/interval_ms:" + std::to_string(interval) + where, repetition, {{"n", 20000}});
        made.quantiles_us =
            quantiles(20000, [&] { return d + uniform(random) * interval / 1000 + transit(random, 1e-4); });
        results.runs.push_back(std::move(made));
      }
      for (const auto& [arm, floor] : floors) {
        if (arm == "null" && rtt > 0) continue;
        bench::Run made = run("delivery/" + arm + "/rate:100" + where, repetition, {{"n", 20000}});
        const bench::LongPollDelay held(100, bench::Seconds(d));
        made.quantiles_us = quantiles(20000, [&] {
          const double way = arm == "longpoll" && d > 0 ? held.percentile(std::max(1e-9, uniform(random))).count() : d;
          return way + transit(random, floor * (1 + 0.1 * repetition));
        });
        results.runs.push_back(std::move(made));
      }
    }
  }
}

inline bench::Results results() {
  bench::Results made;
  made.provenance = {{"commit", "0123456789abcdef"}, {"dirty", "no"},
                     {"cpu", "AMD EPYC"},            {"cores", "2"},
                     {"kernel", "Linux 6.18 x86_64"}, {"started", "2026-11-22T05:46:00Z"},
                     {"seed", "1"}};
  Random random(1);
  add_delivery(made, random);
  return made;
}

}  // namespace imagined
