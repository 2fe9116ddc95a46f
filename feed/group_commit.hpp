#pragma once
// Group commit: what is published while a transaction is under way goes together into the next one. So the disk is never on
// the way of a delivery, and a busy server pays for few transactions.

#include "feed/bell.hpp"
#include "feed/error.hpp"
#include "feed/publication.hpp"
#include "feed/store.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace feed {

class Room;

/// Belongs to a loop's thread, and has one of its own, on which the store works; several loops may have one store. A message gets its number when its transaction
/// begins, and is in its room's log, for readers to see, when that has been committed. The loop does not end while something
/// is to be committed.
class GroupCommit {
 public:
  /// Rooms that are published to must outlive the loop's run.
  GroupCommit(net::any_io_executor executor, std::shared_ptr<Store> store);
  ~GroupCommit();
  GroupCommit(const GroupCommit&) = delete;
  GroupCommit& operator=(const GroupCommit&) = delete;

  Publication add(Room& room, Draft draft, std::int64_t at_ms);

  /// Begun so far. From any thread.
  std::uint64_t transactions() const { return transactions_.load(std::memory_order_relaxed); }

 private:
  void begin_soon();
  void pause();
  void begin();
  void end(const Result<>& outcome);
  void work();
  static bool deletes(const Room& room);  // the same until the transaction's messages are in the log

  // The loop's.
  net::any_io_executor executor_;
  net::steady_timer timer_;
  std::vector<std::shared_ptr<Pending>> gathering_, committing_;
  std::vector<Room*> rooms_;  // of what is being committed
  std::size_t gathering_bytes_ = 0;
  std::size_t seen_ = 0, first_seen_ = 0;  // in gathering_, when the pause last looked, and when it began
  int hurry_ = 0;                          // transactions that do not pause
  Clock::time_point began_{};              // the last transaction
  std::atomic<std::uint64_t> transactions_ = 0;
  bool busy_ = false;  // about to begin a transaction, or in one
  std::optional<net::executor_work_guard<net::any_io_executor>> work_guard_;

  // The other thread's, once that runs.
  std::shared_ptr<Store> store_;

  // Between the two.
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Transaction> transaction_;
  bool ending_ = false;

  std::thread thread_;
};

}  // namespace feed
