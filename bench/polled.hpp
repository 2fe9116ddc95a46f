#pragma once
// What pollers were answered, poll by poll: which of their polls brought what. From that the bytes that they caused follow to the last one.

#include "bench/arms.hpp"
#include "bench/model.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// The bytes of message `index`, from 0, of a benchmark, as JSON.
std::size_t json_bytes(std::size_t index, std::size_t payload_bytes);

/// What went over a reader's connections.
struct Carried {
  Bytes bytes;
  std::uint64_t packets = 0;  ///< that these take where each exchange or message stands alone
  Carried& operator+=(const Carried& other) {
    bytes += other.bytes;
    packets += other.packets;
    return *this;
  }
};
Carried operator-(const Carried& a, const Carried& b);

/// Looks on while `readers`, all of them pollers who began at the room's first message, poll. Must not outlive them.
class Polled {
 public:
  explicit Polled(const Readers& readers, std::size_t count);

  /// To be called with each message, in the order of Readers::on_message.
  void took(std::size_t reader, std::size_t index);

  std::uint64_t polls() const;  ///< answered so far
  std::uint64_t empty() const;  ///< that brought nothing

  /// What all polls answered so far carried, by the model. Right only while no poll is under way.
  Carried predict(const Target& target, std::size_t epoch_bytes, std::size_t payload_bytes,
                  std::optional<std::chrono::seconds> wait = {}) const;

 private:
  // A poll that brought something, and how many before it did not.
  struct Page {
    std::uint64_t poll;
    std::uint64_t empty_before;
    std::size_t first, count;
  };
  struct Reader {
    std::vector<Page> pages;
    std::uint64_t empty = 0;  // before the last page
  };
  const Readers& readers_;
  std::vector<Reader> seen_;
};

}  // namespace bench
