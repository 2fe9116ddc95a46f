// The claims as the page gets them: out of the notes, with their verdicts.

#include "bench/live/claims.hpp"

#include "../directory.hpp"

#include <boost/json/parse.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <stdexcept>
#include <string>

namespace {

using testing::HasSubstr;

std::string complaint_about(const std::filesystem::path& notes) {
  try {
    live::claims_json(notes);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "nothing";
}

TEST(LiveClaims, HaveTheVerdictOfTheTable) {
  const Directory notes;
  put(notes / "claims.json",
      R"({"about":"x","claims":[{"id":"R4","claim":"an idle stream dies","source":"WHATWG","experiment":"E1",)"
      R"("says":"so it was"},{"id":"R6","claim":"the seventh","source":"MDN","needs":"a browser"}]})");
  put(notes / "claims.md",
      "# The ledger\n\nwords | and more\n\n| id | claim | source | verdict | number | command |\n| --- | --- | --- | --- "
      "| --- | --- |\n| R4 | an idle stream dies | WHATWG | **confirmed if** nobody speaks: 5 s | 0.99 | `run` |\n");
  EXPECT_EQ(
      boost::json::parse(live::claims_json(notes / "")),
      boost::json::parse(R"({"claims":[{"id":"R4","claim":"an idle stream dies","source":"WHATWG",)"
                         R"("experiment":"E1","says":"so it was","verdict":"confirmed if",)"
                         R"("because":"nobody speaks: 5 s"},{"id":"R6","claim":"the seventh","source":"MDN",)"
                         R"("experiment":"","says":"","verdict":"","because":""}]})"));
}

TEST(LiveClaims, AreAllOfTheNotesAndEachHasAVerdict) {
  const auto claims = boost::json::parse(live::claims_json(std::filesystem::path(SOURCE_DIRECTORY) / "notes"))
                          .at("claims")
                          .as_array();
  EXPECT_GT(claims.size(), 30u);
  for (const auto& claim : claims) {
    EXPECT_NE(claim.at("claim").as_string(), "");
    EXPECT_NE(claim.at("verdict").as_string(), "") << claim.at("id").as_string();
  }
}

TEST(LiveClaims, SayWhatIsWrongWithTheNotes) {
  const Directory notes;
  EXPECT_THAT(complaint_about(notes / ""), HasSubstr("claims.md: cannot be read"));
  put(notes / "claims.md", "no table\n");
  EXPECT_THAT(complaint_about(notes / ""), HasSubstr("claims.md: expected a table of claims with verdicts"));
  put(notes / "claims.md", "| R4 | a | b | **refuted** | 1 | c |\n");
  EXPECT_THAT(complaint_about(notes / ""), HasSubstr("claims.json: cannot be read"));
  put(notes / "claims.json", "{");
  EXPECT_THAT(complaint_about(notes / ""), HasSubstr("claims.json: "));
  put(notes / "claims.json", R"({"claims":7})");
  EXPECT_THAT(complaint_about(notes / ""), HasSubstr("expected an object with an array \"claims\""));
}

}  // namespace
