#pragma once
// Reads the histories of all clients of a server and finds what must not be: messages lost, doubled, reordered, invented or
// contradicting each other, and losses that were not said, or not in full.

#include "feed/record.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace history {

/// What kind of promise was broken.
enum class Kind {
  lost,           ///< a reader did not get what it should have, and no gap covers it
  doubled,        ///< a message came twice to one reader, or is in the log twice
  reordered,      ///< behind one that should follow it
  invented,       ///< nobody published it, or the server refused it
  contradicting,  ///< one place in a log, two messages
  unsaid,         ///< a gap that was not told, or that claims other than what was missed
  ended,          ///< a reader's feed ended against its will
  malformed,      ///< the history itself makes no sense
};
constexpr std::size_t kinds = 8;
std::string_view to_string(Kind kind);

struct Fault {
  Kind kind;
  std::string text;  ///< a sentence: who, where, what was got and what was expected
};

/// What may happen in the run whose histories are read.
struct Rules {
  bool others_publish =
      false;             ///< there are publishers whose history is not here: nothing can be called invented
  bool is_kept = false;  ///< the server ran with --data: no epoch ends, not even when the process is killed
};

struct Report {
  std::size_t readers = 0;
  std::uint64_t published = 0;     ///< attempts
  std::uint64_t acknowledged = 0;  ///< of these
  std::uint64_t unanswered = 0;    ///< of these
  std::uint64_t delivered = 0;     ///< messages received, by all readers together
  std::uint64_t reconnects = 0;
  std::uint64_t gaps = 0;    ///< told
  std::uint64_t missed = 0;  ///< messages that the gaps name, where they name a number
  std::array<std::uint64_t, kinds> count{};
  std::vector<Fault> faults;  ///< the first hundred of them

  bool is_silent() const { return faults.empty(); }
};

/// A few lines for people.
std::string summary(const Report& report);

/// Takes the records of any number of clients, mixed as they come, but each client's in their order.
class Checker {
 public:
  explicit Checker(Rules rules = {}) : rules_(rules) {}

  void take(const feed::Record& record);

  /// A line that is no record.
  void take_malformed(std::string text) { add(Kind::malformed, std::move(text)); }

  /// What only the whole shows is looked for here; nothing may be taken afterwards.
  Report finish();

 private:
  enum class Outcome { pending, acknowledged, refused, unanswered };
  struct Publish {
    std::string client;
    std::string room;
    std::string author;
    std::string text;
    std::int64_t began_us = 0;
    std::int64_t ended_us = 0;
    Outcome outcome = Outcome::pending;
    std::string reason;  // where it was refused
    feed::Cursor cursor;
    bool is_matched = false;  // a message in a log was told to be this one
  };
  struct Place {
    std::optional<feed::Message> message;  // as the first reader got it
    std::string reader;
    std::optional<std::size_t> publish;  // whose acknowledgement names this place
  };
  struct Log {
    std::int64_t first_seen_us = 0;
    std::map<feed::Seq, Place> places;
  };
  struct Room {
    std::map<std::string, Log> logs;  // by epoch
  };
  struct Reader {
    feed::After asked;
    std::optional<feed::Cursor> at;  // everything up to here came, was excused, or is in `holes`
    std::map<feed::Seq, feed::Seq>
        skipped;  // of this epoch: what came before the feed began, or was covered by a gap
    std::map<feed::Seq, feed::Seq>
        holes;                        // left out without a word, from and to; it may still come, too late
    std::vector<std::string> epochs;  // that it was told of
    bool follows = false;
    bool is_closed = false;
  };
  using Name = std::pair<std::string, std::string>;  // client, room

  void take(const feed::Record& record, const feed::Follows& what);
  void take(const feed::Record& record, const feed::Told& what);
  void take(const feed::Record& record, const feed::Received& what);
  void take(const feed::Record& record, const feed::Lost& what);
  void take(const feed::Record& record, const feed::Closed& what);
  void take(const feed::Record& record, const feed::Publishes& what);
  void take(const feed::Record& record, const feed::Acknowledged& what);
  void take(const feed::Record& record, const feed::Refused& what);
  void take(const feed::Record& record, const feed::Unanswered& what);

  void add(Kind kind, std::string text);
  Log& log(const std::string& room, const std::string& epoch, std::int64_t at_us);
  Publish* publish(const feed::Record& record, std::uint64_t id, Outcome outcome);
  void check_gap(const std::string& who, const Reader& reader, const feed::Hello& hello);
  void check_place(const std::string& who, Reader& reader, const feed::Cursor& got);
  void close_holes(const std::string& who, Reader& reader);
  void match(const std::string& room, const feed::Cursor& at, const Place& place);
  void match_acknowledged(const std::string& room, const feed::Cursor& at, const Place& place);
  void check_publish_order(const std::string& room, const std::string& epoch, const Log& log);
  void check_end(const Name& name, const Reader& reader);

  Rules rules_;
  Report report_;
  std::map<std::string, Room> rooms_;
  std::map<Name, Reader> readers_;
  std::vector<Publish> publishes_;
  std::map<std::pair<Name, std::uint64_t>, std::size_t> by_id_;
  // By room and text: the publishes that may be this message, in their order. Made by finish().
  std::multimap<std::pair<std::string, std::string>, std::size_t> by_text_;
};

}  // namespace history
