// The program as people start it: what it answers to wrong words, and what is left when it is interrupted or killed.

#include "bench/counting.hpp"
#include "bench/experiment.hpp"
#include "bench/result.hpp"
#include "support/child.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace {

namespace fs = std::filesystem;
using support::Child;
using testing::HasSubstr;

// A project with one page, so that nothing of ours is written to.
struct Project {
  fs::path path = fs::temp_directory_path() / ("program_test." + std::to_string(::getpid()));
  Project() {
    fs::create_directories(path / "notes");
    std::ofstream(path / "notes" / "page.md") << "<!-- results: floor -->\n<!-- /results -->\n";
  }
  ~Project() { fs::remove_all(path); }
  std::string journal() const {
    std::ifstream in(path / "build/results/full.jsonl", std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }
};

std::vector<std::string> words(std::vector<std::string> more) {
  const auto program = fs::read_symlink("/proc/self/exe").parent_path() / "bench";
  more.insert(more.begin(), program.string());
  return more;
}

// Something short that needs no network: ten runs of a second, none of which depends on being quick.
std::vector<std::string> ten_runs(const Project& project) {
  return words({"--full", "--filter", "^floor/null", "--root", project.path.string()});
}

std::size_t runs_in(const std::string& journal) {
  std::size_t runs = 0;
  for (std::size_t at = 0; (at = journal.find("\n{\"cell\":", at)) != std::string::npos; ++at) ++runs;
  return runs;
}

void wait_for_runs(const Project& project, std::size_t count) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  for (;;) {
    const std::string text = project.journal();
    if (text.ends_with('\n') && runs_in(text) >= count) return;
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "no run within 60 s: " << text;
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
}

struct Answer {
  int code;
  std::string errors;
};

Answer answer_to(std::vector<std::string> arguments) {
  Child bench(words(std::move(arguments)));
  const int code = bench.wait(std::chrono::seconds(60));
  return {code, bench.errors()};
}

TEST(Program, AnswersWordsThatItDoesNotKnowWithThoseThatItDoes) {
  const Answer cell = answer_to({"--filter", "nosuch"});
  EXPECT_EQ(cell.code, 2);
  EXPECT_THAT(cell.errors, HasSubstr("no cell matches \"nosuch\". There are:"));
  EXPECT_THAT(cell.errors, HasSubstr("\n  delivery "));

  const Answer option = answer_to({"--frobnicate"});
  EXPECT_EQ(option.code, 2);
  EXPECT_THAT(option.errors,
              HasSubstr("\"--frobnicate\" is not an option. There are --smoke, --full, --browser, --peers"));

  EXPECT_EQ(answer_to({"--full", "--smoke"}).code, 2);
  EXPECT_EQ(answer_to({"--seed", "x"}).code, 2);
  EXPECT_THAT(answer_to({"--filter", "("}).errors, HasSubstr("the filter is no regular expression"));
}

TEST(Program, SaysWhereThereIsNoServerToMeasure) {
  const Answer nobody = answer_to({"--server", "http://127.0.0.1:1"});
  EXPECT_EQ(nobody.code, 1);
  EXPECT_THAT(nobody.errors, HasSubstr("no server to measure at http://127.0.0.1:1"));
  const Answer no_url = answer_to({"--server", "ftp://127.0.0.1"});
  EXPECT_EQ(no_url.code, 1);
  EXPECT_THAT(no_url.errors, HasSubstr("--server got \"ftp://127.0.0.1\", expected one like http://"));
}

TEST(Program, PublishesOnlyTheWhole) {
  for (const std::vector<std::string>& part :
       {std::vector<std::string>{"--smoke"}, {"--filter", "^echo/"}, {"--full", "--claim", "L4"}}) {
    std::vector<std::string> arguments = part;
    arguments.push_back("--publish");
    const Answer answer = answer_to(arguments);
    EXPECT_EQ(answer.code, 2);
    EXPECT_THAT(answer.errors, HasSubstr("--publish got only a part of it, expected everything"));
  }
}

TEST(Program, KnowsEveryClaimThatThereIs) {
  const Answer answer = answer_to({"--claim", "L99"});
  EXPECT_EQ(answer.code, 2);
  EXPECT_THAT(answer.errors, HasSubstr("there is no claim \"L99\", expected one of N1, N2"));
  const Answer browser = answer_to({"--browser", "--claim", "N11"});
  EXPECT_EQ(browser.code, 2);
  EXPECT_THAT(browser.errors,
              HasSubstr("nothing that this can measure decides the claim N11; `bench/run --claim "
                        "N11` alone finds its cells"));
}

TEST(Program, MeasuresASuiteAloneAndSaysWhereItHasNoCells) {
  for (const bench::Suite suite : {bench::Suite::browser, bench::Suite::peers}) {
    const std::string option = "--" + std::string(bench::to_string(suite));
    // What this machine cannot measure is left out, and said.
    bench::Setting setting;
    setting.place.root = SOURCE_DIRECTORY;
    std::vector<std::string> cells;
    bool all = true;
    for (const bench::Cell& cell : bench::all_cells(setting, suite)) {
      const bool here = !cell.why_not || cell.why_not().empty();
      if (here) cells.push_back(cell.name);
      all = all && here;
    }
    Child bench(words({option, "--list"}));
    const int code = bench.wait(std::chrono::seconds(60));
    const std::string errors = bench.errors();
    if (cells.empty()) {
      EXPECT_EQ(code, 2);
      EXPECT_EQ(errors, "bench/run: there are no cells in the suite " + std::string(bench::to_string(suite)) +
                            " yet.\n");
    } else {
      EXPECT_EQ(code, 0);
      EXPECT_THAT(errors, HasSubstr(std::to_string(cells.size()) + " cells, "));
      EXPECT_EQ(errors.find(" left out: ") == std::string::npos, all) << errors;
    }
    EXPECT_EQ(answer_to({option, "--smoke"}).code, 2);
    EXPECT_EQ(answer_to({option, "--filter", "^floor/null", "--publish"}).code, 2);
  }
  EXPECT_EQ(answer_to({"--browser", "--peers"}).code, 2);
}

TEST(Program, CountsWhatADeliveryTakes) {
  if (std::string_view(SANITIZERS) != "") GTEST_SKIP() << "a sanitizer's own instructions would be counted";
  if (const std::string why = bench::why_not_counted(); !why.empty()) GTEST_SKIP() << why;
  const Project project;
  Child bench(words({"--filter", "^counts/ws/rooms:1/readers:10/", "--root", project.path.string()}));

  EXPECT_EQ(bench.wait(std::chrono::seconds(60)), 0) << bench.errors();

  const bench::Results results = bench::load(project.path / "build/results");
  ASSERT_FALSE(results.runs.empty());
  for (const bench::Run& run : results.runs) {
    // A write for each of ten readers, and what the message itself takes: a read, an answer, a wait or two.
    EXPECT_GE(run.figures.at("system_calls_per_delivery"), 1) << run.cell;
    EXPECT_LE(run.figures.at("system_calls_per_delivery"), 3) << run.cell;
    EXPECT_GE(run.figures.at("instructions_per_delivery"), 500) << run.cell;
  }
}

TEST(Program, MakesTheNotesOfTheFilesOfAllSuites) {
  const Project project;
  std::ofstream(project.path / "notes" / "page.md")
      << "<!-- figure: page/ws p50_us --><!-- /figure -->\n<!-- figure: floor/ws p50_us --><!-- /figure -->\n";
  bench::Run run;
  run.cell = "page/ws";
  run.experiment = "page";
  run.figures = {{"p50_us", 20'900}};
  const std::string published = (project.path / "notes/results").string();
  bench::save({{{"suite", "browser"}}, {run}}, published, bench::Suite::browser);
  run.cell = "floor/ws";
  run.experiment = "floor";
  bench::save({{}, {run}}, published);
  const std::string root = project.path.string();
  Child bench(words({"--report", "--publish", "--root", root}));
  bench.wait(std::chrono::seconds(60));
  std::ifstream in(project.path / "notes" / "page.md", std::ios::binary);
  EXPECT_EQ(
      std::string(std::istreambuf_iterator<char>(in), {}),
      "<!-- figure: page/ws p50_us -->21 ms<!-- /figure -->\n<!-- figure: floor/ws p50_us -->21 ms<!-- /figure -->\n");
}

// Where a suite was measured before, another one's run leaves it in the notes.
TEST(Program, MakesYourNotesOfWhatWasMeasuredBeforeToo) {
  const Project project;
  std::ofstream(project.path / "notes" / "page.md") << "<!-- figure: page/ws p50_us --><!-- /figure -->\n";
  bench::Run run;
  run.cell = "page/ws";
  run.experiment = "page";
  run.figures = {{"p50_us", 20'900}};
  bench::save({{{"suite", "browser"}}, {run}}, (project.path / "build/results").string(),
              bench::Suite::browser);
  Child bench(words({"--filter", "^floor/null", "--root", project.path.string()}));
  bench.wait(std::chrono::seconds(120));
  EXPECT_EQ(bench::load((project.path / "build/results").string()).runs.at(0).experiment, "floor");
  std::ifstream in(project.path / "build" / "notes" / "page.md", std::ios::binary);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(in), {}),
            "<!-- figure: page/ws p50_us -->21 ms<!-- /figure -->\n");
}

TEST(Program, DoesNotMeasureBesideAnother) {
  const Project project;
  fs::create_directories(project.path / "build/results");
  const int lock = ::open((project.path / "build/results/.lock").c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0644);
  ASSERT_EQ(::flock(lock, LOCK_EX), 0);  // as another one holds it
  const Answer second = answer_to({"--filter", "^floor/null", "--root", project.path.string()});
  EXPECT_EQ(second.code, 1);
  EXPECT_THAT(second.errors, HasSubstr("another one is measuring into"));
  ::close(lock);
}

TEST(Program, SaysWhereItCannotWrite) {
  const Project project;
  std::ofstream(project.path / "build") << "a file where a directory should be";
  const Answer answer = answer_to({"--filter", "^floor/null", "--root", project.path.string()});
  EXPECT_EQ(answer.code, 1);
  EXPECT_THAT(answer.errors, HasSubstr("runs.jsonl: cannot be written"));
}

TEST(Program, KeepsWhatItHasMeasuredWhenItIsInterruptedAndGoesOnFromThere) {
  const Project project;
  Child first(ten_runs(project));
  wait_for_runs(project, 2);
  first.signal(SIGINT);
  EXPECT_EQ(first.wait(std::chrono::seconds(30)), 130);
  EXPECT_THAT(first.errors(), HasSubstr("The same command goes on from there."));
  const bench::Results results = bench::load((project.path / "build/results").string());
  EXPECT_GE(results.runs.size(), 2u);
  EXPECT_LT(results.runs.size(), 10u);

  Child second(ten_runs(project));
  wait_for_runs(project, results.runs.size() + 1);
  second.signal(SIGINT);
  second.wait(std::chrono::seconds(30));
  EXPECT_THAT(second.errors(), HasSubstr("runs were measured before and are taken over"));
  const bench::Results both = bench::load((project.path / "build/results").string());
  EXPECT_GT(both.runs.size(), results.runs.size());
  ASSERT_EQ(both.sittings.size(), 2u);
  EXPECT_EQ(both.provenance.at("sittings"), "2");
  EXPECT_EQ(both.provenance.at("started"), results.provenance.at("started"));
  EXPECT_EQ(both.sittings[0].at("runs"), std::to_string(results.runs.size()));
  EXPECT_EQ(both.sittings[1].at("runs"), std::to_string(both.runs.size() - results.runs.size()));
}

TEST(Program, LosesNoRunWhenItIsKilled) {
  const Project project;
  {
    Child killed(ten_runs(project));
    wait_for_runs(project, 2);
    killed.signal(SIGKILL);
    killed.wait(std::chrono::seconds(30));
  }
  Child again(ten_runs(project));
  wait_for_runs(project, 3);
  again.signal(SIGINT);
  again.wait(std::chrono::seconds(30));
  EXPECT_THAT(again.errors(), HasSubstr("runs were measured before and are taken over"));
}

}  // namespace
