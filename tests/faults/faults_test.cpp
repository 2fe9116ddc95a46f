// The smoke of every row of the campaign.
#include "faults/campaign.hpp"
#include "faults/frames.hpp"
#include "faults/framing.hpp"
#include "support/raw_client.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ostream>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace faults {

static void PrintTo(const Row& row, std::ostream* out) { *out << row.name; }

namespace {

class Fault : public testing::TestWithParam<Row> {};

TEST_P(Fault, IsSurvived) {
  Setting setting;
  setting.programs = PROGRAM_DIRECTORY;
  const Findings findings = run(GetParam(), setting);
  if (!findings.skipped().empty()) GTEST_SKIP() << findings.skipped();
  EXPECT_EQ(findings.broken(), std::vector<std::string>{});
  EXPECT_FALSE(is_sanitized ? false : findings.amounts().empty()) << "a row says how much it did";
}

INSTANTIATE_TEST_SUITE_P(Rows, Fault, testing::ValuesIn(rows()),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Campaign, NamesEachRowOnce) {
  std::set<std::string_view> names;
  int last = 0;
  for (const Row& row : rows()) {
    EXPECT_TRUE(names.insert(row.name).second) << row.name;
    EXPECT_GE(row.number, last);
    last = row.number;
  }
}

const Row example{7, "example", "an attack | of two\nlines", "nothing",
                  [](const Setting& setting, Findings& findings) {
                    findings.amount(setting.by_amount("a little", "a lot"));
                    findings.measured("0 lost");
                    findings.expect(true, "never said");
                    findings.expect(!setting.full, "it broke");
                  }};

TEST(Campaign, SaysARowAsALineOfATable) {
  EXPECT_EQ(table_line(example, run(example, {})),
            "| 7 | an attack \\| of two lines | a little | nothing | 0 lost |\n");
  Setting full;
  full.full = true;
  EXPECT_EQ(table_line(example, run(example, full)),
            "| 7 | an attack \\| of two lines | a lot | nothing | 0 lost; **not so: it broke** |\n");
}

TEST(Campaign, TakesWhatIsThrownForSomethingBroken) {
  const Row thrown{1, "thrown", "", "",
                   [](const Setting&, Findings&) { throw std::runtime_error("no server"); }};
  EXPECT_THAT(run(thrown, {}).broken(), testing::ElementsAre("it could not be carried out: no server"));
}

// --- what the server's answers are held against, with planted faults ----------------------------------------------------

using support::get;
using testing::HasSubstr;

constexpr std::string_view ok = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\n";
constexpr std::string_view refused =
    "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const std::string smuggled =
    "POST /stats HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n";

std::string wrong_with(std::string_view said, std::string heard) { return judge(said, heard).wrong; }
std::string operator+(std::string_view one, std::string_view other) { return std::string(one).append(other); }

TEST(Judge, IsSilentWhereEachRequestHasOneAnswer) {
  EXPECT_EQ(wrong_with(get("/healthz") + get("/healthz"), ok + ok), "");
  EXPECT_EQ(wrong_with(get("/healthz") + smuggled, ok + refused), "");
  EXPECT_EQ(wrong_with("HEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\n" + get("/healthz"),
                       "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n" + ok),
            "");
  EXPECT_EQ(wrong_with(get("/healthz").substr(0, 20), ""), "");
  EXPECT_EQ(wrong_with(support::post("/stats", "abc"), "HTTP/1.1 100 Continue\r\n\r\n" + ok), "");
}

TEST(Judge, FindsTwoAnswersToOneRequest) {
  EXPECT_THAT(wrong_with(get("/healthz"), ok + ok), HasSubstr("one answer too many"));
  EXPECT_THAT(wrong_with(smuggled, refused + ok), HasSubstr("a second answer"));
  EXPECT_THAT(wrong_with(support::post("/stats", get("/healthz")), ok + ok),
              HasSubstr("one answer too many"));
  EXPECT_THAT(wrong_with("HEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\n", std::string(ok)),
              HasSubstr("one answer too many"));
}

TEST(Judge, FindsAnAnswerThatIsMissing) {
  EXPECT_THAT(wrong_with(get("/healthz") + get("/healthz"), std::string(ok)), HasSubstr("no answer"));
  EXPECT_THAT(wrong_with(get("/healthz"), std::string(ok.substr(0, ok.size() - 1))),
              HasSubstr("not a whole answer"));
}

TEST(Judge, FindsWhatIsTakenAlthoughItIsNotClear) {
  const std::string name = "POST /stats HTTP/1.1\r\nHost: a\r\n";
  for (const std::string fields :
       {"", "Content-Length: +3\r\n", "Content-Length: 3\r\nContent-Length: 4\r\n", "Content-Length : 3\r\n",
        "Content-Length: 3, 4\r\n", "Content-Length: 3\r\n 4\r\n", "Transfer-Encoding: identity\r\n",
        "Content-Length: 3\r\nHost: b\r\n", "Content-Length: 3\r\nX\rY: z\r\n",
        "Content-Length: 3\r\nHost : b\r\n", "Content-Length: 99999999999999999999\r\n",
        "Content-Length: 3\nX: y\r\n"}) {
    EXPECT_THAT(wrong_with(name + fields + "\r\nabc", std::string(ok)), testing::StartsWith("200 for "))
        << fields;
    EXPECT_EQ(wrong_with(name + fields + "\r\nabc", std::string(refused)), "") << fields;
  }
  EXPECT_THAT(wrong_with(smuggled, "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
              HasSubstr("400 without an end"));
}

TEST(Judge, FindsAHandshakeThatIsNone) {
  const std::string yes = "HTTP/1.1 101 Switching Protocols\r\n\r\n";
  EXPECT_TRUE(judge(support::upgrade("/echo"), yes).upgraded);
  EXPECT_THAT(wrong_with(get("/echo"), yes), HasSubstr("101 for"));
}

using support::frame;

const std::string message = R"({"ref":1,"text":"hi"})";
const std::string answer = "\x81\x0d{\"ref\":1,\"x\"}";
std::string closed(int code) {
  return {'\x88', 2, static_cast<char>(code >> 8), static_cast<char>(code & 0xff)};
}

TEST(JudgeOfFrames, IsSilentWhereEachMessageHasItsAnswerAndEachMistakeItsCode) {
  EXPECT_EQ(judge_frames(frame(message), answer, false), "");
  EXPECT_EQ(judge_frames(frame(message) + frame("hi", 0x83), answer + closed(1002), false), "");
  EXPECT_EQ(judge_frames(frame("\xff"), closed(1007), false), "");
  EXPECT_EQ(judge_frames(frame("hi", 0x82), closed(1003), false), "");
  EXPECT_EQ(judge_frames(frame("hi", 0x82), "\x82\x02hi", true), "");
  EXPECT_EQ(judge_frames(frame(std::string(65537, 'x')), closed(1009), false), "");
  EXPECT_EQ(judge_frames(frame("\x03\xe8", 0x88), closed(1000), false), "");
  EXPECT_EQ(judge_frames(frame(message).substr(0, 8), "", false), "");
}

TEST(JudgeOfFrames, FindsWhatIsNotSo) {
  EXPECT_THAT(judge_frames(frame(message), answer + answer, false), HasSubstr("2 answers to 1 messages"));
  EXPECT_THAT(judge_frames(frame(message), "", false), HasSubstr("0 answers to 1 messages"));
  EXPECT_THAT(judge_frames(frame("hi", 0x83), "", false), HasSubstr("ended with -1"));
  EXPECT_THAT(judge_frames(frame("\xff"), closed(1002), false), HasSubstr("ended with 1002"));
  EXPECT_THAT(judge_frames(frame(message), answer + closed(1002), false), HasSubstr("ended with 1002"));
  EXPECT_THAT(judge_frames("\x81\x02hi", answer, false), HasSubstr("1 answers to 0 messages"));
  EXPECT_THAT(judge_frames(frame("hi"), "\x81\x02ho", true), HasSubstr("of something else"));
  EXPECT_THAT(judge_frames(frame("hi", 0x83), closed(1002) + answer, false),
              HasSubstr("behind a close frame"));
  EXPECT_THAT(judge_frames(frame("x", 0x89), "\x8a\x01x\x8a\x01x", false), HasSubstr("2 pongs for 1 pings"));
  EXPECT_THAT(judge_frames("", frame("hi"), false), HasSubstr("no frame of a server"));
}

TEST(Campaign, SaysWhatCannotBeCarriedOut) {
  const Row skipped{6, "skipped", "an attack", "nothing",
                    [](const Setting&, Findings& findings) { findings.skip("no network namespaces"); }};
  EXPECT_EQ(table_line(skipped, run(skipped, {})),
            "| 6 | an attack |  | nothing | **not carried out: no network namespaces** |\n");
}

}  // namespace
}  // namespace faults
