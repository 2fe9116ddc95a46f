#pragma once
// Results as tables want them: the runs of one cell together, and what is said of them.

#include "bench/experiment.hpp"
#include "bench/result.hpp"
#include "bench/stats.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// The runs of one Google Benchmark. Points into the results, which must outlive it.
struct CellRuns {
  std::string name;
  std::string experiment;
  std::string arm;
  std::map<std::string, double> parameters;
  std::vector<const Run*> counted;  ///< every gate passed
  std::size_t runs = 0;

  std::optional<double> parameter(const std::string& which) const;
};

/// In an order that does not depend on the order of the runs. What the arms are compared at comes first.
std::vector<CellRuns> cells(const Results& results, std::string_view experiment);

using Figures = std::map<std::string, double> Run::*;

/// Over the runs that count; nothing where none of them has that figure.
std::optional<Summary> summary(const CellRuns& cell, const std::string& figure, Figures of = &Run::figures);
/// The median of what the model says.
std::optional<double> predicted(const CellRuns& cell, const std::string& figure);
/// Whether every counted run has samples enough for this percentile; a figure that is none always may.
bool printable(const CellRuns& cell, const std::string& figure);

/// The order in which arms are told about; unknown ones come last.
int rank(std::string_view arm);
/// "polling every 100 ms", "SSE": an arm for people.
std::string transport(const std::string& arm, std::optional<double> interval_ms);

/// The figure as a table shows it: median, smallest and largest; `none` where there is nothing to say.
std::string measured(const CellRuns& cell, const Column& column);
/// Clients that are busier than this share of a core may be the limit, and not the server: the row says so.
constexpr double busy_clients = 0.9;

/// One row for each cell.
Table tabulate(const std::vector<CellRuns>& all, const std::vector<Parameter>& parameters,
               const std::vector<Column>& columns);
/// The table without the columns that nobody has anything for.
Table without_empty(const Table& full);

/// What the provenance says of it, or "unknown".
std::string said(const Results& results, const std::string& what);
std::string said(const Provenance& provenance, const std::string& what);

}  // namespace bench
