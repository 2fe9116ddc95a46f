#pragma once
// The front end: options, the order of the runs, Google Benchmark, progress, and what is left when it ends.

namespace bench {

/// The whole of bench/run. Returns the exit code: 0, 1 where a gate failed or a server died, 2 for a wrong
/// command line, 130 after Ctrl-C.
int run_benchmarks(int argc, char** argv);

}  // namespace bench
