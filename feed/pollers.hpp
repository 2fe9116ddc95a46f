#pragma once
// Who reads a room by polling. Between two polls nobody is there, so those are counted who have polled lately.

#include "feed/bell.hpp"

#include <chrono>
#include <cstddef>
#include <string_view>
#include <unordered_map>

namespace feed {

/// The users who have polled a room within `lately`. Knows them by a hash alone. Belongs to the room's thread.
class Pollers {
 public:
  /// A page polls once a second: it may be late several times, and who has left is not counted for long.
  static constexpr std::chrono::seconds lately{5};
  /// Further ones are not counted: some 50 KB, where the room's log may have 1 MiB.
  static constexpr std::size_t most = 1000;

  /// `user`: the value of the cookie.
  void polled(std::string_view user, Clock::time_point now);

  /// Forgets who has not polled lately.
  std::size_t count(Clock::time_point now);

 private:
  std::unordered_map<std::size_t, Clock::time_point> last_poll_;
};

}  // namespace feed
