// What the notes send their reader to is there: each link, each heading behind a link, each cell that a command asks for.
#include "bench/experiment.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

// README.md and notes/*.md.
std::vector<fs::path> pages() {
  const fs::path project = SOURCE_DIRECTORY;
  std::vector<fs::path> found{project / "README.md"};
  for (const auto& note : fs::directory_iterator(project / "notes"))
    if (note.path().extension() == ".md") found.push_back(note.path());
  std::sort(found.begin(), found.end());
  return found;
}

// What the first group of the expression found, again and again.
std::vector<std::string> all(const std::string& text, const std::string& expression) {
  const std::regex pattern(expression);
  std::vector<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), pattern), end; at != end; ++at)
    found.push_back((*at)[1].str());
  return found;
}

// What may stand behind the # of a link: headings as GitHub and cmark name them, and ids that were set by hand.
std::set<std::string> anchors(const std::string& text) {
  std::set<std::string> found;
  for (const std::string& heading : all(text, "(?:^|\n)#+ ([^\n]*)")) {
    std::string anchor;
    for (const char c : heading) {
      const auto byte = static_cast<unsigned char>(c);
      if (c == ' ') anchor += '-';
      if (c == '-' || c == '_' || std::isalnum(byte) || byte >= 0x80)
        anchor += static_cast<char>(std::tolower(byte));
    }
    found.insert(anchor);
  }
  for (const std::string& id : all(text, "id=\"([^\"]+)\"")) found.insert(id);
  return found;
}

TEST(Notes, LinkToWhatIsThere) {
  for (const fs::path& page : pages()) {
    for (const std::string& link : all(read(page), R"(\]\(([^)\s]+)\))")) {
      if (link.find("://") != std::string::npos) continue;
      const std::size_t hash = std::min(link.find('#'), link.size());
      const fs::path target = hash == 0 ? page : page.parent_path() / link.substr(0, hash);
      if (!fs::exists(target)) {
        ADD_FAILURE() << page << " links to " << link << ", and there is no such file";
      } else if (hash < link.size()) {
        EXPECT_TRUE(anchors(read(target)).contains(link.substr(hash + 1)))
            << page << " links to " << link << ", and there is no such heading";
      }
    }
  }
}

TEST(Notes, AskForCellsThatAreThere) {
  std::vector<std::string> names;
  for (const bench::Cell& cell : bench::all_cells({})) names.push_back(cell.name);
  std::size_t asked = 0;
  for (const fs::path& page : pages()) {
    for (const std::string& filter :
         all(read(page), "bench/run (?:--browser |--peers )?--filter '?([^'`\\s]+)")) {
      if (filter == "REGEX") continue;  // says how the option is used
      ++asked;
      const std::regex pattern(filter);
      EXPECT_TRUE(std::any_of(names.begin(), names.end(),
                              [&](const std::string& name) { return std::regex_search(name, pattern); }))
          << page << " asks for --filter " << filter;
    }
  }
  EXPECT_GT(asked, 0U);
}

}  // namespace
