#include "bench/page.hpp"

#include "bench/pictures.hpp"
#include "bench/pipe.hpp"
#include "bench/report.hpp"
#include "tests/bench/directory.hpp"
#include "tests/bench/imagined.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <regex>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

std::string page_of(const Directory& notes) {
  const Directory out;
  bench::write_page(notes.text(), (out / "deep/index.html").string());
  return content_of(out / "deep/index.html");
}

std::vector<std::string> all(const std::string& text, const std::string& expression) {
  const std::regex pattern(expression);
  std::vector<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), pattern), end; at != end; ++at)
    found.push_back((*at)[1].str());
  return found;
}

// Every link within the page leads somewhere, and to one place.
void expect_sound(const std::string& page) {
  const std::vector<std::string> ids = all(page, " id=\"([^\"]*)\"");
  const std::set<std::string> known(ids.begin(), ids.end());
  EXPECT_EQ(known.size(), ids.size());
  for (const std::string& target : all(page, " href=\"#([^\"]*)\""))
    EXPECT_TRUE(known.contains(target)) << target;
  for (const std::string& target : all(page, " href=\"([^#\"][^\"]*)\""))
    EXPECT_THAT(target, testing::StartsWith("http"));
}

// Nothing that a browser would fetch or run.
void expect_self_contained(const std::string& page) {
  EXPECT_THAT(all(page, "(<(?:script|link|iframe|img|image|object|embed)\\b)"), IsEmpty());
  EXPECT_THAT(all(page, "\\b(src|srcset|xlink:href|on[a-z]+)=\""), IsEmpty());
  EXPECT_THAT(all(page, "(url\\(|@import)"), IsEmpty());
}

TEST(ReadingOrder, IsThatOfTheIndexAndThenByName) {
  const Directory notes;
  put(notes / "README.md", "# All\n");
  put(notes / "notes/README.md",
      "[two](two.md#part) [one](one.md) [gone](gone.md) [top](../README.md) [web](https://a.example/x.md)\n");
  for (const char* name : {"notes/a.md", "notes/one.md", "notes/two.md", "notes/more/deep.md"})
    put(notes / name, "# x\n");
  EXPECT_THAT(bench::reading_order(notes.text()),
              ElementsAre("README.md", "notes/README.md", "notes/two.md", "notes/one.md", "notes/a.md",
                          "notes/more/deep.md"));
}

TEST(ReadingOrder, OfNothingIsAnError) {
  const Directory empty;
  EXPECT_THROW(bench::reading_order(empty.text()), std::runtime_error);
}

TEST(Page, HasOneTitleAndASectionForEachNote) {
  const Directory notes;
  put(notes / "README.md", "# Polling & *SSE*\n");
  put(notes / "notes/delay.md", "# Delay\n\n## How late?\n");
  const std::string page = page_of(notes);
  EXPECT_THAT(page, HasSubstr("<title>Polling &amp; SSE</title>"));
  EXPECT_THAT(page, HasSubstr("<section id=\"readme\">\n<h1>Polling &amp; <em>SSE</em></h1>"));
  EXPECT_THAT(page,
              HasSubstr("<section id=\"delay\">\n<h2>Delay</h2>\n<h3 id=\"delay--how-late\">How late?</h3>"));
  EXPECT_THAT(
      page,
      HasSubstr(
          "<li><a href=\"#delay\">Delay</a>\n<ul>\n<li><a href=\"#delay--how-late\">How late?</a></li>"));
  expect_sound(page);
}

TEST(Page, LeavesPartsThatEveryNoteHasOutOfTheContents) {
  const Directory notes;
  put(notes / "notes/a.md", "# A\n\n## Why\n\n## Only here\n");
  put(notes / "notes/b.md", "# B\n\n## Why\n");
  const std::string page = page_of(notes);
  const std::string contents = page.substr(page.find("<nav"), page.find("</nav>") - page.find("<nav"));
  EXPECT_THAT(contents, AllOf(HasSubstr("Only here"), Not(HasSubstr("Why"))));
}

TEST(Page, TurnsLinksBetweenNotesIntoLinksInside) {
  const Directory notes;
  put(notes / "README.md",
      "# All\n\n[a](notes/a.md) [part](notes/a.md#the-part) [no part](notes/a.md#nowhere)\n");
  put(notes / "notes/a.md",
      "# A\n\n## The `part`\n\n## The part\n\n[here](#the-part-1) [up](../README.md) [set](b.md#n1) [again](./b.md)\n");
  put(notes / "notes/b.md", "# B\n\n<a id=\"n1\"></a>one\n");
  const std::string page = page_of(notes);
  for (const char* link : {"#a\">a", "#a--the-part\">part", "#a\">no part", "#a--the-part-1\">here",
                           "#readme\">up", "#b--n1\">set", "#b\">again"})
    EXPECT_THAT(page, HasSubstr(std::string("<a href=\"") + link + "</a>"));
  EXPECT_THAT(page, HasSubstr("<a id=\"b--n1\"></a>one"));
  expect_sound(page);
}

TEST(Page, LeavesLinksToTheWebAndMakesWordsOfLinksToFiles) {
  const Directory notes;
  put(notes / "notes/a.md",
      "# A\n\n[RFC](https://www.rfc-editor.org/rfc/rfc6455) [`code`](../bench/model.hpp#L3) after [b](#a)\n");
  const std::string page = page_of(notes);
  EXPECT_THAT(page, HasSubstr("<a href=\"https://www.rfc-editor.org/rfc/rfc6455\">RFC</a>"));
  EXPECT_THAT(
      page,
      HasSubstr(
          "<span class=\"file\" title=\"bench/model.hpp\"><code>code</code></span> after <a href=\"#a\">b</a>"));
  expect_sound(page);
}

TEST(Page, HoldsItsPicturesAlsoWhereOneIsShownTwice) {
  const Directory notes;
  put(notes / "README.md", "# All\n\n![Delays](notes/pictures/ecdf.svg)\n");
  put(notes / "notes/a.md", "# A\n\n![Delays](pictures/ecdf.svg)\n\n![Not <drawn>](pictures/load.svg)\n");
  bench::Results some;
  imagined::Random random(1);
  imagined::add_delivery(some, random);
  bench::draw_pictures(some, {}, (notes / "notes/pictures").string());
  const std::string page = page_of(notes);
  EXPECT_EQ(all(page, "(<svg) ").size(), 2u);
  EXPECT_THAT(page, HasSubstr("aria-labelledby=\"ecdf-2-title ecdf-2-description\""));
  EXPECT_THAT(page, HasSubstr("The picture is not here: Not &lt;drawn&gt;."));
  expect_sound(page);
  expect_self_contained(page);
}

TEST(Page, FetchesAndRunsNothing) {
  const Directory notes;
  put(notes / "notes/a.md",
      "# A\n\n<script>alert(1)</script>\n\n![far](https://a.example/x.svg) ![raster](x.png)\n\n`<script src=\"x\">`\n");
  const std::string page = page_of(notes);
  expect_self_contained(page);
  EXPECT_THAT(page, HasSubstr("&lt;script>alert(1)"));
  EXPECT_THAT(page, HasSubstr("default-src 'none'"));
}

TEST(Page, LetsWideTablesScrollByThemselves) {
  const Directory notes;
  put(notes / "notes/a.md",
      "# A\n\n<!-- results: floor -->\n\n| a | b |\n| --- | ---: |\n| x | 1 |\n\n<!-- /results -->\n");
  const std::string page = page_of(notes);
  EXPECT_THAT(page, HasSubstr("<div class=\"scroll\"><table>"));
  EXPECT_THAT(page, HasSubstr("</table></div>"));
  EXPECT_THAT(page, HasSubstr("<td align=\"right\">1</td>"));
  EXPECT_THAT(page, Not(HasSubstr("<!-- ")));
}

TEST(Page, OfTheNotesOfThisProjectIsSoundAndTheSameEveryTime) {
  const std::string project = SOURCE_DIRECTORY;
  const Directory filled;
  bench::report(imagined::results(), project, filled.text());
  bench::draw_pictures(imagined::results(), bench::ledger_of(project), (filled / "notes/pictures").string());
  const std::string page = page_of(filled);
  expect_sound(page);
  expect_self_contained(page);
  EXPECT_THAT(page, Not(HasSubstr("The picture is not here")));
  EXPECT_EQ(page, page_of(filled));
}

TEST(WithoutCmark, ItIsSaid) {
  const Directory notes, empty;
  put(notes / "README.md", "# All\n");
  const std::string path = std::getenv("PATH");
  setenv("PATH", empty.text().c_str(), 1);
  std::string said;
  try {
    page_of(notes);
  } catch (const bench::ProgramMissing& missing) {
    said = missing.what();
  }
  setenv("PATH", path.c_str(), 1);
  EXPECT_EQ(said, "cmark-gfm is not installed: apt-get install cmark-gfm");
}

}  // namespace
