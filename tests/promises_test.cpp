// notes/promises.md has no sentence without a test, and names none that is not there.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;

std::string content_of(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The first group of every match.
std::vector<std::string> matches(const std::string& text, const std::string& pattern) {
  const std::regex regex(pattern);
  std::vector<std::string> all;
  for (std::sregex_iterator at(text.begin(), text.end(), regex), end; at != end; ++at)
    all.push_back((*at)[1]);
  return all;
}

std::string trimmed(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(" \n");
  return begin == std::string::npos ? "" : text.substr(begin, text.find_last_not_of(" \n") - begin + 1);
}

// TEST(Suite, Name), TEST_F and TEST_P, as lines begin with them. By hand: a regular expression takes seconds for all of it.
void add_tests_in(const std::string& source, std::set<std::string>& all) {
  for (std::size_t at = source.find("\nTEST"); at != std::string::npos; at = source.find("\nTEST", at + 1)) {
    const std::size_t open = source.find('(', at);
    const std::size_t comma = source.find(',', open);
    const std::size_t close = source.find(')', comma);
    if (close == std::string::npos) return;
    all.insert(trimmed(source.substr(open + 1, comma - open - 1)) + '.' +
               trimmed(source.substr(comma + 1, close - comma - 1)));
  }
}

// "Suite.Name" of every test that there is, and "faults/name" of every row of the campaign.
std::set<std::string> tests_that_there_are() {
  const fs::path tests = fs::path(SOURCE_DIRECTORY) / "tests";
  std::set<std::string> all;
  for (const auto& entry : fs::recursive_directory_iterator(tests)) {
    if (!entry.path().filename().string().ends_with("_test.cpp")) continue;
    add_tests_in(content_of(entry.path()), all);
  }
  for (const std::string& row : matches(content_of(tests / "faults/campaign.cpp"), R"x(\{\d+,\s*"(\w+)",)x"))
    all.insert("faults/" + row);
  return all;
}

std::vector<std::string> lines_of_promises() {
  std::istringstream text(content_of(fs::path(SOURCE_DIRECTORY) / "notes/promises.md"));
  std::vector<std::string> lines;
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

std::vector<std::string> tests_named_in(const std::string& line) {
  return matches(line, R"(`(\w+\.\w+|faults/\w+)`)");
}

TEST(Promises, HaveATestEach) {
  std::size_t promises = 0;
  bool promising = false;  // behind the first heading below the title: what stands before says how to read it
  for (const std::string& line : lines_of_promises()) {
    promising = promising || line.starts_with("## ");
    if (!promising || line.empty() || line.starts_with("## ")) continue;
    ASSERT_TRUE(line.starts_with("- ")) << "expected one sentence a line, got: " << line;
    EXPECT_FALSE(tests_named_in(line).empty()) << line;
    ++promises;
  }
  EXPECT_GT(promises, 30u);
}

TEST(Promises, NameTestsThatThereAre) {
  const std::set<std::string> there = tests_that_there_are();
  EXPECT_GT(there.size(), 300u);
  for (const std::string& line : lines_of_promises()) {
    if (!line.starts_with("- ")) continue;
    for (const std::string& name : tests_named_in(line))
      EXPECT_TRUE(there.contains(name)) << name << ", in: " << line;
  }
}

}  // namespace
