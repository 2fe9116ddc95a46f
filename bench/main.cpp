// The benchmark.

#include "bench/front.hpp"

int main(int argc, char** argv) { return bench::run_benchmarks(argc, argv); }
