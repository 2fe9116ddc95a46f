// The chat page as a browser gets it: all of it from this server, small, and nothing in it that a strict content security
// policy would not run. What it does is tested in a browser.
#include "feed/web.hpp"

#include "support/raw_client.hpp"
#include "support/test_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using support::Answer;
using support::RawClient;
using testing::HasSubstr;

std::string read(const std::string& path) {
  std::ifstream in(std::string(SOURCE_DIRECTORY) + '/' + path);
  std::ostringstream content;
  content << in.rdbuf();
  if (!in) throw std::runtime_error("cannot read " + path);
  return content.str();
}

std::vector<std::string> all(const std::string& text, const std::string& pattern) {
  std::vector<std::string> found;
  const std::regex regex(pattern);
  for (std::sregex_iterator at(text.begin(), text.end(), regex), end; at != end; ++at)
    found.push_back((*at)[1]);
  return found;
}

class WebTest : public testing::TestWithParam<std::string> {
 protected:
  // The page and all that it loads, by path.
  std::map<std::string, Answer> load() {
    std::map<std::string, Answer> loaded;
    std::vector<std::string> wanted{"/"};
    while (!wanted.empty()) {
      const std::string path = wanted.back();
      wanted.pop_back();
      if (loaded.contains(path)) continue;
      const Answer& answer = loaded[path] = client.ask(support::get(path));
      const bool is_page = path == "/";
      for (const std::string& next :
           all(answer.body, is_page ? R"re((?:href|src)="([^"]*)")re" : R"re('(/[^' ]*\.js)')re"))
        wanted.push_back(next);
    }
    return loaded;
  }

  // Not loaded with the page, but when somebody opens a part of it or sends a picture.
  const std::set<std::string> later{"/echo.js", "/how.js", "/inside.js", "/upload.js"};
  const std::string client_js = read(GetParam() + "/client.js");
  support::TestServer server{
      {}, support::Transports::all, [this](feed::Server& with) { feed::mount_page(with, client_js); }};
  RawClient client{server.port()};
};

TEST_P(WebTest, IsWholeWithoutAnyOtherServer) {
  const auto loaded = load();

  EXPECT_TRUE(loaded.contains("/page.css"));
  EXPECT_TRUE(loaded.contains("/page.js"));
  EXPECT_TRUE(loaded.contains("/client.js"));
  EXPECT_TRUE(loaded.contains("/feed.js"));
  for (const auto& [path, answer] : loaded) {
    EXPECT_TRUE(path.starts_with('/') && !path.starts_with("//")) << path;
    EXPECT_EQ(answer.status, 200) << path;
    EXPECT_EQ(answer.field("X-Content-Type-Options"), "nosniff") << path;
    const bool names_its_namespace = path.ends_with(".svg");
    const std::size_t addresses = all(answer.body, "(://)").size();
    EXPECT_EQ(addresses, names_its_namespace ? 1u : 0u) << path;
  }
}

TEST_P(WebTest, IsLessThan100KilobytesUntilSomebodyOpensAPartOrSendsAPicture) {
  std::size_t bytes = 0;
  for (const auto& [path, answer] : load()) {
    if (!later.contains(path)) bytes += answer.body.size();
  }

  EXPECT_LT(bytes, 100'000u);
}

TEST_P(WebTest, LoadsEveryModuleAtOnceAndNotOneAfterTheOther) {
  const std::string start = client.ask(support::get("/start.js")).body;

  for (const auto& [path, answer] : load()) {
    if (!path.ends_with(".js") || path == "/start.js" || later.contains(path)) continue;
    EXPECT_THAT(start, HasSubstr('\'' + path + '\''));
  }
}

TEST_P(WebTest, NeedsNoScriptOrStyleWithinThePage) {
  const Answer page = client.ask(support::get("/"));

  EXPECT_EQ(page.field("Content-Security-Policy"),
            "default-src 'self'; img-src 'self' blob:; base-uri 'none'; frame-ancestors 'none'");
  EXPECT_EQ(all(page.body, "(<script(?![^>]* src=)[^>]*>)"), std::vector<std::string>());
  EXPECT_EQ(all(page.body, "(<style| style=| on[a-z]+=|javascript:)"), std::vector<std::string>());
}

// Text becomes markup by these only.
TEST_P(WebTest, NeverMakesMarkupOfText) {
  for (const auto& [path, answer] : load()) {
    EXPECT_EQ(
        all(answer.body,
            "(innerHTML|outerHTML|insertAdjacentHTML|document\\.write|DOMParser|setHTMLUnsafe|srcdoc|\\beval\\b)"),
        std::vector<std::string>())
        << path;
  }
}

INSTANTIATE_TEST_SUITE_P(Of, WebTest, testing::Values("polling", "sse", "websocket"),
                         [](const auto& info) { return info.param; });

}  // namespace
