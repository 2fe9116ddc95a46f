// What a delivered message weighs, by layer: the message itself, what HTTP, SSE or WebSocket put around it, and the packets.

#include "bench/curves.hpp"
#include "bench/pictures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace bench {
namespace {

struct Layers {
  std::string arm;
  double message = 0, framing = 0, packets = 0;  // bytes
  double total() const { return message + framing + packets; }
};

struct Group {
  std::string heading;
  std::vector<Layers> rows;
};

Group group_of(const Results& results, const std::string& heading, const std::string& profile) {
  Group group{heading, {}};
  for (const CellRuns& cell :
       by_arm(results, "bytes", "bytes/(poll|longpoll|sse|ws|tcp)/payload:100" + profile)) {
    const auto message = median_of(cell, "json_bytes_per_message"),
               tcp = median_of(cell, "bytes_per_message"), ip = median_of(cell, "ip_bytes_per_message");
    if (!message || !tcp) continue;
    Layers layers{cell.arm, *message, *tcp - *message, 0};
    if (ip) layers.packets = *ip - *tcp;
    group.rows.push_back(layers);
  }
  return group;
}

constexpr double message_opacity = 1, framing_opacity = 0.55, packets_opacity = 0.25;

// "156 + 30 + 104 = 290", so rounded that it adds up.
std::string sum(const Layers& layers, bool with_packets) {
  const double message = std::round(layers.message), tcp = std::round(layers.message + layers.framing),
               total = std::round(layers.total());
  return fmt::format("{} + {}{} = {}", exact(message), exact(tcp - message),
                     with_packets ? " + " + exact(total - tcp) : "", exact(total));
}

void draw_bar(Drawing& drawing, const Panel& panel, double y, const Layers& layers, bool with_packets) {
  const Colour colour = colour_of(layers.arm);
  double from = 0;
  for (const auto& [bytes, opacity] : {std::pair(layers.message, message_opacity),
                                       {layers.framing, framing_opacity},
                                       {layers.packets, packets_opacity}}) {
    const double row = y - panel.top;
    if (bytes > 0) drawing.box(from, row - 9, from + bytes, row + 9, {.colour = colour, .opacity = opacity});
    from += bytes;
  }
  drawing.write(panel.left - 10, y, transport(layers.arm, {}), {.align = Align::right});
  drawing.write(panel.x_at(layers.total()) + 8, y, sum(layers, with_packets), {.colour = faint});
}

std::optional<Drawing> draw(const Results& results, const Ledger&) {
  std::vector<Group> groups;
  for (Group& group :
       std::vector<Group>{group_of(results, "lean headers: what libcurl and Beast send", ""),
                          group_of(results, "a browser's headers", "/profile:browser"),
                          group_of(results, "a browser's headers and a cookie", "/profile:cookie")}) {
    if (!group.rows.empty()) groups.push_back(std::move(group));
  }
  if (groups.empty()) return std::nullopt;
  double most = 0, height = 0;
  bool with_packets = false;
  for (const Group& group : groups) {
    height += 34 + 26 * static_cast<double>(group.rows.size());
    for (const Layers& row : group.rows) {
      most = std::max(most, row.total());
      with_packets = with_packets || row.packets > 0;
    }
  }
  constexpr double top = 70;
  Drawing drawing(760, static_cast<int>(top + height + 66));
  drawing.title(
      "What does a message of 100 bytes weigh?",
      with_packets
          ? "message + framing + headers of TCP and IP with acknowledgements, dark to light, both ways"
          : "message + framing, dark to light, both ways; packets were not counted");
  // The upper edge is where y is 0, so that a row's y is its distance in pixels from there.
  const Panel panel{110, top, 560, top + height, {0, most}, {height, 0}};
  drawing.begin(panel);
  const double step = most > 1500 ? 500 : most > 600 ? 200 : 100;
  drawing.ticks_below(ticks_every(step, panel.x));
  drawing.name_below("bytes");
  double y = top;
  for (const Group& group : groups) {
    drawing.write(panel.left + 4, y + 20, group.heading, {.bold = true});
    y += 34;
    for (const Layers& row : group.rows) {
      draw_bar(drawing, panel, y + 13, row, with_packets);
      y += 26;
    }
  }
  return drawing;
}

}  // namespace

Picture bytes_picture() {
  return {
      "bytes",
      "Bytes of a delivered message by layer, for each transport",
      "From left to right, dark to light: the message as JSON, what the transport puts around it, and the headers of TCP and IP with the "
      "acknowledgements; one message at a time, so that a poll brings exactly one.",
      "set-up, TLS or compression, nor a poll that brings many messages or none",
      "bench/run --filter ^bytes/",
      draw};
}

}  // namespace bench
