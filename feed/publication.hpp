#pragma once
// What becomes of a draft: a place in its room's log, at once where rooms are in memory alone, else when the transaction that
// holds it has been committed.

#include "feed/bell.hpp"
#include "feed/message.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace feed {

class Room;

/// A draft on its way through a transaction: shared by who publishes it and who commits it, on the loop's thread.
struct Pending {
  Pending(Room& to, Draft said, std::int64_t at) : room(&to), draft(std::move(said)), at_ms(at) {}

  Room* room;
  Draft draft;
  std::int64_t at_ms;
  std::string json;  ///< the message, once the draft is in a transaction
  std::optional<Result<Cursor>> place;
  Waiter waiter;
};

/// What Room::publish returns. May be thrown away: the draft goes its way.
class Publication {
 public:
  /// One that has ended already.
  explicit Publication(Result<Cursor> place) : place_(std::move(place)) {}
  explicit Publication(std::shared_ptr<Pending> pending) : pending_(std::move(pending)) {}

  bool ended() const { return !pending_ || pending_->place; }

  /// The message's place, once this has ended. Errors, with the HTTP status: 507 (the disk did not take it), 503 (too much is
  /// waiting for the disk); the message is then nowhere.
  const Result<Cursor>& place() const { return pending_ ? *pending_->place : *place_; }

  /// Completes, with void(Wake), when this has ended; not to be called when it has. One waits at a time.
  auto wait() { return pending_->waiter.wait(); }

 private:
  std::optional<Result<Cursor>> place_;
  std::shared_ptr<Pending> pending_;
};

}  // namespace feed
