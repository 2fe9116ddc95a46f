#include "bench/drawing.hpp"

#include "bench/format.hpp"
#include "bench/pipe.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace bench {
namespace {

// In single quotes gnuplot reads nothing but a doubled quote: no escapes, no commands between backquotes.
std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') out += '\'';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;  // a line end would end the command
  }
  return out + '\'';
}

// Enough digits for a hundredth of a pixel, and few enough that the last bit of a logarithm does not show.
std::string number(double value) { return fmt::format("{:.6g}", value); }

std::string range(const Axis& axis) { return fmt::format("[{}:{}]", number(axis.low), number(axis.high)); }

// A line of the grid and what stands beside it, which is a format for its number.
std::string set_ticks(char axis, const std::vector<Tick>& ticks) {
  std::string out;
  for (const Tick& tick : ticks) {
    std::string text = tick.text;
    for (std::size_t at = 0; (at = text.find('%', at)) != std::string::npos; at += 2) text.insert(at, 1, '%');
    out += fmt::format("{}{} {}", out.empty() ? "" : ", ", quoted(text), number(tick.at));
  }
  return fmt::format("set {}tics nomirror scale 0 textcolor rgb '{}' ({})\n", axis, faint.light, out);
}

std::string dash_of(const Pen& pen) {
  return pen.dash.empty() ? "dt solid" : fmt::format("dt ({})", pen.dash);
}

std::string fill_of(const Pen& pen) {
  return fmt::format("fc rgb '{}' fs transparent solid {} noborder", pen.colour.light, number(pen.opacity));
}

std::string time_name(double seconds) {
  if (seconds < 0.9999e-6) return fmt::format("{:.6g} ns", seconds * 1e9);
  if (seconds < 0.9999e-3) return fmt::format("{:.6g} µs", seconds * 1e6);
  if (seconds < 0.9999) return fmt::format("{:.6g} ms", seconds * 1e3);
  if (seconds < 59) return fmt::format("{:.6g} s", seconds);
  if (seconds < 3599) return fmt::format("{:.6g} min", seconds / 60);
  return fmt::format("{:.6g} h", seconds / 3600);
}

// A guess: the font is whatever the reader's system calls sans-serif.
double width_of(std::string_view text, double size) {
  double ems = 0;
  for (const char c : text) {
    if ((c & 0xc0) == 0x80) continue;  // not the first byte of a character
    const bool narrow = std::string_view("fijlrt.,:;|'() ").find(c) != std::string_view::npos;
    const bool wide = std::string_view("mwMWGOQSDPBCEH").find(c) != std::string_view::npos;
    ems += narrow ? 0.33 : wide ? 0.78 : 0.57;
  }
  return ems * size;
}

template <class Name>
std::vector<Tick> powers_of_ten(const Axis& axis, Name name) {
  std::vector<Tick> ticks;
  const int last = static_cast<int>(std::floor(std::log10(axis.high) + 1e-9));
  for (int power = static_cast<int>(std::ceil(std::log10(axis.low) - 1e-9)); power <= last; ++power)
    ticks.push_back({std::pow(10.0, power), name(std::pow(10.0, power))});
  return ticks;
}

constexpr double point_radius = 4.875;  // of gnuplot's points of size 1, in a font of 13 pixels

}  // namespace

double Axis::share(double value) const {
  if (!logarithmic) return (value - low) / (high - low);
  return std::log(value / low) / std::log(high / low);
}

std::vector<Tick> ticks_of_time(const Axis& seconds) { return powers_of_ten(seconds, time_name); }

std::vector<Tick> ticks_of_count(const Axis& count) {
  return powers_of_ten(count, [](double value) { return exact(value); });
}

std::vector<Tick> ticks_every(double step, const Axis& axis, std::string_view unit) {
  std::vector<Tick> ticks;
  for (double at = std::ceil(axis.low / step - 1e-9) * step + 0.0; at <= axis.high * (1 + 1e-9); at += step)
    ticks.push_back({at, exact(std::round(at / step) * step + 0.0) + std::string(unit)});
  return ticks;
}

Drawing::Drawing(int width, int height) : width_(width), height_(height) {
  head_ = fmt::format("set terminal svg size {},{} fixed noenhanced font 'sans-serif,13' linewidth 1\n",
                      width, height);
  head_ +=
      "set encoding utf8\n"
      "set multiplot\n"
      "unset key\n";
  head_ += fmt::format("set grid lw 1 lt 1 lc rgb '{}'\n", grid.light);
}

void Drawing::write(double x, double y, std::string_view text, const Words& words) {
  const char* const align = words.align == Align::left    ? "left"
                            : words.align == Align::right ? "right"
                                                          : "center";
  texts_ += fmt::format("set label {} at screen {},{} {}{} front font 'sans-serif{},{}' textcolor rgb '{}'\n",
                        quoted(text), number(x / width_), number(1 - y / height_), align,
                        words.upwards ? " rotate by 90" : "", words.bold ? ":Bold" : "", words.size,
                        words.colour.light);
}

void Drawing::title(std::string_view text, std::string_view conditions) {
  write(12, 18, text, {.size = 16, .bold = true});
  if (!conditions.empty()) write(12, 38, conditions, {.colour = faint});
}

double Drawing::key(double x, double y, const std::vector<std::pair<std::string, Pen>>& entries) {
  for (const auto& [name, pen] : entries) {
    samples_ += fmt::format("set arrow from screen {},{} to screen {},{} nohead front lw {} {} lc rgb '{}'\n",
                            number(x / width_), number(1 - y / height_), number((x + 22) / width_),
                            number(1 - y / height_), number(pen.width), dash_of(pen), pen.colour.light);
    write(x + 28, y, name);
    x += 28 + width_of(name, 13) + 18;
  }
  return x;
}

void Drawing::begin(const Panel& panel) {
  close_panel();
  open_ = true;
  panel_ = panel;
  body_ += fmt::format("set lmargin at screen {}\nset rmargin at screen {}\n", number(panel.left / width_),
                       number(panel.right / width_));
  body_ += fmt::format("set tmargin at screen {}\nset bmargin at screen {}\n",
                       number(1 - panel.top / height_), number(1 - panel.bottom / height_));
  body_ += fmt::format("set xrange {}\nset yrange {}\n", range(panel.x), range(panel.y));
  body_ += fmt::format("{}set logscale x\n{}set logscale y\n", panel.x.logarithmic ? "" : "un",
                       panel.y.logarithmic ? "" : "un");
  body_ += fmt::format("set border {} lw 1 lc rgb '{}'\nunset xtics\nunset ytics\n", panel.left_line ? 3 : 1,
                       faint.light);
}

void Drawing::ticks_below(const std::vector<Tick>& ticks) { body_ += set_ticks('x', ticks); }

void Drawing::ticks_left(const std::vector<Tick>& ticks) { body_ += set_ticks('y', ticks); }

void Drawing::name_below(std::string_view text) {
  write((panel_.left + panel_.right) / 2, panel_.bottom + 40, text,
        {.colour = faint, .align = Align::center});
}

void Drawing::name_left(std::string_view text) {
  write(16, (panel_.top + panel_.bottom) / 2, text,
        {.colour = faint, .align = Align::center, .upwards = true});
}

std::string Drawing::add(const Points& points) {
  const std::string name = fmt::format("$d{}", ++blocks_);
  body_ += name + " << EOD\n";
  for (const auto& [x, y] : points) body_ += number(x) + ' ' + number(y) + '\n';
  body_ += "EOD\n";
  return name;
}

void Drawing::curve(const Points& points, const Pen& pen) {
  layers_.push_back(fmt::format("{} with lines lw {} {} lc rgb '{}'", add(points), number(pen.width),
                                dash_of(pen), pen.colour.light));
}

void Drawing::points(const Points& points, const Colour& colour, Form form, double size) {
  const std::string data = add(points);
  const auto layer = [&](int type, double radius, const Colour& in) {
    layers_.push_back(fmt::format("{} with points pt {} ps {} lc rgb '{}'", data, type,
                                  number(radius / point_radius), in.light));
  };
  switch (form) {
    case Form::disc:
      layer(7, size, colour);
      break;
    case Form::square:
      layer(5, size, colour);
      break;
    case Form::diamond:
      layer(13, size, colour);
      break;
    case Form::ring:
      layer(7, size, paper);
      layer(6, size, colour);
      break;
    case Form::hollow_diamond:
      layer(13, size, paper);
      layer(12, size, colour);
      break;
  }
}

void Drawing::area(const Points& outline, const Pen& pen) {
  layers_.push_back(fmt::format("{} with filledcurves closed {}", add(outline), fill_of(pen)));
}

void Drawing::box(double x0, double y0, double x1, double y1, const Pen& pen) {
  area({{x0, y0}, {x1, y0}, {x1, y1}, {x0, y1}}, pen);
}

void Drawing::close_panel() {
  if (!open_) return;
  // A panel without anything in it still has its axes.
  if (layers_.empty()) curve({{panel_.x.low, panel_.y.low}}, {});
  body_ += fmt::format("plot {}\n", fmt::join(layers_, ", \\\n  "));
  layers_.clear();
  open_ = false;
}

std::string Drawing::program() const {
  Drawing whole = *this;
  // All words belong to the last panel, so that nothing is drawn over them.
  whole.body_ += texts_ + samples_;
  whole.close_panel();
  return head_ + whole.body_ + "unset multiplot\n";
}

std::string drawn(const Drawing& drawing, Caption caption) {
  const std::string program = drawing.program();
  caption.mark = mark_of(program);
  // -d: without the user's own initialization files.
  return polished(pipe_through({"gnuplot", "-d", "-"}, "gnuplot-nox", program), caption);
}

std::vector<double> spread(const std::vector<double>& wanted, double gap, double low, double high) {
  const std::size_t count = wanted.size();
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return wanted[a] < wanted[b]; });
  // With `gap` taken out between neighbours, positions may not decrease: groups that would are moved to their common mean (isotonic
  // regression by pooling adjacent violators), which is the nearest in the least squares.
  struct Group {
    double sum;
    std::size_t size;
    double mean() const { return sum / static_cast<double>(size); }
  };
  std::vector<Group> groups;
  for (std::size_t i = 0; i < count; ++i) {
    groups.push_back({wanted[order[i]] - gap * static_cast<double>(i), 1});
    while (groups.size() > 1 && groups[groups.size() - 2].mean() > groups.back().mean()) {
      const Group last = groups.back();
      groups.pop_back();
      groups.back().sum += last.sum;
      groups.back().size += last.size;
    }
  }
  const double most = std::max(low, high - gap * (static_cast<double>(count) - 1));
  std::vector<double> positions(count);
  std::size_t at = 0;
  for (const Group& group : groups) {
    for (std::size_t i = 0; i < group.size; ++i, ++at)
      positions[order[at]] = std::clamp(group.mean(), low, most) + gap * static_cast<double>(at);
  }
  return positions;
}

}  // namespace bench
