#include "bench/receipts.hpp"

#include <fmt/format.h>

namespace bench {

std::string Receipts::fault() const { return describe(at_.size() - count_); }

std::string Receipts::fault_so_far() const { return describe(static_cast<std::size_t>(last_) - count_); }

std::string Receipts::describe(std::size_t lost) const {
  std::string text;
  const auto say = [&text](std::size_t count, std::string_view what) {
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, what);
  };
  say(lost, "lost");
  say(doubled_, "doubled");
  say(disordered_, "out of order");
  say(foreign_, "that nobody published");
  return text;
}

namespace {

Gate check(std::span<const Receipts> readers, std::string (Receipts::*fault_of)() const) {
  Gate gate{"every message at every reader once and in order", true, {}};
  std::size_t faulty = 0;
  for (std::size_t i = 0; i < readers.size(); ++i) {
    const std::string fault = (readers[i].*fault_of)();
    if (fault.empty()) continue;
    if (faulty++ == 0)
      gate.detail =
          fmt::format("reader {} of {}: {}, of {} messages", i + 1, readers.size(), fault, readers[i].size());
  }
  if (faulty > 1) gate.detail += fmt::format("; and {} readers more", faulty - 1);
  gate.passed = faulty == 0;
  if (!gate.passed) return gate;
  std::size_t least = readers.empty() ? 0 : readers[0].count(), most = least;
  for (const Receipts& reader : readers) {
    least = std::min(least, reader.count());
    most = std::max(most, reader.count());
  }
  gate.detail = least == most
                    ? fmt::format("{} readers, {} messages each", readers.size(), most)
                    : fmt::format("{} readers, {} to {} messages each", readers.size(), least, most);
  return gate;
}

}  // namespace

Gate once_and_in_order(std::span<const Receipts> readers) { return check(readers, &Receipts::fault); }

Gate once_and_in_order_so_far(std::span<const Receipts> readers) {
  return check(readers, &Receipts::fault_so_far);
}

}  // namespace bench
