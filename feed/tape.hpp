#pragma once
// The encoded frames of a room, one after the other, as they go out: encoded once, shared by every reader.

#include "feed/message.hpp"

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace feed {

/// A run of whole frames that lie side by side in memory, ready to be written with one call.
struct Frames {
  std::string_view bytes;
  std::size_t count = 0;              ///< frames in `bytes`
  Seq last = 0;                       ///< of the last frame in `bytes`
  std::shared_ptr<const void> owner;  ///< keeps `bytes` alive, also after the tape has forgotten them
};

/// Frames numbered without holes, appended at one end and forgotten at the other. The bytes lie in blocks that never
/// move, so a reader that is in the middle of a slow write keeps one block alive and nobody else notices: what
/// such readers can hold is one block (16 KiB, or one larger frame) each. Not thread-safe.
class Tape {
 public:
  /// The first frame to be appended gets `first` as its number.
  explicit Tape(Seq first = 1) : first_(first), next_(first) {}

  void append(std::string_view frame);

  /// Drops every frame up to and including `seq`.
  void forget(Seq seq);

  /// The frames after `after` that lie in one block, at most `limit` of them; none (count 0) where there are none.
  /// `after` must not be before what the tape still has: `after + 1 >= first()`.
  Frames read(Seq after, std::size_t limit = static_cast<std::size_t>(-1)) const;

  /// One frame; `seq` must be on the tape.
  std::string_view at(Seq seq) const;

  Seq first() const { return first_; }    ///< number of the oldest frame still there, or of the next one
  Seq last() const { return next_ - 1; }  ///< number of the newest frame, or first() - 1
  std::size_t count() const { return static_cast<std::size_t>(next_ - first_); }
  std::size_t bytes() const { return bytes_; }          ///< in frames that were not forgotten
  std::size_t allocated() const { return allocated_; }  ///< in blocks that the tape holds

 private:
  struct Block {
    Seq first;
    std::string bytes;                // its capacity is reserved once and never exceeded
    std::vector<std::uint32_t> ends;  // where frame first + i ends
    std::size_t begin_of(std::size_t index) const { return index == 0 ? 0 : ends[index - 1]; }
  };
  const std::shared_ptr<Block>& block_of(Seq seq) const;

  std::deque<std::shared_ptr<Block>> blocks_;
  Seq first_;
  Seq next_;
  std::size_t bytes_ = 0;
  std::size_t allocated_ = 0;
};

}  // namespace feed
