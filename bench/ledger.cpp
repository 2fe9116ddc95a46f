#include "bench/ledger.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <set>
#include <span>
#include <stdexcept>
#include <string_view>

namespace bench {
namespace {

namespace json = boost::json;

// What is wrong, without where: the reader below knows that.
struct Wrong : std::runtime_error {
  using std::runtime_error::runtime_error;
};

template <class... Args>
[[noreturn]] void wrong(fmt::format_string<Args...> format, Args&&... args) {
  throw Wrong(fmt::format(format, std::forward<Args>(args)...));
}

std::string written(const json::value& value) {
  std::string text = json::serialize(value);
  constexpr std::size_t enough = 80;
  if (text.size() > enough) text.replace(enough, std::string::npos, "...");
  return text;
}

const json::object& object(const json::value& value, std::string_view what) {
  const json::object* const found = value.if_object();
  if (!found) wrong("{} is {}, expected an object", what, written(value));
  return *found;
}

const json::array& array(const json::value& value, std::string_view what) {
  const json::array* const found = value.if_array();
  if (!found) wrong("{} is {}, expected a list", what, written(value));
  return *found;
}

double number(const json::value& value, std::string_view what) {
  boost::system::error_code error;
  const double found = value.to_number<double>(error);
  if (error) wrong("{} is {}, expected a number", what, written(value));
  return found;
}

std::string text(const json::value& value, std::string_view what) {
  const json::string* const found = value.if_string();
  if (!found || found->empty()) wrong("{} is {}, expected some text", what, written(value));
  return std::string(*found);
}

std::pair<double, double> range(const json::value& value, std::string_view what) {
  const json::array& ends = array(value, what);
  if (ends.size() != 2) wrong("{} is {}, expected [low, high]", what, written(value));
  const std::pair found(number(ends[0], what), number(ends[1], what));
  if (found.first > found.second)
    wrong("{} is {}, expected the first not to be above the second", what, written(value));
  return found;
}

void expect_keys(const json::object& from, std::initializer_list<std::string_view> needed,
                 std::initializer_list<std::string_view> allowed, std::string_view what) {
  for (const std::string_view key : needed) {
    if (!from.contains(key)) wrong("{} has no \"{}\"", what, key);
  }
  for (const auto& member : from) {
    const auto is = [&](std::string_view key) { return key == member.key(); };
    if (std::any_of(needed.begin(), needed.end(), is) || std::any_of(allowed.begin(), allowed.end(), is))
      continue;
    wrong("{} has \"{}\", expected {}{}{}", what, std::string_view(member.key()), fmt::join(needed, ", "),
          allowed.size() > 0 ? ", " : "", fmt::join(allowed, ", "));
  }
}

// One of a few words, each with its meaning.
template <class T>
struct Word {
  std::string_view word;
  T meaning;
};

template <class T, std::size_t n>
T chosen(const std::array<Word<T>, n>& from, const std::string& word, std::string_view what) {
  std::string known;
  for (const Word<T>& one : from) {
    if (one.word == word) return one.meaning;
    known += fmt::format("{}\"{}\"", known.empty() ? "" : ", ", one.word);
  }
  wrong("{} is \"{}\", expected one of {}", what, word, known);
}

constexpr std::array<Word<Verdict>, 4> verdicts{{{"confirmed", Verdict::confirmed},
                                                 {"refuted", Verdict::refuted},
                                                 {"confirmed if", Verdict::confirmed_if},
                                                 {"not measured here", Verdict::not_measured}}};

constexpr std::array<Word<Number::Unit>, 7> units{{{"ratio", Number::Unit::ratio},
                                                   {"share", Number::Unit::share},
                                                   {"us", Number::Unit::microseconds},
                                                   {"ns", Number::Unit::nanoseconds},
                                                   {"s", Number::Unit::seconds},
                                                   {"bytes", Number::Unit::bytes},
                                                   {"count", Number::Unit::count}}};

using Op = Condition::Op;
constexpr std::array<Word<Op>, 5> ops{{{"above", Op::above},
                                       {"below", Op::below},
                                       {"within", Op::within},
                                       {"outside", Op::outside},
                                       {"equals", Op::equals}}};

constexpr std::array<Word<Term::Kind>, 4> between{{{"over", Term::Kind::over},
                                                   {"minus", Term::Kind::minus},
                                                   {"plus", Term::Kind::plus},
                                                   {"times", Term::Kind::times}}};

constexpr std::array<Word<Term::Kind>, 3> before{{{"largest of", Term::Kind::largest},
                                                  {"smallest of", Term::Kind::smallest},
                                                  {"share of", Term::Kind::share}}};

// "CELL FIGURE" or "CELL FIGURE predicted".
Term figure(const std::string& said) {
  Term term;
  term.kind = Term::Kind::figure;
  const std::size_t first = said.find(' ');
  const std::size_t second = first == std::string::npos ? first : said.find(' ', first + 1);
  if (first != std::string::npos) {
    term.cell = said.substr(0, first);
    term.figure = said.substr(first + 1, second - first - 1);
    term.predicted = second != std::string::npos && said.substr(second + 1) == "predicted";
  }
  const bool name = !term.figure.empty() && std::all_of(term.figure.begin(), term.figure.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
  });
  if (term.cell.find('/') == std::string::npos || !name || (second != std::string::npos && !term.predicted))
    wrong("a value is \"{}\", expected \"CELL FIGURE\" or \"CELL FIGURE predicted\"", said);
  return term;
}

Term term_of(const json::value& value) {
  Term term;
  if (value.is_number()) {
    term.constant = number(value, "a value");
    return term;
  }
  if (value.is_string()) return figure(std::string(value.get_string()));
  const json::array& parts = array(value, "a value");
  if (parts.empty()) wrong("a value is [], expected a figure, a number, or some of them");
  const bool leads = parts[0].is_string() && parts[0].get_string().find('/') == json::string::npos;
  if (!leads) {
    if (parts.size() != 3) wrong("a value is {}, expected [a, \"over\", b]", written(value));
    term.kind =
        chosen(between, text(parts[1], "what stands between two values"), "what stands between two values");
    term.of = {term_of(parts[0]), term_of(parts[2])};
    return term;
  }
  term.kind = chosen(before, text(parts[0], "the first word"), "the first word of a value");
  std::size_t first = 1;
  if (term.kind == Term::Kind::share) {
    if (parts.size() < 2) wrong("a value is {}, expected [\"share of\", [low, high], a, b]", written(value));
    std::tie(term.low, term.high) = range(parts[1], "the range of a share");
    first = 2;
  }
  for (std::size_t i = first; i < parts.size(); ++i) term.of.push_back(term_of(parts[i]));
  if (term.of.empty()) wrong("a value is {}, expected at least one value in it", written(value));
  return term;
}

Number number_of(const json::value& value) {
  const json::object& from = object(value, "a number");
  expect_keys(from, {"name", "label", "unit", "value"}, {"published", "exact"}, "a number");
  Number made;
  made.name = text(from.at("name"), "a number's name");
  try {
    made.label = text(from.at("label"), "the label");
    made.unit = chosen(units, text(from.at("unit"), "the unit"), "the unit");
    made.value = term_of(from.at("value"));
    if (figures_of(made.value).empty()) wrong("its value has no figure in it, expected something measured");
    if (const auto* published = from.if_contains("published"))
      made.published = range(*published, "published");
    if (const auto* exact = from.if_contains("exact")) {
      if (!exact->is_bool()) wrong("exact is {}, expected true or false", written(*exact));
      made.exact = exact->get_bool();
    }
  } catch (const Wrong& error) {
    wrong("number \"{}\": {}", made.name, error.what());
  }
  return made;
}

Condition condition_of(const json::value& value, const std::vector<Number>& numbers) {
  const json::array& parts = array(value, "a condition");
  if (parts.size() != 3) wrong("a condition is {}, expected [number, op, value]", written(value));
  Condition made;
  made.number = text(parts[0], "the number of a condition");
  if (std::none_of(numbers.begin(), numbers.end(),
                   [&](const Number& one) { return one.name == made.number; }))
    wrong("a condition is about \"{}\", which is not among the numbers", made.number);
  made.op = chosen(ops, text(parts[1], "the op of a condition"), "the op of a condition");
  if (made.op == Op::within || made.op == Op::outside) {
    std::tie(made.low, made.high) = range(parts[2], "what a condition compares with");
  } else {
    made.low = made.high = number(parts[2], "what a condition compares with");
  }
  return made;
}

// Every {name} in it is a number's.
void expect_numbers(const std::string& words, const std::vector<Number>& numbers) {
  for (std::size_t at = 0; (at = words.find('{', at)) != std::string::npos; ++at) {
    const std::size_t end = words.find('}', at);
    const std::string name = words.substr(at + 1, end == std::string::npos ? end : end - at - 1);
    if (std::none_of(numbers.begin(), numbers.end(), [&](const Number& one) { return one.name == name; }))
      wrong("the words name {{{}}}, which is not among the numbers", name);
  }
}

Case case_of(const json::value& value, const std::vector<Number>& numbers) {
  const json::object& from = object(value, "a case of the rule");
  expect_keys(from, {"verdict", "when"}, {"if", "since"}, "a case of the rule");
  Case made;
  made.verdict = chosen(verdicts, text(from.at("verdict"), "the verdict"), "the verdict");
  if (made.verdict == Verdict::not_measured)
    wrong("a case has the verdict \"not measured here\", which is what remains where no case holds");
  for (const json::value& one : array(from.at("when"), "when"))
    made.when.push_back(condition_of(one, numbers));
  if (made.when.empty()) wrong("a case has no conditions, expected at least one");
  const bool conditional = made.verdict == Verdict::confirmed_if;
  if (conditional != from.contains("if"))
    wrong("a case with the verdict \"{}\" has {} \"if\"", to_string(made.verdict), conditional ? "no" : "an");
  if (conditional && from.contains("since")) wrong("a case has \"if\" and \"since\", expected one of them");
  for (const char* key : {"if", "since"}) {
    if (from.contains(key)) made.words = text(from.at(key), key);
  }
  expect_numbers(made.words, numbers);
  return made;
}

void fill(Claim& claim, const json::object& from) {
  if (from.contains("needs")) {
    expect_keys(from, {"id", "claim", "source", "experiment", "needs", "reason"}, {}, "it");
    claim.needs = text(from.at("needs"), "needs");
    claim.reason = text(from.at("reason"), "reason");
  } else {
    expect_keys(from, {"id", "claim", "source", "experiment", "says", "numbers", "rule"}, {}, "it");
    claim.says = text(from.at("says"), "says");
    std::set<std::string> names;
    for (const json::value& one : array(from.at("numbers"), "numbers")) {
      claim.numbers.push_back(number_of(one));
      if (!names.insert(claim.numbers.back().name).second)
        wrong("there are two numbers \"{}\"", claim.numbers.back().name);
    }
    if (claim.numbers.empty()) wrong("it has no numbers");
    for (const json::value& one : array(from.at("rule"), "rule"))
      claim.rule.push_back(case_of(one, claim.numbers));
    if (claim.rule.empty()) wrong("its rule has no cases");
  }
  claim.claim = text(from.at("claim"), "claim");
  claim.source = text(from.at("source"), "source");
  claim.experiment = text(from.at("experiment"), "experiment");
}

void collect(const Term& term, std::vector<const Term*>& found) {
  if (term.kind == Term::Kind::figure) found.push_back(&term);
  for (const Term& part : term.of) collect(part, found);
}

}  // namespace

std::string to_string(Verdict verdict) {
  for (const auto& [word, meaning] : verdicts) {
    if (meaning == verdict) return std::string(word);
  }
  return {};
}

Ledger parse_ledger(const std::string& written_ledger, const std::string& path) {
  boost::system::error_code error;
  const json::value file = json::parse(written_ledger, error);
  if (error) throw std::runtime_error(path + ": cut short or not JSON: " + error.message());
  Ledger ledger;
  std::string id;
  try {
    const json::object& top = object(file, "the ledger");
    expect_keys(top, {"claims"}, {"about"}, "the ledger");
    for (const json::value& one : array(top.at("claims"), "claims")) {
      const json::object& from = object(one, "a claim");
      if (!from.contains("id")) wrong("a claim has no \"id\": {}", written(one));
      Claim claim;
      claim.id = text(from.at("id"), "an id");
      id = claim.id;
      if (std::any_of(ledger.begin(), ledger.end(), [&](const Claim& other) { return other.id == id; }))
        wrong("it is there twice");
      fill(claim, from);
      ledger.push_back(std::move(claim));
      id.clear();
    }
  } catch (const Wrong& what) {
    throw std::runtime_error(
        fmt::format("{}: {}{}", path, id.empty() ? "" : "claim " + id + ": ", what.what()));
  }
  return ledger;
}

Ledger read_ledger(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(in), {});
  if (!in)
    throw std::runtime_error(path + ": cannot be read; it says what is claimed and how that is decided");
  return parse_ledger(text, path);
}

const Claim& find_claim(const Ledger& ledger, const std::string& id) {
  std::string known;
  for (const Claim& claim : ledger) {
    if (claim.id == id) return claim;
    known += (known.empty() ? "" : ", ") + claim.id;
  }
  throw std::invalid_argument(fmt::format("there is no claim \"{}\", expected one of {}", id, known));
}

std::vector<std::string> cells_of_claim(const Ledger& ledger, const std::string& id) {
  std::vector<std::string> cells;
  for (const Number& number : find_claim(ledger, id).numbers) {
    for (const Term* figure : figures_of(number.value)) {
      if (std::find(cells.begin(), cells.end(), figure->cell) == cells.end()) cells.push_back(figure->cell);
    }
  }
  return cells;
}

std::vector<const Term*> figures_of(const Term& term) {
  std::vector<const Term*> found;
  collect(term, found);
  return found;
}

}  // namespace bench
