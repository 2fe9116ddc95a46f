#pragma once
// One execution of the harness: which runs are to be made, in which order, and what has become of them.

#include "bench/experiment.hpp"
#include "bench/journal.hpp"
#include "bench/progress.hpp"
#include "bench/result.hpp"

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace bench {

/// A cell in one of its repetitions.
struct Job {
  const Cell* cell;
  unsigned repetition;
};

/// Blocks: every cell once, in random order, then every cell again. Arms are compared inside a block, where the machine was the same.
/// `cells` must outlive the jobs.
std::vector<Job> plan_jobs(const std::vector<Cell>& cells, std::uint64_t seed);

/// The jobs whose run is not among `runs`, or did not count there.
std::vector<Job> left_of(std::vector<Job> jobs, const std::vector<Run>& runs);

/// The cells of these jobs that have no run that counts, in order of their names.
std::vector<std::string> without_runs(const std::vector<Job>& jobs, const std::vector<Run>& runs);

/// Where a server or the line's relay ended in the middle of the run, that is the gate that failed: what else was seen comes of it. `deaths`: the
/// sentences of take_deaths(), empty where none did.
void blame_deaths(Run& run, const std::string& deaths);

/// Makes the runs and keeps what they brought: in memory, in the journal, and the raw samples in files. Used from one thread.
class Session {
 public:
  /// `directory`: where samples go. What the journal found counts as measured.
  Session(const Setting& setting, const std::vector<Job>& jobs, Journal& journal, std::string directory);

  /// One run: again where only the machine has spoilt it. Null where nothing more is measured; else valid until the next one.
  const Run* make(const Job& job);
  /// The same as the body of a Google Benchmark.
  void measure(const Job& job, benchmark::State& state);

  std::vector<Run>& runs() { return runs_; }
  /// Of this sitting until now: its end, the time that was stolen, and how many runs it made.
  Provenance until_now() const;
  const Progress& progress() const { return progress_; }
  std::size_t failed() const { return failed_; }         ///< runs with a gate that is the program's
  std::size_t dropped() const { return dropped_; }       ///< runs that the machine has spoilt
  const std::string& broken() const { return broken_; }  ///< why nothing more could be measured

 private:
  std::optional<Run> attempt(const Job& job);
  void keep(Run run);

  const Setting& setting_;
  Progress progress_;
  Journal& journal_;
  std::string directory_;
  std::vector<Run> runs_;
  CpuTime begun_ = cpu_time();
  std::size_t made_ = 0;
  unsigned order_ = 0;
  std::size_t failed_ = 0, dropped_ = 0;
  std::string broken_;
  std::set<std::string> said_;  // complaints are told once
};

}  // namespace bench
