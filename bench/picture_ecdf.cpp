// How late polling and pushing are: which share of the messages has arrived after which time. Polling's line is a ramp, and the
// model says where it begins and how steep it is.

#include "bench/curves.hpp"
#include "bench/model.hpp"
#include "bench/pictures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

namespace bench {
namespace {

constexpr double longest_interval = 1;  // s: longer ramps would press the others together at the left edge

struct Line {
  std::string arm;
  double interval = 0;  // s; 0: not a poller
  std::vector<Quantile> quantiles;
};

// By round-trip time in milliseconds.
std::map<double, std::vector<Line>> lines_of(const Results& results) {
  std::map<double, std::vector<Line>> by_rtt;
  for (const CellRuns& cell :
       by_arm(results, "delivery", "delivery/(poll/interval_ms:[^/]+|longpoll|sse|ws)(/.*)?")) {
    Line line{cell.arm, cell.parameter("interval_ms").value_or(0) / 1000, quantiles(cell)};
    if (line.interval > longest_interval || line.quantiles.size() < 2) continue;
    by_rtt[cell.parameter("rtt_ms").value_or(0)].push_back(std::move(line));
  }
  return by_rtt;
}

Points at_medians(const Line& line) {
  Points points;
  for (const auto& quantile : line.quantiles) points.emplace_back(quantile.seconds.median, quantile.share);
  return points;
}

// From the fastest to the slowest run.
Points band(const Line& line) {
  Points outline;
  for (const auto& quantile : line.quantiles) outline.emplace_back(quantile.seconds.low, quantile.share);
  for (auto i = line.quantiles.rbegin(); i != line.quantiles.rend(); ++i)
    outline.emplace_back(i->seconds.high, i->share);
  return outline;
}

double width_of(const Line& line) {  // SSE lies under WebSocket where both are as fast
  return line.arm == "sse" ? 5 : line.arm == "ws" ? 2 : 3;
}

void draw_lines(Drawing& drawing, const std::vector<Line>& lines, double one_way) {
  for (const Line& line : lines) drawing.area(band(line), {.colour = colour_of(line.arm), .opacity = 0.25});
  for (const Line& line : lines)
    drawing.curve(at_medians(line), {.colour = colour_of(line.arm), .width = width_of(line)});
  for (const Line& line : lines) {
    if (line.interval == 0) continue;
    const Uniform model = poll_delay(Seconds(line.interval), Seconds(one_way));
    drawing.curve({{model.low.count(), 0}, {model.high.count(), 1}}, {.width = 1.2, .dash = "5,4"});
  }
}

// The intervals, above the ends of their ramps: "every 50 100 200 500 1 000 ms".
void name_ramps(Drawing& drawing, const Panel& panel, const std::vector<Line>& lines, double one_way) {
  const Words words{.colour = colour_of("poll"), .align = Align::center};
  double first = 0, last = 0;
  for (const Line& line : lines) {
    if (line.interval == 0) continue;
    const double x = panel.x_at(poll_delay(Seconds(line.interval), Seconds(one_way)).high.count());
    drawing.write(x, panel.top - 11, exact(line.interval * 1000), words);
    first = first == 0 ? x : std::min(first, x);
    last = std::max(last, x);
  }
  if (first == 0) return;
  drawing.write(first - 14, panel.top - 11, "every", {.colour = words.colour, .align = Align::right});
  drawing.write(last + 20, panel.top - 11, "ms", {.colour = words.colour});
}

std::optional<Drawing> draw(const Results& results, const Ledger&) {
  const auto by_rtt = lines_of(results);
  double longest = 0;
  std::vector<std::string> arms;
  for (const auto& [rtt, lines] : by_rtt) {
    for (const Line& line : lines) {
      if (line.interval > 0) longest = std::max(longest, line.interval + rtt / 2000);
      if (std::find(arms.begin(), arms.end(), line.arm) == arms.end()) arms.push_back(line.arm);
    }
  }
  if (longest == 0) return std::nullopt;

  constexpr double left = 64, right = 744, top = 104, room = 150, gap = 40;
  const auto panels = static_cast<double>(by_rtt.size());
  Drawing drawing(760, static_cast<int>(top + panels * room + (panels - 1) * gap + 58));
  drawing.title("How late is a message?", "Share of the messages that are there after a time");
  std::vector<std::pair<std::string, Pen>> entries;
  for (const std::string& arm : arms)
    entries.push_back({transport(arm, {}), {.colour = colour_of(arm), .width = 3}});
  entries.push_back({"model", {.width = 1.2, .dash = "5,4"}});
  drawing.key(12, 62, entries);

  double y = top;
  for (const auto& [rtt, lines] : by_rtt) {
    const Panel panel{left, y, right, y + room, {0, longest * 1.12}, {0, 1}};
    const double one_way = rtt / 2000;
    drawing.begin(panel);
    drawing.ticks_left({{0, "0 %"}, {0.5, "50 %"}, {1, "100 %"}});
    const bool last = y + room + gap > top + panels * (room + gap) - 1;
    std::vector<Tick> ticks;
    for (const Tick& tick : ticks_every(longest > 0.5 ? 0.1 : 0.02, panel.x))
      ticks.push_back({tick.at, last ? exact(std::round(tick.at * 1000)) : std::string()});
    drawing.ticks_below(ticks);
    if (last) drawing.name_below("time from when the message was due, ms");
    draw_lines(drawing, lines, one_way);
    name_ramps(drawing, panel, lines, one_way);
    drawing.write(right - 6, y + room - 16, rtt == 0 ? "loopback" : fmt::format("round trip {:.6g} ms", rtt),
                  {.align = Align::right, .bold = true});
    y += room + gap;
  }
  return drawing;
}

}  // namespace

Picture ecdf_picture() {
  return {
      "ecdf",
      "Distribution of delivery delays, with the model's ramp for polling",
      "Pollers' delays lie on the model's ramp, from one transit to one transit and an interval; who pushes takes a step. Lines are "
      "the median over the runs at each share, bands the smallest to the largest run.",
      "intervals above 1 s (the table has them), nor the largest delay of all, of which a run has one",
      "bench/run --filter ^delivery/",
      draw};
}

}  // namespace bench
