// What only a browser can show: how many streams it opens, what it makes of a binary frame, whether its clients keep the contract. node
// drives Chromium, tests/browser/measure.mjs measures, and here it becomes runs like all others.

#include "bench/experiment.hpp"
#include "bench/pipe.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace bench {
namespace {

constexpr const char* script = "tests/browser/measure.mjs";

// One line of JSON: {"cell":"…","browser":"156.0","figures":{"live":6},"gates":[{"name":"…","held":true,"detail":"…"}]}.
void take(std::string_view line, Run& run) {
  const boost::json::value said = boost::json::parse(line);
  for (const auto& [name, value] : said.at("figures").as_object())
    run.figures[name] = value.to_number<double>();
  for (const boost::json::value& gate : said.at("gates").as_array()) {
    run.gates.push_back({std::string(gate.at("name").as_string()), gate.at("held").as_bool(),
                         std::string(gate.at("detail").as_string())});
  }
}

void measure(const Place& place, Run& run) {
  // For the script; the harness has one thread here.
  ::setenv("PROGRAMS", place.programs.c_str(), 1);
  const std::string path = place.root + '/' + script;
  constexpr std::chrono::seconds patience{300};
  std::string said;
  try {
    said = pipe_through({"node", path, run.cell}, "nodejs", "", patience);
    take(said, run);
  } catch (const boost::system::system_error& error) {
    throw std::runtime_error(
        fmt::format("{} said \"{}\", expected one line of JSON: {}", script, said, error.code().message()));
  }
}

std::vector<Cell> cells_of(const Setting& setting) {
  std::vector<Cell> cells;
  const auto add = [&](const char* name, const char* arm, const char* headline, double estimate_s,
                       unsigned repetitions) {
    Cell cell;
    cell.name = fmt::format("browser/{}", name);
    cell.experiment = "browser";
    cell.arm = arm;
    cell.headline = headline;
    cell.headline_seconds = std::string_view(headline).ends_with("_ms") ? 1e-3 : 1e-6;
    cell.estimate_s = estimate_s;
    cell.repetitions = repetitions;
    cell.measure = [place = setting.place](Run& run) { measure(place, run); };
    cells.push_back(std::move(cell));
  };
  constexpr unsigned counts = 3, times = 10;
  add("contract", "the contract of the clients", "passed_in_both", 60, 1);
  add("ws/text_and_binary", "WebSocket: text and binary frames", "binary_as_numbers", 2, counts);
  add("ws/foreign", "WebSocket: from somebody else's page", "checked_refused", 2, counts);
  for (const char* arm : {"poll", "sse", "ws"})
    add(fmt::format("{}/streams", arm).c_str(), "seven tabs", "live", 7, counts);
  for (const char* arm : {"sse", "ws"})
    add(fmt::format("{}/reconnect", arm).c_str(), "cut off, no code for it", "lost", 7, counts);
  for (const char* arm : {"poll", "sse", "ws"})
    add(fmt::format("{}/lost_answer", arm).c_str(), "a publish whose answer is lost", "messages", 4, counts);
  for (const char* arm : {"poll", "sse", "ws"})
    add(fmt::format("{}/page", arm).c_str(), "the chat page", "first_paint_ms", 3, times);
  add("ws/thousand", "a thousand messages on the page", "longest_frame_ms", 5, counts);
  return cells;
}

}  // namespace

Experiment browser_experiment() {
  Experiment experiment{
      "B",
      "browser",
      "What does a browser make of it?",
      {},
      {{"tabs whose feed began", "live", Unit::count},
       {"began when another closed", "began_when_one_closed", Unit::count},
       {"text frames as strings", "text_as_string", Unit::count},
       {"binary frames as numbers", "binary_as_numbers", Unit::count},
       {"of 10 missed, lost", "lost", Unit::count},
       {"messages of one publish", "messages", Unit::count},
       {"cases passed in both", "passed_in_both", Unit::count},
       {"failed in the browser", "failed_in_browser", Unit::count},
       {"first paint, ms", "first_paint_ms", Unit::count},
       {"bytes of the page", "bytes", Unit::bytes},
       {"longest frame, ms", "longest_frame_ms", Unit::count}},
      "what a page saw in headless Chromium, driven from outside; nothing but the project's own pages and clients, or what the browser has",
      "another browser, a display, a phone",
      {},
      cells_of};
  experiment.suite = Suite::browser;
  experiment.scripts = {script};
  return experiment;
}

}  // namespace bench
