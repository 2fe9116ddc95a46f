#pragma once
// Numbers of results that are put together in the program, where the ledger has them written down.

#include "bench/ledger.hpp"

#include <string>
#include <utility>

namespace bench {

/// A figure of a cell; `predicted`: the model's.
inline Term figure(const std::string& cell, const std::string& name, bool predicted = false) {
  Term term;
  term.kind = Term::Kind::figure;
  term.cell = cell;
  term.figure = name;
  term.predicted = predicted;
  return term;
}

/// `a over b`, `a minus b` …
inline Term made_of(Term::Kind kind, Term a, Term b) {
  Term term;
  term.kind = kind;
  term.of = {std::move(a), std::move(b)};
  return term;
}

inline Number number(std::string name, std::string label, Number::Unit unit, Term value) {
  Number made;
  made.name = std::move(name);
  made.label = std::move(label);
  made.unit = unit;
  made.value = std::move(value);
  return made;
}

}  // namespace bench
