// A message to a thousand readers by our servers and by others: what one delivery costs, how many there are in a second, and how late they are.

#include "bench/curves.hpp"
#include "bench/peers.hpp"
#include "bench/pictures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

namespace bench {
namespace {

constexpr double row = 34, first_row = 24, top = 118;  // pixels

struct Server {
  std::string arm;
  double cpu = 0;             // s per delivery, one message outstanding
  double lone = 0, many = 0;  // deliveries/s, one message outstanding and 64
};

std::vector<Server> servers_of(const Results& results) {
  std::vector<Server> all;
  for (const CellRuns& cell : by_arm(results, "peer_fanout", ".*/readers:1000/.*")) {
    const auto window = cell.parameter("window");
    const auto cpu = median_of(cell, "cpu_ns_per_delivery", 1e-9),
               per_second = median_of(cell, "deliveries_per_second");
    if (!window || !cpu || !per_second) continue;
    if (all.empty() || all.back().arm != cell.arm) all.push_back({cell.arm, 0, 0, 0});
    (*window == 1 ? all.back().lone : all.back().many) = *per_second;
    if (*window == 1) all.back().cpu = *cpu;
  }
  std::erase_if(all, [](const Server& one) { return one.cpu <= 0 || one.lone <= 0; });
  return all;
}

// The colour of the transport, so that those who do the same look alike.
Colour colour_of_server(const std::string& arm) {
  const PeerArm* const peer = find_peer(arm);
  return colour_of(peer ? std::string(peer->ours) : arm);
}

bool is_ours(std::string_view arm) { return !find_peer(arm); }

void write_name(Drawing& drawing, double right, double y, const std::string& arm) {
  drawing.write(right, y, transport(arm, {}), {.align = Align::right, .size = 12, .bold = is_ours(arm)});
}

double middle_of(std::size_t i) { return first_row + row * static_cast<double>(i); }

std::string in_words(double per_second) {
  return per_second >= 1e6 ? fmt::format("{:.1f} million", per_second / 1e6)
                           : fmt::format("{} 000", exact(std::round(per_second / 1e3)));
}

void draw_cost(Drawing& drawing, const std::vector<Server>& all, double height) {
  double dearest = 0;
  for (const Server& server : all) dearest = std::max(dearest, server.cpu);
  const Panel panel{200, top, 400, top + height, {0, dearest * 1.05}, {height, 0}, false};
  drawing.begin(panel);
  drawing.write(panel.left, top - 14, "server CPU per delivery", {.bold = true});
  for (std::size_t i = 0; i < all.size(); ++i) {
    const double y = middle_of(i);
    drawing.box(0, y - 8, all[i].cpu, y + 8,
                {.colour = colour_of_server(all[i].arm), .opacity = is_ours(all[i].arm) ? 1.0 : 0.4});
    write_name(drawing, panel.left - 10, top + y, all[i].arm);
    drawing.write(panel.x_at(all[i].cpu) + 6, top + y, fmt::format("{:.1f} µs", all[i].cpu * 1e6),
                  {.colour = faint, .size = 12});
  }
}

void draw_rate(Drawing& drawing, const std::vector<Server>& all, double height) {
  double least = 1e12, most = 0;
  for (const Server& server : all) {
    least = std::min(least, server.lone);
    most = std::max({most, server.lone, server.many});
  }
  const Panel panel{480, top, 680, top + height, {least / 1.4, most * 1.4, true}, {height, 0}, false};
  drawing.begin(panel);
  drawing.write(panel.left, top - 14, "deliveries/s", {.bold = true});
  std::vector<Tick> ticks = ticks_of_count(panel.x);
  for (Tick& tick : ticks)
    if (tick.at >= 1e6) tick.text = exact(tick.at / 1e6) + " million";
  drawing.ticks_below(ticks);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const double y = middle_of(i);
    const Colour colour = colour_of_server(all[i].arm);
    const double end = std::max(all[i].lone, all[i].many);
    drawing.curve({{all[i].lone, y}, {end, y}}, {.colour = colour, .width = 1.5});
    drawing.points({{all[i].lone, y}}, colour, Form::ring, 4.5);
    if (all[i].many > 0) drawing.points({{all[i].many, y}}, colour, Form::disc, 4.5);
    drawing.write(panel.x_at(end) + 9, top + y, in_words(end), {.colour = faint, .size = 12});
  }
}

std::optional<Drawing> draw_fanout(const Results& results, const Ledger&) {
  const std::vector<Server> all = servers_of(results);
  if (all.empty()) return std::nullopt;
  const double height = 2 * first_row + row * static_cast<double>(all.size() - 1);
  Drawing drawing(800, static_cast<int>(top + height + 40));
  drawing.title("A message to a thousand readers, by ours and by others",
                "On one core. Left: one message at a time. Right: one (ring), and 64 outstanding (disc)");
  draw_cost(drawing, all, height);
  draw_rate(drawing, all, height);
  return drawing;
}

struct Delays {
  double p50 = 0, p99 = 0;  // s
};

std::map<std::string, Delays> delays_of(const Results& results, const std::string& experiment,
                                        const std::string& cells, std::vector<std::string>& arms) {
  std::map<std::string, Delays> all;
  for (const CellRuns& cell : by_arm(results, experiment, cells)) {
    const auto p50 = median_of(cell, "p50_us", 1e-6), p99 = median_of(cell, "p99_us", 1e-6);
    if (!p50 || !p99) continue;
    all[cell.arm] = {*p50, *p99};
    arms.push_back(cell.arm);
  }
  return all;
}

std::optional<Drawing> draw_delays(const Results& results, const Ledger&) {
  std::vector<std::string> arms, of_many;
  const auto few = delays_of(results, "peer_delay", ".*/rate:10", arms),
             many = delays_of(results, "peer_load", ".*/rate:2000", of_many);
  if (arms.empty()) return std::nullopt;
  const double height = 2 * first_row + row * static_cast<double>(arms.size() - 1);
  Drawing drawing(800, static_cast<int>(top + height + 40));
  drawing.title(
      "How late a message is to a thousand readers",
      "On one core. The median (ring) and the 99th percentile (disc) over all readers of all messages");
  const auto draw_panel = [&](double left, double right, const char* heading, const auto& delays) {
    double least = 1e9, most = 0;
    for (const auto& [arm, delay] : delays) {
      least = std::min(least, delay.p50);
      most = std::max(most, delay.p99);
    }
    if (delays.empty()) return;
    const Panel panel{left, top, right, top + height, {least / 1.6, most * 1.6, true}, {height, 0}, false};
    drawing.begin(panel);
    drawing.write(left, top - 14, heading, {.bold = true});
    drawing.ticks_below(ticks_of_time(panel.x));
    for (std::size_t i = 0; i < arms.size(); ++i) {
      const auto found = delays.find(arms[i]);
      if (found == delays.end()) continue;
      const auto& [p50, p99] = found->second;
      const Colour colour = colour_of_server(arms[i]);
      const double y = middle_of(i);
      drawing.curve({{p50, y}, {p99, y}}, {.colour = colour, .width = is_ours(arms[i]) ? 3.0 : 1.5});
      drawing.points({{p50, y}}, colour, Form::ring, 4.5);
      drawing.points({{p99, y}}, colour, Form::disc, 4.5);
    }
  };
  for (std::size_t i = 0; i < arms.size(); ++i) write_name(drawing, 190, top + middle_of(i), arms[i]);
  draw_panel(200, 470, "10 messages/s", few);
  draw_panel(500, 770, "2000 messages/s", many);
  return drawing;
}

}  // namespace

Picture peers_picture() {
  return {
      "peers",
      "Server CPU per delivery and deliveries per second, ours and others",
      "Where nothing can be gathered the kernel's write to each reader is most of what a delivery costs, whoever asks for it; where a publisher sends "
      "ahead, who writes what has gathered at once writes less often.",
      "a server that has more than one core, nor readers that are far away",
      "bench/run --peers --filter ^peer_fanout/",
      draw_fanout,
      false,
      Suite::peers};
}

Picture peers_delay_picture() {
  return {
      "peers-delay",
      "Delay of a message to a thousand readers, ours and others",
      "Where messages are rare a delay is the time of writing to those who come before; where more comes than a server can do, it grows for as long as that goes on.",
      "a network, nor what the delays of those who fall behind would have become after the second that was measured",
      "bench/run --peers --filter '^peer_(delay|load)/'",
      draw_delays,
      false,
      Suite::peers};
}

}  // namespace bench
