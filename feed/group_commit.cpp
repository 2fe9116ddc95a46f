#include "feed/group_commit.hpp"

#include "feed/room.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace feed {
namespace {

// A transaction costs some 30 µs whatever is in it: two changes of thread, the log's pages. So under load the next one begins no
// sooner than this after the last one began: 200 a second, some 10 messages each at 2000 a second. A lone message does not wait.
constexpr std::chrono::milliseconds longest_pause{5};

// The pause ends early where so long nothing comes: everybody waits for an answer, and nobody speaks before.
constexpr std::chrono::milliseconds silence{2};

// A pause in which fewer came than this was in vain, and is not tried again for so many transactions.
constexpr std::size_t worth_a_pause = 2;
constexpr int hurried_transactions = 50;

// What waits for the disk at most; further publishes are refused. A disk that hangs must not take all memory.
constexpr std::size_t most_gathering_bytes = std::size_t{64} << 20;

// What the log has forgotten is deleted when it is a share of this of what the log holds: a deletion for each message would change
// another page of the database in every transaction.
constexpr Seq forgotten_share = 8;

std::size_t size_of(const Draft& draft) {
  return sizeof(Pending) + draft.author.size() + draft.text.size() + draft.image.size() + draft.user.size();
}

}  // namespace

GroupCommit::GroupCommit(net::any_io_executor executor, std::shared_ptr<Store> store)
    : executor_(executor), timer_(executor), store_(std::move(store)), thread_([this] { work(); }) {}

GroupCommit::~GroupCommit() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

Publication GroupCommit::add(Room& room, Draft draft, std::int64_t at_ms) {
  const std::size_t bytes = size_of(draft);
  if (gathering_bytes_ + bytes > most_gathering_bytes) {
    return Publication(Error{Errc::refused,
                             "there are " + std::to_string(gathering_bytes_) +
                                 " bytes of messages that wait for the disk already, expected " +
                                 std::to_string(most_gathering_bytes) + " at most",
                             503});
  }
  gathering_bytes_ += bytes;
  gathering_.push_back(std::make_shared<Pending>(room, std::move(draft), at_ms));
  Publication publication(gathering_.back());
  if (!busy_) begin_soon();
  return publication;
}

void GroupCommit::begin_soon() {
  busy_ = true;
  seen_ = first_seen_ = gathering_.size();
  if (hurry_ > 0) --hurry_;
  if (hurry_ == 0 && Clock::now() < began_ + longest_pause) return pause();
  net::post(executor_, [this] { begin(); });  // with everything that this turn of the loop brings
}

void GroupCommit::pause() {
  timer_.expires_at(std::min(Clock::now() + silence, began_ + longest_pause));
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    const bool more = gathering_.size() > std::exchange(seen_, gathering_.size());
    if (more && Clock::now() < began_ + longest_pause) return pause();
    if (gathering_.size() - first_seen_ < worth_a_pause) hurry_ = hurried_transactions;
    begin();
  });
}

bool GroupCommit::deletes(const Room& room) {
  const Seq forgotten = room.log_.first() - room.kept_from_;
  const Seq held = room.log_.last() + 1 - room.log_.first();
  return forgotten > 0 && forgotten >= held / forgotten_share;
}

void GroupCommit::begin() {
  began_ = Clock::now();
  ++transactions_;
  committing_.swap(gathering_);
  gathering_bytes_ = 0;
  Transaction transaction;
  for (const auto& pending : committing_) {
    Room& room = *pending->room;
    if (room.committing_++ == 0) {
      rooms_.push_back(&room);
      if (deletes(room)) transaction.forgotten.push_back({room.name_, room.log_.first() - 1});
    }
    const Seq seq = room.log_.last() + room.committing_;
    pending->json = encode(numbered(std::move(pending->draft), seq, pending->at_ms));
    transaction.kept.push_back({room.name_, seq, pending->json});
  }
  work_guard_.emplace(executor_);
  {
    const std::lock_guard lock(mutex_);
    transaction_ = std::move(transaction);
  }
  changed_.notify_one();
}

void GroupCommit::work() {
  for (;;) {
    std::optional<Transaction> transaction;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return transaction_ || ending_; });
      if (!transaction_) return;
      transaction.swap(transaction_);
    }
    net::post(executor_, [this, outcome = store_->write(*transaction)] { end(outcome); });
    store_->checkpoint_if_due();
  }
}

void GroupCommit::end(const Result<>& outcome) {
  work_guard_.reset();
  for (Room* room : rooms_) {
    room->committing_ = 0;
    if (outcome && deletes(*room)) room->kept_from_ = room->log_.first();
  }
  rooms_.clear();
  const auto ended = std::exchange(committing_, {});
  for (const auto& pending : ended) {
    if (outcome) {
      pending->place = pending->room->append(std::move(pending->json));
    } else {
      pending->place = outcome.error();
    }
  }
  busy_ = false;
  if (!gathering_.empty()) begin_soon();
  // After all have their places: who waits for one may answer for several at once.
  for (const auto& pending : ended) pending->waiter.wake();
}

}  // namespace feed
