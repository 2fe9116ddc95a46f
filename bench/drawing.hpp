#pragma once
// A program for gnuplot, written piece by piece: panels at places that are known to the pixel, so that words can be put beside
// lines without covering them. The same calls give the same program.

#include "bench/svg.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bench {

/// One side of a panel, in the units of its data.
struct Axis {
  double low = 0;
  double high = 1;
  bool logarithmic = false;
  /// Where on the way from low to high a value is: 0 to 1 inside.
  double share(double value) const;
};

/// A place with axes; pixels from the upper left corner of the picture.
struct Panel {
  double left = 0, top = 0, right = 0, bottom = 0;
  Axis x = {}, y = {};
  bool left_line = true;  ///< whether the left axis is drawn
  double x_at(double value) const { return left + (right - left) * x.share(value); }
  double y_at(double value) const { return bottom - (bottom - top) * y.share(value); }
};

/// A mark on an axis and what stands beside it.
struct Tick {
  double at = 0;
  std::string text;
};

/// 1 ms, 10 ms, 100 ms, 1 s: the powers of ten within the axis, which is in seconds.
std::vector<Tick> ticks_of_time(const Axis& seconds);
/// 1, 10, 100, 1 000.
std::vector<Tick> ticks_of_count(const Axis& count);
/// From `from` on, every `step`, up to the end of the axis, with `unit` behind each number.
std::vector<Tick> ticks_every(double step, const Axis& axis, std::string_view unit = "");

enum class Align { left, center, right };

/// How words look.
struct Words {
  Colour colour = ink;
  Align align = Align::left;
  int size = 13;  ///< pixels
  bool bold = false;
  bool upwards = false;  ///< turned by 90 degrees
};

/// How something is drawn.
struct Pen {
  Colour colour = ink;
  double width = 2;            ///< pixels
  std::string_view dash = {};  ///< gnuplot's pattern, "" is a solid line
  double opacity = 1;          ///< of areas
};

/// A point's form. Hollow ones have the colour of the page inside.
enum class Form { disc, ring, square, diamond, hollow_diamond };

using Points = std::vector<std::pair<double, double>>;

class Drawing {
 public:
  Drawing(int width, int height);

  int width() const { return width_; }
  int height() const { return height_; }

  /// Words anywhere. x and y are the left end (or the middle, the right end) and the middle of the line.
  void write(double x, double y, std::string_view text, const Words& words = {});
  /// The heading: what is seen, and below it under which conditions.
  void title(std::string_view text, std::string_view conditions = "");
  /// Names behind samples of their colours, in one line; returns where it ends.
  double key(double x, double y, const std::vector<std::pair<std::string, Pen>>& entries);

  /// From here on everything is drawn inside this panel, until the next begins.
  void begin(const Panel& panel);
  void ticks_below(const std::vector<Tick>& ticks);
  void ticks_left(const std::vector<Tick>& ticks);
  /// The axis' name, with its unit.
  void name_below(std::string_view text);
  void name_left(std::string_view text);

  void curve(const Points& points, const Pen& pen);
  void points(const Points& points, const Colour& colour, Form form, double size = 4);
  void area(const Points& outline, const Pen& pen);
  /// A bar from (x0, y0) to (x1, y1) in data units.
  void box(double x0, double y0, double x1, double y1, const Pen& pen);

  /// All of it, for gnuplot's standard input.
  std::string program() const;

 private:
  void close_panel();
  std::string add(const Points& points);

  int width_, height_;
  std::string head_, body_, texts_, samples_;
  std::vector<std::string> layers_;  // of the open panel: what stands behind "plot"
  bool open_ = false;
  Panel panel_;
  unsigned blocks_ = 0;
};

/// gnuplot's picture of it, as polished() leaves it. Throws ProgramMissing, std::runtime_error.
std::string drawn(const Drawing& drawing, Caption caption);

/// Positions near those wanted, in their order, no two nearer to each other than `gap`, none above `low` or below `high`, as far as
/// there is room: for words at the ends of lines.
std::vector<double> spread(const std::vector<double>& wanted, double gap, double low, double high);

}  // namespace bench
