#pragma once
// The answers that a connection owes its client for what was published and is not on the disk yet. Reading goes on meanwhile:
// a client that sends one message after the other without waiting is not slowed to one a transaction.

#include "feed/bell.hpp"
#include "feed/publication.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>

#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace feed {

/// Told in the order in which they were added, several in one write where several have ended. Belongs to a connection's thread; to
/// be destroyed only when told() has returned.
class Receipts {
 public:
  using Encode = std::function<std::string(const Result<Cursor>& place)>;
  using Write = std::function<net::awaitable<Result<>>(std::string_view bytes)>;

  Receipts(net::any_io_executor executor, Write write);

  /// Has the answer made by `encode` and written when the publication has ended, after those before it. Returns when there are few
  /// enough that the client may say more.
  net::awaitable<void> add(Publication publication, Encode encode);

  /// Returns when everything that was added before has been told, or there is nobody to tell it to.
  net::awaitable<void> told();
  bool all_told() const { return owed_.empty() && !telling_; }

 private:
  struct Owed {
    Publication publication;
    Encode encode;
  };
  net::awaitable<void> tell();
  net::awaitable<void> progress();
  void wake();

  net::any_io_executor executor_;
  Write write_;
  std::deque<Owed> owed_;
  std::uint64_t added_ = 0, told_ = 0;
  std::vector<Waiter*> waiting_;  // for progress
  bool telling_ = false;
  bool left_ = false;  // a write failed: the client is gone
};

}  // namespace feed
