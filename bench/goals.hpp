#pragma once
// What the servers are to reach beside those of others: the goals, and what a run says of each.

#include "bench/format.hpp"
#include "bench/ledger.hpp"
#include "bench/result.hpp"

#include <optional>
#include <string>
#include <vector>

namespace bench {

/// One goal: numbers and a rule as a claim of the ledger has them, so that they are judged alike. Its first number is what the goal is about.
struct Goal {
  Claim claim;  ///< id: what is measured; claim: what is to be reached; the rule: confirmed where it is
  std::optional<Condition> stretch;  ///< of the first number: what would be better still
};

const std::vector<Goal>& goals();

/// A row for each goal, with what was measured, ours and theirs, and whether it is met.
Table goals_table(const Results& results);

}  // namespace bench
