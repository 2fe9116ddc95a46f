// One message to many readers: when the first, the middle and the last of them has it, and what a delivery costs the server.

#include "bench/curves.hpp"
#include "bench/pictures.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bench {
namespace {

struct At {
  double readers = 0;
  double first = 0, middle = 0, last = 0;  // s
  double model = 0;                        // s, of the last; 0: none
  double cpu = 0;                          // s per delivery
};

struct Line {
  std::string arm;
  std::vector<At> points;
  std::optional<double> interval_ms;  // of polling
};

std::vector<Line> lines_of(const Results& results) {
  std::vector<Line> lines;
  for (const CellRuns& cell : by_arm(results, "fanout")) {
    const auto readers = cell.parameter("readers");
    const auto first = median_of(cell, "first_us", 1e-6), middle = median_of(cell, "median_us", 1e-6),
               last = median_of(cell, "last_us", 1e-6), cpu = median_of(cell, "cpu_ns_per_delivery", 1e-9);
    if (!readers || !first || !middle || !last || !cpu) continue;
    if (lines.empty() || lines.back().arm != cell.arm)
      lines.push_back({cell.arm, {}, cell.parameter("interval_ms")});
    lines.back().points.push_back(
        {*readers, *first, *middle, *last, predicted(cell, "last_us").value_or(0) / 1e6, *cpu});
  }
  for (Line& line : lines)
    std::stable_sort(line.points.begin(), line.points.end(),
                     [](const At& a, const At& b) { return a.readers < b.readers; });
  std::erase_if(lines, [](const Line& line) { return line.points.size() < 2; });
  return lines;
}

Points curve_of(const Line& line, double At::*which) {
  Points points;
  for (const At& at : line.points) {
    if (at.*which > 0) points.emplace_back(at.readers, at.*which);
  }
  return points;
}

void draw_order(Drawing& drawing, const Panel& panel, const Line& line) {
  const Colour colour = colour_of(line.arm);
  Points outline = curve_of(line, &At::first);
  const Points back = curve_of(line, &At::last);
  outline.insert(outline.end(), back.rbegin(), back.rend());
  drawing.area(outline, {.colour = colour, .opacity = 0.22});
  for (double At::*which : {&At::first, &At::middle, &At::last}) {
    drawing.curve(curve_of(line, which), {.colour = colour, .width = which == &At::middle ? 2.5 : 1.2});
    drawing.points(curve_of(line, which), colour, Form::disc, 3);
  }
  const Points model = curve_of(line, &At::model);
  if (model.size() > 1) drawing.curve(model, {.width = 1.2, .dash = "5,4"});
  const At& end = line.points.back();
  const std::vector<double> beside = spread(
      {panel.y_at(end.first), panel.y_at(end.middle), panel.y_at(end.last)}, 15, panel.top, panel.bottom);
  for (std::size_t i = 0; i < 3; ++i)
    drawing.write(panel.right + 6, beside[i],
                  i == 0   ? "first"
                  : i == 1 ? "median"
                           : "last",
                  {.colour = faint, .size = 12});
}

void draw_cpu(Drawing& drawing, const Panel& panel, const std::vector<Line>& lines) {
  std::vector<double> ends;
  for (const Line& line : lines) {
    const Points points = curve_of(line, &At::cpu);
    drawing.curve(points, {.colour = colour_of(line.arm), .width = line.arm == "sse" ? 4.0 : 2.0});
    drawing.points(points, colour_of(line.arm), Form::disc, 3);
    ends.push_back(panel.y_at(points.back().second));
  }
  const std::vector<double> beside = spread(ends, 15, panel.top, panel.bottom);
  for (std::size_t i = 0; i < lines.size(); ++i)
    drawing.write(panel.right + 6, beside[i], transport(lines[i].arm, {}),
                  {.colour = colour_of(lines[i].arm), .size = 12});
}

std::optional<Drawing> draw(const Results& results, const Ledger&) {
  const std::vector<Line> lines = lines_of(results);
  if (lines.empty()) return std::nullopt;
  double fewest = 1e9, most = 0, fastest = 1e9, slowest = 0, cheapest = 1e9, dearest = 0;
  for (const Line& line : lines) {
    for (const At& at : line.points) {
      fewest = std::min(fewest, at.readers);
      most = std::max(most, at.readers);
      fastest = std::min(fastest, at.first);
      slowest = std::max({slowest, at.last, at.model});
      cheapest = std::min(cheapest, at.cpu);
      dearest = std::max(dearest, at.cpu);
    }
  }
  const Axis readers{fewest * 0.9, most * 1.1, true}, delay{fastest * 0.7, slowest * 1.5, true},
      cpu{cheapest * 0.6, dearest * 1.5, true};
  constexpr double lefts[]{70, 432}, width = 240, top = 100, height = 190, below = 296;
  const std::size_t panels = lines.size() + 1;
  const double rows = static_cast<double>((panels + 1) / 2);
  Drawing drawing(760, static_cast<int>(top + below * (rows - 1) + height + 66));
  drawing.title(
      "One message, many readers",
      "Delay until the first, the middle and the last of them has it; below right what a delivery costs");
  drawing.key(12, 62, {{"model of the last", {.width = 1.2, .dash = "5,4"}}});
  for (std::size_t i = 0; i < panels; ++i) {
    const double left = lefts[i % 2], y = top + below * static_cast<double>(i / 2);
    const bool order = i < lines.size();
    const Panel panel{left, y, left + width, y + height, readers, order ? delay : cpu};
    drawing.begin(panel);
    drawing.ticks_below(ticks_of_count(panel.x));
    drawing.ticks_left(ticks_of_time(panel.y));
    drawing.name_below("readers");
    if (order) {
      const auto interval = lines[i].interval_ms;
      drawing.write(left, y - 12, transport(lines[i].arm, interval),
                    {.colour = colour_of(lines[i].arm), .bold = true});
      draw_order(drawing, panel, lines[i]);
    } else {
      drawing.write(left, y - 12, "server CPU for each delivery", {.bold = true});
      draw_cpu(drawing, panel, lines);
    }
  }
  return drawing;
}

}  // namespace

Picture fanout_picture() {
  return {
      "fanout",
      "Delay of the first, median and last reader, and server CPU per delivery, against readers",
      "With more readers the last one waits longer, since they are written to one after the other; pollers come at moments of their own. "
      "Points are the median over the runs.",
      "a network, nor readers on other machines: on loopback the server's core also does much of the receiving",
      "bench/run --filter ^fanout/",
      draw};
}

}  // namespace bench
