#include "bench/verdict_text.hpp"

#include "bench/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <string_view>
#include <utility>

namespace bench {
namespace {

using NumberUnit = Number::Unit;

// Three significant digits, without an exponent.
std::string three_digits(double value) {
  if (value == 0) return "0";
  const int place = 2 - static_cast<int>(std::floor(std::log10(std::abs(value))));
  const double scale = std::pow(10.0, place);
  const double rounded = std::round(value * scale) / scale;
  return place <= 0 ? exact(rounded) : fmt::format("{:.{}f}", rounded, place);
}

// Of one that has all its digits: nobody reads more than four behind the point.
std::string all_digits(double value) { return exact(std::round(value * 1e4) / 1e4); }

std::string shown(const Number& number, const Summary& summary) {
  const auto each = [&](auto print) {
    std::string text = print(summary.median);
    const std::string low = print(summary.low), high = print(summary.high);
    return low == high ? text : fmt::format("{} ({} to {})", text, low, high);
  };
  switch (number.unit) {
    case NumberUnit::microseconds:
      return shown(summary, Unit::microseconds);
    case NumberUnit::nanoseconds:
      return shown(summary, Unit::nanoseconds);
    case NumberUnit::seconds:
      return shown({summary.runs, summary.median * 1e6, summary.low * 1e6, summary.high * 1e6},
                   Unit::microseconds);
    case NumberUnit::bytes:
      if (number.exact) return shown(summary, Unit::bytes);
      return shown(summary, Unit::count);
    case NumberUnit::count:
      if (number.exact) return each(all_digits);
      return shown(summary, Unit::count);
    case NumberUnit::share:
      return each([](double x) { return three_digits(100 * x) + " %"; });
    case NumberUnit::ratio:
      return each(three_digits);
  }
  return {};
}

// A number of a rule as it was written, in the unit of what it is compared with.
std::string limit(const Number& number, double value) {
  Number as_is = number;
  as_is.exact = true;
  if (number.unit == NumberUnit::bytes || number.unit == NumberUnit::count) return exact(value);
  if (number.unit == NumberUnit::ratio) return exact(value);
  if (number.unit == NumberUnit::share) return exact(std::round(1e6 * value) / 1e4) + " %";
  return shown(as_is, Summary{1, value, value, value});
}

std::string escaped(std::string text) {
  for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.insert(at, 1, '\\');
  return text;
}

std::string command(const Claim& claim) { return "bench/run --claim " + claim.id; }

std::string first_number(const Claim& claim, const Judgement& judgement) {
  if (judgement.numbers.empty() || !judgement.numbers[0].missing.empty()) return std::string(none);
  return shown(claim.numbers[0], judgement.numbers[0]);
}

std::string published(const Number& number) {
  if (!number.published) return std::string(none);
  const auto [low, high] = *number.published;
  const std::string from = limit(number, low), to = limit(number, high);
  return low == high ? from : from + " to " + to;
}

// "confirmed where A is above 2 and B is below 3"
std::string in_words(const Claim& claim, const Case& one) {
  std::string text =
      to_string(one.verdict) + (one.verdict == Verdict::confirmed_if ? " (…), where " : " where ");
  std::string_view separator;
  for (const Condition& condition : one.when) {
    const auto number = std::find_if(claim.numbers.begin(), claim.numbers.end(),
                                     [&](const Number& other) { return other.name == condition.number; });
    text += fmt::format("{}*{}* is {}", separator, number->label, in_words(*number, condition));
    separator = " and ";
  }
  return text;
}

std::string verdict_in_words(const Judgement& judgement) {
  const std::string verdict = "**" + to_string(judgement.verdict) + "**";
  if (judgement.words.empty()) return verdict;
  if (judgement.verdict == Verdict::confirmed_if) return verdict + ' ' + judgement.words;
  return verdict + ": " + judgement.words;
}

std::string section(const Claim& claim, const Judgement& judgement) {
  // The heading is the id alone, so that notes can link to claims.md#l4.
  std::string out = fmt::format("### {}\n\n*{}.* Source: {}. Experiment: {}.\n\n{}.\n", claim.id, claim.claim,
                                claim.source, claim.experiment, verdict_in_words(judgement));
  if (!claim.needs.empty()) return out;
  Table table;
  table.head = {"number", "measured", "the source says", "runs"};
  for (std::size_t i = 0; i < claim.numbers.size(); ++i) {
    const Reading& measured = judgement.numbers[i];
    const bool there = measured.missing.empty();
    table.rows.push_back({escaped(claim.numbers[i].label),
                          there ? shown(claim.numbers[i], measured) : escaped(measured.missing),
                          published(claim.numbers[i]), there ? std::to_string(measured.runs) : "0"});
  }
  out +=
      '\n' + markdown(table) + "\nThe rule, written before the run; the first case that holds decides:\n\n";
  for (const Case& one : claim.rule)
    out += fmt::format("{}. {}.{}\n", &one - claim.rule.data() + 1, in_words(claim, one),
                       &one == judgement.decided ? " ← *this one*" : "");
  return out + fmt::format("\n{} Repeat it: `{}`.\n", claim.says, command(claim));
}

// The claims that have no verdict, by why.
std::string without_verdict(const Ledger& ledger, const std::vector<Judgement>& judgements,
                            std::string_view item) {
  std::string out;
  for (std::size_t i = 0; i < ledger.size(); ++i) {
    if (judgements[i].verdict == Verdict::not_measured)
      out += fmt::format("{}{}: {}\n", item, ledger[i].id, judgements[i].words);
  }
  return out;
}

std::string few_runs(const Ledger& ledger, const std::vector<Judgement>& judgements) {
  constexpr std::size_t enough = 6;  // 1 - 2^(1 - 6) is 97 %
  std::size_t fewest = enough;
  for (std::size_t i = 0; i < ledger.size(); ++i) {
    for (std::size_t k = 0; k < judgements[i].numbers.size(); ++k) {
      const Reading& measured = judgements[i].numbers[k];
      if (measured.missing.empty() && !ledger[i].numbers[k].exact) fewest = std::min(fewest, measured.runs);
    }
  }
  if (fewest >= enough) return {};
  return fmt::format(
      " Some rest on {} runs only: their interval is the range of the runs, which holds the median in {:.0f} of 100 cases.",
      fewest, 100 - 100 * std::pow(2.0, 1.0 - static_cast<double>(fewest)));
}

std::string tally(const std::vector<Judgement>& judgements) {
  std::string out;
  for (const Verdict verdict :
       {Verdict::confirmed, Verdict::confirmed_if, Verdict::refuted, Verdict::not_measured}) {
    const auto n = std::count_if(judgements.begin(), judgements.end(),
                                 [&](const Judgement& one) { return one.verdict == verdict; });
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", n, to_string(verdict));
  }
  return out;
}

}  // namespace

std::string shown(const Number& number, const Reading& measured) {
  return shown(number, Summary{measured.runs, measured.value, measured.low, measured.high});
}

std::string shown(const Number& number, double value) {
  return shown(number, Summary{1, value, value, value});
}

std::string in_words(const Number& number, const Condition& condition) {
  switch (condition.op) {
    case Condition::Op::above:
      return "above " + limit(number, condition.low);
    case Condition::Op::below:
      return "below " + limit(number, condition.low);
    case Condition::Op::equals:
      return limit(number, condition.low);
    case Condition::Op::within:
      return fmt::format("within {} to {}", limit(number, condition.low), limit(number, condition.high));
    case Condition::Op::outside:
      return fmt::format("outside {} to {}", limit(number, condition.low), limit(number, condition.high));
  }
  return {};
}

std::string with_numbers(std::string words, const Claim& claim, const std::vector<Reading>& numbers) {
  for (std::size_t i = 0; i < claim.numbers.size(); ++i) {
    const std::string name = '{' + claim.numbers[i].name + '}';
    const std::string value = numbers[i].missing.empty() ? shown(claim.numbers[i], numbers[i].value) : "?";
    for (std::size_t at = 0; (at = words.find(name, at)) != std::string::npos; at += value.size())
      words.replace(at, name.size(), value);
  }
  return words;
}

std::string claims_in_full(const Ledger& ledger, const Results& results) {
  const std::vector<Judgement> judgements = judge(ledger, results);
  std::string out =
      "| id | claim | source | verdict | number | command |\n| --- | --- | --- | --- | --- | --- |\n";
  for (std::size_t i = 0; i < ledger.size(); ++i) {
    const bool open = !ledger[i].needs.empty();
    out += fmt::format("| {} | {} | {} | {} | {} | {} |\n", ledger[i].id, escaped(ledger[i].claim),
                       escaped(ledger[i].source), escaped(verdict_in_words(judgements[i])),
                       first_number(ledger[i], judgements[i]), open ? "" : '`' + command(ledger[i]) + '`');
  }
  out += fmt::format(
      "\n{}. A number is that of the medians over the runs, in brackets its 95 % confidence interval (bootstrap over runs).{}\n",
      tally(judgements), few_runs(ledger, judgements));
  for (std::size_t i = 0; i < ledger.size(); ++i) out += '\n' + section(ledger[i], judgements[i]);
  return out;
}

std::string verdicts(const Ledger& ledger, const Results& results) {
  const std::vector<Judgement> judgements = judge(ledger, results);
  std::string out = "| id | claim | verdict | number |\n| --- | --- | --- | --- |\n";
  for (std::size_t i = 0; i < ledger.size(); ++i) {
    if (judgements[i].verdict == Verdict::not_measured) continue;
    out += fmt::format("| {} | {} | {} | {} |\n", ledger[i].id, escaped(ledger[i].claim),
                       escaped(verdict_in_words(judgements[i])), first_number(ledger[i], judgements[i]));
  }
  const std::string others = without_verdict(ledger, judgements, "- ");
  out += fmt::format("\n{}.{}\n", tally(judgements), few_runs(ledger, judgements));
  return others.empty() ? out : out + "\nNot measured here:\n\n" + others;
}

std::string verdicts_plain(const Ledger& ledger, const Results& results, const Results& now) {
  std::vector<Judgement> judgements = judge(ledger, results);
  std::set<std::string> cells;
  for (const Run& run : now.runs) cells.insert(run.cell);
  std::string out, others;
  for (std::size_t i = 0; i < ledger.size(); ++i) {
    const std::vector<std::string> needed = cells_of_claim(ledger, ledger[i].id);
    if (std::none_of(needed.begin(), needed.end(),
                     [&](const std::string& cell) { return cells.contains(cell); }))
      judgements[i] = {};
    if (judgements[i].verdict == Verdict::not_measured) {
      others += (others.empty() ? "" : ", ") + ledger[i].id;
      continue;
    }
    out += fmt::format("{:<4}{:<14}{}: {}\n", ledger[i].id, to_string(judgements[i].verdict), ledger[i].claim,
                       first_number(ledger[i], judgements[i]));
    if (!judgements[i].words.empty()) out += fmt::format("{:18}{}\n", "", judgements[i].words);
  }
  out += fmt::format("\n{}.{}\n", tally(judgements), few_runs(ledger, judgements));
  return others.empty() ? out : out + fmt::format("Not measured in this run: {}.\n", others);
}

}  // namespace bench
