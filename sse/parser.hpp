#pragma once
// The reading half of server-sent events. It is a pure function of bytes, so that every cut a network can
// make in a stream can be tried in a test.

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace sse {

struct Event {
  std::string type;  // "message" where the stream gave none
  std::string data;  // its lines joined by LF, none at the end
  std::string last_event_id;

  bool operator==(const Event&) const = default;
};

/// Reads `text/event-stream` as WHATWG HTML, 9.2.5 and 9.2.6, says, from pieces of any size. An event leaves
/// with the last byte of its blank line, never later. One thread at a time; the handler must outlive the
/// parser.
class Parser {
 public:
  /// An interface and not three std::functions: one object with one lifetime gets everything in stream order.
  /// References and views end with the call. A handler must not call feed() or reset(); if it throws, the
  /// connection must be dropped and reset() called.
  struct Handler {
    virtual ~Handler() = default;
    virtual void on_event(const Event&) = 0;
    /// How long to wait before connecting again; told with its line, not with its event. At most `max_retry`.
    virtual void on_retry(std::chrono::milliseconds) {}
    /// The standard ignores comments; here they show that a silent connection lives. The text is read as a
    /// field's value would be: without one leading space, and as UTF-8.
    virtual void on_comment(std::string_view) {}
  };

  /// What a larger `retry` becomes. The standard has no limit; a year is beyond any use and can still be
  /// added to a clock that counts nanoseconds in 64 bits.
  static constexpr std::chrono::milliseconds max_retry = std::chrono::days{365};

  /// `max_event_bytes` bounds what is held at once, counted as it came: the unfinished line, and the event's
  /// type, data and id so far. Replacement characters can make an event that is delivered up to three times
  /// as large.
  explicit Parser(Handler& handler, std::size_t max_event_bytes = 1 << 20);

  /// False once an event or a line was larger than `max_event_bytes`: the stream must be dropped, for what
  /// follows can't be told from the middle of what was refused. Stays false until reset().
  [[nodiscard]] bool feed(std::string_view bytes);

  /// A new connection: what was unfinished is forgotten and a byte order mark may come again. The last event
  /// id is kept, also for events of the new connection that have none.
  void reset();

  /// Goes on behind an event of an earlier stream: what last_event_id() is until the stream says another.
  void resume(std::string last_event_id) { event_.last_event_id = std::move(last_event_id); }

  [[nodiscard]] std::size_t max_event_bytes() const { return max_event_bytes_; }

  /// What to send as `Last-Event-ID`: the id as of the last blank line, also where that block had no data and
  /// so was no event. An id whose block was cut off does not count, or its event would be lost.
  [[nodiscard]] const std::string& last_event_id() const { return event_.last_event_id; }

 private:
  [[nodiscard]] std::string_view without_bom(std::string_view bytes);
  [[nodiscard]] std::size_t held_bytes() const;
  void take_line(std::string_view line);
  void take_comment(std::string_view value);
  void take_field(std::string_view name, std::string_view value);
  void dispatch();

  Handler& handler_;
  const std::size_t max_event_bytes_;
  std::string line_;               // the beginning of a line whose end has not come
  Event event_;                    // the standard's buffers, decoded when the event is complete
  std::optional<std::string> id_;  // becomes event_.last_event_id with the blank line
  bool at_start_ = true;           // a byte order mark can still come; what came of one is in line_
  bool after_cr_ = false;          // an LF now belongs to the line end before it
  bool too_large_ = false;
};

}  // namespace sse
