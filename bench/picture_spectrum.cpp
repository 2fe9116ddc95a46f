// The same delays with the rare ones spread out: each step to the right is ten times rarer. Medians alone hide what users complain
// about.

#include "bench/curves.hpp"
#include "bench/pictures.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bench {
namespace {

struct Line {
  std::string arm;
  std::string name;
  std::vector<Quantile> quantiles;
};

std::vector<Line> lines_of(const Results& results) {
  std::vector<Line> lines;
  for (const CellRuns& cell :
       by_arm(results, "delivery", "delivery/(poll/interval_ms:100|longpoll|sse|ws|tcp|null)(/.*)?")) {
    Line line{cell.arm, transport(cell.arm, {}), quantiles(cell)};
    if (cell.parameter("rtt_ms").value_or(0) > 0 || line.quantiles.size() < 2) continue;
    if (line.arm == "poll") line.name = "polling, 100 ms";
    if (line.arm == "null") line.name = "in process";
    lines.push_back(std::move(line));
  }
  return lines;
}

double rarity(double share) { return 1 / (1 - share); }

// A share of 0, the fastest of all, is where the axis begins.
Points curve_of(const Line& line, double Summary::*which) {
  Points points;
  for (const auto& quantile : line.quantiles)
    points.emplace_back(rarity(quantile.share), quantile.seconds.*which);
  return points;
}

std::optional<Drawing> draw(const Results& results, const Ledger&) {
  const std::vector<Line> lines = lines_of(results);
  if (lines.empty()) return std::nullopt;
  double fastest = 1, slowest = 0, rarest = 10;
  for (const Line& line : lines) {
    fastest = std::min(fastest, line.quantiles.front().seconds.low);
    slowest = std::max(slowest, line.quantiles.back().seconds.high);
    rarest = std::max(rarest, rarity(line.quantiles.back().share));
  }
  Drawing drawing(760, 460);
  drawing.title("How late are the latest?", "Delay that a share of the messages does not exceed; loopback");
  const Panel panel{76, 66, 618, 396, {1, rarest, true}, {fastest * 0.8, slowest * 1.4, true}};
  drawing.begin(panel);
  std::vector<Tick> ticks{{1, "0 %"}, {2, "50 %"}};
  double at = 10;
  for (const char* share : {"90 %", "99 %", "99.9 %", "99.99 %"}) {
    if (at <= rarest * 1.001) ticks.push_back({at, share});
    at *= 10;
  }
  drawing.ticks_below(ticks);
  drawing.ticks_left(ticks_of_time(panel.y));
  drawing.name_below("share of the messages");
  drawing.name_left("delay");
  std::vector<double> ends;
  for (const Line& line : lines) {
    Points outline = curve_of(line, &Summary::low);
    const Points back = curve_of(line, &Summary::high);
    outline.insert(outline.end(), back.rbegin(), back.rend());
    drawing.area(outline, {.colour = colour_of(line.arm), .opacity = 0.2});
    ends.push_back(panel.y_at(line.quantiles.back().seconds.median));
  }
  for (const Line& line : lines)
    drawing.curve(curve_of(line, &Summary::median), {.colour = colour_of(line.arm), .width = 2.5});
  const std::vector<double> beside = spread(ends, 18, panel.top, panel.bottom);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const double x = panel.x_at(rarity(lines[i].quantiles.back().share));
    drawing.write(x + 10, beside[i], lines[i].name, {.colour = colour_of(lines[i].arm), .bold = true});
  }
  return drawing;
}

}  // namespace

Picture spectrum_picture() {
  return {
      "spectrum",
      "Percentile spectrum of delivery delays on loopback",
      "Each step to the right is ten times rarer: where a line rises, the rare message is much later than the usual one. Lines are the median over "
      "the runs, bands the smallest to the largest run, as far as a run's samples carry the percentile.",
      "a network, where one transit would lift all lines alike, nor percentiles that need more samples than a run has",
      "bench/run --filter ^delivery/",
      draw};
}

}  // namespace bench
