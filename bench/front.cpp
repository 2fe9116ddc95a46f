#include "bench/front.hpp"

#include "bench/arguments.hpp"
#include "bench/awake.hpp"
#include "bench/descriptor.hpp"
#include "bench/experiment.hpp"
#include "bench/interrupt.hpp"
#include "bench/journal.hpp"
#include "bench/ledger.hpp"
#include "bench/page.hpp"
#include "bench/peers.hpp"
#include "bench/pictures.hpp"
#include "bench/pipe.hpp"
#include "bench/provenance.hpp"
#include "bench/report.hpp"
#include "bench/result.hpp"
#include "bench/session.hpp"
#include "bench/somebodys.hpp"
#include "bench/suite.hpp"
#include "bench/verdict_text.hpp"

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <variant>
#include <vector>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <unistd.h>

namespace bench {
namespace {

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

Profile profile_of(const Arguments& arguments) {
  return arguments.smoke ? Profile::smoke : arguments.full ? Profile::full : Profile::standard;
}

std::string name_of(Profile profile) {
  return profile == Profile::smoke ? "smoke" : profile == Profile::full ? "full" : "standard";
}

Setting make_setting(const Arguments& arguments) {
  Setting setting;
  setting.profile = profile_of(arguments);
  setting.seed = arguments.seed;
  setting.place.programs = std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
  setting.place.cores = choose_cores();
  setting.place.root = arguments.root;
  if (!arguments.servers.empty()) setting.place.servers = arms_of(arguments.servers);
  return setting;
}

// The suite that was asked for, or that of the cells that the claim needs: the main one, where they are of several.
Suite suite_for(const Arguments& arguments) {
  if (arguments.suite) return *arguments.suite;
  if (arguments.claim.empty()) return Suite::main;
  std::set<Suite> needed;
  for (const std::string& cell : cells_of_claim(ledger_of(arguments.root), arguments.claim))
    needed.insert(suite_of(cell));
  for (const Suite other : needed) {
    if (other == *needed.begin()) continue;
    fmt::print(stderr, "The claim {} needs cells of the suite {}, too: {} --claim {} measures them.\n",
               arguments.claim, to_string(other), command_of(other), arguments.claim);
  }
  return needed.empty() ? Suite::main : *needed.begin();
}

// The cells that the command line means, without those that are only measured when they are asked for.
std::vector<Cell> chosen_cells(const Setting& setting, Suite suite, const Arguments& arguments) {
  std::vector<Cell> cells = all_cells(setting, suite);
  if (!arguments.servers.empty()) {
    std::erase_if(
        cells, [&](const Cell& cell) { return !cell.anywhere || !setting.place.servers.contains(cell.arm); });
  }
  const bool asked = !arguments.filter.empty() || !arguments.claim.empty();
  cells = chosen(std::move(cells), arguments.filter);
  if (!arguments.claim.empty()) {
    const std::vector<std::string> wanted = cells_of_claim(ledger_of(arguments.root), arguments.claim);
    std::erase_if(cells, [&](const Cell& cell) {
      return std::find(wanted.begin(), wanted.end(), cell.name) == wanted.end();
    });
  }
  if (asked) {
    const unsigned few = setting.profile == Profile::standard ? 3 : 1;
    for (Cell& cell : cells) cell.repetitions = std::max(cell.repetitions, few);
  }
  std::erase_if(cells, [](const Cell& cell) { return cell.repetitions == 0; });
  return cells;
}

// Cells that cannot be measured on this machine, and it is said why. How many there were.
std::size_t leave_out(std::vector<Cell>& cells) {
  std::map<std::string, std::size_t> reasons;
  const std::size_t left_out = std::erase_if(cells, [&reasons](const Cell& cell) {
    const std::string reason = cell.why_not ? cell.why_not() : std::string();
    if (!reason.empty()) ++reasons[reason];
    return !reason.empty();
  });
  for (const auto& [reason, count] : reasons)
    fmt::print(stderr, "{} cell{} left out: {}.\n", count, count == 1 ? " is" : "s are", reason);
  return left_out;
}

// Everything whose change makes other figures.
std::vector<std::string> programs_of(const Place& place, Suite suite, const std::filesystem::path& root) {
  std::vector<std::string> programs{"/proc/self/exe"};
  for (const char* arm : {"poll", "sse", "ws", "tcp"})
    programs.push_back(place.programs + '/' + server_of(arm));
  for (const Experiment& experiment : experiments()) {
    if (experiment.suite != suite) continue;
    for (const std::string& script : experiment.scripts) programs.push_back((root / script).string());
  }
  return programs;
}

// The notes with their tables, the pictures beside them, and all of it as one page. Says what could not be made; false where that is a failure: a program that
// is not installed is one only where the notes that are published would be left with pictures of another run.
bool write_notes(const Results& results, const Arguments& arguments) {
  const std::filesystem::path root = arguments.root, build = root / "build";
  const std::filesystem::path to = arguments.publish ? root : build;
  bool good = true;
  const auto attempt = [&good](const char* what, bool optional, const auto& act) {
    try {
      act();
    } catch (const ProgramMissing& missing) {
      fmt::print(stderr, "{}: {}\n", what, missing.what());
      good = good && optional;
    } catch (const std::exception& error) {
      fmt::print(stderr, "{}: {}\n", what, error.what());
      good = false;
    }
  };
  attempt("The notes could not be written", false, [&] { report(results, root.string(), to.string()); });
  attempt("The pictures could not be drawn", !arguments.publish,
          [&] { draw_pictures(results, ledger_of(root.string()), (to / "notes" / "pictures").string()); });
  attempt("The page could not be made", true,
          [&] { write_page(to.string(), (build / "notes" / "index.html").string()); });
  return good;
}

// What is published stands for a whole execution: nothing is overwritten by a part of one.
bool is_whole(const Session& session) { return !interrupted() && session.broken().empty(); }

// Nothing was measured in vain in silence.
void tell_missing(const std::vector<std::string>& missing) {
  if (missing.empty()) return;
  fmt::print(stderr, "No run counts of {} cell{}, so there is no figure of:\n", missing.size(),
             missing.size() == 1 ? "" : "s");
  for (const std::string& cell : missing) fmt::print(stderr, "  {}\n", cell);
}

// `missing`: the cells that have nothing.
int conclude(Session& session, const Results& results, Suite suite, Arguments arguments,
             const std::vector<std::string>& missing) {
  const std::filesystem::path root = arguments.root, build = root / "build";
  session.progress().clear();
  bool kept = true;
  const auto attempt = [&kept](const auto& act) {
    try {
      act();
    } catch (const std::exception& error) {
      fmt::print(stderr, "bench/run: {}\n", error.what());
      kept = false;
    }
  };
  attempt([&] { save(results, (build / "results").string(), suite); });
  if (arguments.publish && !is_whole(session)) {
    fmt::print(stderr, "Nothing is published, since this is not the whole of it.\n");
    arguments.publish = false;
  }
  const std::string published = (root / "notes" / "results").string();
  if (arguments.publish) attempt([&] { save(results, published, suite); });
  Results reference;
  if (!arguments.publish && std::filesystem::exists(std::filesystem::path(published) / file_of(suite)))
    attempt([&] { reference = load(published, suite); });
  if (!results.runs.empty()) std::fputs(table(results, reference).c_str(), stdout);
  attempt([&] {
    const Results all =
        with_others(results, suite, arguments.publish ? published : (build / "results").string());
    if (suite == Suite::peers) std::fputs(peers_plain(all).c_str(), stdout);
    if (!results.runs.empty())
      std::fputs(verdicts_plain(ledger_of(root.string()), all, results).c_str(), stdout);
    kept = write_notes(all, arguments) && kept;
  });
  if (session.dropped() > 0)
    fmt::print(stderr, "{} runs were dropped, since the machine was not ours alone.\n", session.dropped());
  if (session.failed() > 0)
    fmt::print(stderr, "{} runs failed a gate; their figures do not count.\n", session.failed());
  if (!session.broken().empty()) fmt::print(stderr, "bench/run: {}\n", session.broken());
  if (interrupted()) {
    fmt::print(stderr, "Interrupted; what was measured until then is in {}.{}\n",
               (build / "results").string(), arguments.full ? " The same command goes on from there." : "");
    return 130;
  }
  tell_missing(missing);
  return session.failed() > 0 || !session.broken().empty() || !missing.empty() || !kept ? 1 : 0;
}

// What was measured before, told again: after a change of the prose, or of how it is told.
int report_again(const Arguments& arguments) {
  const std::filesystem::path root = arguments.root, build = root / "build";
  const Results results =
      load_all((arguments.publish ? root / "notes" / "results" : build / "results").string());
  std::fputs(table(results).c_str(), stdout);
  return write_notes(results, arguments) ? 0 : 1;
}

// Why there is nothing to measure, and what there is.
void tell_nothing(const Setting& setting, Suite suite, const Arguments& arguments) {
  if (all_cells(setting, suite).empty()) {
    fmt::print(stderr, "bench/run: there are no cells in the suite {} yet.\n", to_string(suite));
    return;
  }
  if (!arguments.claim.empty()) {
    const bool elsewhere = !cells_of_claim(ledger_of(arguments.root), arguments.claim).empty();
    fmt::print(stderr, "bench/run: nothing that this can measure decides the claim {}; {}.\n",
               arguments.claim,
               elsewhere ? fmt::format("`bench/run --claim {}` alone finds its cells", arguments.claim)
                         : "notes/claims.md says why");
    return;
  }
  for (const Suite other : suites) {
    if (other != suite && !arguments.filter.empty() && arguments.servers.empty() &&
        !chosen(all_cells(setting, other), arguments.filter).empty()) {
      fmt::print(stderr, "bench/run: \"{}\" matches cells of the suite {} only: {} --filter '{}'\n",
                 arguments.filter, to_string(other), command_of(other), arguments.filter);
      return;
    }
  }
  fmt::print(stderr, "bench/run: no cell {}matches \"{}\". There are:\n",
             arguments.servers.empty() ? "" : "that can be measured on these servers ", arguments.filter);
  for (const Experiment& experiment : experiments()) {
    if (experiment.suite == suite) fmt::print(stderr, "  {:<13} {}\n", experiment.name, experiment.question);
  }
  fmt::print(stderr, "{} --list has all cells.\n", command_of(suite));
}

int measure_all(const Arguments& arguments) {
  if (arguments.report) return report_again(arguments);
  const bool part =
      arguments.smoke || !arguments.filter.empty() || !arguments.claim.empty() || !arguments.servers.empty();
  if (arguments.publish && part) {
    fmt::print(
        stderr,
        "bench/run: --publish got only a part of it, expected everything: alone or with --full, or --report to make the "
        "notes again from what was published.\n");
    return 2;
  }
  if (!arguments.claim.empty()) {
    try {
      find_claim(ledger_of(arguments.root), arguments.claim);
    } catch (const std::invalid_argument& unknown) {
      fmt::print(stderr, "bench/run: {}\n", unknown.what());
      return 2;
    }
  }
  const Setting setting = make_setting(arguments);
  const Suite suite = suite_for(arguments);
  std::vector<Cell> cells = chosen_cells(setting, suite, arguments);
  if (cells.empty()) {
    tell_nothing(setting, suite, arguments);
    return 2;
  }
  const std::size_t left_out = leave_out(cells);
  if (left_out > 0 && arguments.publish) {
    fmt::print(stderr, "bench/run: --publish got a machine that cannot measure everything.\n");
    return 2;
  }
  if (cells.empty()) return 1;
  if (arguments.list) {
    double seconds = 0;
    for (const Cell& cell : cells) {
      fmt::print("{}\n", cell.name);
      seconds += cell.estimate_s * cell.repetitions;
    }
    fmt::print(stderr, "{} cells, about {:.0f} s in all.\n", cells.size(), seconds);
    return 0;
  }
  std::vector<std::string> words = arguments.google;
  if (!initialize_google(words)) return 2;

  raise_descriptor_limit();
  std::signal(SIGPIPE, SIG_IGN);
  remember_interrupts();
  const std::string profile = name_of(setting.profile);
  const std::string directory = (std::filesystem::path(arguments.root) / "build" / "results").string();
  Results results;
  results.provenance = provenance(arguments.root, setting.seed);
  tell_suite(results.provenance, suite);
  const auto peers = suite == Suite::peers ? peer_versions(setting.place.root) : Provenance();
  results.provenance.insert(peers.begin(), peers.end());
  std::string set_up = results.provenance["kernel"] + results.provenance["cpu"] + in_words(best_means());
  if (suite != Suite::main) set_up += to_string(suite);
  if (suite == Suite::browser) set_up += results.provenance["node"] + results.provenance["chromium"];
  for (const auto& [name, version] : peers) set_up += name + version;
  for (const auto& [arm, server] : setting.place.servers) set_up += arm + server.origin;
  const std::string identity =
      identity_of(programs_of(setting.place, suite, arguments.root), profile, setting.seed, set_up);
  // Two at once would measure each other.
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  const Descriptor lock(::open((directory + "/.lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644));
  if (lock.fd() >= 0 && ::flock(lock.fd(), LOCK_EX | LOCK_NB) != 0) {
    fmt::print(stderr,
               "bench/run: another one is measuring into {}; wait for it, or give this one another --root.\n",
               directory);
    return 1;
  }
  const std::string_view name = !arguments.full ? "runs" : suite == Suite::main ? "full" : to_string(suite);
  Journal journal(fmt::format("{}/{}.jsonl", directory, name), identity, arguments.full && !arguments.anew);
  if (!journal.dropped().empty()) fmt::print(stderr, "{}\n", journal.dropped());
  const std::vector<Job> planned = plan_jobs(cells, setting.seed);
  const std::vector<Job> jobs = left_of(planned, journal.found());
  Session session(setting, jobs, journal, directory);
  if (!session.runs().empty())
    fmt::print(stderr, "{} runs were measured before and are taken over; --anew forgets them.\n",
               session.runs().size());
  results.provenance["profile"] = profile;
  results.provenance["programs"] = identity;
  for (const auto& [arm, server] : setting.place.servers)
    results.provenance["server for " + arm] = server.origin;
  if (setting.place.cores.apart()) {
    results.provenance["pinning"] =
        fmt::format("server on {}, clients on {}", setting.place.cores.server, setting.place.cores.clients);
    pin_to(setting.place.cores.clients);
  } else {
    results.provenance["pinning"] = "one, shared by server and clients: CPU is right, delays are not";
    fmt::print(
        stderr,
        "There is one core only: server and clients share it, so delays are longer than they would be.\n");
  }
  const AwakeCores awake;
  results.provenance["idle cores"] = awake.in_words();
  journal.begin(results.provenance);

  for (const Job& job : jobs) {
    benchmark::RegisterBenchmark(job.cell->name.c_str(),
                                 [&session, job](benchmark::State& state) { session.measure(job, state); })
        ->Iterations(1)
        ->UseManualTime()
        ->Unit(benchmark::kMicrosecond);
  }
  Silent silent;
  if (!jobs.empty()) benchmark::RunSpecifiedBenchmarks(&silent);
  benchmark::Shutdown();
  std::vector<Provenance> sittings = journal.sittings();
  for (const auto& [name, value] : session.until_now()) sittings.back()[name] = value;
  tell_sittings(results, std::move(sittings));
  results.runs = std::move(session.runs());
  results.provenance["runs"] = results.runs.size() < planned.size()
                                   ? fmt::format("{} of {}: interrupted", results.runs.size(), planned.size())
                                   : fmt::format("{}", planned.size());
  return conclude(session, results, suite, arguments, without_runs(planned, results.runs));
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
