// bench/advise: which transport for which case. Reads its question from the command line and answers from the published results.

#include "bench/advice.hpp"
#include "bench/ledger.hpp"
#include "bench/result.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <stdexcept>
#include <string>

namespace {

struct Asked {
  std::string rate, readers, max_delay, rtt = "40ms", headers = "browser", direction = "down",
                                        payload = "100";
  std::string root = ADVISE_SOURCE_DIR, results;
};

// Runs `parse`, and says which option it was about where that throws.
template <class Parse>
auto option(const std::string& name, Parse parse) {
  try {
    return parse();
  } catch (const std::invalid_argument& wrong) {
    throw std::invalid_argument(fmt::format("{}: {}", name, wrong.what()));
  }
}

double whole(const std::string& text) {
  std::size_t end = 0;
  double number = -1;
  if (!text.empty() && text.size() < 12 && text.find_first_not_of("0123456789") == std::string::npos)
    number = std::stod(text, &end);
  if (number < 1 || end != text.size())
    throw std::invalid_argument(fmt::format("got \"{}\", expected a whole number from 1 on", text));
  return number;
}

bench::Need need_of(const Asked& asked) {
  bench::Need need;
  need.per_second = option("--rate", [&] { return bench::parse_rate(asked.rate); });
  need.readers = option("--readers", [&] { return whole(asked.readers); });
  need.max_delay = option("--max-delay", [&] { return bench::parse_duration(asked.max_delay); });
  need.one_way = option("--rtt", [&] { return bench::parse_duration(asked.rtt); }) / 2;
  need.target.fields = option("--headers", [&] { return bench::parse_fields(asked.headers); });
  need.text_bytes = static_cast<std::size_t>(option("--payload", [&] { return whole(asked.payload); }));
  if (asked.direction != "down" && asked.direction != "both")
    throw std::invalid_argument(
        fmt::format("--direction: got \"{}\", expected down or both", asked.direction));
  need.both_ways = asked.direction == "both";
  return need;
}

void describe(CLI::App& app, Asked& asked) {
  app.set_help_flag("-h,--help", "print this and end");
  app.add_option("--rate", asked.rate, "messages in the room: 3 a second, or like 20/min or 6/h")->required();
  app.add_option("--readers", asked.readers, "people in the room")->required();
  app.add_option("--max-delay", asked.max_delay, "how late a message may be at worst: 200ms, 2s, 1.5min")
      ->required();
  app.add_option("--rtt", asked.rtt, "round-trip time between server and readers")->capture_default_str();
  app.add_option("--headers", asked.headers,
                 "what a client adds to each request: lean, browser, cookie, or bytes")
      ->capture_default_str();
  app.add_option("--direction", asked.direction, "down: only the server speaks; both: the readers do")
      ->capture_default_str();
  app.add_option("--payload", asked.payload, "bytes of a message's text")->capture_default_str();
  app.add_option(
      "--results", asked.results,
      "directory of the results: notes/results, the published ones, if none is given; build/results has yours");
  app.add_option("--root", asked.root, "the source tree")->capture_default_str();
  app.footer(
      "\nA chat:     bench/advise --rate 1 --readers 100 --max-delay 500ms --direction both\n"
      "The weather: bench/advise --rate 6/h --readers 100000 --max-delay 60s\n"
      "A game:      bench/advise --rate 40 --readers 4 --max-delay 100ms --direction both");
}

}  // namespace

int main(int argc, char** argv) {
  Asked asked;
  CLI::App app("Which transport for your case, what it will cost, and why.", "bench/advise");
  describe(app, asked);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  try {
    const bench::Need need = need_of(asked);
    if (asked.results.empty()) asked.results = asked.root + "/notes/results";
    const bench::Results results = bench::load_all(asked.results);
    const bench::Costs costs = bench::costs_of(results);
    const bench::Advice advice = bench::advise(need, costs);
    const bench::Ledger ledger = bench::read_ledger(asked.root + "/notes/claims.json");
    std::fputs(bench::in_words(need, advice, costs, ledger, results).c_str(), stdout);
    return 0;
  } catch (const std::invalid_argument& wrong) {
    fmt::print(stderr, "bench/advise: {}\n", wrong.what());
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench/advise: {}\n", error.what());
    return 1;
  }
}
