#pragma once
// Many readers on one thread, as cheap as a reader can be: of what comes, the numbers of the messages are looked at, and how it ended.

#include "support/deadline.hpp"
#include "support/raw_client.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace support {

/// Reads the numbers of the messages off a stream of any framing: `{"seq":` occurs nowhere else in what tests send.
class Numbers {
 public:
  void feed(std::string_view bytes);
  std::uint64_t last() const { return last_; }
  bool in_order() const { return in_order_; }

 private:
  std::string rest_;
  std::uint64_t last_ = 0;
  bool in_order_ = true;
};

/// Reads while it is told to.
class Crowd {
 public:
  Crowd();
  ~Crowd();
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;

  /// One more reader, that asks for this.
  void add(std::uint16_t port, std::string_view request);

  /// Reads until every reader has message `last`; false where that takes too long, or a reader was cut off.
  bool read_until(std::uint64_t last);
  /// Reads until every connection has ended; false where one has not by then.
  bool read_to_end(std::chrono::seconds patience);
  /// Reads what has come, and waits for nothing.
  void read_some() { read(std::chrono::milliseconds(0)); }

  std::size_t size() const { return readers_.size(); }
  bool in_order() const;
  /// How many readers have everything up to `last`, and nothing beyond.
  std::size_t complete(std::uint64_t last) const;
  /// How many readers have everything up to `last`.
  std::size_t complete_at_least(std::uint64_t last) const;
  /// How many connections have ended.
  std::size_t ended() const;
  /// How many have ended, and with these bytes among the last three hundred.
  std::size_t ended_with(std::string_view bytes) const;

 private:
  struct Reader {
    explicit Reader(std::uint16_t port) : client(port, long_patience) {}
    RawClient client;
    Numbers numbers;
    std::string tail;  // the last bytes
    bool ended = false;
  };
  void read(std::chrono::milliseconds wait);
  void read(Reader& reader);

  int epoll_;
  std::vector<std::unique_ptr<Reader>> readers_;
  std::vector<char> bytes_;
};

/// Waits until the server counts so many readers.
void wait_for_readers(std::uint16_t port, std::uint64_t readers);

}  // namespace support
