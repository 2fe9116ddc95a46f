#include "faults/population.hpp"

#include "polling/client.hpp"
#include "polling/wire.hpp"
#include "sse/client.hpp"
#include "support/deadline.hpp"
#include "support/test_server.hpp"
#include "websocket/client.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <exception>
#include <stdexcept>
#include <utility>
#include <variant>

namespace faults {
namespace {

constexpr std::chrono::milliseconds pause_after_failure{20};
constexpr std::chrono::milliseconds glance{10};
constexpr double most_delay_ms = 250;
constexpr std::uint64_t least_acknowledged = 200;

void rethrow(std::exception_ptr failure) {
  if (failure) std::rethrow_exception(failure);
}

}  // namespace

struct Population::Member {
  Member(std::string called, std::unique_ptr<feed::Client> with, std::string room, feed::History::Sink sink)
      : name(std::move(called)), client(std::move(with)), history(name, std::move(room), std::move(sink)) {}

  std::string name;
  std::unique_ptr<feed::Client> client;
  feed::History history;
  bool has_heard = false;
};

Population::Population(std::uint16_t port, Plan plan)
    : plan_(std::move(plan)), asks_(io_.get_executor()), checker_(plan_.rules) {
  const feed::Address room = support::address(port, plan_.room);
  url_ = room.origin + room.path;
  for (int number = 1; number <= plan_.of_each; ++number) {
    for (const std::string_view way : {"websocket", "sse", "polling", "longpoll"}) add(way, number, room);
  }
  for (auto& member : members_) net::co_spawn(io_, read(*member), rethrow);
  publishing_ = std::min(plan_.publishers, static_cast<int>(members_.size()));
  for (int n = 0; n < publishing_; ++n)
    net::co_spawn(io_, publish(*members_[static_cast<std::size_t>(n)]), rethrow);
  thread_ = std::thread([this] { io_.run(); });
  try {
    wait_for("every reader's first message, and every publisher's", [this, publishers = publishing_] {
      return heard_ == static_cast<int>(members_.size()) && spoken_ == publishers;
    });
  } catch (...) {
    abandon();
    throw;
  }
}

Population::~Population() {
  if (thread_.joinable()) abandon();
}

// Everybody leaves, whatever they have.
void Population::abandon() {
  net::post(io_, [this] {
    ending_ = true;
    settled_ = true;
    for (auto& member : members_) member->client->close();
    asks_.close();
  });
  thread_.join();
}

void Population::add(std::string_view way, int number, const feed::Address& room) {
  const net::any_io_executor executor = io_.get_executor();
  std::unique_ptr<feed::Client> client;
  polling::Timing timing;
  timing.interval = plan_.poll_interval;
  if (way == "longpoll") timing.wait = std::chrono::seconds(25);
  if (way == "websocket") {
    client = std::make_unique<websocket::Client>(executor, room);
  } else if (way == "sse") {
    client = std::make_unique<sse::Client>(executor, room);
  } else {
    client = std::make_unique<polling::Client>(executor, room, timing);
  }
  members_.push_back(std::make_unique<Member>(fmt::format("{}-{}", way, number), std::move(client),
                                              plan_.room,
                                              [this](const feed::Record& record) { take(record); }));
}

void Population::take(const feed::Record& record) {
  // Who is sent home at the end has not left before it.
  if (settled_ && std::holds_alternative<feed::Closed>(record.what)) return;
  checker_.take(record);
  if (std::holds_alternative<feed::Lost>(record.what)) away_.insert(record.client);
  if (std::holds_alternative<feed::Told>(record.what) && away_.erase(record.client) > 0) {
    const std::lock_guard lock(mutex_);
    comebacks_s_.push_back(static_cast<double>(record.at_us) / 1e6);
    news_.notify_all();
  }
}

net::awaitable<void> Population::read(Member& member) {
  feed::Events events;
  events.message = [this, &member](const feed::Message& message) { on_message(member, message); };
  co_await member.history.follow(*member.client, feed::After::everything(), std::move(events), plan_.backoff);
}

void Population::on_message(Member& member, const feed::Message& message) {
  const auto said = said_.find(message.text);
  if (said != said_.end()) {
    const std::chrono::duration<double, std::milli> delay = feed::Clock::now() - said->second;
    delays_ms_.push_back(delay.count());
  }
  if (std::exchange(member.has_heard, true)) return;
  const std::lock_guard lock(mutex_);
  ++heard_;
  news_.notify_all();
}

net::awaitable<void> Population::publish(Member& member) {
  bool has_spoken = false;
  for (std::uint64_t number = 1; !ending_; ++number) {
    const std::string text = fmt::format("{} says {}", member.name, number);
    said_[text] = feed::Clock::now();
    const auto place = co_await member.history.publish(*member.client, member.name, text);
    if (place) {
      {
        const std::lock_guard lock(mutex_);
        ++acknowledged_;
        spoken_ += !std::exchange(has_spoken, true);
        news_.notify_all();
      }
      co_await member.client->pause(feed::Clock::now() + plan_.pace);
    } else {
      co_await member.client->pause(feed::Clock::now() + pause_after_failure);
    }
  }
  if (--publishing_ == 0) net::co_spawn(io_, settle(), rethrow);
}

// What the log ends with, which may be more than was acknowledged.
net::awaitable<feed::Cursor> Population::end_of_log() {
  net::steady_timer timer(io_);
  const auto due = feed::Clock::now() + support::long_patience;
  while (!settled_ && feed::Clock::now() < due) {
    feed::Fetch request;
    request.url = url_ + "/messages?after=latest";
    const auto answer = co_await asks_.fetch(std::move(request));
    const auto page = answer && answer->status == 200 ? polling::parse_page(answer->body)
                                                      : feed::Result<polling::Page>(feed::invalid("no page"));
    if (page) co_return page->hello.cursor;
    timer.expires_after(glance);
    co_await timer.async_wait(net::use_awaitable);
  }
  co_return feed::Cursor{};
}

net::awaitable<void> Population::settle() {
  const feed::Cursor end = co_await end_of_log();
  net::steady_timer timer(io_);
  const auto due = feed::Clock::now() + support::long_patience;
  const auto has_all = [&](const auto& member) { return member->client->place() == feed::After::at(end); };
  while (!settled_ && !std::all_of(members_.begin(), members_.end(), has_all) && feed::Clock::now() < due) {
    timer.expires_after(glance);
    co_await timer.async_wait(net::use_awaitable);
  }
  settled_ = true;
  for (auto& member : members_) member->client->close();
  asks_.close();
}

template <class Condition>
void Population::wait_for(std::string_view what, Condition condition) {
  std::unique_lock lock(mutex_);
  if (!news_.wait_for(lock, support::long_patience, condition))
    throw std::runtime_error("the bystanders waited in vain for " + std::string(what));
}

std::uint64_t Population::acknowledged() const {
  const std::lock_guard lock(mutex_);
  return acknowledged_;
}

void Population::wait_for_acknowledged(std::uint64_t count) {
  wait_for(fmt::format("{} acknowledgements", count), [&] { return acknowledged_ >= count; });
}

void Population::wait_for_comebacks(std::size_t count) {
  wait_for(fmt::format("{} who come back", count), [&] { return comebacks_s_.size() >= count; });
}

const history::Report& Population::finish() {
  net::post(io_, [this] { ending_ = true; });
  thread_.join();
  report_ = checker_.finish();
  std::sort(delays_ms_.begin(), delays_ms_.end());
  return report_;
}

double Population::delay_ms(double quantile) {
  if (delays_ms_.empty()) return 0;
  const double rank = std::ceil(quantile * static_cast<double>(delays_ms_.size()));
  return delays_ms_[static_cast<std::size_t>(std::max(rank, 1.0)) - 1];
}

void Bystanders::expect_untouched(const Setting& setting, Findings& findings) {
  // A quantile of a few deliveries is their largest: after a short attack it is waited for more of them.
  if (setting.full) population_.wait_for_acknowledged(least_acknowledged);
  const history::Report& report = population_.finish();
  findings.expect(report.is_silent(), "the checker says: " + history::summary(report));
  findings.expect(report.reconnects == 0, fmt::format("bystanders were cut off {} times", report.reconnects));
  findings.expect(report.gaps == 0, fmt::format("bystanders were told of {} gaps", report.gaps));
  findings.expect(report.acknowledged > 0, "nothing that bystanders published was acknowledged");
  const double p99 = population_.delay_ms(0.99);
  // Only where it is measured: the smoke runs beside other tests, and the sanitizers take their time.
  if (setting.full && !is_sanitized) {
    findings.expect(
        p99 < most_delay_ms,
        fmt::format("bystanders' p99 was {:.0f} ms, expected less than {:.0f}", p99, most_delay_ms));
  }
  findings.measured(fmt::format("bystanders: {} delivered, p99 {:.0f} ms", report.delivered, p99));
}

}  // namespace faults
