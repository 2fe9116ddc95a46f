#pragma once
// The runs of an execution as they come, a line each: what was measured is kept, however it ends, and a long execution goes on
// where it was interrupted.

#include "bench/result.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace bench {

/// What must be the same for two executions' runs to stand in one table: the programs (a hash of the files), the profile, the seed, and
/// `machine`, whatever else tells one set-up from another.
std::string identity_of(const std::vector<std::string>& programs, const std::string& profile,
                        std::uint64_t seed, const std::string& machine = {});

/// One file, appended to. A sitting is what one start of the program has measured. Used from one thread.
class Journal {
 public:
  /// Opens `path`, makes its directory where there is none. With `go_on`, the runs that are there are kept where they are of the same identity, and put
  /// aside (PATH.old) where they are not;
  /// a last line that was cut short is dropped. Throws std::runtime_error with the path where it cannot be written.
  Journal(std::string path, const std::string& identity, bool go_on);

  /// The sittings until now, the earlier ones first; the last one is that which begin() has begun.
  const std::vector<Provenance>& sittings() const { return sittings_; }
  /// A sitting begins, under these circumstances. Throws as add().
  void begin(const Provenance& sitting);
  /// What is now known of the sitting that has begun: its time until now, so that it is known of one that is killed, too. Throws as add().
  void tell(const Provenance& more);

  /// The runs found when it was opened.
  const std::vector<Run>& found() const { return found_; }
  /// Why runs that were there were not kept, in a sentence; empty where none were dropped.
  const std::string& dropped() const { return dropped_; }

  /// Writes one run, without its samples, through to the file. Throws std::runtime_error where the disk is full.
  void add(const Run& run);

 private:
  void append(const std::string& line);
  void take(const std::string& line);
  std::string path_;
  std::vector<Provenance> sittings_;
  std::vector<Run> found_;
  std::string dropped_;
};

}  // namespace bench
