#pragma once
// The campaign: attacks on a server with all three transports, as a table of data. Each row says what is done, how much of it, and what
// must come of it; running it fills in what did.

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace faults {

struct Setting {
  bool full = false;       ///< the amounts that the campaign names; else a small part of each, within seconds
  std::uint64_t seed = 1;  ///< of everything that is drawn
  std::string programs;    ///< the directory where they were built

  template <class T>
  T by_amount(T smoke, T in_full) const {
    return full ? in_full : smoke;
  }
};

// The sanitizers slow everything down, and remember what was freed.
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr bool is_sanitized = true;
#else
constexpr bool is_sanitized = false;
#endif

/// What a row did and found, in clauses.
class Findings {
 public:
  void amount(std::string what) { amounts_.push_back(std::move(what)); }
  void measured(std::string what) { measured_.push_back(std::move(what)); }
  /// `otherwise` says what is wrong: what was got and what was expected.
  void expect(bool is_so, std::string otherwise) {
    if (!is_so) broken_.push_back(std::move(otherwise));
  }

  /// It cannot be carried out on this machine: why.
  void skip(std::string why) { skipped_ = std::move(why); }

  const std::string& skipped() const { return skipped_; }
  const std::vector<std::string>& amounts() const { return amounts_; }
  const std::vector<std::string>& measured() const { return measured_; }
  const std::vector<std::string>& broken() const { return broken_; }

 private:
  std::vector<std::string> amounts_;
  std::vector<std::string> measured_;
  std::vector<std::string> broken_;
  std::string skipped_;
};

struct Row {
  int number;             ///< of the attack; several rows may have one
  std::string_view name;  ///< one word, for command lines
  std::string_view attack;
  std::string_view expected;
  void (*run)(const Setting&, Findings&);
};

/// By number.
const std::vector<Row>& rows();

/// Runs it; what it throws is something broken.
Findings run(const Row& row, const Setting& setting);

/// "| # | attack | amount | expected | measured |"
std::string table_head();
std::string table_line(const Row& row, const Findings& findings);

}  // namespace faults
