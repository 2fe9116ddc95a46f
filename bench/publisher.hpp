#pragma once
// The generator: says each message when it is due, by a plan made before the run. Late means sent late, never
// left out.

#include "bench/socket.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace bench {

using Clock = std::chrono::steady_clock;

/// Who speaks in a benchmark's messages.
constexpr std::string_view author = "bench";

/// The text of message `index`: its number in 8 digits, then as much filling as makes `bytes` (8 at least).
std::string text_of(std::size_t index, std::size_t bytes);

/// Where messages go. Used from the publisher's thread.
class Outlet {
 public:
  virtual ~Outlet() = default;
  /// Hands message `index` over, whether or not earlier ones were answered. Throws std::runtime_error where
  /// nobody takes it.
  virtual void send(std::size_t index) = 0;
  /// The same for `count` messages from `index` on, in as few writes as the outlet can.
  virtual void send_together(std::size_t index, std::size_t count) {
    for (std::size_t i = index; i < index + count; ++i) send(i);
  }
  /// How many were answered so far. Waits for one more, at most `patience`.
  virtual std::size_t answered(std::chrono::milliseconds patience) = 0;
  /// The first message that had to wait since the server took no more; none so far: the largest number there is.
  virtual std::size_t first_held() const { return std::numeric_limits<std::size_t>::max(); }
  /// What was held so far does not count: a run begins, and what came before it was meant to be too much.
  virtual void forget_held() {}
};

/// Requests on one kept-alive connection, pipelined (RFC 9112, 9.3.2): a slow answer never delays the next message, and their order
/// is that of the plan.
class HttpOutlet : public Outlet {
 public:
  std::size_t answered(std::chrono::milliseconds patience) override;
  std::size_t first_held() const override { return first_held_; }
  void forget_held() override { first_held_ = std::numeric_limits<std::size_t>::max(); }

  std::uint64_t bytes_out() const { return bytes_out_; }  ///< requests
  std::uint64_t bytes_in() const { return bytes_in_; }    ///< answers

 protected:
  explicit HttpOutlet(const feed::Address& server) : socket_(Socket::connect(server)) {}
  /// `index`: of the first message in `bytes`, of `count`.
  void write(std::string_view bytes, std::size_t index, std::size_t count);
  /// Takes the answers that are there as a whole off the front of what came, and says how many. Throws std::runtime_error where one of them
  /// refuses a message.
  virtual std::size_t take_answers(std::string& came) = 0;

 private:
  void read();
  Socket socket_;
  std::string came_;  // and is not a whole answer yet
  std::size_t answered_ = 0;
  std::size_t first_held_ = std::numeric_limits<std::size_t>::max();
  std::uint64_t bytes_out_ = 0, bytes_in_ = 0;
};

/// POSTs drafts. The same for every arm that has a server of the feed. What it costs at the server's door is known to the byte.
class PostOutlet final : public HttpOutlet {
 public:
  PostOutlet(const feed::Address& room, std::size_t payload_bytes);
  /// Message i goes to `rooms[room_of[i]]`; all are on one server.
  PostOutlet(const std::vector<feed::Address>& rooms, std::vector<std::size_t> room_of,
             std::size_t payload_bytes);
  void send(std::size_t index) override;
  void send_together(std::size_t index, std::size_t count) override;

 private:
  const std::string& numbered(std::size_t index);
  std::size_t take_answers(std::string& came) override;
  std::vector<std::string> requests_;  // to each room
  std::vector<std::size_t> room_of_;   // empty where there is one room
  std::size_t payload_bytes_;
  std::string together_;  // requests that leave in one write
};

/// Four bytes of length and the message as JSON, to the floor's server. It answers with four bytes, the count
/// so far.
class TcpOutlet final : public Outlet {
 public:
  TcpOutlet(const feed::Address& server, std::size_t payload_bytes);
  void send(std::size_t index) override;
  void send_together(std::size_t index, std::size_t count) override;
  std::size_t answered(std::chrono::milliseconds patience) override;

 private:
  Socket socket_;
  std::size_t payload_bytes_;
  std::size_t answer_bytes_ = 0;
};

/// PostOutlet for the arms that speak HTTP, NchanOutlet for Nchan's, TcpOutlet for tcp.
std::unique_ptr<Outlet> outlet_to(std::string_view arm, const feed::Address& room, std::size_t payload_bytes);

/// Calls a function: for the null arm.
class CallOutlet final : public Outlet {
 public:
  explicit CallOutlet(std::function<void(std::size_t)> call) : call_(std::move(call)) {}
  void send(std::size_t index) override {
    call_(index);
    ++sent_;
  }
  std::size_t answered(std::chrono::milliseconds) override { return sent_; }

 private:
  std::function<void(std::size_t)> call_;
  std::size_t sent_ = 0;
};

/// Four bytes, most significant first, then the message of `index` as every arm carries it.
std::string tcp_frame(std::size_t index, std::size_t payload_bytes);

/// Sends a plan from a thread of its own, with real-time priority where the system allows, so that the
/// readers beside it cannot make it late.
class Publisher {
 public:
  /// `plan[i]` is when message `first + i` is due, from the start. `window`: so many may be unanswered (0:
  /// any number); 1 makes a closed loop, which is what this harness is not, and what it is compared with in a
  /// test.
  Publisher(Outlet& outlet, std::vector<std::chrono::nanoseconds> plan, std::size_t window = 0,
            std::size_t first = 0);
  ~Publisher();

  /// Before start(): sleeps until a message is due, `least` at least, and hands over together whatever is due by then. Later by what it takes to
  /// wake up, but the core belongs to the readers meanwhile: for rates at which staying awake would leave them nothing. Not with a
  /// window.
  void gather(std::chrono::nanoseconds least = {}) {
    gathers_ = true;
    least_sleep_ = least;
  }
  /// Before start(): on that core, and not where the thread that starts it is kept. Its thread then lives until join(), so that a Meter that
  /// ends before can tell whose core its time was taken from.
  void keep_to(int core) { core_ = core; }
  void start(Clock::time_point at);
  /// Waits until everything was sent and answered, at most 5 s for the answers. Throws what the outlet threw.
  void join();
  /// Ends early, soon.
  void stop() { stopped_ = true; }

  std::size_t size() const { return plan_.size(); }
  Clock::time_point due(std::size_t i) const { return start_ + plan_[i]; }
  Clock::time_point sent(std::size_t i) const { return sent_[i]; }  ///< after join()
  Clock::time_point last_due() const { return plan_.empty() ? start_ : due(plan_.size() - 1); }
  std::size_t answered() const { return answered_; }  ///< after join()
  /// When the last answer was there. After join(), where everything was answered.
  Clock::time_point answered_at() const { return answered_at_; }
  /// How late each of the first `count` messages was sent, ascending. After join(), for messages that were sent.
  std::vector<std::int64_t> lateness(std::size_t count = std::numeric_limits<std::size_t>::max()) const;
  /// How many were handed over. After join().
  std::size_t handed_over() const { return handed_over_; }

 private:
  void run();
  void send_one_by_one();
  void send_what_is_due();
  void end();
  Outlet& outlet_;
  std::vector<std::chrono::nanoseconds> plan_;
  std::size_t window_;
  std::size_t first_;
  std::optional<int> core_;
  Clock::time_point start_;
  std::vector<Clock::time_point> sent_;
  std::size_t answered_ = 0;
  std::size_t handed_over_ = 0;
  Clock::time_point answered_at_;
  bool gathers_ = false;
  std::chrono::nanoseconds least_sleep_{0};
  std::atomic<bool> stopped_ = false;
  std::atomic<bool> joined_ = false;
  std::exception_ptr failure_;
  std::thread thread_;
};

}  // namespace bench
