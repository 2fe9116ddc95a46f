// The claims about how many times: what was measured, with its interval, beside what was published.

#include "bench/format.hpp"
#include "bench/pictures.hpp"
#include "bench/verdict.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace bench {
namespace {

constexpr std::size_t longest_line = 46;  // characters of a label

// Broken at blanks.
std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (text.size() > longest_line) {
    std::size_t end = text.rfind(' ', longest_line);
    if (end == std::string_view::npos || end == 0) end = std::min(text.find(' ', longest_line), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  if (!text.empty()) lines.emplace_back(text);
  return lines;
}

// "4.31", "0.14", "61.5", "870".
std::string in_words(double ratio) {
  return fmt::format("{:.{}f}", ratio, ratio >= 100 ? 0 : ratio >= 10 ? 1 : ratio >= 0.1 ? 2 : 4);
}

std::string in_words(const Reading& ratio) {
  const std::string low = in_words(ratio.low), high = in_words(ratio.high);
  return in_words(ratio.value) + (low == high ? std::string() : fmt::format(" ({} to {})", low, high));
}

// 0.1, 0.2, 0.5, 1, 2, 5 … as far apart as leaves room for their numbers.
std::vector<Tick> ticks_of_ratio(const Axis& axis) {
  std::vector<Tick> ticks;
  const double decades = std::log10(axis.high / axis.low);
  for (int power = -6; power <= 6; ++power) {
    for (const int digit : {1, 2, 5}) {
      const double at = digit * std::pow(10.0, power);
      const bool shown = digit == 1 || decades < (digit == 2 ? 2 : 3);
      if (shown && at >= axis.low && at <= axis.high) ticks.push_back({at, exact(at)});
    }
  }
  return ticks;
}

std::string label_of(const Comparison& row) { return row.id + ": " + row.label; }

void draw_row(Drawing& drawing, const Panel& panel, double y, const Comparison& row) {
  const double at = y - panel.top;
  const Points published{{row.published_low, at + 5}, {row.published_high, at + 5}};
  drawing.curve(published, {.colour = faint, .width = 1});
  drawing.points(published, faint, Form::hollow_diamond, 5);
  drawing.curve({{row.measured.low, at - 4}, {row.measured.high, at - 4}}, {.width = 2.5});
  drawing.points({{row.measured.value, at - 4}}, ink, Form::square, 4.5);
}

// What a logarithmic axis can show.
std::vector<Comparison> rows_of(const Results& results, const Ledger& ledger) {
  std::vector<Comparison> rows = comparisons(ledger, results);
  std::erase_if(rows, [](const Comparison& row) { return row.measured.low <= 0 || row.published_low <= 0; });
  return rows;
}

std::optional<Drawing> draw(const Results& results, const Ledger& ledger) {
  const std::vector<Comparison> rows = rows_of(results, ledger);
  if (rows.empty()) return std::nullopt;
  double least = 1, most = 1, height = 8;
  std::vector<double> middles;  // of the rows, from the panel's top
  for (const Comparison& row : rows) {
    least = std::min({least, row.measured.low, row.published_low});
    most = std::max({most, row.measured.high, row.published_high});
    const double room = 18 + 15 * static_cast<double>(lines_of(label_of(row)).size());
    middles.push_back(height + room / 2);
    height += room;
  }
  constexpr double top = 66;
  Drawing drawing(820, static_cast<int>(top + height + 60));
  drawing.title("How many times?",
                "Squares: measured, with the 95 % confidence interval; hollow: as published");
  const Panel panel{340, top, 640, top + height, {least / 1.25, most * 1.25, true}, {height, 0}, false};
  drawing.begin(panel);
  drawing.ticks_below(ticks_of_ratio(panel.x));
  drawing.name_below("ratio");
  drawing.curve({{1, 0}, {1, height}}, {.colour = faint, .width = 1.5});
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Comparison& row = rows[i];
    const double y = top + middles[i];
    draw_row(drawing, panel, y, row);
    const std::vector<std::string> lines = lines_of(label_of(row));
    for (std::size_t j = 0; j < lines.size(); ++j)
      drawing.write(panel.left - 14,
                    y + 15 * (static_cast<double>(j) - static_cast<double>(lines.size() - 1) / 2), lines[j],
                    {.align = Align::right, .size = 12});
    drawing.write(panel.right + 10, y, in_words(row.measured), {.size = 12});
  }
  return drawing;
}

}  // namespace

Picture forest_picture() {
  return {
      "forest",
      "Measured ratios beside the published ones",
      "Each claim about how many times one is more than the other: what was measured here, with its 95 % confidence interval, and what was published.",
      "whether both were measured alike: the claim's own words say on which set-up",
      "bench/run",
      draw,
      true};
}

}  // namespace bench
