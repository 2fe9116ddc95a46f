#include "feed/receipts.hpp"

#include <boost/asio/co_spawn.hpp>

#include <exception>
#include <utility>

namespace feed {
namespace {

// What one client may have under way. Enough for 10 000 messages a second in transactions 5 ms apart.
constexpr std::size_t most_owed = 64;

}  // namespace

Receipts::Receipts(net::any_io_executor executor, Write write)
    : executor_(std::move(executor)), write_(std::move(write)) {}

net::awaitable<void> Receipts::add(Publication publication, Encode encode) {
  if (left_) co_return;
  owed_.push_back({std::move(publication), std::move(encode)});
  ++added_;
  if (!std::exchange(telling_, true)) {
    net::co_spawn(executor_, tell(), [this](std::exception_ptr failure) {
      telling_ = false;
      wake();
      if (failure) std::rethrow_exception(failure);
    });
  }
  while (owed_.size() >= most_owed) co_await progress();
}

net::awaitable<void> Receipts::told() {
  const std::uint64_t so_far = added_;
  while (told_ < so_far || (owed_.empty() && telling_)) co_await progress();
}

net::awaitable<void> Receipts::progress() {
  Waiter waiter;
  waiting_.push_back(&waiter);
  co_await waiter.wait();
}

// Nothing of this object is touched after the last one is woken: that may be its end.
void Receipts::wake() {
  for (Waiter* waiter : std::exchange(waiting_, {})) waiter->wake();
}

net::awaitable<void> Receipts::tell() {
  while (!owed_.empty()) {
    Publication& first = owed_.front().publication;
    if (!first.ended()) co_await first.wait();
    std::string answers;
    while (!owed_.empty() && owed_.front().publication.ended()) {
      answers += owed_.front().encode(owed_.front().publication.place());
      owed_.pop_front();
    }
    const auto written = co_await write_(answers);
    if (!written) {  // the client left; what it said goes its way
      left_ = true;
      owed_.clear();
    }
    told_ = added_ - owed_.size();
    wake();
  }
}

}  // namespace feed
