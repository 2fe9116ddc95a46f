#pragma once
// What is measured in one execution. Cells that need more than this project and its tools are suites of their own, each with its own result
// file: nobody has to have a browser to repeat the rest.

#include <array>
#include <string>
#include <string_view>

namespace bench {

enum class Suite {
  main,     ///< everything else
  browser,  ///< what needs node and Chromium
  peers,    ///< what needs servers and clients of others
};

inline constexpr std::array suites{Suite::main, Suite::browser, Suite::peers};

/// "main", "browser", "peers"
constexpr std::string_view to_string(Suite suite) {
  return suite == Suite::main ? "main" : suite == Suite::browser ? "browser" : "peers";
}

/// The name of its result file.
inline std::string file_of(Suite suite) {
  return suite == Suite::main ? "results.json" : std::string(to_string(suite)) + ".json";
}

/// What measures it and nothing else: "bench/run", "bench/run --browser".
inline std::string command_of(Suite suite) {
  return suite == Suite::main ? "bench/run" : "bench/run --" + std::string(to_string(suite));
}

}  // namespace bench
