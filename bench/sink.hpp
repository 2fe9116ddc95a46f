#pragma once
// A thousand readers at the price of few: bare sockets in one epoll loop that look for nothing but the number
// of a message. Real clients would be the limit where a server's fan-out is measured.

#include "bench/dialect.hpp"
#include "bench/publisher.hpp"
#include "bench/receipts.hpp"
#include "bench/socket.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// Readers over one transport, every arm that has a dialect; of one room, or of several on one server in turn. One thread, the one that calls.
/// Simplified: the handshake is literal bytes, the key of WebSocket always the same, and no ping is answered:
/// a server that pings within a run would cut it off.
class Sink {
 public:
  /// `messages`: how many each reader will get. `interval`: of poll. Reads from the room's first message on.
  Sink(std::string_view arm, feed::Address room, std::string epoch, std::size_t readers, std::size_t messages,
       std::chrono::nanoseconds interval = {});
  /// The same for reader i in `rooms[i % rooms.size()]`; `messages` in each room.
  Sink(std::string_view arm, std::vector<feed::Address> rooms, std::string epoch, std::size_t readers,
       std::size_t messages, std::chrono::nanoseconds interval = {});

  /// Connects everybody and waits until each was told where its feed begins; who polls or waits is told when it is answered, and not
  /// waited for here. Throws std::runtime_error with what the server said instead.
  void connect() { connect(readers_.size()); }
  /// The same until `count` are connected.
  void connect(std::size_t count);

  /// From now on every reader says one byte when it has got messages: for the floor's server, which takes no notice.
  void answer() { answers_ = true; }

  /// Pollers that have not asked yet ask once, and are answered.
  void ask_once();

  /// Before connect(): what waits between the server and those readers is little: they get a receive buffer of 32 KiB, and the
  /// segments of an Ethernet, since for loopback's of 64 KiB the server's kernel keeps megabytes.
  void make_small(const std::vector<std::size_t>& readers);

  /// They read no more from now on, and run_until() does not wait for them. Their sockets stay open.
  void stall(const std::vector<std::size_t>& readers);

  /// Those who have stalled read again, whatever has waited for them and what comes then, until each was told that it has missed something, at most
  /// until `deadline`. How many were. Their receipts stay as they were.
  std::size_t told_of_a_gap(Clock::time_point deadline);

  /// Pollers begin: reader i at `phases[i]` from now.
  void begin_polling(const std::vector<std::chrono::nanoseconds>& phases);

  /// Reads until every reader has `count` messages, at most until `deadline`. True where they have.
  bool run_until(std::size_t count, Clock::time_point deadline);

  /// Everybody leaves. Before the server is told to stop: nobody here would answer its goodbye.
  void disconnect();

  /// So many messages have come to everybody, those who have stalled left out.
  std::size_t everywhere() const;

  const std::vector<Receipts>& receipts() const { return receipts_; }
  const Socket& socket(std::size_t reader) const { return readers_.at(reader).socket; }
  std::uint64_t polls() const { return polls_; }

 private:
  struct Reader {
    Socket socket;
    std::string rest;  // of what came: a number that is not there as a whole; of a poller, the answer so far
    std::string position;   // of who polls or waits
    Clock::time_point due;  // of its next poll
    bool begun = false;
    bool replied = false;  // to the cue
    bool asking = false;
    bool small = false;
    bool stalled = false;
  };
  bool streams() const { return dialects_.front().way == Dialect::Way::streams; }
  const feed::Address& room_of(std::size_t i) const { return rooms_[i % rooms_.size()]; }
  const Dialect& dialect(std::size_t i) const { return dialects_[i % dialects_.size()]; }
  void wait_until_begun(std::size_t count);
  void step(Clock::time_point until);
  void read(std::size_t i);
  bool begin(std::size_t i, std::string_view bytes);
  void scan(std::size_t i, std::string_view bytes, Clock::time_point now);
  void take_answer(std::size_t i, Clock::time_point now);
  void ask(std::size_t i);
  void ask_who_is_due();

  std::vector<feed::Address> rooms_;
  std::vector<Dialect> dialects_;  // of each room
  std::chrono::nanoseconds interval_;
  Socket epoll_;
  std::vector<Reader> readers_;
  std::vector<Receipts> receipts_;
  std::vector<char> buffer_;
  std::deque<std::size_t> next_;  // pollers in the order of their next poll
  bool answers_ = false;
  std::size_t connected_ = 0, begun_ = 0, stalled_ = 0;
  std::size_t goal_ = 0, there_ = 0;  // how many readers have goal_ messages
  std::uint64_t polls_ = 0;
};

}  // namespace bench
