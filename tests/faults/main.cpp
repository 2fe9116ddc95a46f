// faults: runs the campaign and prints it as a table. See tests/faults/run.

#include "faults/campaign.hpp"

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace {

// Thousands of connections of this process's own.
void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace

int main(int argc, char** argv) {
  faults::Setting setting;
  setting.programs = std::filesystem::canonical("/proc/self/exe").parent_path().string();
  std::vector<std::string> wanted;
  std::string results;
  bool list = false;
  CLI::App app("Attacks a server with all three transports and says what came of it.", "tests/faults/run");
  app.option_defaults()->always_capture_default();
  app.add_flag("--full", setting.full, "the amounts that the campaign names; it takes most of an hour");
  app.add_option("--row", wanted, "only this row, by name or number; may be repeated");
  app.add_option("--seed", setting.seed, "of everything that is drawn");
  app.add_option(
      "--results", results,
      "a directory that is there: each row writes its line of the table there, as soon as it ends");
  app.add_flag("--list", list, "say which rows there are, and end");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  raise_descriptor_limit();
  std::string lines = faults::table_head();
  int broken = 0;
  int done = 0;
  for (const faults::Row& row : faults::rows()) {
    const auto is_wanted = [&](const std::string& name) {
      return name == row.name || name == std::to_string(row.number);
    };
    if (!wanted.empty() && std::none_of(wanted.begin(), wanted.end(), is_wanted)) continue;
    ++done;
    if (list) {
      fmt::print("{:3} {:12} {}\n", row.number, row.name, row.attack);
      continue;
    }
    const auto start = std::chrono::steady_clock::now();
    const faults::Findings findings = faults::run(row, setting);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    fmt::print(stderr, "{:3} {:12} {} after {:.1f} s\n", row.number, row.name,
               !findings.skipped().empty() ? "was not carried out,"
               : findings.broken().empty() ? "held"
                                           : "BROKE",
               took.count());
    for (const std::string& what : findings.broken()) fmt::print(stderr, "    {}\n", what);
    broken += !findings.broken().empty();
    const std::string line = faults::table_line(row, findings);
    lines += line;
    if (results.empty()) continue;
    const std::string file = fmt::format("{}/{:02}-{}.md", results, row.number, row.name);
    if (!(std::ofstream(file) << line).flush()) {
      fmt::print(stderr, "faults: cannot write {}\n", file);
      return 2;
    }
  }
  if (done == 0) {
    fmt::print(stderr, "faults: there is no such row; --list says which there are\n");
    return 2;
  }
  if (list) return 0;
  fmt::print("{}", lines);
  return broken == 0 ? 0 : 1;
}
