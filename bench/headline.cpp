#include "bench/headline.hpp"

#include "bench/cells.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

namespace bench {
namespace {

// Polling has a row for each interval.
struct Row {
  std::string arm;
  std::optional<double> interval_ms;
};

const std::vector<Row>& rows() {
  static const std::vector<Row> all{{"poll", 100},    {"poll", 1000}, {"poll", 5000},
                                    {"longpoll", {}}, {"sse", {}},    {"ws", {}}};
  return all;
}

// The first cell of that row for which `fits` holds. A polling cell that has no interval belongs to all that have one.
const CellRuns* find(const std::vector<CellRuns>& all, const Row& row,
                     const std::function<bool(const CellRuns&)>& fits) {
  const auto found = std::find_if(all.begin(), all.end(), [&](const CellRuns& cell) {
    const auto interval = cell.parameter("interval_ms");
    return cell.arm == row.arm && (row.arm != "poll" || !interval || interval == row.interval_ms) &&
           fits(cell);
  });
  return found == all.end() ? nullptr : &*found;
}

std::string median_of(const CellRuns* cell, const std::string& figure, Unit unit) {
  const auto found = cell && printable(*cell, figure) ? summary(*cell, figure) : std::nullopt;
  return found ? shown(found->median, unit) : std::string(none);
}

// "50 ms / 99 ms"
std::string delay(const CellRuns* cell) {
  const std::string p50 = median_of(cell, "p50_us", Unit::microseconds);
  const std::string p99 = median_of(cell, "p99_us", Unit::microseconds);
  return p50 == none && p99 == none ? p50 : p50 + " / " + p99;
}

// "176 = 176": what was counted, and what was predicted.
std::string compared(const CellRuns* cell, const std::string& figure) {
  const auto found = cell ? summary(*cell, figure) : std::nullopt;
  if (!found) return std::string(none);
  const auto model = predicted(*cell, figure);
  const std::string counted = shown(found->median, Unit::bytes);
  if (!model) return counted;
  if (is_same(found->median, *model)) return counted + " = " + shown(*model, Unit::bytes);
  return fmt::format("{}, model {} ({})", counted, shown(*model, Unit::bytes),
                     deviation(found->median, *model));
}

// A row of which nothing is known but its name is left out, and then a column of which nothing is known.
Table without_nothing(Table table) {
  std::erase_if(table.rows, [](const auto& row) {
    return std::all_of(row.begin() + 1, row.end(), [](const std::string& cell) { return cell == none; });
  });
  return without_empty(table);
}

}  // namespace

Table headline(const Results& results) {
  const auto delivery = cells(results, "delivery"), bytes = cells(results, "bytes"),
             silence = cells(results, "silence"), fanout = cells(results, "fanout"),
             memory = cells(results, "memory");
  Table table;
  table.head = {"transport",
                "delay p50 / p99,\nRTT 0",
                "RTT 20 ms",
                "RTT 100 ms",
                "bytes of a\n100-byte message\n= model",
                "bytes of a\nsilent hour\n= model",
                "server CPU\nper delivery,\n1 000 readers",
                "memory\nper reader"};
  for (const Row& row : rows()) {
    const auto at_rtt = [&](double rtt_ms) {
      return delay(find(delivery, row, [&](const CellRuns& cell) {
        return cell.parameter("rtt_ms").value_or(0) == rtt_ms && !cell.parameter("pause_ms");
      }));
    };
    const auto any = [](const CellRuns&) { return true; };
    const auto lean = [](const CellRuns& cell) {
      return cell.parameter("payload_bytes") == 100 && cell.name.find("/profile:") == std::string::npos;
    };
    const auto thousand = [](const CellRuns& cell) { return cell.parameter("readers") == 1000; };
    table.rows.push_back({transport(row.arm, row.interval_ms), at_rtt(0), at_rtt(20), at_rtt(100),
                          compared(find(bytes, row, lean), "bytes_per_message"),
                          compared(find(silence, row, any), "bytes_per_hour"),
                          median_of(find(fanout, row, thousand), "cpu_ns_per_delivery", Unit::nanoseconds),
                          median_of(find(memory, row, any), "user_bytes_per_reader", Unit::bytes)});
  }
  return without_nothing(std::move(table));
}

Table room_for_an_hour(const Results& results) {
  const auto room = cells(results, "room");
  const Experiment* experiment = nullptr;
  for (const Experiment& which : experiments()) {
    if (which.name == "room") experiment = &which;
  }
  Table table;
  table.head = {"a room of 100 people,\nan hour"};
  if (!experiment) return table;
  for (const Column& column : experiment->columns) table.head.push_back(column.head);
  for (const Row& row : rows()) {
    const CellRuns* const cell = find(room, row, [](const CellRuns&) { return true; });
    std::vector<std::string> line{transport(row.arm, row.interval_ms)};
    for (const Column& column : experiment->columns)
      line.push_back(median_of(cell, column.figure, column.unit));
    table.rows.push_back(std::move(line));
  }
  return without_nothing(std::move(table));
}

Table beside(const Table& mine, const Table& reference) {
  Table both{mine.head, {}};
  for (const auto& row : mine.rows) {
    both.rows.push_back(row);
    const auto other = std::find_if(reference.rows.begin(), reference.rows.end(),
                                    [&](const auto& candidate) { return candidate.front() == row.front(); });
    if (other == reference.rows.end()) continue;
    std::vector<std::string> line{"  reference machine"};
    for (std::size_t i = 1; i < mine.head.size(); ++i) {
      const auto column = std::find(reference.head.begin(), reference.head.end(), mine.head[i]);
      line.push_back(column == reference.head.end()
                         ? std::string(none)
                         : (*other)[static_cast<std::size_t>(column - reference.head.begin())]);
    }
    both.rows.push_back(std::move(line));
  }
  return both;
}

}  // namespace bench
