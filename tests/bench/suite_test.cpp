// Several executions, each with its file: together they are what the notes and the claims are made of.

#include "bench/experiment.hpp"
#include "bench/report.hpp"
#include "bench/result.hpp"
#include "bench/verdict.hpp"
#include "bench/verdict_text.hpp"
#include "tests/bench/directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using bench::Suite;
using testing::HasSubstr;
using testing::Not;

bench::Run run(const std::string& cell, double p50_us) {
  bench::Run made;
  made.cell = cell;
  made.experiment = cell.substr(0, cell.find('/'));
  made.arm = "ws";
  made.figures = {{"p50_us", p50_us}};
  made.gates = {{"everything came", true, ""}};
  return made;
}

bench::Results results(const std::string& commit, const std::string& day, std::vector<bench::Run> runs) {
  return {{{"commit", commit},
           {"dirty", "no"},
           {"started", day + "T08:00:00Z"},
           {"cpu", "AMD EPYC"},
           {"cores", "2"},
           {"kernel", "Linux"}},
          std::move(runs)};
}

// notes/results with a file of the main suite and one of the browser's.
struct TwoFiles {
  TwoFiles() {
    bench::save(results("aaaa", "2026-11-22", {run("echo/ws", 20'300)}), directory.text());
    bench::save(results("bbbb", "2026-11-25", {run("page/ws", 20'900)}), directory.text(), Suite::browser);
  }
  Directory directory;
};

std::string error_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "no error";
}

// Two experiments, as they would stand among ours.
const std::vector<bench::Experiment>& two_experiments() {
  static const std::vector<bench::Experiment> two = [] {
    std::vector<bench::Experiment> made(2);
    made[0].name = "echo";
    made[1].name = "page";
    made[1].suite = Suite::browser;
    return made;
  }();
  return two;
}

// `value`: as in the ledger.
bench::Claim claim_about(const std::string& value) {
  return bench::parse_ledger(
             R"({"claims":[{"id":"R6","claim":"c","source":"s","experiment":"E","says":"S.","numbers":[{"name":"x","label":"x",)"
             R"("unit":"us","exact":true,"value":)" +
                 value + R"(}],"rule":[{"verdict":"confirmed","when":[["x","above",0]],"since":"it is"}]}]})",
             "claims.json")
      .at(0);
}

TEST(Suite, HasAFileAndACommandOfItsOwn) {
  EXPECT_EQ(bench::file_of(Suite::main), "results.json");
  EXPECT_EQ(bench::file_of(Suite::browser), "browser.json");
  EXPECT_EQ(bench::file_of(Suite::peers), "peers.json");
  EXPECT_EQ(bench::command_of(Suite::main), "bench/run");
  EXPECT_EQ(bench::command_of(Suite::peers), "bench/run --peers");
}

TEST(Suite, OfACellIsThatOfItsExperiment) {
  EXPECT_EQ(bench::suite_of("page/ws/tabs:7", two_experiments()), Suite::browser);
  EXPECT_EQ(bench::suite_of("page", two_experiments()), Suite::browser);
  EXPECT_EQ(bench::suite_of("echo/ws", two_experiments()), Suite::main);
  EXPECT_EQ(bench::suite_of("pages/ws", two_experiments()), Suite::main);
  EXPECT_EQ(bench::suite_of("delivery/ws/rate:100"), Suite::main);
}

TEST(Suite, HasCellsThatNoOtherOneHas) {
  std::size_t all = 0;
  for (const Suite suite : bench::suites) {
    for (const bench::Cell& cell : bench::all_cells({}, suite)) {
      EXPECT_EQ(bench::suite_of(cell.name), suite) << cell.name;
      ++all;
    }
  }
  EXPECT_EQ(bench::all_cells({}).size(), all);
}

TEST(ResultFiles, OfAllSuitesAreReadTogether) {
  const TwoFiles two;
  const bench::Results all = bench::load_all(two.directory.text());
  ASSERT_EQ(all.runs.size(), 2u);
  EXPECT_EQ(all.provenance.at("commit"), "aaaa");
  ASSERT_EQ(all.others.size(), 1u);
  EXPECT_EQ(all.others.at(Suite::browser).provenance.at("commit"), "bbbb");
  // Each alone is as it was saved.
  EXPECT_EQ(bench::load(two.directory.text()).runs.size(), 1u);
  EXPECT_EQ(bench::load(two.directory.text(), Suite::browser).provenance.at("commit"), "bbbb");
}

TEST(ResultFiles, ThatAreNotThereAreNotMissed) {
  const Directory directory;
  EXPECT_EQ(error_of([&] { bench::load_all(directory.text()); }),
            (directory / "results.json").string() + ": cannot be read; bench/run makes it");
  EXPECT_EQ(error_of([&] { bench::load(directory.text(), Suite::peers); }),
            (directory / "peers.json").string() + ": cannot be read; bench/run --peers makes it");
  bench::save(results("bbbb", "2026-11-25", {run("page/ws", 20'900)}), directory.text(), Suite::browser);
  const bench::Results all = bench::load_all(directory.text());
  EXPECT_EQ(all.runs.size(), 1u);
  EXPECT_TRUE(all.provenance.empty());
  EXPECT_EQ(all.others.at(Suite::browser).provenance.at("commit"), "bbbb");
}

TEST(ResultFiles, OfOneSuiteTakeThePlaceOfWhatIsThere) {
  const TwoFiles two;
  const bench::Results all =
      bench::with_others(results("cccc", "2026-11-26", {run("page/ws", 1), run("page/sse", 2)}),
                         Suite::browser, two.directory.text());
  EXPECT_EQ(all.runs.size(), 3u);
  EXPECT_EQ(all.provenance.at("commit"), "aaaa");
  EXPECT_EQ(all.others.at(Suite::browser).provenance.at("commit"), "cccc");
  EXPECT_THROW(bench::save(all, two.directory.text()), std::invalid_argument);
}

TEST(ResultFiles, DoNotHaveTheSameCellTwice) {
  const TwoFiles two;
  bench::save(results("dddd", "2026-11-26", {run("echo/ws", 1)}), two.directory.text(), Suite::peers);
  EXPECT_EQ(error_of([&] { bench::load_all(two.directory.text()); }),
            (two.directory / "peers.json").string() + ": has the cell echo/ws, and so has results.json");
}

TEST(ResultFiles, AreWhatTheNotesAreCheckedAgainst) {
  const TwoFiles two;
  const Directory project;
  put(project / "README.md",
      "It takes <!-- figure: echo/ws p50_us --><!-- /figure -->, in a page <!-- figure: page/ws p50_us --><!-- /figure -->.\n"
      "<!-- results: provenance -->\n<!-- /results -->\n");
  bench::report(bench::load_all(two.directory.text()), project.text(), project.text());
  const std::string text = content_of(project / "README.md");
  EXPECT_THAT(text, HasSubstr("<!-- figure: page/ws p50_us -->21 ms<!-- /figure -->"));
  EXPECT_THAT(text, HasSubstr("| commit | aaaa |\n"));
  EXPECT_THAT(text,
              HasSubstr("\nCells of the suite browser were measured apart, by `bench/run --browser`:\n\n"
                        "| what | was |\n| --- | --- |\n| commit | bbbb |\n"));
  EXPECT_EQ(bench::difference(two.directory.text(), project.text()), "");

  bench::save(results("bbbb", "2026-11-25", {run("page/ws", 41'000)}), two.directory.text(), Suite::browser);
  EXPECT_THAT(bench::difference(two.directory.text(), project.text()), HasSubstr("README.md:1: is "));
}

TEST(ResultFiles, AreAllNamedWhereClaimsAreDecided) {
  const TwoFiles two;
  const bench::Ledger ledger{claim_about(R"("echo/ws p50_us")")};
  const bench::Results all = bench::load_all(two.directory.text());
  EXPECT_THAT(
      bench::block(all, "claims", ledger),
      HasSubstr(
          "Made by `bench/run` on 2026-11-22, commit aaaa, AMD EPYC, 2 cores, Linux; cells of the suite "
          "browser: `bench/run --browser` on 2026-11-25, commit bbbb, AMD EPYC, 2 cores, Linux.\n"));
  EXPECT_THAT(bench::block(all, "headline", ledger), Not(HasSubstr("browser: `bench/run")));
}

// A claim that needs cells of two executions is decided by the second; what this one has nothing to do with is not told again.
TEST(Claim, IsToldWithTheExecutionThatMeasuredAnyOfIt) {
  const bench::Ledger ledger{claim_about(R"(["echo/ws p50_us","over","page/ws p50_us"])")};
  const auto echo = results("aaaa", "2026-11-22", {run("echo/ws", 20)}),
             page = results("bbbb", "2026-11-25", {run("page/ws", 10)}),
             other = results("cccc", "2026-11-25", {run("echo/sse", 10)}),
             all =
                 results("aaaa", "2026-11-22", {run("echo/ws", 20), run("page/ws", 10), run("echo/sse", 10)});
  for (const bench::Results& now : {echo, page})
    EXPECT_THAT(bench::verdicts_plain(ledger, all, now), testing::StartsWith("R6  confirmed"));
  EXPECT_EQ(
      bench::verdicts_plain(ledger, all, other),
      "\n0 confirmed, 0 confirmed if, 0 refuted, 1 not measured here.\nNot measured in this run: R6.\n");
}

TEST(Claim, OfASuiteThatWasNotRunSaysWhatRunsIt) {
  const bench::Results main = results("aaaa", "2026-11-22", {run("echo/ws", 20'300)});
  const auto judged = [](const std::string& cell, const bench::Results& those) {
    const bench::Claim claim = claim_about('"' + cell + " p50_us\"");
    const bench::Judgement judgement = bench::judge(claim, those, two_experiments());
    return to_string(judgement.verdict) + ": " + judgement.words;
  };
  EXPECT_EQ(judged("page/ws", main), "not measured here: `bench/run --browser --publish` measures it");
  EXPECT_EQ(judged("echo/sse", main), "not measured here: echo/sse was not measured");
  // Where the suite was run, its command would not help.
  const bench::Results both = results("aaaa", "2026-11-22", {run("echo/ws", 20'300), run("page/ws", 20'900)});
  EXPECT_EQ(judged("page/sse", both), "not measured here: page/sse was not measured");
  EXPECT_EQ(judged("page/ws", both), "confirmed: it is");
}

}  // namespace
