#pragma once
// What results say about the claims of the ledger: a pure function of both, so that a verdict can be taken again by anybody who has
// the result file.

#include "bench/experiment.hpp"
#include "bench/ledger.hpp"
#include "bench/result.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace bench {

/// A number as it was measured: of the medians over the runs that count. Its interval holds it in 95 of 100 cases (bootstrap over
/// runs; runs of the same repetition are drawn together). Of fewer than six runs no such interval exists, and this one is their range: it
/// holds the median of two runs in half of all cases, of three in three quarters.
struct Reading {
  std::string missing;  ///< why there is none; empty where there is
  double value = 0;
  double low = 0;
  double high = 0;
  std::size_t runs = 0;  ///< of the figure that has the fewest
};

struct Judgement {
  Verdict verdict = Verdict::not_measured;
  std::string words;              ///< the condition, the why, or the reason why it is not measured
  std::vector<Reading> numbers;   ///< in the order of the claim's
  const Case* decided = nullptr;  ///< the case of the rule that held; null for none
};

/// The verdict is that of the first case whose conditions all hold for the whole interval. Where a number that the rule names is not there,
/// or no case holds for certain, it is "not measured here", with the reason. `claim` must outlive what is returned.
/// A cell of another suite than the main one, of which there is no run at all, is missing with the command that measures it; `among` says which cells
/// these are.
Judgement judge(const Claim& claim, const Results& results,
                const std::vector<Experiment>& among = experiments());

/// The same for all of them, in order.
std::vector<Judgement> judge(const Ledger& ledger, const Results& results);

enum class Truth { holds, fails, open };
/// `open`: it holds for a part of the interval only.
Truth truth(const Condition& condition, const Reading& measured);

/// A measured ratio beside the one that the source of its claim states: a row of the forest plot.
struct Comparison {
  std::string id;
  std::string label;
  Reading measured;
  double published_low = 0;
  double published_high = 0;
};
/// Of all numbers in the unit "ratio" that have a published value and were measured.
std::vector<Comparison> comparisons(const Ledger& ledger, const Results& results);

}  // namespace bench
