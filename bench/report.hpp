#pragma once
// From results to what people read: the table at the end of a run, and the tables in the notes. Pure but for reading and writing
// the notes: the same results give the same text, on any day, on any machine.
//
// Each experiment says what its columns are (bench/experiment.hpp). A figure that a run does not have is printed as "-"; `n` is the number of samples of
// that run: a percentile that it does not carry is not printed.

#include "bench/ledger.hpp"
#include "bench/result.hpp"

#include <string>

namespace bench {

/// For the terminal: a room of 100 people for an hour, then delay, bytes, CPU and memory, a row for each transport; below each the row of
/// `reference`, where it has any. Then what did not count, and the machines.
std::string table(const Results& results, const Results& reference = {});

/// For the terminal: ours and those of others side by side, a table for each experiment of the suite "peers", and what was to be reached.
std::string peers_plain(const Results& results);

/// The Markdown that belongs into the block `name`: headline, models, peers (what was to be reached), peers ahead, provenance, an experiment's name, "picture ecdf", or of the `ledger`: claims
/// (all of it) or verdicts (a short table). `pictures` is where their files are, from the note. Throws std::invalid_argument for another name, with those that exist.
std::string block(const Results& results, const std::string& name, const Ledger& ledger = {},
                  const std::string& pictures = "pictures/");

/// One figure of one cell as it stands in a sentence: its median over the runs that count, like `50 ms`; "not measured" where there is none. Its unit
/// comes from its name: p50_us, cpu_ns_per_delivery, bytes_per_hour; a share is a percentage.
std::string figure(const Results& results, const std::string& cell, const std::string& name);

/// `text` with everything between `<!-- results: NAME -->` and `<!-- /results -->` replaced by that block, and what stands
/// between `<!-- figure: CELL FIGURE -->` and `<!-- /figure -->` within a line by that figure. Throws
/// std::runtime_error with `path` and the line for a name that does not exist and for a mark without its other half.
std::string fill(const std::string& text, const Results& results, const std::string& path,
                 const Ledger& ledger = {}, const std::string& pictures = "pictures/");

/// notes/claims.json of a project; empty where there is none. Throws as read_ledger().
Ledger ledger_of(const std::string& project_dir);

/// Fills README.md and notes/**/*.md of `from_dir` into the same places under `to_dir`, which may be the same directory. All of them are made before
/// the first is written. The ledger is notes/claims.json of `from_dir`, where there is one. Throws std::runtime_error with the path where a file
/// cannot be read or written, and as fill() and read_ledger() do.
void report(const Results& results, const std::string& from_dir, const std::string& to_dir);

/// Where the committed notes and pictures under `project_dir` are not exactly what the results in `results_dir` give: the first such file and
/// line, in a sentence; empty where they are. Throws as load() and report() do.
std::string difference(const std::string& results_dir, const std::string& project_dir);

/// Whether there is no difference.
bool check(const std::string& results_dir, const std::string& project_dir);

}  // namespace bench
