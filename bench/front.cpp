#include "bench/front.hpp"

#include "bench/arguments.hpp"
#include "bench/experiment.hpp"
#include "bench/interrupt.hpp"
#include "bench/plan.hpp"
#include "bench/progress.hpp"
#include "bench/provenance.hpp"
#include "bench/report.hpp"
#include "bench/result.hpp"
#include "bench/stats.hpp"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <optional>
#include <regex>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <sys/resource.h>
#include <unistd.h>

namespace bench {
namespace {

constexpr int attempts = 3;           // of a run that only the machine has spoilt
constexpr double busy_clients = 0.9;  // of a core

// A cell in one of its repetitions.
struct Job {
  const Cell* cell;
  unsigned repetition;
};

double total_estimate(const std::vector<Job>& jobs) {
  double seconds = 0;
  for (const Job& job : jobs) seconds += job.cell->estimate_s;
  return seconds;
}

// Keeps what the runs brought.
struct Session {
  Session(const Setting& in, const std::vector<Job>& jobs)
      : setting(in), progress(jobs.size(), total_estimate(jobs)) {}

  void measure(const Job& job, benchmark::State& state);
  std::optional<Run> attempt(const Job& job);

  const Setting& setting;
  Progress progress;
  Results results;
  unsigned order = 0;
  std::size_t failed = 0;   // runs with a gate that is the program's
  std::size_t dropped = 0;  // runs that the machine has spoilt
  std::string broken;       // why nothing more can be measured
};

// The gates that did not hold, in a sentence.
std::string complaint(const Run& run) {
  std::string text;
  for (const Gate& gate : run.gates) {
    if (!gate.passed) text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", gate.name, gate.detail);
  }
  return text;
}

// What a run brought, for the progress: its headline, and how busy the clients were.
std::string in_words(const Run& run, const Cell& cell) {
  const auto figure = [&run](const std::string& name) {
    const auto found = run.figures.find(name);
    return found == run.figures.end() ? 0 : found->second;
  };
  const double busy = std::max(figure("client_utilisation"), figure("burst_client_utilisation"));
  std::string text = fmt::format(": {} {:.4g}", cell.headline, figure(cell.headline));
  if (busy > 0) text += fmt::format(", clients {:.2f} of a core", busy);
  if (busy > busy_clients) text += ": they may be the limit, and not the server";
  return text;
}

bool spoilt_by_machine(const Run& run) {
  return !run.counts() && std::all_of(run.gates.begin(), run.gates.end(), [&run](const Gate& gate) {
    return gate.passed || is_of_the_machine(run, gate);
  });
}

std::optional<Run> Session::attempt(const Job& job) {
  Run run;
  run.cell = job.cell->name;
  run.experiment = job.cell->experiment;
  run.arm = job.cell->arm;
  run.parameters = job.cell->parameters;
  run.repetition = job.repetition;
  run.order = order++;
  run.seed = setting.seed;
  try {
    job.cell->measure(run);
    std::vector<std::int64_t> sorted = run.samples_ns;
    std::sort(sorted.begin(), sorted.end());
    run.quantiles_us = quantiles_us(sorted);
    return run;
  } catch (const Interrupted&) {
    return std::nullopt;
  } catch (const ServerFailed& failure) {
    broken = fmt::format("{}: {}", job.cell->name, failure.what());
    return std::nullopt;
  } catch (const std::exception& failure) {
    run.gates.push_back({"the run came to its end", false, failure.what()});
    return run;
  }
}

void Session::measure(const Job& job, benchmark::State& state) {
  for (auto _ : state) {
    (void)_;
    if (interrupted() || !broken.empty()) {
      state.SkipWithError("not measured");
      return;
    }
    progress.begin(job.cell->name);
    std::optional<Run> run = attempt(job);
    for (int i = 1; run && spoilt_by_machine(*run) && i < attempts; ++i) {
      progress.say(fmt::format("{}: once more, since {}", run->cell, complaint(*run)));
      run = attempt(job);
    }
    progress.end(job.cell->name, job.cell->estimate_s, run ? in_words(*run, *job.cell) : ": stopped");
    if (!run) {
      state.SkipWithError(broken.empty() ? "interrupted" : broken.c_str());
      return;
    }
    for (const auto& [name, value] : run->figures) state.counters[name] = value;
    const auto headline = run->figures.find(job.cell->headline);
    state.SetIterationTime(headline == run->figures.end() ? 0
                                                          : headline->second * job.cell->headline_seconds);
    if (!run->counts()) {
      const std::string what = complaint(*run);
      ++(spoilt_by_machine(*run) ? dropped : failed);
      progress.say(fmt::format("{}: does not count: {}", run->cell, what));
      state.SkipWithError(what.c_str());
    }
    results.runs.push_back(*std::move(run));
  }
}

// Our progress and our table stand in the place of Google Benchmark's own.
class Silent final : public benchmark::BenchmarkReporter {
 public:
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>&) override {}
};

// As --benchmark_filter understands it: a regular expression that is searched for; with a minus sign before
// it, what does not match.
std::vector<Cell> chosen(std::vector<Cell> cells, std::string filter) {
  const bool inverse = filter.starts_with('-');
  if (inverse) filter.erase(0, 1);
  if (filter.empty() || filter == "all") return cells;
  const std::regex pattern(filter, std::regex::extended);
  std::erase_if(cells, [&](const Cell& cell) { return std::regex_search(cell.name, pattern) == inverse; });
  return cells;
}

// Blocks: every cell once, in random order, then every cell again. Arms are compared inside a block, where
// the machine was the same.
std::vector<Job> plan_jobs(const std::vector<Cell>& cells, std::uint64_t seed) {
  unsigned blocks = 0;
  for (const Cell& cell : cells) blocks = std::max(blocks, cell.repetitions);
  std::vector<Job> jobs;
  for (unsigned block = 0; block < blocks; ++block) {
    for (const std::size_t i : shuffled(cells.size(), derive(seed, "order", block))) {
      if (block < cells[i].repetitions) jobs.push_back({&cells[i], block});
    }
  }
  return jobs;
}

// Google Benchmark takes what is its own and leaves what it does not know. It keeps pointers into `words`.
bool initialize_google(std::vector<std::string>& words) {
  words.insert(words.begin(), "bench");
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  int argc = static_cast<int>(argv.size());
  benchmark::Initialize(&argc, argv.data());
  if (argc > 1) fmt::print(stderr, "bench/run: Google Benchmark knows no \"{}\"\n", argv[1]);
  return argc == 1;
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
}

Setting make_setting(const Arguments& arguments) {
  Setting setting;
  setting.profile = arguments.smoke ? Profile::smoke : Profile::standard;
  setting.seed = arguments.seed;
  setting.place.programs = std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
  setting.place.cores = choose_cores();
  return setting;
}

int conclude(Session& session, const Arguments& arguments) {
  const std::filesystem::path build = std::filesystem::path(arguments.root) / "build";
  session.progress.clear();
  save(session.results, (build / "results").string());
  if (arguments
          .publish) {  // what the published numbers follow from; the samples are too large to be kept with them
    Results summary = session.results;
    for (Run& run : summary.runs) run.samples_ns.clear();
    save(summary, (std::filesystem::path(arguments.root) / "notes" / "results").string());
  }
  if (!session.results.runs.empty()) std::fputs(table(session.results).c_str(), stdout);
  bool written = true;
  try {
    report(session.results, arguments.root, arguments.publish ? arguments.root : build.string());
  } catch (const std::exception& error) {
    fmt::print(stderr, "The notes could not be written: {}\n", error.what());
    written = false;
  }
  if (session.dropped > 0)
    fmt::print(stderr, "{} runs were dropped, since the machine was not ours alone.\n", session.dropped);
  if (session.failed > 0)
    fmt::print(stderr, "{} runs failed a gate; their figures do not count.\n", session.failed);
  if (!session.broken.empty()) fmt::print(stderr, "bench/run: {}\n", session.broken);
  if (interrupted())
    fmt::print(stderr, "Interrupted; what was measured until then is in {}.\n", (build / "results").string());
  if (interrupted()) return 130;
  return session.failed > 0 || !session.broken.empty() || !written ? 1 : 0;
}

int measure_all(const Arguments& arguments) {
  const Setting setting = make_setting(arguments);
  const std::vector<Cell> cells = chosen(all_cells(setting), arguments.filter);
  if (cells.empty()) {
    fmt::print(stderr, "bench/run: no cell matches \"{}\". There are:\n", arguments.filter);
    for (const Cell& cell : all_cells(setting)) fmt::print(stderr, "  {}\n", cell.name);
    return 2;
  }
  if (arguments.list) {
    for (const Cell& cell : cells) fmt::print("{}\n", cell.name);
    return 0;
  }
  std::vector<std::string> words = arguments.google;
  if (!initialize_google(words)) return 2;

  raise_descriptor_limit();
  std::signal(SIGPIPE, SIG_IGN);
  remember_interrupts();
  const std::vector<Job> jobs = plan_jobs(cells, setting.seed);
  Session session(setting, jobs);
  session.results.provenance = provenance(arguments.root, setting.seed);
  session.results.provenance["profile"] = arguments.smoke ? "smoke" : "standard";
  if (setting.place.cores.apart()) {
    session.results.provenance["pinning"] =
        fmt::format("server on {}, clients on {}", setting.place.cores.server, setting.place.cores.clients);
    pin_to(setting.place.cores.clients);
  } else {
    session.results.provenance["pinning"] = "one, shared by server and clients: CPU is right, delays are not";
    fmt::print(
        stderr,
        "There is one core only: server and clients share it, so delays are longer than they would be.\n");
  }
  const CpuTime machine = cpu_time();

  for (const Job& job : jobs) {
    benchmark::RegisterBenchmark(job.cell->name.c_str(),
                                 [&session, job](benchmark::State& state) { session.measure(job, state); })
        ->Iterations(1)
        ->UseManualTime()
        ->Unit(benchmark::kMicrosecond);
  }
  Silent silent;
  benchmark::RunSpecifiedBenchmarks(&silent);
  benchmark::Shutdown();
  finish(session.results.provenance, machine);
  return conclude(session, arguments);
}

}  // namespace

int run_benchmarks(int argc, char** argv) {
  const auto arguments = read_arguments(argc, argv);
  if (const int* code = std::get_if<int>(&arguments)) return *code;
  try {
    return measure_all(std::get<Arguments>(arguments));
  } catch (const std::regex_error& error) {
    fmt::print(stderr, "bench/run: the filter is no regular expression: {}\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench/run: {}\n", error.what());
    return 1;
  }
}

}  // namespace bench
