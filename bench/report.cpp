#include "bench/report.hpp"

#include "bench/ahead.hpp"
#include "bench/cells.hpp"
#include "bench/experiment.hpp"
#include "bench/format.hpp"
#include "bench/goals.hpp"
#include "bench/headline.hpp"
#include "bench/pictures.hpp"
#include "bench/stats.hpp"
#include "bench/verdict_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <iterator>
#include <optional>
#include <regex>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace bench {
namespace {

std::string commit_of(const Provenance& provenance) {
  return said(provenance, "commit").substr(0, 12) +
         (said(provenance, "dirty") == "yes" ? " with changes" : "");
}

std::string day_of(const Provenance& provenance, const std::string& moment) {
  return said(provenance, moment).substr(0, 10);
}

// "2026-11-22" or "2026-11-22 to 2026-11-23 in 3 sittings".
std::string days_of(const Made& made) {
  std::string first = day_of(made.provenance, "started");
  if (made.sittings.empty()) return first;
  const std::string last = day_of(made.provenance, "ended");
  return fmt::format("{}{} in {} sittings", first, last == first ? "" : " to " + last, made.sittings.size());
}

std::string commits_of(const Made& made) {
  std::vector<std::string> commits{commit_of(made.provenance)};
  for (const Provenance& sitting : made.sittings) {
    const std::string commit = commit_of(sitting);
    if (std::find(commits.begin(), commits.end(), commit) == commits.end()) commits.push_back(commit);
  }
  return fmt::format("{} {}", commits.size() == 1 ? "commit" : "commits", fmt::join(commits, " and "));
}

std::string made_on(const Made& made) {
  return fmt::format("{}, {}, {}, {} cores, {}", days_of(made), commits_of(made),
                     said(made.provenance, "cpu"), said(made.provenance, "cores"),
                     said(made.provenance, "kernel"));
}

Made made_of(const Results& results, Suite suite) {
  if (suite == Suite::main) return {results.provenance, results.sittings};
  const auto found = results.others.find(suite);
  return found == results.others.end() ? Made() : found->second;
}

std::string made_on(const Results& results, Suite suite = Suite::main) {
  return made_on(made_of(results, suite));
}

// Of what is made of cells of all suites.
std::string made_on_all(const Results& results) {
  std::string text = made_on(results);
  for (const auto& [suite, made] : results.others)
    text += fmt::format("; cells of the suite {}: `{}` on {}", to_string(suite), command_of(suite),
                        made_on(made));
  return text;
}

// The gates that were not passed: each cell and gate once, with its runs and what the first of them saw.
std::string not_counted(const Results& results, const std::function<bool(const Run&)>& concerned) {
  struct Failure {
    std::string where, detail;
    std::vector<unsigned> runs;
  };
  std::vector<Failure> failures;
  for (const Run& run : results.runs) {
    if (!concerned(run)) continue;
    for (const Gate& gate : run.gates) {
      if (gate.passed) continue;
      const std::string where = run.cell + "\n" + gate.name;
      const auto found = std::find_if(failures.begin(), failures.end(),
                                      [&](const Failure& failure) { return failure.where == where; });
      Failure& failure =
          found == failures.end() ? failures.emplace_back(Failure{where, gate.detail, {}}) : *found;
      failure.runs.push_back(run.repetition + 1);
    }
  }
  std::string out;
  for (Failure& failure : failures) {
    std::sort(failure.runs.begin(), failure.runs.end());
    const std::size_t end = failure.where.find('\n');
    out += fmt::format("- {}, {} {}: {}: {}\n", failure.where.substr(0, end),
                       failure.runs.size() == 1 ? "run" : "runs", fmt::join(failure.runs, ", "),
                       failure.where.substr(end + 1), failure.detail);
  }
  return out.empty() ? out : "Not counted, because of the gate:\n\n" + out;
}

std::string not_counted(const Results& results, const std::string& experiment) {
  return not_counted(results, [&](const Run& run) { return run.experiment == experiment; });
}

// How many of an experiment's predictions are within a tenth, and those that are not.
struct Fit {
  std::size_t within = 0, all = 0;
  std::vector<std::vector<std::string>> off;  // rows: cell, figure, measured, model, off by, why
};

std::string why(const Experiment& experiment, const CellRuns& cell, const std::string& figure) {
  for (const Explanation& explanation : experiment.explanations) {
    if ((explanation.figure.empty() || explanation.figure == figure) &&
        std::regex_search(cell.name, std::regex(explanation.cells, std::regex::extended)))
      return explanation.why;
  }
  return "not known";
}

Fit fit_of(const Results& results, const Experiment& experiment) {
  Fit fit;
  for (const CellRuns& cell : cells(results, experiment.name)) {
    for (const Column& column : experiment.columns) {
      const auto found = summary(cell, column.figure);
      const auto model = predicted(cell, column.figure);
      if (!column.modelled || !found || !model || !printable(cell, column.figure)) continue;
      ++fit.all;
      if (std::abs(found->median - *model) <= 0.1 * std::abs(*model)) {
        ++fit.within;
        continue;
      }
      fit.off.push_back({cell.name, column.figure, shown(found->median, column.unit),
                         shown(*model, column.unit), deviation(found->median, *model),
                         why(experiment, cell, column.figure)});
    }
  }
  return fit;
}

std::string models_block(const Results& results) {
  Table counts{{"experiment", "predictions within 10 %", "of"}, {}};
  Table off{{"cell", "figure", "measured", "model", "off by", "why, as far as it is known"}, {}};
  for (const Experiment& experiment : experiments()) {
    Fit fit = fit_of(results, experiment);
    if (fit.all == 0) continue;
    counts.rows.push_back({fmt::format("{} {}", experiment.id, experiment.name), std::to_string(fit.within),
                           std::to_string(fit.all)});
    std::move(fit.off.begin(), fit.off.end(), std::back_inserter(off.rows));
  }
  if (counts.rows.empty()) return "Nothing that has a model was measured in this run.\n";
  std::string out = markdown(counts);
  if (!off.rows.empty()) out += "\nThese are further off:\n\n" + markdown(off);
  return out + fmt::format("\nMade by `bench/run --full` on {}.\n", made_on_all(results));
}

constexpr std::string_view how_to_read =
    "Each figure is the median over the runs, in brackets the smallest and the largest";

// `made`: as made_on() says it.
std::string footer(const std::string& made, const std::string& not_shown, const std::string& command) {
  return fmt::format("It does not show {}. Made by `{}` on {}.\n", not_shown, command, made);
}

std::string table_cell(std::string text) {
  for (std::size_t at = 0; (at = text.find('|', at)) != std::string::npos; at += 2) text.insert(at, 1, '\\');
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

// When each was, and what was not in all of them as it was in the last.
std::string sittings_block(const Made& made) {
  if (made.sittings.empty()) return {};
  Table table{{"sitting", "started", "ended", "runs", "commit", "stolen time"}, {}};
  std::string others;
  for (const Provenance& sitting : made.sittings) {
    const std::size_t number = table.rows.size() + 1;
    table.rows.push_back({std::to_string(number), said(sitting, "started"), said(sitting, "ended"),
                          said(sitting, "runs"), commit_of(sitting), said(sitting, "stolen time")});
    for (const auto& [name, value] : sitting) {
      const bool shown = std::find(table.head.begin(), table.head.end(), name) != table.head.end();
      if (!shown && name != "dirty" && said(made.provenance, name) != value)
        others += fmt::format("- In sitting {} {} was {}.\n", number, name, table_cell(value));
    }
  }
  return fmt::format("\nMade in {} sittings, of the same programs:\n\n{}{}", made.sittings.size(),
                     markdown(table), others.empty() ? others : '\n' + others);
}

std::string provenance_table(const Made& made) {
  std::string out = "| what | was |\n| --- | --- |\n";
  for (const auto& [name, value] : made.provenance)
    out += fmt::format("| {} | {} |\n", name, table_cell(value));
  return out + sittings_block(made);
}

std::string provenance_block(const Results& results) {
  std::string out = provenance_table({results.provenance, results.sittings});
  for (const auto& [suite, made] : results.others) {
    out += fmt::format("\nCells of the suite {} were measured apart, by `{}`:\n\n{}", to_string(suite),
                       command_of(suite), provenance_table(made));
  }
  return out + "\nIt does not show what else ran on the machine or on its host. Made by `bench/run`.\n";
}

std::string with_gates(std::string out, const std::string& gates) {
  return gates.empty() ? out : std::move(out) + "\n" + gates;
}

std::string picture_block(const Results& results, const std::string& name, const Ledger& ledger,
                          const std::string& directory) {
  const Picture& picture = find_picture(name);
  if (!picture.draw(results, ledger))
    return fmt::format("Not measured in this run. `{}` does.\n", picture.command);
  return fmt::format("![{}]({}{}.svg)\n\n{} ", picture.title, directory, picture.name, picture.shows) +
         footer(picture.of_claims ? made_on_all(results) : made_on(results, picture.suite), picture.not_shown,
                picture.command);
}

bool has_peers(const Results& results) {
  return std::any_of(results.runs.begin(), results.runs.end(),
                     [](const Run& run) { return run.experiment.starts_with("peer_"); });
}

std::string peers_block(const Results& results) {
  const std::string command = command_of(Suite::peers);
  if (!has_peers(results)) return fmt::format("Not measured in this run. `{}` does.\n", command);
  return markdown(goals_table(results)) +
         "\nThe goals were set before the servers were measured beside each other; ratios are of medians, with their 95 % confidence interval. " +
         footer(
             made_on(results, Suite::peers),
             "uWebSockets, which the goals name as well and no package has; nor what a server does on several cores",
             command);
}

std::string ahead_block(const Results& results) {
  if (!has_peers(results))
    return fmt::format("Not measured in this run. `{}` does.\n", command_of(Suite::peers));
  const Table ahead = ahead_table(results);
  return (ahead.rows.empty() ? "Nowhere, in what was measured.\n" : markdown(ahead)) + '\n' +
         footer(made_on(results, Suite::peers), "what a peer does besides, and ours does not",
                command_of(Suite::peers));
}

}  // namespace

std::string peers_plain(const Results& results) {
  std::string out;
  for (const Experiment& which : experiments()) {
    const std::vector<CellRuns> all = cells(results, which.name);
    if (which.suite == Suite::peers && !all.empty())
      out += fmt::format("\n{}\n\n{}", which.question, plain(tabulate(all, which.parameters, which.columns)));
  }
  const Table ahead = ahead_table(results);
  if (!ahead.rows.empty()) out += "\nWhere others are ahead:\n\n" + plain(ahead);
  return out + "\nWhat was to be reached:\n\n" + plain(goals_table(results));
}

std::string table(const Results& results, const Results& reference) {
  std::string out;
  for (const auto make : {room_for_an_hour, headline}) {
    const Table mine = make(results);
    if (mine.rows.empty()) continue;
    out += plain(beside(mine, make(reference))) + '\n';
  }
  out += "Medians over the runs. Bytes are TCP payload, both ways.\n";
  if (!reference.runs.empty()) out += fmt::format("The reference machine: {}.\n", made_on(reference));
  const std::string gates = not_counted(results, [](const Run&) { return true; });
  if (!gates.empty()) out += '\n' + gates;
  return out + fmt::format("\nMade on {}.\n", made_on(results));
}

std::string figure(const Results& results, const std::string& cell, const std::string& name) {
  std::vector<double> values;
  for (const Run& run : results.runs) {
    if (run.cell != cell || !run.counts()) continue;
    const auto found = run.figures.find(name);
    if (found != run.figures.end()) values.push_back(found->second);
  }
  return values.empty() ? "not measured" : shown(median(values), unit_of(name));
}

std::string block(const Results& results, const std::string& name, const Ledger& ledger,
                  const std::string& pictures) {
  if (name.starts_with("picture "))
    return picture_block(results, name.substr(std::string_view("picture ").size()), ledger, pictures);
  if (name == "provenance") return provenance_block(results);
  if (name == "claims" || name == "verdicts") {
    if (ledger.empty())
      throw std::invalid_argument(
          fmt::format("the block \"{}\" needs the claims of notes/claims.json", name));
    return (name == "claims" ? claims_in_full(ledger, results) : verdicts(ledger, results)) + '\n' +
           footer(
               made_on_all(results),
               "what holds elsewhere: each verdict is about the set-up that stands with its claim, on one machine",
               "bench/run");
  }
  if (name == "models") return models_block(results);
  if (name == "peers") return peers_block(results);
  if (name == "peers ahead") return ahead_block(results);
  if (name == "headline") {
    return markdown(headline(results)) +
           "\nEach figure is the median over the runs; their spread stands in the tables. Bytes are TCP payload, both ways, set-up apart. " +
           footer(made_on(results), "a browser, TLS or a proxy: headers are as lean as they get",
                  "bench/run");
  }
  for (const Experiment& which : experiments()) {
    if (which.name != name) continue;
    const std::vector<CellRuns> all = cells(results, name);
    const std::string command = fmt::format("{} --filter ^{}/", command_of(which.suite), name);
    if (all.empty()) return fmt::format("Not measured in this run. `{}` does.\n", command);
    std::string out = markdown(tabulate(all, which.parameters, which.columns)) +
                      fmt::format("\n{}; {}. ", how_to_read, which.counted) +
                      footer(made_on(results, which.suite), which.not_shown, command);
    return with_gates(out, not_counted(results, name));
  }
  std::string known = "headline, models, peers, peers ahead, provenance, claims, verdicts";
  for (const Experiment& which : experiments()) known += ", " + which.name;
  known += ", picture NAME";
  throw std::invalid_argument(fmt::format("there are no results \"{}\", expected one of {}", name, known));
}

}  // namespace bench
