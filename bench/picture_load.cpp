// Delay against load: flat, until the server has no time left.

#include "bench/curves.hpp"
#include "bench/pictures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace bench {
namespace {

struct At {
  double rate = 0;          // messages a second
  double p50 = 0, p99 = 0;  // s
  bool saturated = false;
};

struct Line {
  std::string arm;
  std::vector<At> points;
  double knee = 0;  // messages a second, by the model; 0: not known
};

std::vector<Line> lines_of(const Results& results) {
  std::vector<Line> lines;
  std::vector<double> knees;
  for (const CellRuns& cell : by_arm(results, "load")) {
    const auto rate = cell.parameter("rate");
    const auto p50 = median_of(cell, "p50_us", 1e-6), p99 = median_of(cell, "p99_us", 1e-6),
               knee = median_of(cell, "knee_per_s");
    if (!rate || !p50 || !p99) continue;
    if (lines.empty() || lines.back().arm != cell.arm) {
      lines.push_back({cell.arm, {}, 0});
      knees.clear();
    }
    lines.back().points.push_back({*rate, *p50, *p99, median_of(cell, "saturated").value_or(0) >= 0.5});
    if (knee) knees.push_back(*knee);
    if (!knees.empty()) lines.back().knee = median(knees);
  }
  std::erase_if(lines, [](const Line& line) { return line.points.size() < 2; });
  return lines;
}

Points curve_of(const Line& line, double At::*which) {
  Points points;
  for (const At& at : line.points) points.emplace_back(at.rate, at.*which);
  return points;
}

void draw_line(Drawing& drawing, const Panel& panel, const Line& line) {
  const Colour colour = colour_of(line.arm);
  if (line.knee > panel.x.low && line.knee < panel.x.high)
    drawing.curve({{line.knee, panel.y.low}, {line.knee, panel.y.high}},
                  {.colour = colour, .width = 1.5, .dash = "2,4"});
  drawing.curve(curve_of(line, &At::p99), {.colour = colour, .width = 1.5, .dash = "6,4"});
  drawing.curve(curve_of(line, &At::p50), {.colour = colour, .width = 2.5});
  for (double At::*which : {&At::p50, &At::p99}) {
    Points calm, saturated;
    for (const At& at : line.points) (at.saturated ? saturated : calm).emplace_back(at.rate, at.*which);
    if (!calm.empty()) drawing.points(calm, colour, Form::disc, 3.5);
    if (!saturated.empty()) drawing.points(saturated, colour, Form::ring, 5);
  }
}

std::optional<Drawing> draw(const Results& results, const Ledger&) {
  const std::vector<Line> lines = lines_of(results);
  if (lines.empty()) return std::nullopt;
  double least = 1e9, most = 0, fastest = 1e9, slowest = 0;
  for (const Line& line : lines) {
    least = std::min(least, line.points.front().rate);
    most = std::max(most, line.points.back().rate);
    for (const At& at : line.points) {
      fastest = std::min(fastest, at.p50);
      slowest = std::max(slowest, at.p99);
    }
  }
  Drawing drawing(760, 470);
  drawing.title(
      "Delay against load",
      "Lines: p50; dashes: p99; rings: the server is saturated; dotted: the knee, where its time would be used up");
  const Panel panel{76, 70, 640, 406, {least * 0.8, most * 1.25, true}, {fastest * 0.7, slowest * 1.5, true}};
  drawing.begin(panel);
  drawing.ticks_below(ticks_of_count(panel.x));
  drawing.ticks_left(ticks_of_time(panel.y));
  drawing.name_below("messages a second");
  drawing.name_left("delay");
  std::vector<double> ends;
  for (const Line& line : lines) {
    draw_line(drawing, panel, line);
    ends.push_back(panel.y_at(line.points.back().p50));
  }
  const std::vector<double> beside = spread(ends, 18, panel.top, panel.bottom);
  for (std::size_t i = 0; i < lines.size(); ++i)
    drawing.write(panel.right + 12, beside[i], transport(lines[i].arm, {}),
                  {.colour = colour_of(lines[i].arm), .bold = true});
  return drawing;
}

}  // namespace

Picture load_picture() {
  return {
      "load",
      "Delivery delay against messages per second",
      "The delay stays where it is until the server has no time left: from there on messages wait. Points are the median over the runs.",
      "a network, nor other servers: one publisher, one core for the server, one for everybody else",
      "bench/run --filter ^load/",
      draw};
}

}  // namespace bench
