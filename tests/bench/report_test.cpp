#include "bench/report.hpp"

#include "bench/format.hpp"
#include "bench/provenance.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

class Directory {
 public:
  Directory() {
    std::string name = (fs::temp_directory_path() / "bench-XXXXXX").string();
    if (!::mkdtemp(name.data())) throw std::runtime_error("no temporary directory");
    path_ = name;
  }
  ~Directory() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  std::string text() const { return path_.string(); }
  fs::path operator/(const std::string& name) const { return path_ / name; }

 private:
  fs::path path_;
};

std::string read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

std::string error_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "no error";
}

using Map = std::map<std::string, double>;

bench::Run run(const std::string& experiment, const std::string& arm, Map parameters, Map figures,
               Map predicted = {}) {
  bench::Run made;
  made.experiment = experiment;
  made.arm = arm;
  made.cell = experiment + '/' + arm;
  for (const auto& [name, value] : parameters)
    made.cell += '/' + name + ':' + std::to_string(static_cast<int>(value));
  made.parameters = std::move(parameters);
  made.figures = std::move(figures);
  made.predicted = std::move(predicted);
  made.gates = {{"every message once and in order", true, ""}};
  return made;
}

bench::Results some_results() {
  bench::Results results;
  results.provenance = {{"commit", "0123456789abcdef"},
                        {"dirty", "no"},
                        {"cpu", "AMD EPYC"},
                        {"cores", "2"},
                        {"kernel", "Linux 6.18 x86_64"},
                        {"started", "2026-11-22T05:46:00Z"},
                        {"seed", "1"}};
  const Map model{{"p50_us", 500'000}, {"p99_us", 990'000}};
  for (const double p50 : {498'000, 512'000, 503'000}) {
    results.runs.push_back(run("delivery", "poll", {{"interval_ms", 1000}},
                               {{"n", 1000}, {"p50_us", p50}, {"p99_us", 991'000}}, model));
    results.runs.push_back(
        run("delivery", "ws", {}, {{"n", 999}, {"p50_us", 81.3}, {"p99_us", 210}, {"max_us", 960}}));
  }
  results.runs.push_back(run("delivery", "sse", {}, {{"n", 5000}, {"p50_us", 79}, {"p99_us", 190}}));
  results.runs.push_back(run("delivery", "longpoll", {}, {{"n", 5000}, {"p50_us", 120}, {"p99_us", 250}}));
  results.runs.push_back(run("bytes", "poll", {{"interval_ms", 1000}, {"payload_bytes", 100}},
                             {{"bytes_per_message", 430.5}}, {{"bytes_per_message", 430.5}}));
  results.runs.push_back(run("bytes", "sse", {{"payload_bytes", 100}}, {{"bytes_per_message", 178}},
                             {{"bytes_per_message", 178}}));
  results.runs.push_back(run("bytes", "ws", {{"payload_bytes", 100}}, {{"bytes_per_message", 154}},
                             {{"bytes_per_message", 150}}));
  results.runs.push_back(
      run("bytes", "ws", {{"payload_bytes", 16}}, {{"bytes_per_message", 66}}, {{"bytes_per_message", 66}}));
  results.runs.push_back(run("silence", "poll", {{"interval_ms", 1000}}, {{"bytes_per_hour", 558'000}},
                             {{"bytes_per_hour", 558'000}}));
  results.runs.push_back(run("silence", "ws", {}, {{"bytes_per_hour", 1920}}, {{"bytes_per_hour", 1920}}));
  results.runs.push_back(run("fanout", "ws", {{"readers", 1000}},
                             {{"cpu_ns_per_delivery", 8130}, {"last_us", 8400}}, {{"last_us", 8130}}));
  results.runs.push_back(
      run("fanout", "ws", {{"readers", 1}}, {{"cpu_ns_per_delivery", 30'000}, {"last_us", 80}}));
  return results;
}

TEST(Format, ShowsTwoSignificantDigitsInTheUnitThatReadsBest) {
  using bench::shown;
  using bench::Unit;
  EXPECT_EQ(shown(81.3, Unit::microseconds), "81 µs");
  EXPECT_EQ(shown(8.13, Unit::microseconds), "8.1 µs");
  EXPECT_EQ(shown(0.25, Unit::microseconds), "250 ns");
  EXPECT_EQ(shown(503'000, Unit::microseconds), "500 ms");
  EXPECT_EQ(shown(1'040'000, Unit::microseconds), "1.0 s");
  EXPECT_EQ(shown(8130, Unit::nanoseconds), "8.1 µs");
  EXPECT_EQ(shown(99.6, Unit::microseconds), "100 µs");
  EXPECT_EQ(shown(0, Unit::microseconds), "0 ns");
  EXPECT_EQ(shown(1'234'567, Unit::count), "1 200 000");
  EXPECT_EQ(shown(0.0123, Unit::count), "0.012");
}

TEST(Format, ShowsAllDigitsOfWhatWasCounted) {
  using bench::exact;
  using bench::shown;
  using bench::Unit;
  EXPECT_EQ(shown(1'234'567, Unit::bytes), "1 234 567");
  EXPECT_EQ(shown(176.36, Unit::bytes), "176.4");
  EXPECT_EQ(exact(10'000), "10 000");
  EXPECT_EQ(exact(999), "999");
  EXPECT_EQ(exact(0.25), "0.25");
}

TEST(Format, ShowsTheSpreadInTheUnitOfTheMedian) {
  EXPECT_EQ(bench::shown({3, 990, 950, 1100}, bench::Unit::microseconds), "990 µs (950 to 1 100)");
  EXPECT_EQ(bench::shown({3, 990, 990, 991}, bench::Unit::microseconds), "990 µs");
}

TEST(Format, SaysHowFarTheModelIsOff) {
  EXPECT_EQ(bench::deviation(154, 150), "+2.7 %");
  EXPECT_EQ(bench::deviation(75, 150), "-50 %");
  EXPECT_EQ(bench::deviation(150, 150), "exact");
  EXPECT_EQ(bench::deviation(3600 / 15.0 * 8.1, 1944), "exact");
  EXPECT_EQ(bench::deviation(1, 0), "-");
}

TEST(HeadlineTable, HasARowForEachTransportInTheOrderOfTheStory) {
  const std::string table = bench::table(some_results());
  const auto poll = table.find("polling every 1 s"), longpoll = table.find("long polling"),
             sse = table.find("SSE"), ws = table.find("WebSocket");
  ASSERT_NE(ws, std::string::npos) << table;
  EXPECT_LT(poll, longpoll) << table;
  EXPECT_LT(longpoll, sse) << table;
  EXPECT_LT(sse, ws) << table;
}

TEST(HeadlineTable, IsThisMarkdown) {
  const std::string headline = bench::block(some_results(), "headline");
  EXPECT_THAT(
      headline,
      testing::StartsWith(
          "| transport | delay p50 / p99, RTT 0 | bytes of a 100-byte message = model | bytes of a silent hour = model | "
          "server CPU per delivery, 1 000 readers |\n"
          "| --- | ---: | ---: | ---: | ---: |\n"
          "| polling every 1 s | 500 ms / 990 ms | 430.5 = 430.5 | 558 000 = 558 000 | - |\n"
          "| long polling | 120 µs / 250 µs | - | - | - |\n"
          "| SSE | 79 µs / 190 µs | 178 = 178 | - | - |\n"
          "| WebSocket | 81 µs / - | 154, model 150 (+2.7 %) | 1 920 = 1 920 | 8.1 µs |\n"));
}

TEST(HeadlineTable, HasTheReferenceMachineBelowEachRow) {
  bench::Results other = some_results();
  for (bench::Run& run : other.runs) {
    if (run.figures.contains("p50_us")) run.figures["p50_us"] *= 2;
  }
  const std::string table = bench::table(some_results(), other);
  EXPECT_THAT(table, testing::ContainsRegex(
                         "polling every 1 s +500 ms / 990 ms .*\n  reference machine +1.0 s / 990 ms"));
  EXPECT_THAT(table, testing::HasSubstr("The reference machine: 2026-11-22, commit 0123456789ab"));
}

TEST(HeadlineTable, StandsInColumnsOnATerminal) {
  const bench::Table table{{"transport", "delay\np50"},
                           {{"SSE", "79 µs"}, {"WebSocket", "1.2 ms"}, {"null", "-"}}};
  EXPECT_EQ(bench::plain(table),
            "             delay\n"
            "transport      p50\n"
            "------------------\n"
            "SSE          79 µs\n"
            "WebSocket   1.2 ms\n"
            "null             -\n");
}

TEST(HeadlineTable, LeavesOutColumnsThatNothingWasMeasuredFor) {
  bench::Results results = some_results();
  std::erase_if(results.runs, [](const bench::Run& run) { return run.experiment == "fanout"; });
  EXPECT_THAT(bench::table(results), Not(HasSubstr("readers")));
}

TEST(HeadlineTable, OfNothingHasNoRows) { EXPECT_THAT(bench::table({}), HasSubstr("Made on unknown")); }

TEST(DeliveryBlock, PutsTheModelAndTheDeviationBesideTheMeasurement) {
  const std::string block = bench::block(some_results(), "delivery");
  EXPECT_THAT(block,
              HasSubstr("| transport | p50 | model | off by | p99 | model | off by | max | n | runs |\n"));
  EXPECT_THAT(
      block,
      HasSubstr(
          "| polling every 1 s | 500 ms (500 to 510) | 500 ms | +0.60 % | 990 ms | 990 ms | +0.10 % | - | 1 000 | 3 |\n"));
  EXPECT_THAT(block, HasSubstr("`bench/run --filter ^delivery/`"));
}

TEST(DeliveryBlock, DoesNotPrintAPercentileThatTooFewSamplesCarry) {
  const std::string block = bench::block(some_results(), "delivery");
  EXPECT_THAT(block, HasSubstr("| WebSocket | 81 µs | - | - | - | - | - | 960 µs | 999 | 3 |\n")) << block;
}

TEST(Block, SaysWhereTheClientsWereBusyEnoughToBeTheLimit) {
  bench::Results results;
  results.runs.push_back(
      run("floor", "tcp", {}, {{"n", 1000}, {"p50_us", 25}, {"client_utilisation", 0.95}}));
  EXPECT_THAT(bench::block(results, "floor"), HasSubstr("| 1 (clients at 0.95 of a core) |"));
  results.runs[0].figures["client_utilisation"] = 0.9;
  EXPECT_THAT(bench::block(results, "floor"), HasSubstr("| 1 |"));
}

TEST(BytesBlock, ComparesTheArmsPayloadByPayload) {
  const std::string block = bench::block(some_results(), "bytes");
  const auto sixteen = block.find("| WebSocket | 16 | 66 | 66 | exact | 1 |"),
             hundred = block.find("| WebSocket | 100 | 154 | 150 | +2.7 % | 1 |");
  ASSERT_NE(sixteen, std::string::npos) << block;
  ASSERT_NE(hundred, std::string::npos) << block;
  EXPECT_LT(sixteen, block.find("| SSE | 100 |"));
  EXPECT_LT(block.find("| SSE | 100 |"), hundred);
}

TEST(Block, LeavesOutARunWhoseGateFailedAndSaysWhich) {
  bench::Results results = some_results();
  for (bench::Run& run : results.runs) {
    if (run.figures["p50_us"] != 512'000) continue;
    run.repetition = 1;
    run.gates.push_back({"bytes as predicted", false, "got 5, expected 4"});
  }
  const std::string block = bench::block(results, "delivery");
  EXPECT_THAT(block, HasSubstr("| 500 ms |")) << block;
  EXPECT_THAT(block, Not(HasSubstr("510"))) << block;
  EXPECT_THAT(
      block,
      HasSubstr(
          "Not counted, because of the gate:\n\n- delivery/poll/interval_ms:1000, run 2: bytes as predicted: got 5, expected 4\n"));
  EXPECT_THAT(bench::block(results, "delivery"), HasSubstr("| 1 000 | 2 of 3 |\n"));
  EXPECT_THAT(bench::block(results, "bytes"), Not(HasSubstr("Not counted")));
  EXPECT_THAT(bench::table(results), HasSubstr("run 2: bytes as predicted"));
}

TEST(Block, PrintsTheGateAndNoNumberWhereNoRunCounts) {
  bench::Results results;
  results.runs.push_back(run("floor", "tcp", {}, {{"n", 1000}, {"p50_us", 25}}));
  results.runs[0].gates.push_back({"no negative latency", false, "-3 ns"});
  const std::string block = bench::block(results, "floor");
  EXPECT_THAT(block, HasSubstr("| raw TCP | 0 of 1 |\n"));
  EXPECT_THAT(block, HasSubstr("- floor/tcp, run 1: no negative latency: -3 ns\n"));
}

TEST(Block, OfAnExperimentThatWasNotRunSaysSo) {
  EXPECT_EQ(bench::block(some_results(), "floor"),
            "Not measured in this run. `bench/run --filter ^floor/` does.\n");
}

TEST(Block, DoesNotDependOnTheOrderOfTheRuns) {
  bench::Results results = some_results(), turned = results;
  std::reverse(turned.runs.begin(), turned.runs.end());
  for (const char* name : {"headline", "delivery", "bytes", "silence", "fanout"}) {
    EXPECT_EQ(bench::block(results, name), bench::block(turned, name));
  }
}

TEST(ProvenanceBlock, ListsWhatIsKnownAndKeepsItInItsTable) {
  bench::Results results = some_results();
  results.provenance["compiler flags"] = "-O2 | -g";
  const std::string block = bench::block(results, "provenance");
  EXPECT_THAT(block, HasSubstr("| cpu | AMD EPYC |\n"));
  EXPECT_THAT(block, HasSubstr("| compiler flags | -O2 \\| -g |\n"));
}

TEST(ProvenanceBlock, SaysInHowManySittingsAndWhatWasDifferentInThem) {
  bench::Results results = some_results();
  bench::Provenance first = results.provenance, second = results.provenance;
  first["started"] = "2026-11-21T22:00:00Z";
  first["ended"] = "2026-11-21T23:00:00Z";
  first["runs"] = "700";
  first["stolen time"] = "0.30 %";
  first["commit"] = "fedcba9876543210";
  first["tcp tw reuse"] = "0";
  second["ended"] = "2026-11-22T06:46:00Z";
  second["runs"] = "800";
  second["stolen time"] = "0.01 %";
  second["tcp tw reuse"] = "2";
  bench::tell_sittings(results, {first, second});
  const std::string block = bench::block(results, "provenance");
  EXPECT_THAT(block, HasSubstr("\nMade in 2 sittings, of the same programs:\n\n"));
  EXPECT_THAT(
      block,
      HasSubstr("| 1 | 2026-11-21T22:00:00Z | 2026-11-21T23:00:00Z | 700 | fedcba987654 | 0.30 % |\n"));
  EXPECT_THAT(block, HasSubstr("\n- In sitting 1 tcp tw reuse was 0.\n"));
  EXPECT_THAT(block, testing::Not(HasSubstr("In sitting 2")));
  EXPECT_THAT(
      bench::block(results, "headline"),
      HasSubstr("on 2026-11-21 to 2026-11-22 in 2 sittings, commits 0123456789ab and fedcba987654, "));
}

TEST(Block, OfAnotherNameIsRefusedWithThoseThatExist) {
  EXPECT_THAT(
      error_of([] { bench::block({}, "headlines"); }),
      testing::StartsWith(
          "there are no results \"headlines\", expected one of headline, models, peers, peers ahead, provenance, claims, verdicts, floor"));
}

TEST(Figure, InASentenceIsTheMedianInItsOwnUnit) {
  bench::Results results;
  for (const double p50 : {498'000, 512'000, 503'000}) {
    bench::Run one;
    one.cell = "delivery/poll/interval_ms:1000/rtt_ms:0";
    one.figures = {
        {"p50_us", p50}, {"bytes_per_hour", 558'000}, {"empty_share", 0.905}, {"requests_per_hour", 3600}};
    results.runs.push_back(one);
  }
  const auto fill = [&](const std::string& line) { return bench::fill(line, results, "a.md"); };
  EXPECT_EQ(
      fill(
          "It took <!-- figure: delivery/poll/interval_ms:1000/rtt_ms:0 p50_us -->old<!-- /figure --> here.\n"),
      "It took <!-- figure: delivery/poll/interval_ms:1000/rtt_ms:0 p50_us -->500 ms<!-- /figure --> here.\n");
  const auto shown = [&](const char* name) {
    return bench::figure(results, "delivery/poll/interval_ms:1000/rtt_ms:0", name);
  };
  EXPECT_EQ(shown("bytes_per_hour"), "558 000");
  EXPECT_EQ(shown("empty_share"), "91 %");
  EXPECT_EQ(shown("requests_per_hour"), "3 600");
  EXPECT_EQ(shown("cpu_ns_per_delivery"), "not measured");
  EXPECT_EQ(
      fill("<!-- figure: a b --><!-- /figure --> and <!-- figure: c d -->-<!-- /figure -->"),
      "<!-- figure: a b -->not measured<!-- /figure --> and <!-- figure: c d -->not measured<!-- /figure -->");
  EXPECT_EQ(error_of([&] { fill("<!-- figure: a b -->5\n"); }),
            "a.md:1: a figure has no \"<!-- /figure -->\" in its line");
  EXPECT_EQ(error_of([&] { fill("<!-- figure: a -->5<!-- /figure -->\n"); }),
            "a.md:1: got \"<!-- figure: a -->\", expected \"<!-- figure: CELL FIGURE -->\"");
}

constexpr std::string_view note =
    "# Delay\n\nBefore.\n\n<!-- results: floor -->\nold\nolder\n<!-- /results -->\n\nAfter.\n";

TEST(Fill, ReplacesWhatIsBetweenTheMarksAndNothingElse) {
  const std::string filled = bench::fill(std::string(note), some_results(), "notes/delay.md");
  EXPECT_EQ(
      filled,
      "# Delay\n\nBefore.\n\n<!-- results: floor -->\n\nNot measured in this run. `bench/run --filter ^floor/` does.\n\n"
      "<!-- /results -->\n\nAfter.\n");
  EXPECT_EQ(bench::fill(filled, some_results(), "notes/delay.md"), filled);
}

TEST(Fill, LeavesTextWithoutMarksAsItIs) {
  for (const std::string text : {"", "no end of line", "a\n\nb\n"})
    EXPECT_EQ(bench::fill(text, {}, "a.md"), text);
}

TEST(Fill, SaysWhereTheOtherMarkIsMissing) {
  const auto error = [](const std::string& text) {
    return error_of([&] { bench::fill(text, some_results(), "a.md"); });
  };
  EXPECT_EQ(error("one\n<!-- results: floor -->\ntext\n"),
            "a.md:2: these results have no \"<!-- /results -->\"");
  EXPECT_EQ(error("<!-- results: floor -->\n<!-- results: bytes -->\n<!-- /results -->\n"),
            "a.md:2: the results opened in line 1 have no \"<!-- /results -->\"");
  EXPECT_EQ(error("\n<!-- /results -->\n"),
            "a.md:2: \"<!-- /results -->\" without a \"<!-- results: NAME -->\" before it");
}

TEST(Fill, SaysWhereANameDoesNotExist) {
  const auto error = [](const std::string& text) {
    return error_of([&] { bench::fill(text, some_results(), "a.md"); });
  };
  EXPECT_THAT(error("<!-- results: speed -->\n<!-- /results -->\n"),
              testing::StartsWith("a.md:1: there are no results \"speed\", expected one of headline"));
  EXPECT_EQ(error("<!-- results: floor>\n<!-- /results -->\n"),
            "a.md:1: got \"<!-- results: floor>\", expected \"<!-- results: NAME -->\"");
}

TEST(Report, FillsTheReadmeAndEveryNoteIntoTheSamePlaces) {
  const Directory from, to;
  write(from / "README.md", std::string(note));
  write(from / "notes/delay.md", std::string(note));
  write(from / "notes/more/deep.md", "plain\n");
  write(from / "notes/picture.svg", "<svg/>");

  bench::report(some_results(), from.text(), to.text());

  const std::string filled = bench::fill(std::string(note), some_results(), "");
  EXPECT_EQ(read(to / "README.md"), filled);
  EXPECT_EQ(read(to / "notes/delay.md"), filled);
  EXPECT_EQ(read(to / "notes/more/deep.md"), "plain\n");
  EXPECT_FALSE(fs::exists(to / "notes/picture.svg"));
  EXPECT_EQ(read(from / "README.md"), note);
}

TEST(Report, WritesNothingWhereOneNoteIsWrong) {
  const Directory from, to;
  write(from / "README.md", std::string(note));
  write(from / "notes/delay.md", "<!-- results: floor -->\n");
  const std::string error = error_of([&] { bench::report(some_results(), from.text(), to.text()); });
  EXPECT_EQ(error, (from / "notes/delay.md").string() + ":1: these results have no \"<!-- /results -->\"");
  EXPECT_FALSE(fs::exists(to / "README.md"));
}

TEST(Report, OfADirectoryWithoutNotesIsAnError) {
  const Directory empty;
  EXPECT_EQ(error_of([&] { bench::report({}, empty.text(), empty.text()); }),
            empty.text() + ": has neither README.md nor Markdown in notes/");
}

TEST(Check, HoldsWhereTheNotesAreWhatTheResultsGive) {
  const Directory project, results;
  write(project / "notes/delay.md", std::string(note));
  bench::save(some_results(), results.text());
  EXPECT_FALSE(bench::check(results.text(), project.text()));

  bench::report(bench::load(results.text()), project.text(), project.text());

  EXPECT_TRUE(bench::check(results.text(), project.text()));
}

TEST(Check, SaysWhichLineSomebodyChangedByHand) {
  const Directory project, results;
  write(project / "README.md", "<!-- results: delivery -->\n<!-- /results -->\n");
  bench::save(some_results(), results.text());
  bench::report(some_results(), project.text(), project.text());
  std::string text = read(project / "README.md");
  const std::size_t at = text.find("81 µs");
  ASSERT_NE(at, std::string::npos) << text;
  write(project / "README.md", text.replace(at, 2, "18"));

  const std::string difference = bench::difference(results.text(), project.text());

  EXPECT_FALSE(bench::check(results.text(), project.text()));
  EXPECT_THAT(difference, testing::StartsWith((project / "README.md").string() + ":"));
  EXPECT_THAT(difference, HasSubstr("18 µs"));
  EXPECT_THAT(difference, HasSubstr("the results give"));
}

}  // namespace
