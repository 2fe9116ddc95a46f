#include "feed/log.hpp"

#include <utility>

namespace feed {

Log::Log(std::string epoch, HistoryLimits limits) : epoch_(std::move(epoch)), limits_(limits) {}

Cursor Log::append(const Draft& draft, std::int64_t at_ms) {
  const Seq seq = last() + 1;
  json_.append(encode(Message{seq, at_ms, draft.author, draft.text, draft.image}) + ',');
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

}  // namespace feed
