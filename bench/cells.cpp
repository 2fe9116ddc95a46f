#include "bench/cells.hpp"

#include "bench/peers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <tuple>
#include <utility>

namespace bench {
namespace {

std::string every(std::optional<double> interval_ms) {
  if (!interval_ms) return {};
  return " every " + (*interval_ms < 1000 ? exact(*interval_ms) + " ms" : exact(*interval_ms / 1000) + " s");
}

double median_of(const CellRuns& cell, const std::string& figure) {
  const auto found = summary(cell, figure);
  return found ? found->median : 0;
}

}  // namespace

std::optional<double> CellRuns::parameter(const std::string& which) const {
  const auto found = parameters.find(which);
  return found == parameters.end() ? std::nullopt : std::optional(found->second);
}

std::optional<Summary> summary(const CellRuns& cell, const std::string& figure, Figures of) {
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
  constexpr std::array<std::string_view, 15> order{
      "poll",           "poll_express", "nchan_poll", "nginx_static", "longpoll",
      "nchan_longpoll", "sse",          "sse_node",   "nchan_sse",    "ws",
      "ws_node",        "socketio",     "nchan_ws",   "tcp",          "null"};
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
    return std::tuple(value("rtt_ms"), value("rate"), value("readers"), value("window"),
                      value("payload_bytes"), rank(cell.arm), value("interval_ms"), cell.name);
  };
  std::sort(sorted.begin(), sorted.end(),
            [&](const CellRuns& a, const CellRuns& b) { return key(a) < key(b); });
  return sorted;
}

std::string transport(const std::string& arm, std::optional<double> interval_ms) {
  if (arm == "poll") return "polling" + every(interval_ms);
  if (arm == "longpoll") return "long polling";
  if (arm == "sse") return "SSE";
  if (arm == "ws") return "WebSocket";
  if (arm == "tcp") return "raw TCP";
  if (arm == "null") return "no transport (in process)";
  if (arm == "loopback") return "a bare connection, loopback";
  if (arm == "relay") return "a bare connection, over the line";
  if (arm == "sink") return "SSE, bare readers";
  if (const PeerArm* const peer = find_peer(arm)) return std::string(peer->words);
  return arm;
}

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
    std::string text = cell.counted.size() == cell.runs
                           ? std::to_string(cell.runs)
                           : fmt::format("{} of {}", cell.counted.size(), cell.runs);
    const double busy =
        std::max(median_of(cell, "client_utilisation"), median_of(cell, "burst_client_utilisation"));
    if (busy > busy_clients) text += fmt::format(" (clients at {:.2f} of a core)", busy);
    return text;
  });
  return without_empty(table);
}

std::string said(const Results& results, const std::string& what) { return said(results.provenance, what); }

std::string said(const Provenance& provenance, const std::string& what) {
  const auto found = provenance.find(what);
  return found == provenance.end() ? "unknown" : found->second;
}

}  // namespace bench
