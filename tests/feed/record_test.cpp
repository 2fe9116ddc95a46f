#include "feed/record.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace feed {
namespace {

using testing::HasSubstr;

Record at_one(decltype(Record::what) what) { return {"ada", "lobby", 1, std::move(what)}; }

const std::vector<std::pair<Record, std::string_view>>& lines() {
  static const std::vector<std::pair<Record, std::string_view>> all{
      {at_one(Follows{After::latest()}), R"("follows":"latest")"},
      {at_one(Follows{After::at({"k3f9", 17})}), R"("follows":"k3f9.17")"},
      {at_one(Told{{{"k3f9", 17}, {}}}), R"("hello":{"cursor":"k3f9.17"})"},
      {at_one(Told{{{"k3f9", 17}, Gap{Gap::Reason::forgotten, 3}}}),
       R"("hello":{"cursor":"k3f9.17","gap":{"reason":"forgotten","missed":3}})"},
      {at_one(Told{{{"k3f9", 0}, Gap{Gap::Reason::epoch, {}}}}),
       R"("hello":{"cursor":"k3f9.0","gap":{"reason":"epoch","missed":null}})"},
      {at_one(Received{"k3f9", {17, 1763780000123, "ada", "hi\n\"there\""}}),
       R"("received":{"seq":17,"at":1763780000123,"author":"ada","text":"hi\n\"there\""},"epoch":"k3f9")"},
      {at_one(Lost{"end of stream"}), R"("lost":"end of stream")"},
      {at_one(Closed{}), R"("closed":"")"},
      {at_one(Publishes{7, "ada", "hi"}), R"("publishes":7,"author":"ada","text":"hi")"},
      {at_one(Acknowledged{7, {"k3f9", 18}}), R"("acknowledged":7,"cursor":"k3f9.18")"},
      {at_one(Refused{7, "status 413"}), R"("refused":7,"reason":"status 413")"},
      {at_one(Unanswered{7, "end of stream"}), R"("unanswered":7,"reason":"end of stream")"},
  };
  return all;
}

TEST(Record, IsOneLineOfJson) {
  for (const auto& [record, what] : lines())
    EXPECT_EQ(encode(record), R"({"client":"ada","room":"lobby","us":1,)" + std::string(what) + '}');
}

TEST(Record, OfEveryKindComesBack) {
  for (const auto& [record, what] : lines()) {
    const auto parsed = parse_record(encode(record));
    ASSERT_TRUE(parsed) << what << ": " << parsed.error().detail;
    EXPECT_EQ(*parsed, record) << what;
  }
}

TEST(Record, WithoutAPartIsRefusedWithWhatIsMissing) {
  const std::pair<std::string_view, std::string_view> all[] = {
      {"", "not JSON"},
      {R"({"client":"ada","room":"lobby","us":1})", "no member that says what happened"},
      {R"({"room":"lobby","us":1,"lost":""})", "\"client\""},
      {R"({"client":"ada","us":1,"lost":""})", "\"room\""},
      {R"({"client":"ada","room":"lobby","lost":""})", "\"us\""},
      {R"({"client":"ada","room":"lobby","us":-1,"lost":""})", "\"us\""},
      {R"({"client":"ada","room":"lobby","us":1,"lost":1})", "\"lost\""},
      {R"({"client":"ada","room":"lobby","us":1,"follows":"x"})", "cursor is \"x\""},
      {R"({"client":"ada","room":"lobby","us":1,"hello":"k3f9.1"})", "\"hello\""},
      {R"({"client":"ada","room":"lobby","us":1,"hello":{}})", "\"cursor\""},
      {R"({"client":"ada","room":"lobby","us":1,"received":{"seq":1},"epoch":"k3f9"})", "\"at\""},
      {R"({"client":"ada","room":"lobby","us":1,"received":{"seq":1,"at":1,"author":"a","text":"b"}})",
       "\"epoch\""},
      {R"({"client":"ada","room":"lobby","us":1,"publishes":1,"text":"b"})", "\"author\""},
      {R"({"client":"ada","room":"lobby","us":1,"acknowledged":1})", "\"cursor\""},
      {R"({"client":"ada","room":"lobby","us":1,"acknowledged":1,"cursor":"1"})", "cursor is \"1\""},
      {R"({"client":"ada","room":"lobby","us":1,"refused":1})", "\"reason\""},
      {R"({"client":"ada","room":"lobby","us":1,"unanswered":"1","reason":""})", "\"unanswered\""},
  };
  for (const auto& [line, detail] : all) {
    const auto parsed = parse_record(line);
    ASSERT_FALSE(parsed) << line;
    EXPECT_THAT(parsed.error().detail, HasSubstr(std::string(detail))) << line;
  }
}

}  // namespace
}  // namespace feed
