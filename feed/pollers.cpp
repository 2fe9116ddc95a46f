#include "feed/pollers.hpp"

#include <functional>

namespace feed {

void Pollers::polled(std::string_view user, Clock::time_point now) {
  const std::size_t hash = std::hash<std::string_view>()(user);
  const auto known = last_poll_.find(hash);
  if (known != last_poll_.end()) {
    known->second = now;
  } else if (last_poll_.size() < most || count(now) < most) {
    last_poll_.emplace(hash, now);
  }
}

std::size_t Pollers::count(Clock::time_point now) {
  std::erase_if(last_poll_, [now](const auto& poll) { return poll.second + lately < now; });
  return last_poll_.size();
}

}  // namespace feed
