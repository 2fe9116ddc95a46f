#pragma once
// From results to what people read: the table at the end of a run, and the tables in the notes. Pure but for reading and writing
// the notes: the same results give the same text, on any day, on any machine.
//
// What the experiments call things, in Run::figures and, where the model says something, under the same name in Run::predicted:
//
//   experiment  arms                           parameters                      figures
//   delivery    poll longpoll sse ws tcp null  rate (per second), interval_ms  n p50_us p90_us p99_us max_us mean_us lateness_p99_us
//                                              (poll), payload_bytes
//   bytes       poll longpoll sse ws tcp       payload_bytes, interval_ms,     n bytes_per_message json_bytes_per_message setup_bytes
//                                              rate                            ip_bytes_per_message
//   silence     poll longpoll sse ws           interval_ms (poll), wait_s      bytes_per_hour ip_bytes_per_hour packets_per_hour
//                                              (longpoll), heartbeat_s         requests_per_hour cpu_us_per_hour
//   fanout      poll longpoll sse ws tcp       readers, rate, interval_ms      n deliveries_per_second cpu_ns_per_delivery
//                                                                              instructions_per_delivery first_us median_us last_us
//   floor       tcp null                       payload_bytes                   n p50_us p99_us max_us
//
// All bytes are both ways. A figure that an experiment does not have is left out and printed as "-"; rtt_ms is a parameter of each
// (absent: 0, loopback). `n` is the number of samples of that run: a percentile that it does not carry is not printed.

#include "bench/result.hpp"

#include <string>

namespace bench {

/// The one table for the terminal: a row for each transport (polling once for each interval), with its delay, the bytes of a delivered
/// 100-byte message, a silent hour, and the fan-out to the largest room. Below it what did not count, and the machine.
std::string table(const Results& results);

/// The Markdown that belongs into the block `name`: headline, delivery, bytes, silence, fanout, floor or provenance. Throws
/// std::invalid_argument for another name, with those that exist.
std::string block(const Results& results, const std::string& name);

/// One figure of one cell as it stands in a sentence: its median over the runs that count, like `50 ms`; "not measured" where there is none. Its unit
/// comes from its name: p50_us, cpu_ns_per_delivery, bytes_per_hour; a share is a percentage.
std::string figure(const Results& results, const std::string& cell, const std::string& name);

/// `text` with everything between `<!-- results: NAME -->` and `<!-- /results -->` replaced by that block, and what stands
/// between `<!-- figure: CELL FIGURE -->` and `<!-- /figure -->` within a line by that figure. Throws
/// std::runtime_error with `path` and the line for a name that does not exist and for a mark without its other half.
std::string fill(const std::string& text, const Results& results, const std::string& path);

/// Fills README.md and notes/**/*.md of `from_dir` into the same places under `to_dir`, which may be the same directory. All of them are made before
/// the first is written. Throws std::runtime_error with the path where a file cannot be read or written, and as fill() does.
void report(const Results& results, const std::string& from_dir, const std::string& to_dir);

/// Where the committed notes under `project_dir` are not exactly what the results in `results_dir` give: the first such file and line, in a
/// sentence; empty where they are. Throws as load() and report() do.
std::string difference(const std::string& results_dir, const std::string& project_dir);

/// Whether there is no difference.
bool check(const std::string& results_dir, const std::string& project_dir);

}  // namespace bench
