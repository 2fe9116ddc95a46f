#include "bench/live/claims.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <fstream>
#include <iterator>
#include <map>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <vector>

namespace live {
namespace {

namespace json = boost::json;

struct Verdict {
  std::string name;     // "confirmed if"
  std::string because;  // what stands behind it: a condition, or a reason
};

[[noreturn]] void fail(const std::filesystem::path& path, const std::string& why) {
  throw std::runtime_error(path.string() + ": " + why);
}

std::string read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(in), {});
  if (!in) fail(path, "cannot be read");
  return text;
}

// `| R4 | An idle stream … | WHATWG | **confirmed**: it lived … | 0.996 | … |` in its cells.
std::vector<std::string> cells(std::string_view row) {
  std::vector<std::string> all;
  constexpr std::string_view border = " | ";
  if (!row.starts_with("| ")) return all;
  row.remove_prefix(2);
  for (;;) {
    const std::size_t end = row.find(border);
    all.emplace_back(row.substr(0, end));
    if (end == std::string_view::npos) return all;
    row.remove_prefix(end + border.size());
  }
}

std::map<std::string, Verdict> read_verdicts(const std::filesystem::path& path) {
  constexpr std::string_view bold = "**";
  constexpr std::size_t verdict_column = 3;
  std::map<std::string, Verdict> verdicts;
  std::istringstream lines(read(path));
  for (std::string line; std::getline(lines, line);) {
    const std::vector<std::string> row = cells(line);
    if (row.size() <= verdict_column || !row[verdict_column].starts_with(bold)) continue;
    const std::string& cell = row[verdict_column];
    const std::size_t end = cell.find(bold, bold.size());
    if (end == std::string::npos) continue;
    const std::size_t because = cell.find_first_not_of(": ", end + bold.size());
    verdicts[row[0]] = {cell.substr(bold.size(), end - bold.size()),
                        because == std::string::npos ? std::string() : cell.substr(because)};
  }
  if (verdicts.empty()) fail(path, "expected a table of claims with verdicts, there is none");
  return verdicts;
}

}  // namespace

std::string claims_json(const std::filesystem::path& notes) {
  const std::filesystem::path ledger = notes / "claims.json";
  const auto verdicts = read_verdicts(notes / "claims.md");
  boost::system::error_code error;
  const json::value root = json::parse(read(ledger), error);
  if (error) fail(ledger, error.message());
  const json::object* object = root.if_object();
  const json::value* claims = object ? object->if_contains("claims") : nullptr;
  if (!claims || !claims->is_array()) fail(ledger, "expected an object with an array \"claims\"");
  json::array out;
  for (const json::value& claim : claims->get_array()) {
    json::object told;
    for (const char* name : {"id", "claim", "source", "experiment", "says"}) {
      const json::value* text = claim.is_object() ? claim.get_object().if_contains(name) : nullptr;
      told[name] = text && text->is_string() ? text->get_string() : json::string();
    }
    const auto found = verdicts.find(std::string(told["id"].get_string()));
    told["verdict"] = found == verdicts.end() ? std::string() : found->second.name;
    told["because"] = found == verdicts.end() ? std::string() : found->second.because;
    out.push_back(std::move(told));
  }
  return json::serialize(json::object{{"claims", std::move(out)}});
}

}  // namespace live
