#pragma once
// One line of a history: what one client of a room did, was told or received. The histories of all clients together show whether
// the feed kept its promises; tests/history reads them.

#include "feed/error.hpp"
#include "feed/message.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

namespace feed {

/// The client begins to read.
struct Follows {
  After after;
  bool operator==(const Follows&) const = default;
};

/// Where its feed begins, or goes on after a loss.
struct Told {
  Hello hello;
  bool operator==(const Told&) const = default;
};

struct Received {
  std::string epoch;
  Message message;
  bool operator==(const Received&) const = default;
};

/// The connection; the client comes back by itself.
struct Lost {
  std::string reason;
  bool operator==(const Lost&) const = default;
};

/// The client reads no further. A reader whose history does not say so was there to the end, and should have everything.
struct Closed {
  std::string reason;  ///< why it had to; empty where it wanted to
  bool operator==(const Closed&) const = default;
};

/// Begins to. `id` is one of the client's own, and is used once.
struct Publishes {
  std::uint64_t id = 0;
  std::string author;  ///< empty where the server is to name the user
  std::string text;
  bool operator==(const Publishes&) const = default;
};

struct Acknowledged {
  std::uint64_t id = 0;
  Cursor cursor;
  bool operator==(const Acknowledged&) const = default;
};

/// The server said no, or it was never sent: it must not be in the log.
struct Refused {
  std::uint64_t id = 0;
  std::string reason;
  bool operator==(const Refused&) const = default;
};

/// It was sent, and what became of it is not known: it may be in the log, once.
struct Unanswered {
  std::uint64_t id = 0;
  std::string reason;
  bool operator==(const Unanswered&) const = default;
};

struct Record {
  std::string client;
  std::string room;
  std::int64_t at_us = 0;  ///< the machine's steady clock: the same for all processes on it
  std::variant<Follows, Told, Received, Lost, Closed, Publishes, Acknowledged, Refused, Unanswered> what;

  bool operator==(const Record&) const = default;
};

/// `{"client":"ada","room":"lobby","us":1234567,"received":{"seq":17,…},"epoch":"k3f9"}`, without the line's end. The fourth
/// member says what happened; others may follow it.
///
///     "follows":"k3f9.17"                       "publishes":7,"author":"ada","text":"hi"
///     "hello":{"cursor":"k3f9.17","gap":{…}}    "acknowledged":7,"cursor":"k3f9.18"
///     "received":{message},"epoch":"k3f9"       "refused":7,"reason":"…"
///     "lost":"reason", "closed":"reason"        "unanswered":7,"reason":"…"
std::string encode(const Record& record);
Result<Record> parse_record(std::string_view json);

}  // namespace feed
