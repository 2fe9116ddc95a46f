#include "feed/log.hpp"

#include <random>
#include <utility>

namespace feed {

Log::Log(std::string epoch, HistoryLimits limits, Seq first)
    : epoch_(std::move(epoch)), limits_(limits), json_(first) {}

Cursor Log::append(Draft draft, std::int64_t at_ms) {
  return append(encode(numbered(std::move(draft), last() + 1, at_ms)));
}

Cursor Log::append(std::string json) {
  const Seq seq = last() + 1;
  json += ',';
  json_.append(json);
  const auto json_bytes = [this] { return json_.bytes() - json_.count(); };  // without the commas
  while (json_.count() > 1 && (json_.count() > limits_.messages || json_bytes() > limits_.bytes))
    json_.forget(json_.first());
  return {epoch_, seq};
}

Hello Log::locate(const After& after) const {
  switch (after.kind) {
    case After::Kind::everything:
      return begin(first() - 1);
    case After::Kind::latest:
      return begin(last());
    case After::Kind::cursor:
      break;
  }
  if (after.cursor.epoch != epoch_) return begin(first() - 1, Gap{Gap::Reason::epoch, {}});
  if (after.cursor.seq > last()) return begin(first() - 1, Gap{Gap::Reason::unknown, {}});
  return resume(after.cursor.seq);
}

Hello Log::resume(Seq seq) const {
  if (seq + 1 >= first()) return begin(seq);
  return begin(first() - 1, Gap{Gap::Reason::forgotten, first() - 1 - seq});
}

std::string_view Log::at(Seq seq) const {
  std::string_view json = json_.at(seq);
  json.remove_suffix(1);  // the comma
  return json;
}

std::string make_epoch() {
  constexpr std::string_view alphabet = "0123456789abcdefghijklmnopqrstuvwxyz";
  constexpr std::size_t length = 8;
  std::random_device random;
  std::uniform_int_distribution<std::size_t> letter(0, alphabet.size() - 1);
  std::string epoch;
  while (epoch.size() < length) epoch += alphabet[letter(random)];
  return epoch;
}

}  // namespace feed
