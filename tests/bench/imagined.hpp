#pragma once
// Results that nobody measured: the models with seeded noise, for tests of what is made of results. Never in the notes.

#include "bench/model.hpp"
#include "bench/result.hpp"
#include "bench/stats.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace imagined {

using Figures = std::map<std::string, double>;
using Random = std::mt19937_64;

/// What a cell's name says: {"rtt_ms", 20} for "echo/ws/rtt_ms:20".
inline Figures parameters_in(std::string_view cell) {
  Figures parameters;
  while (!cell.empty()) {
    const std::string word(cell.substr(0, cell.find('/')));
    const std::size_t colon = word.find(':');
    double value = 0;
    if (colon != std::string::npos && std::sscanf(word.c_str() + colon, ":%lf", &value) == 1)
      parameters[word.substr(0, colon)] = value;
    cell.remove_prefix(std::min(word.size() + 1, cell.size()));
  }
  return parameters;
}

/// A run of "experiment/arm/…" that passed its gates.
inline bench::Run run(const std::string& cell, unsigned repetition, Figures figures, Figures predicted = {}) {
  bench::Run made;
  made.cell = cell;
  const std::size_t first = cell.find('/'), second = cell.find('/', first + 1);
  made.experiment = cell.substr(0, first);
  made.arm = cell.substr(first + 1, second == std::string::npos ? second : second - first - 1);
  made.parameters = parameters_in(cell);
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
          const double way =
              arm == "longpoll" && d > 0 ? held.percentile(std::max(1e-9, uniform(random))).count() : d;
          return way + transit(random, floor * (1 + 0.1 * repetition));
        });
        results.runs.push_back(std::move(made));
      }
    }
  }
}

inline void add_bytes(bench::Results& results) {
  // Of the header fields that a profile adds to each request.
  for (const auto& [profile, fields] :
       std::map<std::string, double>{{"", 0}, {"/profile:browser", 620}, {"/profile:cookie", 1120}}) {
    for (const auto& [arm, framing] : std::map<std::string, double>{
             {"poll", 239}, {"longpoll", 285}, {"sse", 30}, {"ws", 4}, {"tcp", 4}}) {
      if (arm == "tcp" && !profile.empty()) continue;
      const bool asks = arm == "poll" || arm == "longpoll";
      const double json = 155.9, bytes = json + framing + (asks ? fields : 0);
      results.runs.push_back(run("bytes/" + arm + "/payload:100" + profile, 0,
                                 {{"json_bytes_per_message", json},
                                  {"bytes_per_message", bytes},
                                  {"ip_bytes_per_message", bytes + 52 * (asks ? 3 : 2)}}));
    }
  }
}

inline void add_load(bench::Results& results) {
  for (const auto& [arm, cost_us] : std::map<std::string, double>{{"poll", 22}, {"sse", 34}, {"ws", 31}}) {
    for (const int rate : {100, 1000, 5000, 10'000, 20'000, 40'000, 80'000}) {
      const double share = rate * cost_us / 1e6,
                   wait_us = share < 0.97 ? cost_us * share / (1 - share) : 4e5 * share;
      const double base_us = arm == "poll" ? 5e4 : 150, tail = arm == "poll" ? 1.98 : 3;
      results.runs.push_back(run("load/" + arm + "/rate:" + std::to_string(rate), 0,
                                 {{"p50_us", base_us + wait_us},
                                  {"p99_us", base_us * tail + 4 * wait_us},
                                  {"saturated", share < 0.97 ? 0 : 1},
                                  {"knee_per_s", 1e6 / cost_us}}));
    }
  }
}

inline void add_fanout(bench::Results& results) {
  for (const auto& [arm, cost_us] :
       std::map<std::string, double>{{"poll/interval_ms:1000", 5}, {"sse", 8.4}, {"ws", 7.9}}) {
    const bool polls = arm.starts_with("poll");
    for (const int readers : {1, 10, 100, 1000, 5000, 10'000}) {
      for (unsigned repetition = 0; repetition < 3; ++repetition) {
        const double n = readers, cost = cost_us * (1 + 0.03 * repetition), last_us = 150 + n * cost;
        results.runs.push_back(run("fanout/" + arm + "/readers:" + std::to_string(readers) + "/rate:20",
                                   repetition,
                                   {{"first_us", polls ? 1e6 / (n + 1) : 150},
                                    {"median_us", polls ? 5e5 : (150 + last_us) / 2},
                                    {"last_us", polls ? 1e6 * n / (n + 1) : last_us},
                                    {"cpu_ns_per_delivery", (cost + 200 / n) * 1000},
                                    {"readers_memory_bytes", 20'000 + n * cost_us * 1000}},
                                   {{"last_us", polls ? 1e6 * n / (n + 1) : n * cost}}));
      }
    }
  }
}

inline void add_memory(bench::Results& results) {
  for (const auto& [arm, user] : std::map<std::string, double>{{"poll", 4900}, {"sse", 5100}, {"ws", 9200}}) {
    results.runs.push_back(run("memory/" + arm + "/readers:4000", 0,
                               {{"user_bytes_per_reader", user}, {"kernel_bytes_per_reader", 3400}}));
  }
}

inline void add_peers(bench::Results& results) {
  for (const auto& [arm, cost_ns] : std::map<std::string, double>{
           {"ws", 5800}, {"ws_node", 9000}, {"nchan_ws", 7900}, {"sse", 5700}, {"sse_node", 12'000}}) {
    for (const int window : {1, 64}) {
      const double each_ns = window == 1 ? cost_ns : arm == "ws" || arm == "sse" ? 400 : cost_ns * 0.8;
      results.runs.push_back(
          run("peer_fanout/" + arm + "/readers:1000/window:" + std::to_string(window), 0,
              {{"cpu_ns_per_delivery", each_ns}, {"deliveries_per_second", 0.9e9 / each_ns}}));
    }
    const double late = arm == "ws" || arm == "sse" ? 12'000 : 400'000;  // µs, of more than others can do
    results.runs.push_back(run("peer_delay/" + arm + "/readers:1000/rate:10", 0,
                               {{"p50_us", cost_ns / 2}, {"p99_us", cost_ns}, {"n", 20000}}));
    results.runs.push_back(run("peer_load/" + arm + "/readers:1000/rate:2000", 0,
                               {{"p50_us", late / 2}, {"p99_us", late}, {"n", 20000}}));
  }
}

inline void add_break_even(bench::Results& results) {
  for (const auto& [name, per_interval] : std::map<std::string, double>{
           {"0.1", 0.1}, {"0.3", 0.3}, {"1", 1}, {"3", 3}, {"10", 10}, {"30", 30}}) {
    for (const auto& [arm, bytes] :
         std::map<std::string, double>{{"poll", 395 / per_interval + 157}, {"sse", 290}, {"ws", 264}}) {
      results.runs.push_back(
          run("break_even/" + arm + "/per_interval:" + name, 0, {{"ip_bytes_per_message", bytes}}));
    }
  }
}

inline bench::Results results() {
  bench::Results made;
  made.provenance = {{"commit", "0123456789abcdef"},
                     {"dirty", "no"},
                     {"cpu", "AMD EPYC"},
                     {"cores", "2"},
                     {"kernel", "Linux 6.18 x86_64"},
                     {"started", "2026-11-22T05:46:00Z"},
                     {"seed", "1"}};
  Random random(1);
  add_delivery(made, random);
  add_bytes(made);
  add_break_even(made);
  add_load(made);
  add_fanout(made);
  add_memory(made);
  add_peers(made);
  return made;
}

}  // namespace imagined
