// What readers cost the server in memory while nothing is said: how it grows with their number, and what each takes of the program's own
// memory and of the kernel's.

#include "bench/curves.hpp"
#include "bench/pictures.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bench {
namespace {

struct Arm {
  std::string name;
  Points by_readers;  // bytes in all
  double user = 0;    // bytes for each reader; 0: not measured
  double kernel = 0;
};

std::vector<Arm> arms_of(const Results& results) {
  std::vector<Arm> arms;
  const auto arm = [&arms](const std::string& name) -> Arm& {
    const auto found =
        std::find_if(arms.begin(), arms.end(), [&](const Arm& each) { return each.name == name; });
    return found != arms.end() ? *found : arms.emplace_back(Arm{name, {}, 0, 0});
  };
  for (const CellRuns& cell : by_arm(results, "memory")) {
    if (rank(cell.arm) > rank("ws")) continue;
    arm(cell.arm).user = median_of(cell, "user_bytes_per_reader").value_or(0);
    arm(cell.arm).kernel = median_of(cell, "kernel_bytes_per_reader").value_or(0);
  }
  for (const CellRuns& cell : by_arm(results, "fanout")) {
    const auto readers = cell.parameter("readers"), bytes = median_of(cell, "readers_memory_bytes");
    if (readers && bytes && *bytes > 0) arm(cell.arm).by_readers.emplace_back(*readers, *bytes);
  }
  for (Arm& each : arms) std::sort(each.by_readers.begin(), each.by_readers.end());
  std::erase_if(arms, [](const Arm& each) { return each.user <= 0 && each.by_readers.size() < 2; });
  return arms;
}

std::string in_words(double bytes) {
  if (bytes < 1000) return fmt::format("{:.0f} bytes", bytes);
  if (bytes < 1e6) return fmt::format("{:.2g} KB", bytes / 1e3);
  return fmt::format("{:.2g} MB", bytes / 1e6);
}

void draw_growth(Drawing& drawing, const std::vector<Arm>& arms, double left, double right) {
  double fewest = 1e9, most = 0, least = 1e12, largest = 0;
  for (const Arm& arm : arms) {
    for (const auto& [readers, bytes] : arm.by_readers) {
      fewest = std::min(fewest, readers);
      most = std::max(most, readers);
      least = std::min(least, bytes);
      largest = std::max(largest, bytes);
    }
  }
  const Panel panel{
      left, 90, right, 286, {fewest * 0.9, most * 1.1, true}, {least * 0.6, largest * 1.6, true}};
  drawing.begin(panel);
  drawing.write(left, 76, "all readers together", {.bold = true});
  drawing.ticks_below(ticks_of_count(panel.x));
  std::vector<Tick> ticks = ticks_of_count(panel.y);
  for (Tick& tick : ticks)  // powers of ten
    tick.text = tick.at < 1e6 ? exact(tick.at / 1e3) + " KB" : exact(tick.at / 1e6) + " MB";
  drawing.ticks_left(ticks);
  drawing.name_below("readers");
  std::vector<double> ends;
  std::vector<const Arm*> drawn;
  for (const Arm& arm : arms) {
    if (arm.by_readers.size() < 2) continue;
    const Colour colour = colour_of(arm.name);
    drawing.curve(arm.by_readers, {.colour = colour, .width = arm.name == "sse" ? 4.0 : 2.0});
    drawing.points(arm.by_readers, colour, Form::disc, 3.5);
    ends.push_back(panel.y_at(arm.by_readers.back().second));
    drawn.push_back(&arm);
  }
  const std::vector<double> beside = spread(ends, 16, panel.top, panel.bottom);
  for (std::size_t i = 0; i < drawn.size(); ++i)
    drawing.write(right + 8, beside[i], transport(drawn[i]->name, {}),
                  {.colour = colour_of(drawn[i]->name), .bold = true});
}

void draw_each(Drawing& drawing, const std::vector<Arm>& arms, double left, double right) {
  double largest = 0;
  for (const Arm& arm : arms) largest = std::max(largest, arm.user + arm.kernel);
  const double bottom = 100 + 46 * static_cast<double>(arms.size());
  const Panel panel{left, 90, right, bottom, {0, largest * 1.05}, {bottom - 90, 0}};
  drawing.begin(panel);
  drawing.write(left, 76, "each: the program's own + the kernel's", {.bold = true});
  double y = 30;
  for (const Arm& arm : arms) {
    const Colour colour = colour_of(arm.name);
    if (arm.user > 0) drawing.box(0, y - 9, arm.user, y + 9, {.colour = colour});
    if (arm.kernel > 0)
      drawing.box(arm.user, y - 9, arm.user + arm.kernel, y + 9, {.colour = colour, .opacity = 0.35});
    std::string words = in_words(arm.user);
    if (arm.kernel > 0) words += fmt::format(" + {}", in_words(arm.kernel));
    drawing.write(left + 4, panel.top + y - 19, transport(arm.name, {}), {.size = 12});
    drawing.write(panel.x_at(arm.user + arm.kernel) + 8, panel.top + y, words, {.colour = faint, .size = 12});
    y += 46;
  }
}

std::optional<Drawing> draw(const Results& results, const Ledger&) {
  const std::vector<Arm> arms = arms_of(results);
  const bool grows =
      std::any_of(arms.begin(), arms.end(), [](const Arm& arm) { return arm.by_readers.size() > 1; });
  std::vector<Arm> each = arms;
  std::erase_if(each, [](const Arm& arm) { return arm.user <= 0; });
  if (!grows && each.empty()) return std::nullopt;
  Drawing drawing(760, grows ? 352 : static_cast<int>(120 + 46 * each.size()));
  drawing.title("What does a reader cost while nothing is said?",
                "Memory of the server, beyond what it takes without readers");
  if (grows) draw_growth(drawing, arms, 76, each.empty() ? 620 : 330);
  if (!each.empty()) draw_each(drawing, each, grows ? 452 : 20, 630);
  return drawing;
}

}  // namespace

Picture memory_picture() {
  return {
      "memory",
      "Server memory against readers, and for each reader",
      "Each connection costs the program and the kernel its share, whether anything is said or not: the sum grows with the number of readers.",
      "what TLS or compression keep for each connection, nor full buffers of readers who do not read",
      "bench/run --filter '^(memory|fanout)/'",
      draw};
}

}  // namespace bench
