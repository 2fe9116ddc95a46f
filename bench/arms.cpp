#include "bench/arms.hpp"

#include "bench/floor_client.hpp"
#include "bench/interrupt.hpp"
#include "sse/client.hpp"
#include "websocket/client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace bench {

// Reads from the queue that NullRoom fills.
class NullClient final : public feed::Client {
 public:
  NullClient(net::any_io_executor executor, NullRoom& room) : feed::Client(std::move(executor)), room_(room) {
    room_.clients_.push_back(this);
  }
  ~NullClient() override { std::erase(room_.clients_, this); }

  net::awaitable<feed::Result<>> connect(feed::After after) override {
    begin(std::move(after));
    co_return feed::Result<>();
  }
  net::awaitable<feed::Error> subscribe(const feed::Events& events) override {
    const feed::Hello here{place().cursor, {}};
    const auto begun = take(here, events);
    if (!begun) co_return begun.error();
    while (!is_closed()) {
      while (!queue_.empty()) {
        const feed::Message message = std::move(queue_.front());
        queue_.pop_front();
        const auto taken = take(message, events);
        if (!taken) co_return taken.error();
      }
      if (!is_closed()) co_await waiter_.wait();
    }
    co_return feed::Error{feed::Errc::closed, "closed"};
  }
  net::awaitable<feed::Result<feed::Cursor>> publish(std::string, std::string) override {
    co_return feed::invalid("the null arm has a publisher of its own");
  }
  void close() override {
    feed::Client::close();
    waiter_.wake();
  }
  void push(feed::Message message) {
    queue_.push_back(std::move(message));
    waiter_.wake();
  }

 private:
  NullRoom& room_;
  std::deque<feed::Message> queue_;
  feed::Waiter waiter_;
};

void NullRoom::publish(std::size_t index) {
  net::post(executor_, [this, index] {
    const feed::Message message{index + 1, 0, std::string(author), text_of(index, payload_bytes_)};
    for (NullClient* client : clients_) client->push(message);
  });
}

bool is_streaming(std::string_view arm) { return arm != "poll" && arm != "longpoll"; }

std::unique_ptr<feed::Client> make_reader(std::string_view arm, net::any_io_executor executor,
                                          const feed::Address& room, const Asking& asking,
                                          NullRoom* null_room) {
  if (arm == "null") return std::make_unique<NullClient>(executor, *null_room);
  if (arm == "tcp") return std::make_unique<FloorClient>(executor, room);
  if (arm == "sse") return std::make_unique<sse::Client>(executor, room);
  if (arm == "ws") return std::make_unique<websocket::Client>(executor, room);
  polling::Timing timing;
  timing.interval = std::chrono::duration_cast<std::chrono::milliseconds>(asking.interval);
  timing.pace = asking.pace;
  timing.phase = std::chrono::duration_cast<std::chrono::milliseconds>(asking.phase);
  if (arm == "longpoll") {
    timing.wait = asking.wait;
    timing.phase = {};
  }
  return std::make_unique<polling::Client>(executor, room, timing);
}

Readers::Readers(net::io_context& io, std::vector<std::unique_ptr<feed::Client>> clients, feed::Cursor cursor,
                 std::size_t messages)
    : io_(io),
      clients_(std::move(clients)),
      receipts_(clients_.size(), Receipts(messages)),
      cursor_(std::move(cursor)) {}

Readers::Readers(net::io_context& io, std::vector<std::unique_ptr<feed::Client>> clients, feed::Cursor cursor,
                 const std::vector<std::size_t>& messages)
    : io_(io), clients_(std::move(clients)), cursor_(std::move(cursor)) {
  for (const std::size_t count : messages) {
    receipts_.emplace_back(count);
    if (count == 0) ++complete_;  // who expects nothing has it all
  }
}

Readers::~Readers() { close(); }

void Readers::start() {
  started_ = true;
  for (std::size_t i = 0; i < clients_.size(); ++i) {
    net::co_spawn(io_, read(i), [this](std::exception_ptr failure) {
      ++ended_;
      if (failure) std::rethrow_exception(failure);
    });
  }
}

net::awaitable<void> Readers::read(std::size_t i) {
  feed::Client& client = *clients_[i];
  Receipts& receipts = receipts_[i];
  feed::Events events;
  events.hello = [this, &receipts](const feed::Hello& hello) {
    if (receipts.count() == receipts.begin() && !hello.gap) ++begun_;
    if (hello.gap) failure_ = "a reader was told of a gap, expected none";
  };
  events.message = [this, i, &receipts, &client](const feed::Message& message) {
    receipts.take(message.seq, Clock::now());
    const bool complete = receipts.complete();
    if (complete) ++complete_;
    if (complete && close_when_complete) client.close();
    if (on_message) on_message(i, message.seq - 1);
  };
  const feed::After after = feed::After::at({cursor_.epoch, cursor_.seq + receipts.begin()});
  const auto connected = co_await client.connect(after);
  if (!connected) {
    failure_ = "a reader could not connect: " + connected.error().detail;
    co_return;
  }
  const feed::Error ended = co_await client.subscribe(events);
  if (!client.is_closed()) failure_ = "a reader's feed ended: " + ended.detail;
}

bool Readers::run_until(Clock::time_point deadline, const std::function<bool()>& done) {
  constexpr std::chrono::milliseconds step{50};
  while (!done()) {
    check_interrupt();
    if (!failure_.empty() || Clock::now() >= deadline) return false;
    if (io_.stopped()) io_.restart();
    io_.run_one_for(std::min<Clock::duration>(step, deadline - Clock::now()));
    io_.poll();
  }
  return true;
}

void Readers::close() {
  if (!std::exchange(started_, false)) return;
  for (const auto& client : clients_) client->close();
  const auto deadline = Clock::now() + std::chrono::seconds(5);
  while (ended_ < clients_.size() && Clock::now() < deadline) {
    if (io_.stopped()) io_.restart();
    io_.run_one_for(std::chrono::milliseconds(50));
  }
}

}  // namespace bench
