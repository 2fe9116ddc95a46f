#pragma once
// Figures and tables as people read them: two significant digits where something was sampled, every digit where it was counted.

#include "bench/stats.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace bench {

enum class Unit { microseconds, nanoseconds, bytes, count, share };

/// What a figure's name says: p50_us, cpu_ns_per_delivery, bytes_per_hour, empty_share; everything else is a count.
Unit unit_of(std::string_view figure);

/// What stands where there is nothing to say.
constexpr std::string_view none = "-";

/// `1 234 567` or `0.25`: all digits of a number that was chosen or counted, up to 6 significant ones behind the point.
std::string exact(double value);

/// `50 ms`, `8.1 µs`, `36 000`: two significant digits, times in the unit in which they read best. Bytes are counted: all their digits, and
/// one decimal where they are a mean below 10 000.
std::string shown(double value, Unit unit);

/// `50 ms (49 to 52)`: the median, and the smallest and largest where they differ from it in print.
std::string shown(const Summary& summary, Unit unit);

/// Whether two figures are equal but for the rounding of a division: 3600 s / 15 s.
bool is_same(double measured, double predicted);

/// `+1.2 %`, or `exact`: how far what was measured is from what was predicted.
std::string deviation(double measured, double predicted);

/// The first column is text, the others are numbers. Every row is as long as the head; a head may have several lines.
struct Table {
  std::vector<std::string> head;
  std::vector<std::vector<std::string>> rows;
};

std::string markdown(const Table& table);
/// For a terminal: columns side by side, numbers to the right, a line under the head.
std::string plain(const Table& table);

}  // namespace bench
