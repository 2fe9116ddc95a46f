// Who is cheapest in bytes, for each pair of message rate and poll interval: the plane of everybody's case, with the border that theory
// draws through it and the measurements that cross it.

#include "bench/curves.hpp"
#include "bench/model.hpp"
#include "bench/pictures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace bench {
namespace {

// As in the runs: lean headers, a message of 100 bytes with its JSON around it, the servers' own heartbeat.
const Target target{"127.0.0.1:40000", "/rooms/bench"};
constexpr std::size_t cursor = 9, message = 156;
constexpr std::chrono::seconds heartbeat{15};
constexpr double measured_interval = 0.1;  // s, of break_even

constexpr std::array<std::string_view, 3> arms{"poll", "sse", "ws"};

// What a polled message weighs depends on λT alone, and takes long to sum where a poll brings thousands: known at points, and between two
// of them a line in logarithms.
class PolledMessage {
 public:
  PolledMessage() {
    for (int i = 0; i <= points; ++i)
      bytes_.push_back(std::log(poll_ip_bytes_per_message(target, cursor, message, std::exp(at(i)))));
  }
  double bytes(double per_interval) const {
    const double place = std::clamp((std::log(per_interval) - first) / (last - first), 0.0, 1.0) * points;
    const auto i = std::min(static_cast<std::size_t>(place), bytes_.size() - 2);
    const double share = place - static_cast<double>(i);
    return std::exp(bytes_[i] * (1 - share) + bytes_[i + 1] * share);
  }

 private:
  static constexpr int points = 300;
  static constexpr double first = -12, last = 15.2;  // of ln λT: from 6e-6 to 4e6
  static double at(int i) { return first + (last - first) * i / points; }
  std::vector<double> bytes_;
};

double bytes_per_second(std::string_view arm, double per_second, double interval) {
  if (arm == "sse") return sse_ip_bytes_per_second(cursor, message, per_second, heartbeat);
  if (arm == "ws") return websocket_ip_bytes_per_second(message, per_second, heartbeat);
  static const PolledMessage polled;
  return per_second * polled.bytes(per_second * interval);
}

std::string_view cheapest(double per_second, double interval) {
  return *std::min_element(arms.begin(), arms.end(), [&](std::string_view a, std::string_view b) {
    return bytes_per_second(a, per_second, interval) < bytes_per_second(b, per_second, interval);
  });
}

// Above `rate` up to the next one's, this arm is the cheapest.
struct Stretch {
  std::string_view arm;
  double rate;
};

// From the lowest rate to the highest, at one interval.
std::vector<Stretch> stretches(const Axis& rates, double interval) {
  constexpr int steps = 48;
  std::vector<Stretch> found{{cheapest(rates.low, interval), rates.low}};
  double before = rates.low;
  for (int i = 1; i <= steps; ++i) {
    const double rate = rates.low * std::pow(rates.high / rates.low, i / static_cast<double>(steps));
    const std::string_view arm = cheapest(rate, interval);
    if (arm != found.back().arm) {
      double low = before, high = rate;
      for (int halving = 0; halving < 20; ++halving) {
        const double middle = std::sqrt(low * high);
        (cheapest(middle, interval) == arm ? high : low) = middle;
      }
      found.push_back({arm, high});
    }
    before = rate;
  }
  return found;
}

// Where an arm is cheapest at an interval: from, to. Nowhere: both the same.
std::pair<double, double> span_of(std::string_view arm, const std::vector<Stretch>& column, double highest) {
  for (std::size_t i = 0; i < column.size(); ++i) {
    if (column[i].arm == arm) return {column[i].rate, i + 1 < column.size() ? column[i + 1].rate : highest};
  }
  // Between its neighbours, so that its area ends in a point.
  const double meeting = column.size() > 1         ? column[1].rate
                         : column[0].arm == "poll" ? column[0].rate
                                                   : highest;
  return {meeting, meeting};
}

void draw_regions(Drawing& drawing, const Panel& panel) {
  constexpr int columns = 120;
  std::array<Points, arms.size()> lower, upper;
  for (int i = 0; i <= columns; ++i) {
    const double interval =
        panel.x.low * std::pow(panel.x.high / panel.x.low, i / static_cast<double>(columns));
    const std::vector<Stretch> column = stretches(panel.y, interval);
    for (std::size_t arm = 0; arm < arms.size(); ++arm) {
      const auto [from, to] = span_of(arms[arm], column, panel.y.high);
      lower[arm].emplace_back(interval, from);
      upper[arm].emplace_back(interval, to);
    }
  }
  for (std::size_t arm = 0; arm < arms.size(); ++arm) {
    Points outline = lower[arm];
    outline.insert(outline.end(), upper[arm].rbegin(), upper[arm].rend());
    drawing.area(outline, {.colour = colour_of(arms[arm]), .opacity = 0.3});
    // The name in the middle of the area.
    double weight = 0, x = 0, y = 0;
    for (std::size_t i = 0; i < lower[arm].size(); ++i) {
      const double from = panel.y_at(lower[arm][i].second), to = panel.y_at(upper[arm][i].second);
      weight += from - to;
      x += (from - to) * panel.x_at(lower[arm][i].first);
      y += (from - to) * (from + to) / 2;
    }
    if (weight > 0)
      drawing.write(x / weight, y / weight, transport(std::string(arms[arm]), {}),
                    {.colour = colour_of(arms[arm]), .align = Align::center, .size = 15, .bold = true});
  }
}

// λT* = (H + A of a poll) / (F + A of a push).
double border() {
  const std::uint64_t request = poll_request_bytes(target, cursor),
                      answer = page_response_bytes(page_body_bytes(cursor, 1, message));
  const std::uint64_t frame = frame_bytes(message);
  return break_even(
      static_cast<double>(ip_bytes(request + answer, packets_of_exchange(request, answer)) - message),
      static_cast<double>(ip_bytes(frame, packets_of_push(frame)) - message));
}

struct At {
  double per_interval = 0;
  std::string arm;  // the cheapest
  double bytes = 0;
};

std::vector<At> measured_points(const Results& results) {
  std::vector<At> points;
  for (const CellRuns& cell : by_arm(results, "break_even")) {
    const auto per_interval = cell.parameter("per_interval");
    const auto bytes = median_of(cell, "ip_bytes_per_message");
    if (!per_interval || !bytes) continue;
    const auto same = std::find_if(points.begin(), points.end(),
                                   [&](const At& at) { return at.per_interval == *per_interval; });
    if (same == points.end()) {
      points.push_back({*per_interval, cell.arm, *bytes});
    } else if (*bytes < same->bytes) {
      *same = {*per_interval, cell.arm, *bytes};
    }
  }
  return points;
}

std::optional<Drawing> draw(const Results& results, const Ledger&) {
  const std::vector<At> points = measured_points(results);
  if (points.empty()) return std::nullopt;
  Drawing drawing(760, 540);
  drawing.title("Who needs the fewest bytes?",
                "Colours: the model, TCP/IP and heartbeats included. Circles: the cheapest as measured.");
  const Panel panel{112, 66, 728, 472, {0.05, 3600, true}, {1.0 / 3600, 1000, true}};
  drawing.begin(panel);
  drawing.ticks_below(
      {{0.1, "100 ms"}, {1, "1 s"}, {10, "10 s"}, {60, "1 min"}, {600, "10 min"}, {3600, "1 h"}});
  drawing.ticks_left({{1.0 / 3600, "1 an hour"},
                      {1.0 / 60, "1 a minute"},
                      {1, "1 a second"},
                      {10, "10"},
                      {100, "100"},
                      {1000, "1 000"}});
  drawing.name_below("poll interval T");
  drawing.name_left("messages λ");
  draw_regions(drawing, panel);
  const double most = border();
  drawing.curve({{panel.x.low, most / panel.x.low}, {panel.x.high, most / panel.x.high}},
                {.width = 1.5, .dash = "6,4"});
  drawing.write(panel.x_at(20) + 14, panel.y_at(most / 20),
                fmt::format("λT* = (H + A) / (F + A) = {:.2g} messages a poll", most));
  for (const At& at : points) {
    const Points one{{measured_interval, at.per_interval / measured_interval}};
    drawing.points(one, ink, Form::disc, 6);
    drawing.points(one, colour_of(at.arm), Form::disc, 4.5);
  }
  return drawing;
}

}  // namespace

Picture map_picture() {
  return {
      "map",
      "The transport that needs the fewest bytes, by message rate and poll interval",
      "A poll costs a request and an answer whatever it brings, a pushed message a frame and an acknowledgement: above the border a poll "
      "brings so many messages that it is cheaper. Where hardly anything is said and polls are rare, the heartbeats of the others decide.",
      "delay, which the interval costs, nor CPU: for lean headers and messages of 100 bytes; a browser's headers and cookies move the border up",
      "bench/run --filter ^break_even/",
      draw};
}

}  // namespace bench
