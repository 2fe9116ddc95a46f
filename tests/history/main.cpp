// check_history: reads histories, as chat --history and the tests' clients write them, and says what must not be in them.

#include "history/checker.hpp"

#include <cstdio>
#include <fstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

constexpr std::string_view usage =
    "usage: check_history [--others-publish] [--kept] FILE...\n"
    "Each FILE holds the histories of one or more clients, as lines of JSON. All files are of one run.\n"
    "  --others-publish   there were publishers whose history is not here: nothing counts as invented\n"
    "  --kept             the server ran with --data: no epoch may end\n"
    "Ends with 0 where nothing is wrong, 1 where something is, 2 where a file cannot be read.\n";

}  // namespace

int main(int argc, char** argv) {
  history::Rules rules;
  std::vector<std::string> files;
  for (int n = 1; n < argc; ++n) {
    const std::string_view word = argv[n];
    if (word == "--others-publish") {
      rules.others_publish = true;
    } else if (word == "--kept") {
      rules.is_kept = true;
    } else if (word == "--help") {
      std::fputs(usage.data(), stdout);
      return 0;
    } else if (word.starts_with("--")) {
      std::fprintf(stderr, "check_history: there is no option %s\n%s", argv[n], usage.data());
      return 2;
    } else {
      files.emplace_back(word);
    }
  }
  if (files.empty()) {
    std::fprintf(stderr, "check_history: got no file, expected at least one\n%s", usage.data());
    return 2;
  }
  history::Checker checker(rules);
  for (const std::string& name : files) {
    std::ifstream file(name);
    std::size_t number = 0;
    for (std::string line; std::getline(file, line);) {
      ++number;
      // A program that was killed leaves half a line behind, at the end.
      if (file.eof()) break;
      const auto record = feed::parse_record(line);
      if (record) {
        checker.take(*record);
      } else {
        checker.take_malformed(name + ", line " + std::to_string(number) + ": " + record.error().detail);
      }
    }
    if (!file.eof() || file.bad() || number == 0) {
      std::fprintf(stderr, "check_history: cannot read %s, or there is nothing in it\n", name.c_str());
      return 2;
    }
  }
  const history::Report report = checker.finish();
  std::fputs(history::summary(report).c_str(), stdout);
  return report.is_silent() ? 0 : 1;
}
