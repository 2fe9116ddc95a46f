#pragma once
// The ledger as people read it: the page of all claims, the short table, and the lines for the terminal.

#include "bench/ledger.hpp"
#include "bench/result.hpp"
#include "bench/verdict.hpp"

#include <string>
#include <vector>

namespace bench {

/// `3.87 (3.79 to 3.95)`, `50 ms`: the interval where it is wider than the print. Three digits for a ratio, since many of them lie near 1.
std::string shown(const Number& number, const Reading& measured);
/// The same without the interval.
std::string shown(const Number& number, double value);
/// `above 1.8`, `within 2.0 to 5.0`
std::string in_words(const Number& number, const Condition& condition);
/// `words` with each {name} replaced by that number; "?" where it was not measured.
std::string with_numbers(std::string words, const Claim& claim, const std::vector<Reading>& numbers);

/// Markdown: the table of all claims, then a section for each with its rule, its numbers and its command.
std::string claims_in_full(const Ledger& ledger, const Results& results);
/// Markdown: a row for each claim that has a verdict, and below it the others.
std::string verdicts(const Ledger& ledger, const Results& results);
/// The same for a terminal, of the claims that `now` has a cell of: what this execution measured of `results`.
std::string verdicts_plain(const Ledger& ledger, const Results& results, const Results& now);

}  // namespace bench
