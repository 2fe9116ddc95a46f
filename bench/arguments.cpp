#include "bench/arguments.hpp"

#include <CLI/CLI.hpp>

#include <fmt/format.h>

#include <cstdio>
#include <string_view>

#ifndef BENCH_SOURCE_DIR
#define BENCH_SOURCE_DIR "."
#endif

namespace bench {

std::variant<Arguments, int> read_arguments(int argc, char** argv) {
  Arguments arguments;
  arguments.root = BENCH_SOURCE_DIR;
  CLI::App app(
      "Measures what the three transports cost and ends with one table. What begins with --benchmark_ is Google Benchmark's "
      "and passed on, like --benchmark_out=FILE. Exit code: 0 where each cell that was to be measured has a run that counts and no run failed a gate; "
      "1 where not, also where the machine has spoilt all runs of a cell; 2 for words that it does not know; 130 after Ctrl-C.",
      "bench/run");
  app.set_help_flag("-h,--help", "print this and end");
  const auto smoke = app.add_flag("--smoke", arguments.smoke,
                                  "a few cells, once each, in less than a minute: does it work here?");
  app.add_flag(
         "--full", arguments.full,
         "everything, in less than 90 minutes; goes on where it was interrupted. The default takes less than six")
      ->excludes(smoke);
  CLI::Option* const browser = app.add_flag_callback(
      "--browser", [&arguments] { arguments.suite = Suite::browser; },
      "only what needs node and Chromium, which nothing else measures; all of it, as --full, with results of their own");
  app.add_flag_callback(
         "--peers", [&arguments] { arguments.suite = Suite::peers; },
         "only what needs servers and clients of others, likewise")
      ->excludes(browser)
      ->excludes(smoke);
  browser->excludes(smoke);
  app.add_flag("--anew", arguments.anew, "with --full: forget what was measured before the interruption");
  app.add_option("--claim", arguments.claim, "only what this claim of notes/claims.md needs, like L4");
  app.add_option(
      "--server", arguments.servers,
      "measure the server at this URL and not our own, like http://192.0.2.1:8083; may be repeated, one for each "
      "transport. Publisher and readers are in this process; what needs the server's process is left out");
  app.add_option("--filter", arguments.filter,
                 "only cells whose name this regular expression finds; with - before it, the others");
  app.add_flag("--list", arguments.list, "print the cells and end");
  app.add_option("--seed", arguments.seed, "for the order, the plans and the phases")->capture_default_str();
  app.add_flag("--publish", arguments.publish,
               "write the notes to notes/ and README.md instead of build/notes");
  app.add_flag(
      "--report", arguments.report,
      "measure nothing: make the tables and notes again from build/results, with --publish from notes/results");
  app.add_option("--root", arguments.root,
                 "the source tree, below which build/results and build/notes are written")
      ->capture_default_str();
  app.allow_extras();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  arguments.full = arguments.full || arguments.suite;
  for (const std::string& extra : app.remaining()) {
    constexpr std::string_view filter = "--benchmark_filter=";
    if (extra.starts_with(filter)) {
      arguments.filter = extra.substr(filter.size());
    } else if (extra == "--benchmark_list_tests" || extra == "--benchmark_list_tests=true") {
      arguments.list = true;
    } else if (extra.starts_with("--benchmark_")) {
      arguments.google.push_back(extra);
    } else {
      fmt::print(
          stderr,
          "bench/run: \"{}\" is not an option. There are --smoke, --full, --browser, --peers, --anew, --filter REGEX, --claim ID, --list, --seed N, "
          "--server URL, --publish, --report, --root DIR, --help and those of Google Benchmark (--benchmark_out=FILE ...).\n",
          extra);
      return 2;
    }
  }
  return arguments;
}

}  // namespace bench
