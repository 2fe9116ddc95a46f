#include "bench/measured.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <regex>
#include <tuple>
#include <utility>

namespace bench {
namespace {

std::size_t rank(std::string_view arm) {
  constexpr std::array<std::string_view, 6> order{"poll", "longpoll", "sse", "ws", "tcp", "null"};
  return static_cast<std::size_t>(std::find(order.begin(), order.end(), arm) - order.begin());
}

std::optional<double> number_in(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

// The numbers behind the colons of a cell's name.
std::vector<double> numbers_in(std::string_view cell) {
  std::vector<double> numbers;
  while (!cell.empty()) {
    const std::string_view word = cell.substr(0, cell.find('/'));
    const std::size_t colon = word.find(':');
    if (colon != std::string_view::npos)
      if (const auto value = number_in(word.substr(colon + 1))) numbers.push_back(*value);
    cell.remove_prefix(std::min(word.size() + 1, cell.size()));
  }
  return numbers;
}

using Figures = std::map<std::string, double> Run::*;

std::optional<Summary> over(const std::vector<const Run*>& runs, Figures of, const std::string& name) {
  std::vector<double> values;
  for (const Run* run : runs) {
    const auto found = (run->*of).find(name);
    if (found != (run->*of).end()) values.push_back(found->second);
  }
  return values.empty() ? std::nullopt : std::optional(summarize(values));
}

}  // namespace

std::optional<double> Measured::parameter(std::string_view name) const {
  std::string_view rest = cell_;
  while (!rest.empty()) {
    const std::string_view word = rest.substr(0, rest.find('/'));
    if (word.size() > name.size() && word.starts_with(name) && word[name.size()] == ':')
      return number_in(word.substr(name.size() + 1));
    rest.remove_prefix(std::min(word.size() + 1, rest.size()));
  }
  return std::nullopt;
}

std::optional<Summary> Measured::figure(const std::string& name) const { return over(runs_, &Run::figures, name); }

std::optional<double> Measured::predicted(const std::string& name) const {
  const auto found = over(runs_, &Run::predicted, name);
  return found ? std::optional(found->median) : std::nullopt;
}

std::vector<Measured::Quantile> Measured::quantiles() const {
  std::size_t common = quantile_grid().size();
  for (const Run* run : runs_) common = std::min(common, run->quantiles_us.size());
  std::vector<Quantile> all;
  for (std::size_t i = 0; i < common; ++i) {
    std::vector<double> seconds;
    for (const Run* run : runs_) seconds.push_back(run->quantiles_us[i] / 1e6);
    all.push_back({quantile_grid()[i], summarize(seconds)});
  }
  return all;
}

std::vector<Measured> measured(const Results& results, const std::string& pattern) {
  const std::regex names(pattern);
  std::map<std::string, std::vector<const Run*>> by_name;
  for (const Run& run : results.runs) {
    if (run.counts() && std::regex_match(run.cell, names)) by_name[run.cell].push_back(&run);
  }
  std::vector<Measured> cells;
  for (auto& [name, runs] : by_name) cells.emplace_back(name, std::move(runs));
  std::stable_sort(cells.begin(), cells.end(), [](const Measured& a, const Measured& b) {
    return std::tuple(rank(a.arm()), numbers_in(a.cell())) < std::tuple(rank(b.arm()), numbers_in(b.cell()));
  });
  return cells;
}

}  // namespace bench
