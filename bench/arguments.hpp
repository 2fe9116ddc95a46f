#pragma once
// What the benchmark can be told on its command line.

#include "bench/suite.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace bench {

struct Arguments {
  bool smoke = false;
  bool full = false;
  std::optional<Suite> suite;  ///< where one was asked for by name; then `full` is set, too
  bool anew = false;           ///< forget what an interrupted --full has measured
  bool list = false;
  bool publish = false;
  bool report = false;  ///< measure nothing, make the notes again
  std::uint64_t seed = 1;
  std::string filter;
  std::string claim;
  std::vector<std::string> servers;  ///< URLs
  std::string root;                  ///< the source tree
  std::vector<std::string> google;   ///< --benchmark_…, passed on
};

/// Either the arguments, or the exit code where the program should end at once: 0 after --help, 2 for what is
/// not an option, which has been said then.
std::variant<Arguments, int> read_arguments(int argc, char** argv);

}  // namespace bench
