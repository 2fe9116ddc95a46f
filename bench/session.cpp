#include "bench/session.hpp"

#include "bench/cells.hpp"
#include "bench/interrupt.hpp"
#include "bench/network.hpp"
#include "bench/plan.hpp"
#include "bench/stats.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <utility>

namespace bench {
namespace {

constexpr int attempts = 3;  // of a run that only the machine has spoilt

double total_estimate(const std::vector<Job>& jobs) {
  double seconds = 0;
  for (const Job& job : jobs) seconds += job.cell->estimate_s;
  return seconds;
}

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

}  // namespace

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

std::vector<Job> left_of(std::vector<Job> jobs, const std::vector<Run>& runs) {
  std::set<std::pair<std::string, unsigned>> done;
  for (const Run& run : runs) {
    if (run.counts()) done.emplace(run.cell, run.repetition);
  }
  std::erase_if(jobs, [&](const Job& job) { return done.contains({job.cell->name, job.repetition}); });
  return jobs;
}

std::vector<std::string> without_runs(const std::vector<Job>& jobs, const std::vector<Run>& runs) {
  std::set<std::string> cells;
  for (const Job& job : jobs) cells.insert(job.cell->name);
  for (const Run& run : runs) {
    if (run.counts()) cells.erase(run.cell);
  }
  return {cells.begin(), cells.end()};
}

void blame_deaths(Run& run, const std::string& deaths) {
  if (deaths.empty()) return;
  std::erase_if(run.gates, [](const Gate& gate) { return !gate.passed; });
  run.gates.push_back({"server and line lived", false, deaths});
}

Session::Session(const Setting& setting, const std::vector<Job>& jobs, Journal& journal,
                 std::string directory)
    : setting_(setting),
      progress_(jobs.size(), total_estimate(jobs)),
      journal_(journal),
      directory_(std::move(directory)) {
  for (const Run& run : journal.found()) {
    order_ = std::max(order_, run.order + 1);
    if (run.counts()) runs_.push_back(run);
  }
}

std::optional<Run> Session::attempt(const Job& job) {
  Run run;
  run.cell = job.cell->name;
  run.experiment = job.cell->experiment;
  run.arm = job.cell->arm;
  run.parameters = job.cell->parameters;
  run.repetition = job.repetition;
  run.order = order_++;
  run.seed = setting_.seed;
  try {
    const std::uint64_t before = socket_lines_made();
    take_deaths();
    job.cell->measure(run);
    blame_deaths(run, take_deaths());
    if (socket_lines_made() > before)
      run.figures["socket_relay"] = 1;  // whatever it was about: set-up costs do not show
    std::vector<std::int64_t> sorted = run.samples_ns;
    std::sort(sorted.begin(), sorted.end());
    run.quantiles_us = quantiles_us(sorted);
    for (auto* figures : {&run.figures, &run.predicted}) {
      std::erase_if(*figures, [&run](const auto& figure) {
        if (std::isfinite(figure.second)) return false;
        run.gates.push_back(
            {"figures are numbers", false, fmt::format("{} is {}", figure.first, figure.second)});
        return true;
      });
    }
    return run;
  } catch (const Interrupted&) {
    return std::nullopt;
  } catch (const ServerFailed& failure) {
    if (const std::string deaths = take_deaths(); !deaths.empty()) {
      blame_deaths(run, deaths);
      return run;
    }
    broken_ = fmt::format("{}: {}", job.cell->name, failure.what());
    return std::nullopt;
  } catch (const std::exception& failure) {
    run.gates.push_back({"the run came to its end", false, failure.what()});
    blame_deaths(run, take_deaths());
    return run;
  }
}

Provenance Session::until_now() const {
  Provenance now;
  finish(now, begun_);
  now["runs"] = std::to_string(made_);
  return now;
}

// On the disk before the next run begins; its samples are then no longer needed here.
void Session::keep(Run run) {
  try {
    save_samples(run, directory_);
    run.samples = run.samples_ns.size();
    run.samples_ns = {};
    journal_.add(run);
    ++made_;
    journal_.tell(until_now());
  } catch (const std::exception& failure) {
    broken_ = failure.what();
    run.samples = std::max(run.samples, run.samples_ns.size());
    run.samples_ns = {};
  }
  runs_.push_back(std::move(run));
}

const Run* Session::make(const Job& job) {
  if (interrupted() || !broken_.empty()) return nullptr;
  progress_.begin(job.cell->name);
  std::optional<Run> run = attempt(job);
  for (int i = 1; run && spoilt_by_machine(*run) && i < attempts; ++i) {
    progress_.say(fmt::format("{}: once more, since {}", run->cell, complaint(*run)));
    run = attempt(job);
  }
  progress_.end(job.cell->name, job.cell->estimate_s, run ? in_words(*run, *job.cell) : ": stopped");
  if (!run) return nullptr;
  if (!run->counts()) {
    const std::string what = complaint(*run);
    ++(spoilt_by_machine(*run) ? dropped_ : failed_);
    if (said_.insert(what).second) progress_.say(fmt::format("{}: does not count: {}", run->cell, what));
  }
  keep(*std::move(run));
  return &runs_.back();
}

void Session::measure(const Job& job, benchmark::State& state) {
  for (auto _ : state) {
    (void)_;
    const Run* const run = make(job);
    if (!run) {
      state.SkipWithError(broken_.empty() ? "not measured" : broken_.c_str());
      return;
    }
    for (const auto& [name, value] : run->figures) state.counters[name] = value;
    const auto headline = run->figures.find(job.cell->headline);
    state.SetIterationTime(headline == run->figures.end() ? 0
                                                          : headline->second * job.cell->headline_seconds);
    if (!run->counts()) state.SkipWithError(complaint(*run).c_str());
  }
}

}  // namespace bench
