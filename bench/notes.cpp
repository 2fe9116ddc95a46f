// The half of the report that reads and writes files: the blocks of the notes, filled.

#include "bench/report.hpp"

#include "bench/pictures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

namespace bench {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path, const std::string& why) {
  throw std::runtime_error(path.string() + ": " + why);
}

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::string text(std::istreambuf_iterator<char>(in), {});
  if (!in) fail(path, "cannot be read");
  return text;
}

void write(const fs::path& path, const std::string& text) {
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << text;
  out.close();
  if (!out) fail(path, "cannot be written");
}

// README.md and notes/**/*.md, relative to the directory, in order.
std::vector<fs::path> notes_of(const fs::path& directory) {
  std::vector<fs::path> found;
  if (fs::exists(directory / "README.md")) found.emplace_back("README.md");
  if (fs::is_directory(directory / "notes")) {
    for (const auto& entry : fs::recursive_directory_iterator(directory / "notes")) {
      if (entry.is_regular_file() && entry.path().extension() == ".md")
        found.push_back(fs::relative(entry.path(), directory));
    }
  }
  if (found.empty()) fail(directory, "has neither README.md nor Markdown in notes/");
  std::sort(found.begin(), found.end());
  return found;
}

// Takes the first line off a text, without its line end.
std::string_view next_line(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return line;
}

// The way from a note to notes/pictures: "pictures/" or "notes/pictures/".
std::string pictures_from(const fs::path& note) {
  const fs::path pictures = fs::path("notes") / "pictures", from = note.parent_path();
  return (from.empty() ? pictures : pictures.lexically_relative(from)).generic_string() + '/';
}

constexpr std::string_view opening = "<!-- results:";
constexpr std::string_view closing = "<!-- /results -->";
constexpr std::string_view figure_opening = "<!-- figure: ";
constexpr std::string_view figure_closing = "<!-- /figure -->";

// A line with its figures filled in.
std::string with_figures(std::string_view line, const Results& results, const std::string& at) {
  std::string out;
  for (;;) {
    const std::size_t begin = line.find(figure_opening);
    if (begin == std::string_view::npos) break;
    const std::size_t mark_end = line.find(" -->", begin);
    const std::size_t end = line.find(figure_closing, begin);
    if (mark_end == std::string_view::npos || end == std::string_view::npos || end < mark_end)
      throw std::runtime_error(fmt::format("{}a figure has no \"{}\" in its line", at, figure_closing));
    const std::string_view what =
        line.substr(begin + figure_opening.size(), mark_end - begin - figure_opening.size());
    const std::size_t space = what.find(' ');
    if (space == std::string_view::npos || what.find(' ', space + 1) != std::string_view::npos)
      throw std::runtime_error(fmt::format("{}got \"{}{} -->\", expected \"{}CELL FIGURE -->\"", at,
                                           figure_opening, what, figure_opening));
    out += line.substr(0, mark_end + 4);
    out += figure(results, std::string(what.substr(0, space)), std::string(what.substr(space + 1)));
    out += figure_closing;
    line.remove_prefix(end + figure_closing.size());
  }
  return out += line;
}

// The first picture that a note shows and that is not there, in a sentence.
std::string missing_picture(const std::string& note, const fs::path& path, const fs::path& project_dir) {
  for (const Picture& picture : pictures()) {
    const fs::path file = project_dir / "notes" / "pictures" / (picture.name + ".svg");
    if (note.find("pictures/" + picture.name + ".svg)") != std::string::npos && !fs::exists(file))
      return fmt::format("{} shows {}, which is not there; bench/run --report --publish draws it",
                         path.string(), file.string());
  }
  return {};
}

}  // namespace

Ledger ledger_of(const std::string& project_dir) {
  const fs::path path = fs::path(project_dir) / "notes" / "claims.json";
  return fs::exists(path) ? read_ledger(path.string()) : Ledger{};
}

std::string fill(const std::string& text, const Results& results, const std::string& path,
                 const Ledger& ledger, const std::string& pictures) {
  std::string out;
  std::string_view rest = text;
  std::size_t opened = 0;  // the line of the mark that is open
  for (std::size_t number = 1; !rest.empty(); ++number) {
    const std::string at = fmt::format("{}:{}: ", path, number);
    const bool ended = rest.find('\n') != std::string_view::npos;
    const std::string_view line = next_line(rest);
    const bool begins = line.starts_with(opening), ends = line == closing;
    if (begins && opened)
      throw std::runtime_error(
          fmt::format("{}the results opened in line {} have no \"{}\"", at, opened, closing));
    if (ends && !opened)
      throw std::runtime_error(
          fmt::format("{}\"{}\" without a \"{} NAME -->\" before it", at, closing, opening));
    if (opened && !ends) continue;  // what was there before
    out += with_figures(line, results, at);
    if (ended) out += '\n';
    if (ends) opened = 0;
    if (!begins) continue;
    std::string_view name = line.substr(opening.size());
    if (!name.ends_with(" -->") || !name.starts_with(' ') || name.size() < 6) {
      throw std::runtime_error(fmt::format("{}got \"{}\", expected \"{} NAME -->\"", at, line, opening));
    }
    name = name.substr(1, name.size() - 5);
    try {
      out += '\n' + block(results, std::string(name), ledger, pictures) + '\n';
    } catch (const std::invalid_argument& unknown) {
      throw std::runtime_error(at + unknown.what());
    }
    opened = number;
  }
  if (opened)
    throw std::runtime_error(fmt::format("{}:{}: these results have no \"{}\"", path, opened, closing));
  return out;
}

void report(const Results& results, const std::string& from_dir, const std::string& to_dir) {
  const Ledger ledger = ledger_of(from_dir);
  std::vector<std::pair<fs::path, std::string>> made;
  for (const fs::path& note : notes_of(from_dir)) {
    const fs::path from = fs::path(from_dir) / note;
    made.emplace_back(fs::path(to_dir) / note,
                      fill(read(from), results, from.string(), ledger, pictures_from(note)));
  }
  for (const auto& [path, text] : made) write(path, text);
}

std::string difference(const std::string& results_dir, const std::string& project_dir) {
  const Results results = load_all(results_dir);
  const Ledger ledger = ledger_of(project_dir);
  for (const fs::path& note : notes_of(project_dir)) {
    const fs::path path = fs::path(project_dir) / note;
    const std::string committed = read(path);
    const std::string expected = fill(committed, results, path.string(), ledger, pictures_from(note));
    const std::string missing = missing_picture(committed, path, project_dir);
    if (committed == expected && !missing.empty()) return missing;
    if (committed == expected) continue;
    std::string_view is = committed, should = expected;
    for (std::size_t number = 1; !is.empty() || !should.empty(); ++number) {
      const std::string_view a = next_line(is), b = next_line(should);
      if (a != b)
        return fmt::format("{}:{}: is \"{}\", the results give \"{}\"", path.string(), number, a, b);
    }
  }
  return picture_difference(results, ledger, (fs::path(project_dir) / "notes" / "pictures").string());
}

bool check(const std::string& results_dir, const std::string& project_dir) {
  return difference(results_dir, project_dir).empty();
}

}  // namespace bench
