// What was measured is kept, whatever ends the program, and is not mixed with what another program measured.

#include "bench/journal.hpp"
#include "bench/session.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include <unistd.h>

namespace {

namespace fs = std::filesystem;
using bench::Journal;

struct Directory {
  fs::path path = fs::temp_directory_path() / ("journal_test." + std::to_string(::getpid()));
  Directory() { fs::create_directories(path); }
  ~Directory() { fs::remove_all(path); }
  std::string file() const { return (path / "full.jsonl").string(); }
};

bench::Run run(const std::string& cell, unsigned repetition, bool counts = true) {
  bench::Run made;
  made.cell = cell;
  made.experiment = "echo";
  made.arm = "ws";
  made.repetition = repetition;
  made.figures = {{"p50_us", 20'300}};
  made.gates = {{"everything came", counts, ""}};
  made.samples = 7;
  return made;
}

std::string text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

void write(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

TEST(Journal, GivesBackWhatWasAddedBeforeTheProgramWasKilled) {
  const Directory directory;
  {
    Journal journal(directory.file(), "build-1", true);
    EXPECT_TRUE(journal.found().empty());
    journal.add(run("echo/ws/rtt_ms:20", 0));
    journal.add(run("echo/ws/rtt_ms:20", 1));
  }  // nothing is written at the end
  Journal again(directory.file(), "build-1", true);
  ASSERT_EQ(again.found().size(), 2u);
  EXPECT_EQ(again.found()[1].repetition, 1u);
  EXPECT_EQ(again.found()[1].figures.at("p50_us"), 20'300);
  EXPECT_EQ(again.found()[1].samples, 7u);
  again.add(run("echo/ws/rtt_ms:20", 2));
  EXPECT_EQ(Journal(directory.file(), "build-1", true).found().size(), 3u);
}

TEST(Journal, KnowsEachSittingAlsoOfOneThatWasKilled) {
  const Directory directory;
  {
    Journal journal(directory.file(), "build-1", true);
    journal.begin({{"commit", "a"}, {"started", "8 o'clock"}});
    journal.add(run("a", 0));
    journal.tell({{"ended", "9 o'clock"}, {"runs", "1"}});
    journal.add(run("a", 1));
    journal.tell({{"ended", "10 o'clock"}, {"runs", "2"}});
  }
  {
    Journal journal(directory.file(), "build-1", true);
    EXPECT_EQ(journal.found().size(), 2u);
    journal.begin({{"commit", "b"}, {"started", "11 o'clock"}});  // and no run was finished
  }
  const Journal journal(directory.file(), "build-1", true);
  ASSERT_EQ(journal.sittings().size(), 2u);
  EXPECT_EQ(
      journal.sittings()[0],
      (bench::Provenance{{"commit", "a"}, {"started", "8 o'clock"}, {"ended", "10 o'clock"}, {"runs", "2"}}));
  EXPECT_EQ(journal.sittings()[1], (bench::Provenance{{"commit", "b"}, {"started", "11 o'clock"}}));
  EXPECT_TRUE(Journal(directory.file(), "build-1", false).sittings().empty());
}

TEST(Sittings, AreToldOneByOneWhereThereAreSeveral) {
  const bench::Provenance first{
      {"started", "8"}, {"ended", "9"}, {"runs", "2"}, {"stolen time", "0.10 %"}, {"commit", "a"}};
  const bench::Provenance without_runs{{"started", "10"}, {"commit", "b"}};
  const bench::Provenance last{
      {"started", "11"}, {"ended", "12"}, {"runs", "3"}, {"stolen time", "0.20 %"}, {"commit", "c"}};
  bench::Results results;
  bench::tell_sittings(results, {first, without_runs, last, without_runs});
  EXPECT_EQ(results.sittings, (std::vector{first, last}));
  EXPECT_EQ(results.provenance, (bench::Provenance{{"started", "8"},
                                                   {"ended", "12"},
                                                   {"runs", "3"},
                                                   {"stolen time", "0.10 %, 0.20 %"},
                                                   {"commit", "c"},
                                                   {"sittings", "2"}}));
  bench::Results one;
  bench::tell_sittings(one, {first, without_runs});
  EXPECT_TRUE(one.sittings.empty());
  EXPECT_EQ(one.provenance, first);
  bench::Results none;
  bench::tell_sittings(none, {without_runs});
  EXPECT_EQ(none.provenance, without_runs);
}

TEST(Journal, DropsALineThatWasCutShortAnywhereAndKeepsTheOthers) {
  const Directory directory;
  {
    Journal journal(directory.file(), "build-1", true);
    journal.add(run("a", 0));
    journal.add(run("b", 0));
  }
  const std::string whole = text_of(directory.file());
  const std::size_t second = whole.find('\n', whole.find('\n') + 1) + 1;
  for (std::size_t length = second + 1; length < whole.size(); ++length) {
    write(directory.file(), whole.substr(0, length));
    const Journal cut(directory.file(), "build-1", true);
    ASSERT_EQ(cut.found().size(), 1u) << length;
    EXPECT_THAT(cut.dropped(), testing::HasSubstr("ends in the middle of a run")) << length;
    EXPECT_EQ(text_of(directory.file()), whole.substr(0, second)) << length;
  }
}

TEST(Journal, TakesNothingFromAnotherBuildProfileOrSeed) {
  const Directory directory;
  Journal(directory.file(), "build-1", true).add(run("a", 0));
  const Journal other(directory.file(), "build-2", true);
  EXPECT_TRUE(other.found().empty());
  EXPECT_THAT(other.dropped(), testing::HasSubstr("of another build, machine, profile or seed"));
  const std::string program = (directory.path / "program").string();
  write(program, "one build");
  const std::vector<std::string> programs{program};
  const std::string before = bench::identity_of(programs, "full", 1);
  write(program, "one buile");
  EXPECT_NE(bench::identity_of(programs, "full", 1), before);
  EXPECT_NE(bench::identity_of(programs, "full", 1), bench::identity_of(programs, "full", 2));
  EXPECT_NE(bench::identity_of(programs, "full", 1), bench::identity_of(programs, "smoke", 1));
  EXPECT_NE(bench::identity_of(programs, "full", 1), bench::identity_of({}, "full", 1));
  EXPECT_NE(bench::identity_of(programs, "full", 1, "http://192.0.2.1:8083"),
            bench::identity_of(programs, "full", 1));
  // It took long to measure, so it is not thrown away.
  std::ifstream aside(directory.file() + ".old");
  std::string line;
  std::getline(aside, line);
  EXPECT_THAT(line, testing::HasSubstr("build-1"));
}

TEST(Journal, ForgetsWhereItIsToldTo) {
  const Directory directory;
  Journal(directory.file(), "build-1", true).add(run("a", 0));
  EXPECT_TRUE(Journal(directory.file(), "build-1", false).found().empty());
}

TEST(Journal, SaysWhereItCannotWrite) {
  const Directory directory;
  write(directory.file(), "");
  try {
    Journal journal(directory.file() + "/runs.jsonl", "build-1", false);
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("/runs.jsonl: cannot be written"));
  }
  Journal full("/dev/shm/journal_test.jsonl", "build-1", false);
  fs::remove("/dev/shm/journal_test.jsonl");
  try {
    full.add(run("a", 0));
    FAIL();
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), testing::HasSubstr("journal_test.jsonl: cannot be written: No such file"));
  }
}

TEST(Jobs, ThatAreDoneAndCountAreNotDoneAgain) {
  std::vector<bench::Cell> cells(2);
  cells[0].name = "a";
  cells[0].repetitions = 3;
  cells[1].name = "b";
  cells[1].repetitions = 1;
  const auto jobs = bench::plan_jobs(cells, 1);
  ASSERT_EQ(jobs.size(), 4u);
  // Blocks: everything once before anything twice.
  EXPECT_EQ(jobs[0].repetition, 0u);
  EXPECT_EQ(jobs[1].repetition, 0u);
  EXPECT_EQ(jobs[3].repetition, 2u);
  const auto left = bench::left_of(jobs, {run("a", 0), run("a", 1, false), run("b", 0)});
  ASSERT_EQ(left.size(), 2u);
  EXPECT_EQ(left[0].repetition, 1u);  // its run did not count
  EXPECT_EQ(left[1].repetition, 2u);
}

TEST(Jobs, WithoutARunThatCountsAreKnownByTheirCell) {
  std::vector<bench::Cell> cells(3);
  cells[0].name = "b";
  cells[1].name = "a";
  cells[2].name = "c";
  for (bench::Cell& cell : cells) cell.repetitions = 2;
  const auto jobs = bench::plan_jobs(cells, 1);
  EXPECT_EQ(bench::without_runs(jobs, {run("c", 0, false), run("c", 1), run("b", 0, false)}),
            (std::vector<std::string>{"a", "b"}));
}

}  // namespace
