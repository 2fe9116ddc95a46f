#pragma once
// The numbered, bounded memory of one room. The log is the queue: a reader is a position in it.

#include "feed/message.hpp"
#include "feed/tape.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace feed {

/// What a log may hold; the newest message always stays, however large.
struct HistoryLimits {
  std::size_t messages = 1000;
  std::size_t bytes = 1 << 20;  ///< of encoded messages (JSON)
};

/// Messages by number. Not thread-safe.
class Log {
 public:
  /// `first`: the number of the message that will be appended first, where a log goes on that was kept elsewhere.
  Log(std::string epoch, HistoryLimits limits, Seq first = 1);

  /// Gives the draft the next place and forgets what no longer fits. `at_ms`: milliseconds since 1970.
  Cursor append(Draft draft, std::int64_t at_ms);
  /// The same for a message that has been given the next place already, as encode() makes it.
  Cursor append(std::string json);

  /// Where a reader begins that asks for `after`. What its cursor makes impossible is said in the gap.
  Hello locate(const After& after) const;

  /// Where a reader at `seq` goes on: there, or behind a gap when the log has forgotten what follows.
  Hello resume(Seq seq) const;

  const std::string& epoch() const { return epoch_; }
  Seq first() const { return json_.first(); }  ///< the oldest message still there, or the next one
  Seq last() const { return json_.last(); }    ///< 0 where nothing was ever said
  Cursor cursor() const { return {epoch_, last()}; }

  /// The messages as JSON, each followed by a comma, so that a page of them is one run of bytes.
  const Tape& json() const { return json_; }

  /// One message as JSON; `seq` must be in the log.
  std::string_view at(Seq seq) const;

 private:
  Hello begin(Seq after, std::optional<Gap> gap = {}) const { return {{epoch_, after}, gap}; }

  std::string epoch_;
  HistoryLimits limits_;
  Tape json_;
};

/// The name of a new log: 8 characters of [0-9a-z] from the system's random source.
std::string make_epoch();

}  // namespace feed
