#pragma once
// What one run of one cell brought. Experiments fill it, the report reads it; between them lies a file.

#include "bench/suite.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// A condition that must hold before any figure of a run counts.
struct Gate {
  std::string name;  ///< "every message once and in order"
  bool passed = false;
  std::string detail;  ///< what was seen and what was expected
};

/// One run: the unit of all statistics. Names of figures end in their unit: p50_us, bytes_per_message, cpu_ns_per_delivery.
struct Run {
  std::string cell;        ///< "delivery/ws/rate:50/payload:100": the name of the Google Benchmark
  std::string experiment;  ///< "delivery"
  std::string arm;         ///< poll, longpoll, sse, ws, tcp, null
  std::map<std::string, double> parameters;
  unsigned repetition = 0;
  unsigned order = 0;  ///< the how-manieth run of this execution
  std::uint64_t seed = 0;
  std::map<std::string, double> figures;
  std::map<std::string, double> predicted;  ///< by the model, under the same names
  std::vector<Gate> gates;
  std::vector<double> quantiles_us;  ///< of the samples, at quantile_grid(); goes where the samples do not
  std::vector<std::int64_t>
      samples_ns;  ///< raw latencies from the due time, in order of delivery; kept beside the summary
  std::size_t samples = 0;  ///< how many there were, where they are no longer in memory

  bool counts() const {  ///< every gate passed
    for (const Gate& gate : gates) {
      if (!gate.passed) return false;
    }
    return true;
  }
};

/// Where and how the runs were made: commit, machine, versions, settings. Text, for people.
using Provenance = std::map<std::string, std::string>;

/// Where and how the runs of one suite were made.
struct Made {
  Provenance provenance;
  std::vector<Provenance> sittings = {};  ///< as in Results
};

struct Results {
  Provenance provenance;
  std::vector<Run> runs = {};
  /// Each time that the program was started for it, where that was more than once: begun, interrupted, gone on with.
  std::vector<Provenance> sittings = {};
  /// Of other suites, whose runs are among these. What stands above is then the main suite's.
  std::map<Suite, Made> others = {};
};

/// A provenance as one line of JSON, and back. Throws as decode_run().
std::string encode_provenance(const Provenance& provenance);
Provenance decode_provenance(const std::string& line, const std::string& where);

/// A run as one line of JSON, without its samples, and back. `where` is for the message: throws std::runtime_error where the line is no run.
std::string encode_run(const Run& run);
Run decode_run(const std::string& line, const std::string& where);

/// The samples of one run, to samples/<cell>-<repetition>.txt below the directory. save() does so for all that still have theirs.
void save_samples(const Run& run, const std::string& directory);

/// One JSON file for each suite (without samples) and, for runs that have them, samples/<cell>-<repetition>.txt beside it, one number a line.
/// Throws std::runtime_error with the path where a file cannot be written, or is cut short or of another version.
void save(const Results& results, const std::string& directory, Suite suite = Suite::main);
Results load(const std::string& directory, Suite suite = Suite::main);

/// Of all suites that the directory has a file of. Throws as load() for each, and where there is none, or two of them have the same cell.
Results load_all(const std::string& directory);
/// `results` of one suite together with what the directory has of the others. Throws as load_all().
Results with_others(Results results, Suite suite, const std::string& directory);

/// Reads the samples of a run back from beside its summary. Throws std::runtime_error where they are not there, cut short or not as many as there were.
void load_samples(Run& run, const std::string& directory);

}  // namespace bench
