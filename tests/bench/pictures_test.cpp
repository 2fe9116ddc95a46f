#include "bench/pictures.hpp"

#include "bench/curves.hpp"
#include "bench/pipe.hpp"
#include "bench/report.hpp"
#include "tests/bench/directory.hpp"
#include "tests/bench/imagined.hpp"

#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <regex>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

namespace fs = std::filesystem;
namespace pt = boost::property_tree;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

// A claim with a published value, about cells that imagined::results() has.
bench::Ledger ledger(const std::string& label = "WebSocket's median delay over SSE's") {
  return bench::parse_ledger(
      R"({"claims":[{"id":"L6","claim":"c","source":"s","experiment":"E4","says":"S.","numbers":[{"name":"x","label":")" +
          label +
          R"(","unit":"ratio","value":["fanout/ws/readers:1000/rate:20 last_us","over","fanout/sse/readers:1000/rate:20 last_us"],"published":[0.5,0.8]}],)"
          R"("rule":[{"verdict":"confirmed","when":[["x","above",0]]}]}]})",
      "claims.json");
}

const bench::Results& results() {
  static const bench::Results made = imagined::results();
  return made;
}

pt::ptree parsed(const std::string& svg) {
  std::istringstream in(svg);
  pt::ptree tree;
  pt::read_xml(in, tree);
  return tree;
}

void gather(const pt::ptree& tree, std::vector<std::string>& words) {
  for (const auto& [name, child] : tree) {
    if (name == "text") words.push_back(child.data());
    gather(child, words);
  }
}

// What can be read in a picture.
std::vector<std::string> words_in(const std::string& svg) {
  std::vector<std::string> words;
  gather(parsed(svg), words);
  return words;
}

std::string program_of(const std::string& name, const bench::Results& of, const bench::Ledger& claims = {}) {
  const auto drawing = bench::find_picture(name).draw(of, claims);
  return drawing ? drawing->program() : "not measured";
}

std::string svg_of(const std::string& name, const bench::Results& of, const bench::Ledger& claims = {}) {
  const bench::Picture& picture = bench::find_picture(name);
  const auto drawing = picture.draw(of, claims);
  return drawing ? bench::drawn(*drawing, {picture.name, picture.title, picture.shows, ""}) : "not measured";
}

// The lines of numbers between "<< EOD" and "EOD".
std::set<std::string> data_in(const std::string& program) {
  std::set<std::string> lines;
  std::istringstream in(program);
  bool inside = false;
  for (std::string line; std::getline(in, line);) {
    if (line == "EOD") inside = false;
    if (inside) lines.insert(line);
    if (line.ends_with("<< EOD")) inside = true;
  }
  return lines;
}

class Pictures : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    directory_ = new Directory;
    bench::draw_pictures(results(), ledger(), directory_->text());
  }
  static void TearDownTestSuite() { delete directory_; }
  static std::string svg(const bench::Picture& picture) {
    return content_of(*directory_ / (picture.name + ".svg"));
  }
  static Directory* directory_;
};
Directory* Pictures::directory_ = nullptr;

TEST_F(Pictures, AreAllDrawnWhereAllWasMeasured) {
  EXPECT_EQ(bench::pictures().size(), 10u);
  for (const bench::Picture& picture : bench::pictures())
    EXPECT_THAT(svg(picture), StartsWith("<svg ")) << picture.name;
}

TEST_F(Pictures, AreWellFormedAndSayWhatTheyShow) {
  for (const bench::Picture& picture : bench::pictures()) {
    const pt::ptree tree = parsed(svg(picture));
    EXPECT_EQ(tree.get<std::string>("svg.title"), picture.title);
    EXPECT_EQ(tree.get<std::string>("svg.desc"), picture.shows);
    EXPECT_THAT(words_in(svg(picture)), Contains(Not(IsEmpty()))) << picture.name;
  }
}

TEST_F(Pictures, AreTheSameBytesForTheSameResults) {
  bench::Results turned = results();
  std::reverse(turned.runs.begin(), turned.runs.end());
  const Directory again;
  bench::draw_pictures(turned, ledger(), again.text());
  for (const bench::Picture& picture : bench::pictures())
    EXPECT_EQ(svg(picture), content_of(again / (picture.name + ".svg"))) << picture.name;
}

TEST_F(Pictures, HaveColoursForDarkPagesAndNoneBesides) {
  const std::regex colour("(?:fill|stroke|color)=\"(#[0-9a-f]{6})\"");
  for (const bench::Picture& picture : bench::pictures()) {
    const std::string text = svg(picture);
    ASSERT_THAT(text, HasSubstr("@media (prefers-color-scheme:dark)")) << picture.name;
    for (std::sregex_iterator at(text.begin(), text.end(), colour), end; at != end; ++at)
      EXPECT_THAT(text, HasSubstr("[fill='" + (*at)[1].str() + "']")) << picture.name;
    for (const char* other : {"rgb(", "\"black\"", "\"white\"", "\"gray\""})
      EXPECT_THAT(text, Not(HasSubstr(other))) << picture.name;
  }
}

TEST_F(Pictures, NameNoVersionNoFontAndNothingOutside) {
  for (const bench::Picture& picture : bench::pictures()) {
    const std::string text = svg(picture);
    for (const char* what : {"gnuplot", "GNUPLOT", "Helvetica", "href=\"http", "<script", "<image", "url("})
      EXPECT_THAT(text, Not(HasSubstr(what))) << picture.name;
  }
}

TEST_F(Pictures, FollowFromTheResultsOrElseItIsSaidWhichDoesNot) {
  EXPECT_EQ(bench::picture_difference(results(), ledger(), directory_->text()), "");
  bench::Results others = results();
  for (bench::Run& run : others.runs) {
    if (run.cell == "fanout/ws/readers:1000/rate:20") run.figures["median_us"] *= 1.5;
  }
  EXPECT_THAT(bench::picture_difference(others, ledger(), directory_->text()),
              AllOf(StartsWith((*directory_ / "fanout.svg").string() + ": is made from "),
                    HasSubstr("bench/run --publish")));
}

TEST(PicturesOfNothing, AreNotDrawnAndOldOnesGo) {
  const Directory directory;
  put(directory / "ecdf.svg", "<svg/>");
  put(directory / "mine.svg", "<svg/>");
  EXPECT_THAT(bench::picture_difference({}, {}, directory.text()), HasSubstr("its cells were not measured"));
  bench::draw_pictures({}, {}, directory.text());
  EXPECT_FALSE(fs::exists(directory / "ecdf.svg"));
  EXPECT_TRUE(fs::exists(directory / "mine.svg"));
  EXPECT_EQ(bench::picture_difference({}, {}, directory.text()), "");
}

TEST(PicturesOfNothing, SayInTheirBlockWhatMeasuresThem) {
  EXPECT_EQ(bench::block({}, "picture ecdf"),
            "Not measured in this run. `bench/run --filter ^delivery/` does.\n");
  EXPECT_EQ(bench::block({}, "picture load"),
            "Not measured in this run. `bench/run --filter ^load/` does.\n");
}

TEST(PictureBlock, IsTheImageWithWhatItShowsAndWhatNotAndItsCommand) {
  const std::string block = bench::block(results(), "picture bytes");
  EXPECT_THAT(
      block,
      StartsWith(
          "![Bytes of a delivered message by layer, for each transport](pictures/bytes.svg)\n\nFrom left "));
  EXPECT_THAT(block, HasSubstr(". It does not show set-up, TLS or compression"));
  EXPECT_THAT(block, HasSubstr("Made by `bench/run --filter ^bytes/` on 2026-11-22, commit 0123456789ab"));
}

TEST(PictureBlock, OfAnotherNameIsRefusedWithThoseThatExist) {
  try {
    bench::block(results(), "picture cake");
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(
        error.what(),
        "there is no picture \"cake\", expected one of ecdf, load, spectrum, bytes, map, fanout, memory, forest, "
        "peers, peers-delay");
  }
}

TEST(Report, LinksToThePicturesFromWhereTheNoteIs) {
  const Directory from, to;
  const std::string mark = "<!-- results: picture bytes -->\n<!-- /results -->\n";
  for (const char* note : {"README.md", "notes/bytes.md", "notes/more/deep.md"}) put(from / note, mark);
  bench::report(results(), from.text(), to.text());
  EXPECT_THAT(content_of(to / "README.md"), HasSubstr("](notes/pictures/bytes.svg)"));
  EXPECT_THAT(content_of(to / "notes/bytes.md"), HasSubstr("](pictures/bytes.svg)"));
  EXPECT_THAT(content_of(to / "notes/more/deep.md"), HasSubstr("](../pictures/bytes.svg)"));
}

TEST(Difference, FindsAPictureThatIsNotThereAndOneOfOtherResults) {
  const Directory project, measured;
  put(project / "notes/bytes.md", "<!-- results: picture bytes -->\n<!-- /results -->\n");
  bench::save(results(), measured.text());
  bench::report(results(), project.text(), project.text());
  EXPECT_THAT(bench::difference(measured.text(), project.text()), HasSubstr("bytes.svg, which is not there"));
  bench::draw_pictures(results(), {}, (project / "notes/pictures").string());
  EXPECT_EQ(bench::difference(measured.text(), project.text()), "");
  put(project / "notes/pictures/bytes.svg", "<svg/>");
  EXPECT_THAT(bench::difference(measured.text(), project.text()),
              HasSubstr("bytes.svg: is made from something else"));
}

TEST(WithoutGnuplot, ItIsSaidAndWhatIsThereStays) {
  const Directory directory, empty;
  put(directory / "ecdf.svg", "<svg/>");
  const std::string path = std::getenv("PATH");
  setenv("PATH", empty.text().c_str(), 1);
  std::string said;
  try {
    bench::draw_pictures(results(), {}, directory.text());
  } catch (const bench::ProgramMissing& missing) {
    said = missing.what();
  }
  setenv("PATH", path.c_str(), 1);
  EXPECT_EQ(said, "gnuplot is not installed: apt-get install gnuplot-nox");
  EXPECT_EQ(content_of(directory / "ecdf.svg"), "<svg/>");
}

TEST(PicturesOfNothing, AreAlsoThoseOfRunsThatFailedAGate) {
  bench::Results failed = results();
  for (bench::Run& run : failed.runs) run.gates.push_back({"every message once", false, "2 lost"});
  for (const bench::Picture& picture : bench::pictures())
    EXPECT_FALSE(picture.draw(failed, ledger()).has_value()) << picture.name;
}

TEST(Quantiles, AreTheMedianOverTheRunsAsFarAsAllOfThemGo) {
  bench::Results three;
  for (const double middle : {300.0, 100.0, 200.0}) {
    bench::Run run = imagined::run("delivery/ws/rate:100/rtt_ms:0", 0, {});
    run.quantiles_us = {10, middle, 1000};
    if (middle == 100) run.quantiles_us.pop_back();
    three.runs.push_back(run);
  }
  const auto cells = bench::by_arm(three, "delivery");
  ASSERT_EQ(cells.size(), 1u);
  const std::vector<bench::Quantile> quantiles = bench::quantiles(cells[0]);
  ASSERT_EQ(quantiles.size(), 2u);
  EXPECT_DOUBLE_EQ(quantiles[1].share, 0.01);
  EXPECT_DOUBLE_EQ(quantiles[1].seconds.median, 200e-6);
  EXPECT_DOUBLE_EQ(quantiles[1].seconds.low, 100e-6);
  EXPECT_DOUBLE_EQ(quantiles[1].seconds.high, 300e-6);
}

TEST(EcdfPicture, DrawsTheModelsRampFromOneTransitToOneTransitAndAnInterval) {
  bench::Results one;
  bench::Run run = imagined::run("delivery/poll/interval_ms:500/rtt_ms:100", 0, {});
  run.quantiles_us = {50'000, 55'000, 60'000};
  one.runs.push_back(run);
  EXPECT_THAT(data_in(program_of("ecdf", one)), AllOf(Contains("0.05 0"), Contains("0.55 1")));
  EXPECT_THAT(words_in(svg_of("ecdf", one)), AllOf(Contains("round trip 100 ms"), Contains("500")));
}

TEST(EcdfPicture, HasNoRampWithoutAPoller) {
  bench::Results one;
  one.runs.push_back(imagined::run("delivery/ws/rate:100/rtt_ms:0", 0, {}));
  one.runs[0].quantiles_us = {50, 55, 60};
  EXPECT_EQ(program_of("ecdf", one), "not measured");
}

TEST(SpectrumPicture, PutsAPercentileWhereItsRarityIs) {
  bench::Results one;
  one.runs.push_back(imagined::run("delivery/ws/rate:100/rtt_ms:0", 0, {}));
  for (int percent = 0; percent < 100; ++percent) one.runs[0].quantiles_us.push_back(100 + percent);
  EXPECT_THAT(data_in(program_of("spectrum", one)),
              AllOf(Contains("1 0.0001"), Contains("2 0.00015"), Contains("100 0.000199")));
}

TEST(LoadPicture, DrawsSaturatedPointsHollow) {
  bench::Results two;
  for (const double rate : {1000.0, 10'000.0}) {
    two.runs.push_back(
        imagined::run("load/ws/rate:" + std::to_string(static_cast<int>(rate)), 0,
                      {{"p50_us", 100}, {"p99_us", 300}, {"saturated", 0}, {"knee_per_s", 8000}}));
  }
  EXPECT_THAT(program_of("load", two), Not(HasSubstr("points pt 6")));
  two.runs[1].figures["saturated"] = 1;
  EXPECT_THAT(program_of("load", two), HasSubstr("points pt 6"));
  EXPECT_THAT(data_in(program_of("load", two)), AllOf(Contains("1000 0.0001"), Contains("10000 0.0003")));
}

TEST(BytesPicture, SaysSumsThatAddUp) {
  bench::Results one;
  one.runs.push_back(imagined::run(
      "bytes/sse/payload:100", 0,
      {{"json_bytes_per_message", 155.5}, {"bytes_per_message", 186.4}, {"ip_bytes_per_message", 290.9}}));
  EXPECT_THAT(words_in(svg_of("bytes", one)), AllOf(Contains("SSE"), Contains("156 + 30 + 105 = 291")));
}

TEST(MapPicture, ColoursThePointsByTheArmThatWasCheapest) {
  bench::Results results;
  for (const auto& [arm, bytes] : std::map<std::string, double>{{"poll", 500}, {"sse", 290}, {"ws", 264}})
    results.runs.push_back(
        imagined::run("break_even/" + arm + "/per_interval:3", 0, {{"ip_bytes_per_message", bytes}}));
  const auto points_of = [&](const char* arm) {
    std::istringstream in(program_of("map", results));
    const std::regex point("\\$d[0-9]+ with points pt 7 .* lc rgb '" +
                           std::string(bench::colour_of(arm).light) + "'.*");
    int count = 0;
    for (std::string line; std::getline(in, line);) count += std::regex_search(line, point);
    return count;
  };
  EXPECT_EQ(points_of("ws"), 1);
  EXPECT_EQ(points_of("poll"), 0);
  EXPECT_THAT(data_in(program_of("map", results)), Contains("0.1 30"));
  results.runs[0].figures["ip_bytes_per_message"] = 200;
  EXPECT_EQ(points_of("poll"), 1);
}

TEST(ForestPicture, HasTheMeasuredRatioAndThePublishedRange) {
  const std::string svg = svg_of("forest", results(), ledger());
  EXPECT_THAT(words_in(svg), AllOf(Contains("L6: WebSocket's median delay over SSE's"), Contains("0.94")));
  const std::string program = program_of("forest", results(), ledger());
  EXPECT_THAT(program, HasSubstr("\n0.5 "));
  EXPECT_THAT(program, HasSubstr("\n0.8 "));
}

TEST(ForestPicture, ShowsWhateverSignsANameHas) {
  const std::string name = R"(<b> & 'x' \"y\" `id` $HOME 5 % {/:Bold})";
  EXPECT_THAT(words_in(svg_of("forest", results(), ledger(name))),
              Contains(R"(L6: <b> & 'x' "y" `id` $HOME 5 % {/:Bold})"));
}

TEST(ForestPicture, BreaksLongNamesAtBlanks) {
  const auto words = words_in(
      svg_of("forest", results(), ledger("one two three four five six seven eight nine ten eleven twelve")));
  EXPECT_THAT(words, AllOf(Contains("L6: one two three four five six seven eight"),
                           Contains("nine ten eleven twelve")));
}

}  // namespace

TEST(PeersPicture, HasARowForEachServerWithOneMessageOutstandingAndWithMany) {
  bench::Results of_one;
  const auto add = [&](const char* cell, double cpu_ns, double per_second) {
    of_one.runs.push_back(
        imagined::run(cell, 0, {{"cpu_ns_per_delivery", cpu_ns}, {"deliveries_per_second", per_second}}));
  };
  add("peer_fanout/ws_node/readers:1000/window:1", 9000, 100'000);
  add("peer_fanout/ws_node/readers:1000/window:64", 7000, 2'100'000);
  add("peer_fanout/ws_node/readers:5000/window:1", 9500, 90'000);
  EXPECT_THAT(words_in(svg_of("peers", of_one)),
              AllOf(Contains("WebSocket, ws (Node)"), Contains("9.0 µs"), Contains("2.1 million")));
  EXPECT_THAT(data_in(program_of("peers", of_one)),
              AllOf(Contains("100000 24"), Contains("2.1e+06 24"), Not(Contains("90000 24"))));
}

TEST(PeersDelayPicture, HasWhatIsMissedOnlyWhereItWasMeasured) {
  bench::Results of_two;
  const auto add = [&](const char* cell, double p50_us, double p99_us) {
    of_two.runs.push_back(imagined::run(cell, 0, {{"p50_us", p50_us}, {"p99_us", p99_us}}));
  };
  add("peer_delay/ws/readers:1000/rate:10", 2000, 4000);
  add("peer_delay/nchan_ws/readers:1000/rate:10", 3000, 6000);
  add("peer_load/nchan_ws/readers:1000/rate:2000", 250'000, 500'000);
  add("peer_load/ws/readers:1000/rate:8000", 7000, 9000);
  EXPECT_THAT(data_in(program_of("peers-delay", of_two)),
              AllOf(Contains("0.002 24"), Contains("0.004 24"), Contains("0.003 58"), Contains("0.25 58"),
                    Contains("0.5 58"), Not(Contains("0.007 24"))));
}
