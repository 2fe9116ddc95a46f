#include "bench/receipts.hpp"

#include <fmt/format.h>

namespace bench {

std::string Receipts::fault() const {
  std::string text;
  const auto say = [&text](std::size_t count, std::string_view what) {
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, what);
  };
  say(at_.size() - count_, "lost");
  say(doubled_, "doubled");
  say(disordered_, "out of order");
  say(foreign_, "that nobody published");
  return text;
}

Gate once_and_in_order(std::span<const Receipts> readers) {
  Gate gate{"every message at every reader once and in order", true, {}};
  std::size_t faulty = 0;
  for (std::size_t i = 0; i < readers.size(); ++i) {
    const std::string fault = readers[i].fault();
    if (fault.empty()) continue;
    if (faulty++ == 0)
      gate.detail =
          fmt::format("reader {} of {}: {}, of {} messages", i + 1, readers.size(), fault, readers[i].size());
  }
  if (faulty > 1) gate.detail += fmt::format("; and {} readers more", faulty - 1);
  gate.passed = faulty == 0;
  if (gate.passed)
    gate.detail =
        fmt::format("{} readers, {} messages each", readers.size(), readers.empty() ? 0 : readers[0].size());
  return gate;
}

}  // namespace bench
