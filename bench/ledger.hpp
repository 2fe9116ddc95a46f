#pragma once
// The ledger: what is claimed about the transports, and the rule by which measurements decide it, as data. notes/claims.json is written
// before a run and read here; bench/verdict.hpp applies it to results.
//
// A claim:
//
//   {"id": "L6", "claim": "WebSocket is faster than SSE", "source": "heard often", "experiment": "E4 …", "says": "what was set up, and what not",
//    "numbers": [{"name": "r20", "label": "WebSocket's median delay over SSE's, RTT 20 ms", "unit": "ratio",
//                 "value": ["delivery/ws/rate:100/rtt_ms:20 p50_us", "over", "delivery/sse/rate:100/rtt_ms:20 p50_us"],
//                 "published": [0.5, 0.5], "exact": false}, …],
//    "rule": [{"verdict": "confirmed", "when": [["r20", "below", 0.95], …], "since": "words with {r20} in them"},
//             {"verdict": "confirmed if", "when": […], "if": "words with {r20} in them"}, …]}
//
// or, where it cannot be measured here, instead of numbers and rule: "needs": "a browser", "reason": "…".
//
//   numbers    The first is the one that short tables show. "published": the range that the source states. "exact": counted and not
//              sampled, so that one run is enough. Both may be left out.
//   value      "CELL FIGURE", "CELL FIGURE predicted", a constant, or of such: [a, "over", b], "minus", "plus", "times";
//              ["largest of", a, b, …], "smallest of"; ["share of", [low, high], a, b, …]: how many of them lie in that range.
//   rule       Its cases in order; the first whose conditions all hold gives the verdict.
//   condition  [number, "above" | "below" | "equals", x] or [number, "within" | "outside", [low, high]]. It holds where it does for
//              the whole confidence interval of the number.

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace bench {

enum class Verdict { confirmed, refuted, confirmed_if, not_measured };
/// "confirmed", "refuted", "confirmed if", "not measured here".
std::string to_string(Verdict verdict);

/// What a number is made of.
struct Term {
  enum class Kind { constant, figure, over, minus, plus, times, largest, smallest, share };
  Kind kind = Kind::constant;
  double constant = 0;
  std::string cell, figure;  ///< of a figure
  bool predicted = false;    ///< the model's, not the measured one
  double low = 0, high = 0;  ///< of a share
  std::vector<Term> of;      ///< two, but one or more for largest, smallest and share
};

struct Number {
  enum class Unit { ratio, share, microseconds, nanoseconds, seconds, bytes, count };
  std::string name;
  std::string label;  ///< what it is; a noun
  Unit unit = Unit::ratio;
  bool exact = false;
  std::optional<std::pair<double, double>> published;
  Term value;
};

struct Condition {
  enum class Op { above, below, within, outside, equals };
  std::string number;
  Op op = Op::above;
  double low = 0, high = 0;  ///< the same but for within and outside
};

/// One case of a rule.
struct Case {
  Verdict verdict = Verdict::confirmed;
  std::vector<Condition> when;
  std::string words;  ///< after "confirmed if", or why; with {number} where a number stands
};

struct Claim {
  std::string id;
  std::string claim;
  std::string source;
  std::string experiment;
  std::string says;    ///< the set-up, and what the verdict does not say
  std::string needs;   ///< "a browser": not measured here
  std::string reason;  ///< why that is needed
  std::vector<Number> numbers;
  std::vector<Case> rule;
};

using Ledger = std::vector<Claim>;

/// Throws std::runtime_error with `path` and the claim's id for whatever is not as above: an unknown key, a number that the rule names
/// and nobody defines, an id that is there twice.
Ledger parse_ledger(const std::string& text, const std::string& path);
/// Throws as that, and where the file cannot be read.
Ledger read_ledger(const std::string& path);

/// Throws std::invalid_argument for an id that is not there, with those that are.
const Claim& find_claim(const Ledger& ledger, const std::string& id);
/// The cells that the claim's numbers are made of, each once, in order of appearance; none where it is not measured here. Throws as
/// find_claim().
std::vector<std::string> cells_of_claim(const Ledger& ledger, const std::string& id);
/// The figures that a number is made of, in order.
std::vector<const Term*> figures_of(const Term& term);

}  // namespace bench
