#include "bench/drawing.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using bench::spread;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::vector<std::string> words_of(const std::vector<bench::Tick>& ticks) {
  std::vector<std::string> words;
  for (const bench::Tick& tick : ticks) words.push_back(tick.text);
  return words;
}

TEST(Spread, LeavesWhatIsFarEnoughApartWhereItIs) {
  EXPECT_THAT(spread({90, 10, 50}, 20, 0, 100), ElementsAre(90, 10, 50));
}

TEST(Spread, MovesNeighboursApartAroundTheirMiddle) {
  EXPECT_THAT(spread({50, 50}, 20, 0, 100), ElementsAre(40, 60));
  EXPECT_THAT(spread({52, 50, 48}, 20, 0, 100), ElementsAre(70, 50, 30));
  EXPECT_THAT(spread({10, 50, 51}, 21, 0, 100), ElementsAre(10, 40, 61));
}

TEST(Spread, StaysBetweenTheEnds) {
  EXPECT_THAT(spread({99, 98}, 20, 0, 100), ElementsAre(100, 80));
  EXPECT_THAT(spread({1, 2}, 20, 0, 100), ElementsAre(0, 20));
  EXPECT_THAT(spread({}, 20, 0, 100), ElementsAre());
}

TEST(Ticks, AreThePowersOfTenInsideTheAxis) {
  EXPECT_THAT(words_of(bench::ticks_of_time({5e-6, 20, true})),
              ElementsAre("10 µs", "100 µs", "1 ms", "10 ms", "100 ms", "1 s", "10 s"));
  EXPECT_THAT(words_of(bench::ticks_of_count({1, 10'000, true})),
              ElementsAre("1", "10", "100", "1 000", "10 000"));
}

TEST(Ticks, BeginWithZeroWithoutASign) {
  EXPECT_THAT(words_of(bench::ticks_every(0.5, {0, 1.2, false}, " s")), ElementsAre("0 s", "0.5 s", "1 s"));
}

TEST(Panel, KnowsWhereAValueIs) {
  const bench::Panel panel{100, 50, 300, 250, {1, 100, true}, {0, 10, false}};
  EXPECT_DOUBLE_EQ(panel.x_at(10), 200);
  EXPECT_DOUBLE_EQ(panel.y_at(0), 250);
  EXPECT_DOUBLE_EQ(panel.y_at(2.5), 200);
}

TEST(Drawing, KeepsWordsFromBeingCommands) {
  bench::Drawing drawing(300, 200);
  drawing.begin({50, 30, 250, 150, {}, {}});
  drawing.ticks_below({{0.5, "50 %"}});
  drawing.write(10, 10, "it's `date` \"$HOME\"\nexit 3");
  const std::string program = drawing.program();
  EXPECT_THAT(program, HasSubstr("'it''s `date` \"$HOME\" exit 3'"));
  EXPECT_THAT(program, HasSubstr("'50 %%'"));
  EXPECT_THAT(program, Not(HasSubstr("\nexit 3")));
  const std::string svg = drawn(drawing, {"name", "title", "description", ""});
  EXPECT_THAT(svg, HasSubstr(">it's `date` &quot;$HOME&quot; exit 3</text>"));
  EXPECT_THAT(svg, HasSubstr(">50 %</text>"));
}

TEST(Drawing, CarriesTheMarkOfItsProgram) {
  bench::Drawing drawing(100, 100);
  drawing.begin({10, 10, 90, 90, {}, {}});
  drawing.curve({{0, 0}, {1, 1}}, {});
  const std::string svg = drawn(drawing, {"name", "title", "description", ""});
  EXPECT_EQ(bench::mark_in(svg), bench::mark_of(drawing.program()));
  drawing.curve({{0, 1}, {1, 0}}, {});
  EXPECT_NE(bench::mark_in(svg), bench::mark_of(drawing.program()));
}

TEST(Mark, IsFnv1a) {  // of the published test vectors
  EXPECT_EQ(bench::mark_of(""), "cbf29ce484222325");
  EXPECT_EQ(bench::mark_of("foobar"), "85944171f73967e8");
  EXPECT_EQ(bench::mark_in("<svg>"), "");
}

TEST(Polished, LeavesNothingOfTheProgramsVersionAndNothingEmpty) {
  const std::string svg = bench::polished(
      R"(<?xml version="1.0"?><svg width="76" height="42"><title>Gnuplot</title><desc>Produced by GNUPLOT 5.4</desc>)"
      R"(<defs><circle id="gpDot" r="1"/><circle id="gpPt5" r="1"/><use xlink:href="#gpPt5" id="gpPt6"/></defs>)"
      R"(<g id="gnuplot_canvas"><rect x="0" y="0" width="76" height="42" fill="none"/><g fill="none"></g>)"
      R"(<g id="x_plot_1"><title>x_plot_1</title><path stroke='rgb(  0, 114, 178)' d='M1,1 L2,2  '/>)"
      R"(<use xlink:href='#gpPt6' color='black'/></g></g></svg>)",
      {"load", "Load", "How much & how late", "0123"});
  EXPECT_THAT(svg, StartsWith("<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"picture\" width=\"76\""));
  EXPECT_THAT(svg, HasSubstr("<title id=\"load-title\">Load</title>"));
  EXPECT_THAT(svg, HasSubstr("<desc id=\"load-description\">How much &amp; how late</desc>"));
  EXPECT_THAT(svg, HasSubstr("<path stroke=\"#0072b2\" d=\"M1,1 L2,2\"/>"));
  EXPECT_THAT(svg, HasSubstr("<use href=\"#load-gpPt5\" id=\"load-gpPt6\"/>"));
  EXPECT_THAT(svg, HasSubstr("<use href=\"#load-gpPt6\" color=\"#24292f\"/>"));
  for (const char* gone : {"GNUPLOT", "Gnuplot", "gpDot", "plot_1", "rgb(", "<g", "fill=\"none\""})
    EXPECT_THAT(svg, Not(HasSubstr(gone)));
}

TEST(Polished, RefusesWhatIsNoSvg) {
  EXPECT_THROW(bench::polished("gnuplot: out of memory", {}), std::runtime_error);
  EXPECT_THROW(bench::polished("<html/>", {}), std::runtime_error);
}

TEST(Colours, AreOthersForEachArmOnLightAndOnDark) {
  std::vector<std::string> seen;
  for (const char* arm : {"poll", "longpoll", "sse", "ws", "tcp", "null", "another"}) {
    const bench::Colour colour = bench::colour_of(arm);
    seen.emplace_back(colour.light);
    seen.emplace_back(colour.dark);
  }
  std::sort(seen.begin(), seen.end());
  EXPECT_EQ(std::adjacent_find(seen.begin(), seen.end()), seen.end());
}

}  // namespace
