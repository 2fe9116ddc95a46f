#pragma once
// A room: a log that can be waited on, with a tape of encoded frames for each wire format in use. And rooms by name.

#include "feed/bell.hpp"
#include "feed/error.hpp"
#include "feed/log.hpp"
#include "feed/message.hpp"
#include "feed/pollers.hpp"
#include "feed/publication.hpp"
#include "feed/quota.hpp"
#include "feed/tape.hpp"
#include "feed/traffic.hpp"

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace feed {

/// Makes the frame of one message on one wire: called once per message, whatever the number of readers.
using Encoder = std::string (*)(const Cursor& cursor, std::string_view json);

/// The log's own tape: the message in JSON and a comma.
constexpr Encoder as_json = nullptr;

/// What a thread of the server counts, for GET /stats. Counts since the start, except where it says now.
struct Counters {
  std::uint64_t connections = 0;  ///< now
  std::uint64_t readers = 0;      ///< now: streams, and long polls that wait
  std::uint64_t accepted = 0;     ///< connections
  std::uint64_t requests = 0;
  std::uint64_t published = 0;
  std::uint64_t delivered = 0;  ///< messages handed to a reader's connection
  std::uint64_t refused = 0;    ///< requests and frames answered with an error
  std::uint64_t gaps = 0;       ///< gaps told
  Traffic traffic;              ///< of all connections

  Counters& operator+=(const Counters& other);
};

class GroupCommit;
class Rooms;
struct Kept;

/// One room. Belongs to the thread that runs its executor.
class Room {
 public:
  /// `commit`: by whom messages are kept; null where they are in memory alone. `first`: the number of the first message.
  Room(std::string name, std::string epoch, HistoryLimits limits, net::any_io_executor executor,
       Counters& counters, GroupCommit* commit = nullptr, Seq first = 1);

  const std::string& name() const { return name_; }
  const Log& log() const { return log_; }
  std::size_t readers() const { return readers_; }  ///< streams, and long polls that wait
  Pollers& pollers() { return pollers_; }           ///< and those who ask again and again
  Counters& counters() { return counters_; }        ///< those of the room's thread

  /// The oldest message that the log still has, or the next one. From any thread: there it may be a moment old.
  Seq oldest() const { return oldest_.load(std::memory_order_relaxed); }

  /// Gives the draft a place in the log; the readers are resumed a moment later, with everything that gathers until then. Where
  /// messages are kept, both happen when this one has been: nobody has read what a crash can take away.
  Publication publish(Draft draft);

  /// Ends every reader's feed, now and from now on.
  void close();

 private:
  friend class Reader;
  friend class Rooms;
  friend class GroupCommit;
  struct Encoded {
    Encoder encoder;
    Tape tape;
  };
  const Tape& tape(Encoder encoder);
  Cursor append(std::string json);
  void flush();

  std::string name_;
  Log log_;
  std::vector<std::unique_ptr<Encoded>> tapes_;  // one or two: as many as there are wires in use
  Bell bell_;
  net::any_io_executor executor_;
  Counters& counters_;
  GroupCommit* commit_;
  std::atomic<Seq> oldest_;
  Seq kept_from_;       // the oldest message that the store has
  Seq committing_ = 0;  // messages in the transaction under way
  std::size_t readers_ = 0;
  Pollers pollers_;
  Rooms* rooms_ = nullptr;                   // who lets go of it when nobody needs it any more
  std::optional<net::ip::address> made_by_;  // counts as one of this client's
  bool spoken_ = false;                      // somebody has published, or tried to: it stays
  Seq gathered_ = 0;                         // the log's end when the flush under way last looked
  int gathering_ = 0;                        // how often it was posted again
  bool flush_posted_ = false;
  bool closed_ = false;
};

/// What a reader gets at a wake-up. With a gap, the frames are those behind it.
struct News {
  std::optional<Hello> gap;  ///< the reader fell behind the log: its new position, and what it will never see
  Frames frames;
};

/// A reader is a position. Made by a session for as long as it reads; the room must outlive it.
class Reader {
 public:
  Reader(Room& room, Encoder encoder, const After& after);
  ~Reader();
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  /// Where the feed begins, and what could not be honoured: for the transport to say first.
  const Hello& hello() const { return hello_; }

  /// What follows the position, as far as it lies side by side in memory and `limit` messages at most; moves the position behind
  /// it. Waits while there is nothing. Errors: `closed` (the room closed), `left` (leave() was called),
  /// `timed_out` (nothing came until `due`).
  /// Not a coroutine, since a frame of its own would be a third of what a delivery costs: the operation is kept in the waiter.
  /// Completes with void(Result<News>), never before it has returned.
  template <class Token = net::deferred_t>
  auto next(Clock::time_point due = Clock::time_point::max(), std::size_t limit = unlimited,
            Token&& token = {}) {
    return net::async_initiate<Token, void(Result<News>)>(
        [](auto handler, Reader* self, Clock::time_point until, std::size_t most) {
          Next<decltype(handler)> next{self, until, most, std::move(handler)};
          if (self->must_wait()) {
            self->room_.bell_.wait(self->waiter_, until, std::move(next));
          } else {
            net::post(self->room_.executor_, [next = std::move(next)]() mutable { next(Wake::rung); });
          }
        },
        token, this, due, limit);
  }

  /// The same without waiting: no frames where there is nothing new.
  News ready(std::size_t limit = unlimited);

  static constexpr std::size_t unlimited = std::numeric_limits<std::size_t>::max();

  /// Ends next() with `left`. The session calls it when its peer is gone.
  void leave();

  Cursor position() const { return {room_.log_.epoch(), position_}; }

 private:
  // What next() leaves in the waiter: looks again when it is woken, and waits on where there is nothing.
  template <class Handler>
  struct Next {
    void operator()(Wake why) {
      if (why != Wake::due && self->must_wait()) {
        self->room_.bell_.wait(self->waiter_, due, std::move(*this));
      } else {
        std::move(handler)(self->woken(why, limit));
      }
    }
    Reader* self;
    Clock::time_point due;
    std::size_t limit;
    Handler handler;
  };
  bool must_wait() const { return !left_ && !room_.closed_ && position_ >= tape_.last(); }
  Result<News> woken(Wake why, std::size_t limit);

  Room& room_;
  const Tape& tape_;
  Hello hello_;
  Seq position_;
  Waiter waiter_;
  bool left_ = false;
};

/// What clients may make and do; 0 is no limit.
struct RoomLimits {
  std::size_t rooms = 0;             ///< in all
  std::size_t rooms_per_client = 0;  ///< made by one address
  double publish_rate = 0;           ///< messages a second over one connection
};

/// Rooms by name. A room belongs to one of the server's threads, and its name says to which: so nobody has to look that up, and
/// nothing is shared. What is asked about a room or a thread is asked on that thread.
class Rooms {
 public:
  Rooms(net::any_io_executor executor, HistoryLimits limits);
  /// One executor for each thread.
  Rooms(const std::vector<net::any_io_executor>& threads, HistoryLimits limits, RoomLimits most = {});

  std::size_t threads() const { return parts_.size(); }
  /// From any thread, as the next one.
  std::size_t thread_of(std::string_view room) const;
  const net::any_io_executor& executor(std::size_t thread) const { return parts_[thread].executor; }

  /// Goes on from what was kept, before there is any room: with the epoch, and then with every message, by room and number.
  void restore(std::string epoch) { epoch_ = std::move(epoch); }
  void restore(const Kept& message);

  /// From now on what is published on that thread is kept.
  void keep(GroupCommit& commit, std::size_t thread = 0);

  /// The room, made if it is not there yet.
  Room& open(std::string_view name);
  /// The same for a client. A room that is made for a reader goes with its last reader, if nothing was ever said there. Errors, with
  /// the HTTP status: 503 and 429, there are too many.
  Result<Room*> open(std::string_view name, const net::ip::address& who);

  const RoomLimits& most() const { return most_; }

  /// The room, or null: to look at a room does not make it.
  Room* find(std::string_view name) const;

  /// The epoch that the next room to be made gets: a reader of a room that is not there yet is told `epoch.0`.
  const std::string& next_epoch() const { return epoch_; }

  using ByName = std::map<std::string, std::unique_ptr<Room>, std::less<>>;
  const ByName& all(std::size_t thread = 0) const { return parts_[thread].rooms; }
  Counters& counters(std::size_t thread = 0) { return parts_[thread].counters; }

  /// Ends every feed of the thread, some after the others where there are many, so that not all readers come back at once; rooms
  /// that it makes later are closed too.
  void close(std::size_t thread = 0);

 private:
  // What belongs to one thread: in cache lines of its own, or counting would be slow.
  struct alignas(64) Part {
    explicit Part(net::any_io_executor of) : executor(std::move(of)), goodbye(executor) {}
    net::any_io_executor executor;
    net::steady_timer goodbye;  // until the next readers are told that the server stops
    std::size_t goodbyes = 0;   // readers that are told at a time
    GroupCommit* commit = nullptr;
    Counters counters;
    ByName rooms;
    bool closed = false;
  };
  Room& make(std::string_view name, Seq first);
  Part& part_of(std::string_view room) { return parts_[thread_of(room)]; }
  friend class Reader;
  void let_go(const Room& room);
  void say_goodbye(Part& part);

  HistoryLimits limits_;
  const RoomLimits most_;
  std::atomic<std::size_t> count_ = 0;
  Quota made_by_;
  std::string epoch_;
  std::vector<Part> parts_;
};

}  // namespace feed
