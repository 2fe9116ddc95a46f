#include "bench/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <utility>

namespace bench {
namespace {

// 1 234 567, with as many decimals as asked for.
std::string grouped(double value, int decimals) {
  std::string text = fmt::format("{:.{}f}", value, decimals);
  std::size_t at = std::min(text.find('.'), text.size());
  for (const std::size_t first = text.front() == '-' ? 1 : 0; at > first + 3;) text.insert(at -= 3, 1, ' ');
  return text;
}

std::string two_digits(double value) {
  if (value == 0) return "0";
  const auto place = [](double x) { return 1 - static_cast<int>(std::floor(std::log10(std::abs(x)))); };
  const double scale = std::pow(10.0, place(value));
  const double rounded = std::round(value * scale) / scale;
  return grouped(rounded, std::max(0, place(rounded)));
}

// Times get the unit in which the first of them reads best.
struct Scale {
  double factor = 1;
  std::string_view name;
};

Scale scale_of(double value, Unit unit) {
  if (unit == Unit::share) return {100, " %"};
  if (unit == Unit::bytes || unit == Unit::count) return {};
  const double ns = unit == Unit::nanoseconds ? value : value * 1e3;
  const double to_ns = unit == Unit::nanoseconds ? 1 : 1e3;
  if (ns < 1e3) return {to_ns, " ns"};
  if (ns < 1e6) return {to_ns / 1e3, " µs"};
  if (ns < 1e9) return {to_ns / 1e6, " ms"};
  return {to_ns / 1e9, " s"};
}

// Bytes are counted, not sampled, so they are exact; a mean of bytes gets one decimal.
std::string digits(double value, Unit unit, const Scale& scale) {
  if (unit == Unit::bytes) return grouped(value, value == std::round(value) || value >= 10'000 ? 0 : 1);
  return two_digits(value * scale.factor);
}

// Characters of UTF-8; all that are printed here are one column wide.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

// A row for each line of the head, filled up at the top.
std::vector<std::vector<std::string>> lines_of(const std::vector<std::string>& head) {
  std::vector<std::vector<std::string>> columns;
  std::size_t most = 0;
  for (const std::string& cell : head) {
    std::vector<std::string> lines(1);
    for (const char c : cell) {
      if (c == '\n') {
        lines.emplace_back();
      } else {
        lines.back() += c;
      }
    }
    most = std::max(most, lines.size());
    columns.push_back(std::move(lines));
  }
  std::vector<std::vector<std::string>> rows(most, std::vector<std::string>(head.size()));
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const std::size_t top = most - columns[i].size();
    for (std::size_t j = 0; j < columns[i].size(); ++j) rows[top + j][i] = columns[i][j];
  }
  return rows;
}

}  // namespace

Unit unit_of(std::string_view figure) {
  const auto has_word = [figure](std::string_view word) {
    for (std::size_t at = 0; (at = figure.find(word, at)) != std::string_view::npos; ++at) {
      const std::size_t end = at + word.size();
      if ((at == 0 || figure[at - 1] == '_') && (end == figure.size() || figure[end] == '_')) return true;
    }
    return false;
  };
  if (has_word("us")) return Unit::microseconds;
  if (has_word("ns")) return Unit::nanoseconds;
  if (has_word("bytes")) return Unit::bytes;
  if (has_word("share")) return Unit::share;
  return Unit::count;
}

bool is_same(double measured, double predicted) {
  return std::abs(measured - predicted) <= 1e-9 * std::abs(predicted);
}

std::string exact(double value) {
  if (value == std::round(value)) return grouped(value, 0);
  return fmt::format("{:.6g}", value);
}

std::string shown(double value, Unit unit) {
  const Scale scale = scale_of(value, unit);
  return digits(value, unit, scale) + std::string(scale.name);
}

std::string shown(const Summary& summary, Unit unit) {
  const Scale scale = scale_of(summary.median, unit);
  std::string text = digits(summary.median, unit, scale) + std::string(scale.name);
  const std::string low = digits(summary.low, unit, scale);
  const std::string high = digits(summary.high, unit, scale);
  if (low != high) text += fmt::format(" ({} to {})", low, high);
  return text;
}

std::string deviation(double measured, double predicted) {
  if (is_same(measured, predicted)) return "exact";
  if (predicted == 0) return std::string(none);
  const double percent = 100 * (measured - predicted) / predicted;
  return (percent > 0 ? "+" : "") + two_digits(percent) + " %";
}

std::string markdown(const Table& table) {
  std::string head = fmt::format("| {} |\n", fmt::join(table.head, " | "));
  std::replace(head.begin(), head.end() - 1, '\n', ' ');
  std::string out = head + "| ---";
  for (std::size_t i = 1; i < table.head.size(); ++i) out += " | ---:";
  out += " |\n";
  for (const auto& row : table.rows) out += fmt::format("| {} |\n", fmt::join(row, " | "));
  return out;
}

std::string plain(const Table& table) {
  const std::vector<std::vector<std::string>> heads = lines_of(table.head);
  std::vector<std::size_t> widths(table.head.size());
  for (const auto* part : {&heads, &table.rows}) {
    for (const auto& row : *part) {
      for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width(row[i]));
    }
  }
  const auto line = [&](const std::vector<std::string>& row) {
    std::string out;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string space(widths[i] - width(row[i]), ' ');
      out += i == 0 ? row[i] + space : "   " + space + row[i];
    }
    while (out.ends_with(' ')) out.pop_back();
    return out + '\n';
  };
  std::string out;
  for (const auto& row : heads) out += line(row);
  out += std::string(std::accumulate(widths.begin(), widths.end(), 3 * (widths.size() - 1)), '-') + '\n';
  for (const auto& row : table.rows) out += line(row);
  return out;
}

}  // namespace bench
