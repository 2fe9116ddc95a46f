#include "bench/verdict.hpp"

#include "bench/format.hpp"
#include "bench/stats.hpp"
#include "bench/verdict_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <utility>

namespace bench {
namespace {

constexpr std::size_t fewest_sampled = 2;  // runs: one alone says nothing of how much the next would differ
constexpr std::uint64_t bootstrap_seed = 1;

struct CountedRuns {
  std::map<unsigned, std::vector<const Run*>> counted;  // by repetition
  const Run* failed = nullptr;                          // one that did not count
};
struct Cells {
  const std::vector<Experiment>& experiments;
  std::map<std::string, CountedRuns> by_name = {};
  std::set<Suite> suites = {};  // of which there is anything
};

Cells cells_of(const Results& results, const std::vector<Experiment>& experiments) {
  Cells cells{experiments};
  for (const Run& run : results.runs) {
    const auto [found, is_new] = cells.by_name.try_emplace(run.cell);
    if (is_new) cells.suites.insert(suite_of(run.cell, experiments));
    CountedRuns& cell = found->second;
    if (run.counts()) {
      cell.counted[run.repetition].push_back(&run);
    } else {
      cell.failed = &run;
    }
  }
  return cells;
}

std::string gate_of(const Run& run) {
  for (const Gate& gate : run.gates) {
    if (!gate.passed) return fmt::format("{}: {}", gate.name, gate.detail);
  }
  return {};
}

// The values of a figure by block: what was measured in one repetition.
struct Series {
  std::vector<std::vector<double>> blocks;
  std::size_t runs = 0;
};

// Either the series, or why there is none.
std::pair<Series, std::string> series_of(const Term& figure, const Cells& cells,
                                         const std::vector<unsigned>& repetitions) {
  const auto cell = cells.by_name.find(figure.cell);
  if (cell == cells.by_name.end()) {
    const Suite suite = suite_of(figure.cell, cells.experiments);
    if (suite == Suite::main || cells.suites.contains(suite)) return {{}, figure.cell + " was not measured"};
    return {{}, fmt::format("`{} --publish` measures it", command_of(suite))};
  }
  if (cell->second.counted.empty())
    return {{}, fmt::format("no run of {} counts: {}", figure.cell, gate_of(*cell->second.failed))};
  Series series;
  for (const unsigned repetition : repetitions) {
    std::vector<double>& values = series.blocks.emplace_back();
    const auto found = cell->second.counted.find(repetition);
    if (found == cell->second.counted.end()) continue;
    for (const Run* run : found->second) {
      const auto& from = figure.predicted ? run->predicted : run->figures;
      const auto value = from.find(figure.figure);
      if (value != from.end()) values.push_back(value->second);
    }
    series.runs += values.size();
  }
  if (series.runs == 0)
    return {{},
            fmt::format("{} has no {}{}", figure.cell, figure.predicted ? "predicted " : "", figure.figure)};
  return {std::move(series), {}};
}

// All repetitions in which any of these cells was measured and counts.
std::vector<unsigned> repetitions_of(const std::vector<const Term*>& figures, const Cells& cells) {
  std::set<unsigned> found;
  for (const Term* figure : figures) {
    const auto cell = cells.by_name.find(figure->cell);
    if (cell == cells.by_name.end()) continue;
    for (const auto& [repetition, runs] : cell->second.counted) found.insert(repetition);
  }
  return {found.begin(), found.end()};
}

// `next`: the medians of the figures, in the order of figures_of(); goes on as they are used.
double evaluate(const Term& term, const double*& next) {
  std::vector<double> of;
  switch (term.kind) {
    case Term::Kind::constant:
      return term.constant;
    case Term::Kind::figure:
      return *next++;
    default:
      break;
  }
  of.reserve(term.of.size());
  for (const Term& part : term.of) of.push_back(evaluate(part, next));
  switch (term.kind) {
    case Term::Kind::over:
      return of[0] / of[1];
    case Term::Kind::minus:
      return of[0] - of[1];
    case Term::Kind::plus:
      return of[0] + of[1];
    case Term::Kind::times:
      return of[0] * of[1];
    case Term::Kind::largest:
      return *std::max_element(of.begin(), of.end());
    case Term::Kind::smallest:
      return *std::min_element(of.begin(), of.end());
    case Term::Kind::share:
      return static_cast<double>(std::count_if(of.begin(), of.end(),
                                               [&](double x) { return x >= term.low && x <= term.high; })) /
             static_cast<double>(of.size());
    default:
      return 0;
  }
}

// The number of the runs in these blocks; nothing where a series has no run in any of them.
std::optional<double> value_in(const Term& term, const std::vector<Series>& all,
                               std::span<const std::size_t> blocks) {
  std::vector<double> medians;
  medians.reserve(all.size());
  std::vector<double> values;
  for (const Series& series : all) {
    values.clear();
    for (const std::size_t block : blocks)
      values.insert(values.end(), series.blocks[block].begin(), series.blocks[block].end());
    if (values.empty()) return std::nullopt;
    medians.push_back(median(values));
  }
  const double* next = medians.data();
  return evaluate(term, next);
}

bool is_constant(const Series& series) {
  std::optional<double> first;
  for (const auto& block : series.blocks) {
    for (const double value : block) {
      if (value != first.value_or(value)) return false;
      first = value;
    }
  }
  return true;
}

Reading measure(const Number& number, const Cells& cells) {
  Reading measured;
  const std::vector<const Term*> figures = figures_of(number.value);
  const std::vector<unsigned> repetitions = repetitions_of(figures, cells);
  std::vector<Series> all;
  for (const Term* figure : figures) {
    auto [series, why] = series_of(*figure, cells, repetitions);
    if (!why.empty()) {
      measured.missing = std::move(why);
      return measured;
    }
    if (!number.exact && series.runs < fewest_sampled) {
      measured.missing =
          fmt::format("there is one run of {} only, which says nothing of the next", figure->cell);
      return measured;
    }
    measured.runs = all.empty() ? series.runs : std::min(measured.runs, series.runs);
    all.push_back(std::move(series));
  }
  std::vector<std::size_t> every(repetitions.size());
  for (std::size_t i = 0; i < every.size(); ++i) every[i] = i;
  measured.value = measured.low = measured.high = *value_in(number.value, all, every);
  if (!std::isfinite(measured.value)) {
    measured.missing = number.label + " has nothing to be divided by: a figure is 0";
    return measured;
  }
  if (std::all_of(all.begin(), all.end(), is_constant)) return measured;
  const auto interval = bootstrap(
      repetitions.size(),
      [&](std::span<const std::size_t> blocks) {
        const auto value = value_in(number.value, all, blocks);
        return value && std::isfinite(*value) ? value : std::nullopt;
      },
      bootstrap_seed);
  if (!interval) {
    measured.missing = "the runs of the cells are of different repetitions";
    return measured;
  }
  measured.low = interval->low;
  measured.high = interval->high;
  return measured;
}

// What the rule could not decide: the first conditions that hold for a part of the interval only.
std::string undecided(const Claim& claim, const std::vector<Reading>& numbers) {
  std::string out;
  std::set<std::string> said;
  for (const Case& one : claim.rule) {
    for (const Condition& condition : one.when) {
      for (std::size_t i = 0; i < claim.numbers.size(); ++i) {
        const Number& number = claim.numbers[i];
        if (number.name != condition.number || truth(condition, numbers[i]) != Truth::open) continue;
        const std::string text =
            fmt::format("the interval of \"{}\", {}, is on both sides of \"{}\"", number.label,
                        shown(number, numbers[i]), in_words(number, condition));
        if (said.insert(text).second) out += (out.empty() ? "" : "; ") + text;
      }
    }
  }
  return out.empty() ? "the numbers lie between the cases of the rule" : out;
}

Judgement judge_by(const Claim& claim, const Cells& cells) {
  Judgement judgement;
  if (!claim.needs.empty()) {
    judgement.words = fmt::format("it needs {}: {}", claim.needs, claim.reason);
    return judgement;
  }
  for (const Number& number : claim.numbers) judgement.numbers.push_back(measure(number, cells));
  const auto measured = [&](const std::string& name) -> const Reading& {
    const auto found = std::find_if(claim.numbers.begin(), claim.numbers.end(),
                                    [&](const Number& number) { return number.name == name; });
    return judgement.numbers[static_cast<std::size_t>(found - claim.numbers.begin())];
  };
  for (const Case& one : claim.rule) {
    for (const Condition& condition : one.when) {
      if (measured(condition.number).missing.empty()) continue;
      judgement.words = measured(condition.number).missing;
      return judgement;
    }
  }
  for (const Case& one : claim.rule) {
    const auto any = [&](Truth which) {
      return std::any_of(one.when.begin(), one.when.end(), [&](const Condition& condition) {
        return truth(condition, measured(condition.number)) == which;
      });
    };
    if (any(Truth::fails)) continue;
    if (any(Truth::open)) break;  // this case may be the one, so no later one decides
    judgement.verdict = one.verdict;
    judgement.decided = &one;
    judgement.words = with_numbers(one.words, claim, judgement.numbers);
    return judgement;
  }
  judgement.words = undecided(claim, judgement.numbers);
  return judgement;
}

}  // namespace

Truth truth(const Condition& condition, const Reading& measured) {
  const auto [low, high] = std::pair(measured.low, measured.high);
  const bool apart = high < condition.low || low > condition.high;
  const auto three = [](bool holds, bool fails) {
    return holds ? Truth::holds : fails ? Truth::fails : Truth::open;
  };
  switch (condition.op) {
    case Condition::Op::above:
      return three(low > condition.low, high <= condition.low);
    case Condition::Op::below:
      return three(high < condition.low, low >= condition.low);
    case Condition::Op::within:
      return three(low >= condition.low && high <= condition.high, apart);
    case Condition::Op::outside:
      return three(apart, low >= condition.low && high <= condition.high);
    case Condition::Op::equals:
      return three(is_same(low, condition.low) && is_same(high, condition.low),
                   apart && !is_same(low, condition.low) && !is_same(high, condition.low));
  }
  return Truth::open;
}

Judgement judge(const Claim& claim, const Results& results, const std::vector<Experiment>& among) {
  return judge_by(claim, cells_of(results, among));
}

std::vector<Judgement> judge(const Ledger& ledger, const Results& results) {
  const Cells cells = cells_of(results, experiments());
  std::vector<Judgement> judgements;
  for (const Claim& claim : ledger) judgements.push_back(judge_by(claim, cells));
  return judgements;
}

std::vector<Comparison> comparisons(const Ledger& ledger, const Results& results) {
  const Cells cells = cells_of(results, experiments());
  std::vector<Comparison> found;
  for (const Claim& claim : ledger) {
    for (const Number& number : claim.numbers) {
      if (number.unit != Number::Unit::ratio || !number.published) continue;
      const Reading measured = measure(number, cells);
      if (!measured.missing.empty()) continue;
      found.push_back({claim.id, number.label, measured, number.published->first, number.published->second});
    }
  }
  return found;
}

}  // namespace bench
