#include "polling/wire.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace polling {
namespace {

using std::chrono::seconds;

TEST(Page, IsTheHelloWithTheMessages) {
  const feed::Hello hello{{"k3f9", 2}, {}};
  EXPECT_EQ(encode_page(hello, ""), R"({"cursor":"k3f9.2","messages":[]})");
  EXPECT_EQ(encode_page(hello, R"({"seq":1},{"seq":2})"),
            R"({"cursor":"k3f9.2","messages":[{"seq":1},{"seq":2}]})");
}

TEST(Page, SaysAGapBeforeTheMessages) {
  const feed::Hello hello{{"k3f9", 21}, feed::Gap{feed::Gap::Reason::forgotten, 3}};
  EXPECT_EQ(encode_page(hello, ""),
            R"({"cursor":"k3f9.21","gap":{"reason":"forgotten","missed":3},"messages":[]})");
}

TEST(Page, ComesBackAsItWas) {
  const feed::Hello hello{{"k3f9", 2}, feed::Gap{feed::Gap::Reason::epoch, {}}};
  const feed::Message one{1, 5, "ada", "hi"};
  const feed::Message two{2, 6, "bob", "\"]}\n"};
  const auto page = parse_page(encode_page(hello, encode(one) + ',' + encode(two)));
  EXPECT_EQ(page->hello, hello);
  EXPECT_EQ(page->messages, (std::vector{one, two}));
}

TEST(Page, ThatIsMalformedIsRefused) {
  EXPECT_THAT(parse_page("<html>").error().detail, testing::StartsWith("not JSON"));
  EXPECT_EQ(parse_page(R"({"messages":[]})").error().detail, "got no \"cursor\", expected a string");
  EXPECT_EQ(parse_page(R"({"cursor":"k3f9.2"})").error().detail, "expected \"messages\" to be an array");
  EXPECT_EQ(parse_page(R"({"cursor":"k3f9.2","messages":{}})").error().detail,
            "expected \"messages\" to be an array");
  EXPECT_EQ(parse_page(R"({"cursor":"k3f9.2","messages":[1]})").error().detail,
            "expected every message to be an object");
  EXPECT_EQ(parse_page(R"({"cursor":"k3f9.2","messages":[{}]})").error().detail,
            "expected \"seq\" to be a whole number");
}

TEST(EntityTag, IsTheEpochAndTheMessagesInQuotes) {
  EXPECT_EQ(entity_tag("k3f9", 1, 21), "\"k3f9.1-21\"");
  EXPECT_EQ(entity_tag("k3f9", 1, 0), "\"k3f9.1-0\"");
}

TEST(IfNoneMatch, NamesATagAmongOthersStrongOrWeak) {
  const std::string_view tag = "\"k3f9.1-21\"";
  for (const std::string_view field : {"\"k3f9.1-21\"", "W/\"k3f9.1-21\"", "*", "\"a\", \"k3f9.1-21\"",
                                       "\"a\",W/\"k3f9.1-21\" ,\"b\"", "  \"k3f9.1-21\"\t"}) {
    EXPECT_TRUE(names(field, tag)) << field;
  }
  for (const std::string_view field :
       {"", ",", "\"k3f9.1-2\"", "k3f9.1-21", "\"k3f9.1-21", "w/\"k3f9.1-21\"", "\"x\"", "W/"}) {
    EXPECT_FALSE(names(field, tag)) << field;
  }
}

TEST(Prefer, WaitIsReadAmongOtherPreferences) {
  EXPECT_EQ(preferred_wait("wait=25"), seconds(25));
  EXPECT_EQ(preferred_wait("respond-async, wait=10"), seconds(10));
  EXPECT_EQ(preferred_wait("respond-async;x=y , WAIT = 10 ; x"), seconds(10));
  EXPECT_EQ(preferred_wait("wait=\"10\""), seconds(10));
  EXPECT_EQ(preferred_wait("wait=0"), seconds(0));
  EXPECT_EQ(preferred_wait("wait=5, wait=10"), seconds(5));  // RFC 7240, 2: the first one counts
}

TEST(Prefer, WaitIsAMinuteAtMost) {
  EXPECT_EQ(preferred_wait("wait=60"), seconds(60));
  EXPECT_EQ(preferred_wait("wait=61"), seconds(60));
  EXPECT_EQ(preferred_wait("wait=4294967295"), seconds(60));
}

TEST(Prefer, WhatIsNotUnderstoodIsIgnored) {
  for (const std::string_view field :
       {"", ",", ";", "=", "wait", "wait=", "wait=x", "wait=-1", "wait=1.5", "wait=1s", "wait=99999999999999",
        "wait=\"", "waiting=5", "respond-async", "x;wait=5"}) {
    EXPECT_EQ(preferred_wait(field), std::nullopt) << field;
  }
}

}  // namespace
}  // namespace polling
