#pragma once
// Honest clients of a server under attack: they read over every transport, publish, come back when they are cut off, and write down
// everything for the checker.

#include "faults/campaign.hpp"
#include "feed/client.hpp"
#include "feed/history.hpp"
#include "feed/user_agent.hpp"
#include "history/checker.hpp"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace faults {

namespace net = boost::asio;

/// Who they are and what they do.
struct Plan {
  std::string room = "bystanders";
  int of_each = 1;  ///< readers over polling, long polling, SSE and WebSocket
  int publishers =
      2;  ///< the first so many of them say something; the first two never open a further connection
  std::chrono::milliseconds pace{50};  ///< between an answer and what is said next
  std::chrono::milliseconds poll_interval{20};
  feed::Backoff backoff;  ///< of those who are cut off
  history::Rules rules;
};

/// On a thread of their own.
class Population {
 public:
  /// Returns when every one of them has got a message. Throws where that takes too long.
  Population(std::uint16_t port, Plan plan);
  ~Population();
  Population(const Population&) = delete;
  Population& operator=(const Population&) = delete;

  std::uint64_t acknowledged() const;
  /// Waits until so many were acknowledged; throws where that takes too long.
  void wait_for_acknowledged(std::uint64_t count);

  /// Waits until so many of those who were cut off read again; throws where that takes too long.
  void wait_for_comebacks(std::size_t count);
  /// When each of those did, in seconds, the first one first. After finish().
  const std::vector<double>& comebacks() const { return comebacks_s_; }

  /// The publishers end, the readers wait for what they have not got, and everybody leaves. Once.
  const history::Report& finish();

  /// Of the time from publishing to delivery, for all readers: a quantile, in milliseconds. After finish().
  double delay_ms(double quantile);

 private:
  struct Member;
  void add(std::string_view way, int number, const feed::Address& room);
  void abandon();
  net::awaitable<void> read(Member& member);
  net::awaitable<void> publish(Member& member);
  net::awaitable<void> settle();
  net::awaitable<feed::Cursor> end_of_log();
  void take(const feed::Record& record);
  void on_message(Member& member, const feed::Message& message);
  template <class Condition>
  void wait_for(std::string_view what, Condition condition);

  const Plan plan_;
  net::io_context io_{1};
  feed::UserAgent asks_;  // for the end of the log
  std::string url_;
  std::vector<std::unique_ptr<Member>> members_;
  history::Checker checker_;
  history::Report report_;
  std::map<std::string, feed::Clock::time_point> said_;  // by text, when
  std::vector<double> delays_ms_;
  std::set<std::string> away_;  // cut off, and not back yet
  int publishing_ = 0;
  bool ending_ = false;       // no more is published
  bool settled_ = false;      // who leaves now was there to the end
  mutable std::mutex mutex_;  // of what follows
  std::condition_variable news_;
  std::uint64_t acknowledged_ = 0;
  std::vector<double> comebacks_s_;
  int heard_ = 0;   // members that have got a message
  int spoken_ = 0;  // publishers that were acknowledged
  std::thread thread_;
};

/// An attack as most rows make it: before, while and after it, a Population is served as if nothing were.
class Bystanders {
 public:
  explicit Bystanders(std::uint16_t port) : population_(port, Plan{}) {}
  /// Expects that the checker is silent, that nobody was cut off or missed anything, and p99 under 250 ms.
  void expect_untouched(const Setting& setting, Findings& findings);

 private:
  Population population_;
};

}  // namespace faults
