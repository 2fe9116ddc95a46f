#include "bench/report.hpp"

#include "bench/experiment.hpp"
#include "bench/format.hpp"
#include "bench/stats.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <optional>
#include <set>
#include <stdexcept>
#include <string_view>
#include <tuple>
#include <utility>

namespace bench {
namespace {

// --- cells: the runs of one Google Benchmark ---

struct CellRuns {
  std::string name;
  std::string experiment;
  std::string arm;
  std::map<std::string, double> parameters;
  std::vector<const Run*> counted;  // every gate passed
  std::size_t runs = 0;

  std::optional<double> parameter(const std::string& which) const {
    const auto found = parameters.find(which);
    return found == parameters.end() ? std::nullopt : std::optional(found->second);
  }
};

using Figures = std::map<std::string, double> Run::*;

std::optional<Summary> summary(const CellRuns& cell, const std::string& figure, Figures of = &Run::figures) {
  std::vector<double> values;
  for (const Run* run : cell.counted) {
    const auto found = (run->*of).find(figure);
    if (found != (run->*of).end()) values.push_back(found->second);
  }
  return values.empty() ? std::nullopt : std::optional(summarize(values));
}

std::optional<double> predicted(const CellRuns& cell, const std::string& figure) {
  const auto found = summary(cell, figure, &Run::predicted);
  return found ? std::optional(found->median) : std::nullopt;
}

// Whether every counted run has samples enough for this percentile; a figure that is none always may.
bool printable(const CellRuns& cell, const std::string& figure) {
  const double p = figure == "p50_us" ? 0.5 : figure == "p90_us" ? 0.9 : figure == "p99_us" ? 0.99 : 0;
  if (p == 0) return true;
  const auto n = summary(cell, "n");
  return n && may_print(static_cast<std::size_t>(n->low), p);
}

int rank(std::string_view arm) {
  constexpr std::array<std::string_view, 6> order{"poll", "longpoll", "sse", "ws", "tcp", "null"};
  return static_cast<int>(std::find(order.begin(), order.end(), arm) - order.begin());
}

// In an order that does not depend on the order of the runs. What the arms are compared at comes first.
std::vector<CellRuns> cells(const Results& results, std::string_view experiment) {
  std::map<std::string, CellRuns> by_name;
  for (const Run& run : results.runs) {
    if (run.experiment != experiment) continue;
    CellRuns& cell =
        by_name.try_emplace(run.cell, CellRuns{run.cell, run.experiment, run.arm, run.parameters, {}, 0})
            .first->second;
    ++cell.runs;
    if (run.counts()) cell.counted.push_back(&run);
  }
  std::vector<CellRuns> sorted;
  for (auto& [name, cell] : by_name) sorted.push_back(std::move(cell));
  const auto key = [](const CellRuns& cell) {
    const auto value = [&](const char* which) { return cell.parameter(which).value_or(0); };
    return std::tuple(value("rtt_ms"), value("rate"), value("readers"), value("payload_bytes"),
                      rank(cell.arm), value("interval_ms"), cell.name);
  };
  std::sort(sorted.begin(), sorted.end(),
            [&](const CellRuns& a, const CellRuns& b) { return key(a) < key(b); });
  return sorted;
}

std::string every(std::optional<double> interval_ms) {
  if (!interval_ms) return {};
  return " every " + (*interval_ms < 1000 ? exact(*interval_ms) + " ms" : exact(*interval_ms / 1000) + " s");
}

std::string transport(const std::string& arm, std::optional<double> interval_ms) {
  if (arm == "poll") return "polling" + every(interval_ms);
  if (arm == "longpoll") return "long polling";
  if (arm == "sse") return "SSE";
  if (arm == "ws") return "WebSocket";
  if (arm == "tcp") return "raw TCP";
  if (arm == "null") return "no transport (in process)";
  return arm;
}

// --- tables ---

std::string measured(const CellRuns& cell, const Column& column) {
  const auto found = summary(cell, column.figure);
  return found && printable(cell, column.figure) ? shown(*found, column.unit) : std::string(none);
}

// The table without the columns that nobody has anything for.
Table without_empty(const Table& full) {
  Table table{{}, std::vector<std::vector<std::string>>(full.rows.size())};
  for (std::size_t i = 0; i < full.head.size(); ++i) {
    if (!full.rows.empty() &&
        std::all_of(full.rows.begin(), full.rows.end(), [&](const auto& row) { return row[i] == none; }))
      continue;
    table.head.push_back(full.head[i]);
    for (std::size_t j = 0; j < full.rows.size(); ++j) table.rows[j].push_back(full.rows[j][i]);
  }
  return table;
}

// One row for each cell.
Table tabulate(const std::vector<CellRuns>& all, const std::vector<Parameter>& parameters,
               const std::vector<Column>& columns) {
  Table table;
  table.head.push_back("transport");
  for (const CellRuns& cell : all) table.rows.push_back({transport(cell.arm, cell.parameter("interval_ms"))});
  const auto add = [&](const std::string& head, const std::function<std::string(const CellRuns&)>& content) {
    table.head.push_back(head);
    for (std::size_t i = 0; i < all.size(); ++i) table.rows[i].push_back(content(all[i]));
  };
  for (const Parameter& parameter : parameters) {
    add(parameter.head, [&](const CellRuns& cell) {
      const auto value = cell.parameter(parameter.name);
      return value ? exact(*value) : std::string(none);
    });
  }
  for (const Column& column : columns) {
    add(column.head, [&](const CellRuns& cell) { return measured(cell, column); });
    if (!column.modelled) continue;
    add("model", [&](const CellRuns& cell) {
      const auto model = predicted(cell, column.figure);
      return model ? shown(*model, column.unit) : std::string(none);
    });
    add("off by", [&](const CellRuns& cell) {
      const auto found = summary(cell, column.figure);
      const auto model = predicted(cell, column.figure);
      return found && model && printable(cell, column.figure) ? deviation(found->median, *model)
                                                              : std::string(none);
    });
  }
  add("n", [](const CellRuns& cell) {
    const auto n = summary(cell, "n");
    return n ? n->low == n->high ? exact(n->low) : exact(n->low) + " to " + exact(n->high)
             : std::string(none);
  });
  add("runs", [](const CellRuns& cell) {
    return cell.counted.size() == cell.runs ? std::to_string(cell.runs)
                                            : fmt::format("{} of {}", cell.counted.size(), cell.runs);
  });
  return without_empty(table);
}

// --- what stands under a table ---

std::string said(const Results& results, const std::string& what) {
  const auto found = results.provenance.find(what);
  return found == results.provenance.end() ? "unknown" : found->second;
}

std::string made_on(const Results& results) {
  const std::string dirty = said(results, "dirty") == "yes" ? " with changes" : "";
  return fmt::format("{}, commit {}{}, {}, {} cores, {}", said(results, "started").substr(0, 10),
                     said(results, "commit").substr(0, 12), dirty, said(results, "cpu"),
                     said(results, "cores"), said(results, "kernel"));
}

// The gates that were not passed, one to a line.
std::string not_counted(const Results& results, const std::set<std::string>& experiments) {
  std::string out;
  for (const Run& run : results.runs) {
    if (!experiments.contains(run.experiment)) continue;
    for (const Gate& gate : run.gates) {
      if (!gate.passed)
        out += fmt::format("- {}, run {}: {}: {}\n", run.cell, run.repetition + 1, gate.name, gate.detail);
    }
  }
  return out.empty() ? out : "Not counted, because of the gate:\n\n" + out;
}

// --- the headline: a row for each transport ---

const std::set<std::string> headline_experiments{"delivery", "bytes", "silence", "fanout"};

struct Row {
  std::string arm;
  std::optional<double> interval_ms;
  auto operator<=>(const Row&) const = default;
};

std::vector<Row> headline_rows(const Results& results) {
  std::set<Row> found;
  for (const Run& run : results.runs) {
    if (!headline_experiments.contains(run.experiment) || rank(run.arm) > rank("ws")) continue;
    const auto interval = run.parameters.find("interval_ms");
    const bool known = run.arm == "poll" && interval != run.parameters.end();
    found.insert({run.arm, known ? std::optional(interval->second) : std::nullopt});
  }
  std::vector<Row> rows;
  for (const Row& row : found) {
    // A polling cell that has no interval belongs to all that have one.
    const bool general = row.arm == "poll" && !row.interval_ms;
    const bool others = std::any_of(found.begin(), found.end(), [](const Row& other) {
      return other.arm == "poll" && other.interval_ms;
    });
    if (!general || !others) rows.push_back(row);
  }
  std::sort(rows.begin(), rows.end(), [](const Row& a, const Row& b) {
    return std::pair(rank(a.arm), a.interval_ms) < std::pair(rank(b.arm), b.interval_ms);
  });
  return rows;
}

// The first cell of that row for which `fits` holds.
const CellRuns* find(const std::vector<CellRuns>& all, const Row& row,
                     const std::function<bool(const CellRuns&)>& fits) {
  for (const CellRuns& cell : all) {
    const auto interval = cell.parameter("interval_ms");
    const bool same = cell.arm == row.arm && (row.arm != "poll" || !interval || interval == row.interval_ms);
    if (same && fits(cell)) return &cell;
  }
  return nullptr;
}

std::string measured(const CellRuns* cell, const Column& column) {
  return cell ? measured(*cell, column) : std::string(none);
}

// "176 = 176": what was counted, and what was predicted.
std::string compared(const CellRuns* cell, const std::string& figure) {
  const auto found = cell ? summary(*cell, figure) : std::nullopt;
  if (!found) return std::string(none);
  const auto model = predicted(*cell, figure);
  const std::string counted = shown(*found, Unit::bytes);
  if (!model) return counted;
  if (is_same(found->median, *model)) return counted + " = " + shown(*model, Unit::bytes);
  return fmt::format("{}, model {} ({})", counted, shown(*model, Unit::bytes),
                     deviation(found->median, *model));
}

Table headline(const Results& results) {
  const std::vector<CellRuns> delivery = cells(results, "delivery"), bytes = cells(results, "bytes"),
                              silence = cells(results, "silence"), fanout = cells(results, "fanout");
  double readers = 0;
  for (const CellRuns& cell : fanout) readers = std::max(readers, cell.parameter("readers").value_or(0));
  const std::string room = exact(readers);
  const auto any = [](const CellRuns&) { return true; };
  Table table;
  table.head = {"transport",
                "delay p50",
                "delay p99",
                "bytes of a\n100-byte message\n= model",
                "bytes of a\nsilent hour\n= model",
                "server CPU\nper delivery,\n" + room + " readers",
                "delay of the\nlast reader\nof " + room};
  for (const Row& row : headline_rows(results)) {
    const CellRuns* const delay = find(delivery, row, any);
    const CellRuns* const message =
        find(bytes, row, [](const CellRuns& cell) { return cell.parameter("payload_bytes") == 100; });
    const CellRuns* const silent = find(silence, row, any);
    const CellRuns* const crowd =
        find(fanout, row, [&](const CellRuns& cell) { return cell.parameter("readers") == readers; });
    table.rows.push_back(
        {transport(row.arm, row.interval_ms), measured(delay, {"", "p50_us", Unit::microseconds}),
         measured(delay, {"", "p99_us", Unit::microseconds}), compared(message, "bytes_per_message"),
         compared(silent, "bytes_per_hour"), measured(crowd, {"", "cpu_ns_per_delivery", Unit::nanoseconds}),
         measured(crowd, {"", "last_us", Unit::microseconds})});
  }
  return without_empty(table);
}

constexpr std::string_view how_to_read =
    "Each figure is the median over the runs, in brackets the smallest and the largest";

std::string footer(const Results& results, const std::string& not_shown, const std::string& command) {
  return fmt::format("It does not show {}. Made by `{}` on {}.\n", not_shown, command, made_on(results));
}

std::string provenance_block(const Results& results) {
  std::string out = "| what | was |\n| --- | --- |\n";
  for (const auto& [name, value] : results.provenance) {
    std::string cell = value;
    for (std::size_t at = 0; (at = cell.find('|', at)) != std::string::npos; at += 2)
      cell.insert(at, 1, '\\');
    std::replace(cell.begin(), cell.end(), '\n', ' ');
    out += fmt::format("| {} | {} |\n", name, cell);
  }
  return out + "\nIt does not show what else ran on the machine or on its host. Made by `bench/run`.\n";
}

std::string with_gates(std::string out, const std::string& gates) {
  return gates.empty() ? out : std::move(out) + "\n" + gates;
}

}  // namespace

std::string table(const Results& results) {
  std::string out = plain(headline(results));
  out += "\nMedian over the runs (smallest to largest). Bytes are TCP payload, both ways.\n";
  return with_gates(out, not_counted(results, headline_experiments)) +
         fmt::format("\nMade on {}.\n", made_on(results));
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

std::string block(const Results& results, const std::string& name) {
  if (name == "provenance") return provenance_block(results);
  if (name == "headline") {
    std::string out = markdown(headline(results)) +
                      fmt::format("\n{}; bytes are TCP payload, both ways, set-up apart. ", how_to_read);
    out += footer(
        results,
        "a network or a browser: server and readers are on one machine, headers are as lean as they get",
        "bench/run");
    return with_gates(out, not_counted(results, headline_experiments));
  }
  for (const Experiment& which : experiments()) {
    if (which.name != name) continue;
    const std::vector<CellRuns> all = cells(results, name);
    if (all.empty())
      return fmt::format("Not measured in this run. `bench/run --benchmark_filter={}` does.\n", name);
    std::string out = markdown(tabulate(all, which.parameters, which.columns)) +
                      fmt::format("\n{}; {}. ", how_to_read, which.counted) +
                      footer(results, which.not_shown, "bench/run --benchmark_filter=" + name);
    return with_gates(out, not_counted(results, {name}));
  }
  std::string known = "headline, provenance";
  for (const Experiment& which : experiments()) known += ", " + which.name;
  throw std::invalid_argument(fmt::format("there are no results \"{}\", expected one of {}", name, known));
}

}  // namespace bench
