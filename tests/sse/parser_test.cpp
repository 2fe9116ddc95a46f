// What the stream parser makes of a stream must not depend on where the network cut it: each fixture is tried
// whole, byte by byte and at every two-part cut.
#include "sse/parser.hpp"

#include "sse/wire.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <ostream>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace sse {

static void PrintTo(const Event& event, std::ostream* out) {
  *out << "{type " << testing::PrintToString(event.type) << ", data " << testing::PrintToString(event.data)
       << ", id " << testing::PrintToString(event.last_event_id) << "}";
}

namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using namespace std::string_view_literals;

struct Recorder : Parser::Handler {
  void on_event(const Event& event) override { events.push_back(event); }
  void on_retry(std::chrono::milliseconds retry) override {
    if (!retries.empty()) retries += ' ';
    retries += std::to_string(retry.count());
  }
  void on_comment(std::string_view text) override { comments.emplace_back(text); }

  std::vector<Event> events;
  std::string retries;  // in milliseconds, with spaces between
  std::vector<std::string> comments;
};

struct ExpectedEvent {
  std::string_view type = {};  // empty: no more events
  std::string_view data = {};
  std::string_view last_event_id = {};
};

// Views into literals, not strings: code that builds so many strings takes a compiler with sanitizers a
// minute.
struct Fixture {
  std::string_view name;
  std::string_view stream;
  ExpectedEvent events[4] = {};
  std::string_view last_event_id = {};
  std::string_view retries = {};  // in milliseconds, with spaces between
};

void PrintTo(const Fixture& fixture, std::ostream* out) { *out << testing::PrintToString(fixture.stream); }

std::vector<Event> events_of(const Fixture& fixture) {
  std::vector<Event> events;
  for (const auto& [type, data, id] : fixture.events) {
    if (!type.empty()) events.push_back({std::string(type), std::string(data), std::string(id)});
  }
  return events;
}

class SseFixture : public testing::TestWithParam<Fixture> {
 protected:
  // Feeds the pieces to a fresh parser and expects what the fixture says.
  void expect_from(const std::vector<std::string_view>& pieces) {
    Recorder got;
    Parser parser(got);
    for (const auto piece : pieces) ASSERT_TRUE(parser.feed(piece));
    EXPECT_EQ(got.events, events_of(GetParam()));
    EXPECT_EQ(got.retries, GetParam().retries);
    EXPECT_EQ(parser.last_event_id(), GetParam().last_event_id);
  }
};

TEST_P(SseFixture, IsReadWhole) { expect_from({GetParam().stream}); }

TEST_P(SseFixture, IsReadByteByByte) {
  const std::string_view stream = GetParam().stream;
  std::vector<std::string_view> bytes;
  for (std::size_t i = 0; i < stream.size(); ++i) bytes.push_back(stream.substr(i, 1));
  expect_from(bytes);
}

TEST_P(SseFixture, IsReadAtEveryTwoPartCut) {
  const std::string_view stream = GetParam().stream;
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    SCOPED_TRACE("cut at byte " + std::to_string(cut));
    expect_from({stream.substr(0, cut), stream.substr(cut)});
    // An empty piece is nothing, wherever it comes.
    expect_from({"", stream.substr(0, cut), "", stream.substr(cut), ""});
  }
}

constexpr Fixture line_ends[] = {
    {"TakesLfAsALineEnd", "data: a\n\ndata: b\n\n", {{"message", "a", ""}, {"message", "b", ""}}},
    {"TakesCrAsALineEnd", "data: a\r\rdata: b\r\r", {{"message", "a", ""}, {"message", "b", ""}}},
    {"TakesCrLfAsOneLineEnd", "data: a\r\n\r\ndata: b\r\n\r\n", {{"message", "a", ""}, {"message", "b", ""}}},
    {"JoinsDataLinesEndedByCrLf", "data: a\r\ndata: b\r\ndata: c\r\n\r\n", {{"message", "a\nb\nc", ""}}},
    {"JoinsDataLinesWithMixedLineEnds",
     "data: a\rdata: b\ndata: c\r\ndata: d\n\r",
     {{"message", "a\nb\nc\nd", ""}}},
    {"TakesLfThenCrAsTwoLineEnds", "data: a\n\rdata: b\n\r", {{"message", "a", ""}, {"message", "b", ""}}},
    {"TakesLfThenCrLfAsTwoLineEnds",
     "data: a\n\r\ndata: b\n\r\n",
     {{"message", "a", ""}, {"message", "b", ""}}},
    {"TakesCrThenCrLfAsTwoLineEnds",
     "data: a\r\r\ndata: b\r\r\n",
     {{"message", "a", ""}, {"message", "b", ""}}},
    {"TakesCrLfThenCrAsTwoLineEnds",
     "data: a\r\n\rdata: b\r\n\r",
     {{"message", "a", ""}, {"message", "b", ""}}},
    {"TakesCrLfThenLfAsTwoLineEnds",
     "data: a\r\n\ndata: b\r\n\n",
     {{"message", "a", ""}, {"message", "b", ""}}},
    {"DoesNotTakeOneCrLfAsABlankLine", "data: a\r\ndata: b", {}},
    {"SwallowsOnlyOneLfAfterCr", "data: a\r\n\nid: 1\r\n\n", {{"message", "a", ""}}, "1"},
    {"FiresNothingForBlankLinesAlone", "\n\n\r\r\r\n\r\n\n\rdata: a\n\n\n\n\r\n", {{"message", "a", ""}}},
    {"DoesNotTakeOtherSeparatorsAsLineEnds",
     "data: a\vb\fc\u0085d\u2028e\u2029f\x1cg\n\n",
     {{"message", "a\vb\fc\u0085d\u2028e\u2029f\x1cg", ""}}},
};

constexpr Fixture endings[] = {
    {"GivesNothingForAnEmptyStream", "", {}},
    {"DiscardsALineWithoutEnd", "data: a\n\ndata: b", {{"message", "a", ""}}},
    {"DiscardsABlockWithoutBlankLine", "data: a\n\nid: 2\nevent: x\ndata: b\n", {{"message", "a", ""}}},
    {"DiscardsABlockWithoutBlankLineEndedByCr", "data: a\r\rid: 2\rdata: b\r", {{"message", "a", ""}}},
    {"KeepsTheIdOfTheLastWholeBlock", "id: 1\ndata: a\n\nid: 2\ndata: b\n", {{"message", "a", "1"}}, "1"},
};

constexpr Fixture fields[] = {
    {"RemovesOneSpaceAfterTheColon", "data: a\n\n", {{"message", "a", ""}}},
    {"NeedsNoSpaceAfterTheColon", "data:a\n\n", {{"message", "a", ""}}},
    {"RemovesOnlyOneSpaceAfterTheColon", "data:   a \n\n", {{"message", "  a ", ""}}},
    {"KeepsATabAfterTheColon", "data:\ta\ndata: \tb\n\n", {{"message", "\ta\n\tb", ""}}},
    {"KeepsANoBreakSpaceAfterTheColon", "data:\u00a0a\n\n", {{"message", "\u00a0a", ""}}},
    {"SplitsAtTheFirstColonOnly", "data: a: b:c\ndata::\n\n", {{"message", "a: b:c\n:", ""}}},
    {"TakesALineWithoutColonAsAFieldName", "data\ndata\ndata: a\n\n", {{"message", "\n\na", ""}}},
    {"IgnoresUnknownFields", "data: a\ncolour: red\nnothing\ndata: b\n\n", {{"message", "a\nb", ""}}},
    {"ComparesFieldNamesByCase",
     "Data: 1\nDATA: 2\nEvent: x\nID: 3\nRetry: 4\ndata: a\n\n",
     {{"message", "a", ""}}},
    {"ComparesWholeFieldNames",
     "dat: 1\ndatas: 2\nda-ta: 3\ndata_4\n data: 5\ndata : 6\ndata\t: 7\ni: 8\nidx: 9\ndata: a\n\n",
     {{"message", "a", ""}}},
    {"TakesNulAsPartOfAFieldName", "\0data: 1\ndata\0: 2\ndata\0\ndata: a\n\n"sv, {{"message", "a", ""}}},
    {"IgnoresAFieldWhoseNameIsASpace", " : a\n :\ndata: b\n\n", {{"message", "b", ""}}},
};

constexpr Fixture data[] = {
    {"FiresAnEventWithEmptyDataForOneEmptyDataLine", "data:\n\n", {{"message", "", ""}}},
    {"FiresAnEventWithEmptyDataForABareDataLine", "data\n\n", {{"message", "", ""}}},
    {"FiresAnEventWithEmptyDataForASpace", "data: \n\n", {{"message", "", ""}}},
    {"RemovesOnlyTheLastLf", "data\ndata\n\n", {{"message", "\n", ""}}},
    {"KeepsEmptyLinesAtBothEnds", "data:\ndata: a\ndata:\ndata\n\n", {{"message", "\na\n\n", ""}}},
    {"FiresNothingWithoutData", "event: x\n\ndata: a\n\n", {{"message", "a", ""}}},
    {"CarriesNothingFromOneEventToTheNext",
     "event: x\ndata: a\n\ndata: b\n\n",
     {{"x", "a", ""}, {"message", "b", ""}}},
    {"KeepsNulInData", "data: \0\ndata:a\0b\n\n"sv, {{"message", "\0\na\0b"sv, ""}}},
    {"KeepsJsonAsItIs",
     "data: {\"seq\":17,\"at\":1763780000123,\"author\":\"ada\",\"text\":\"hi\"}\n\n",
     {{"message", "{\"seq\":17,\"at\":1763780000123,\"author\":\"ada\",\"text\":\"hi\"}", ""}}},
};

constexpr Fixture types[] = {
    {"NamesTheEvent", "event: hello\ndata: a\n\n", {{"hello", "a", ""}}},
    {"NamesTheEventAfterItsData", "data: a\nevent: hello\n\n", {{"hello", "a", ""}}},
    {"TakesTheLastOfTwoNames", "event: x\nevent: y\ndata: a\n\n", {{"y", "a", ""}}},
    {"TakesAnEmptyNameAsMessage",
     "event:\ndata: a\n\nevent\ndata: b\n\n",
     {{"message", "a", ""}, {"message", "b", ""}}},
    {"LetsAnEmptyNameUndoOne", "event: x\nevent:\ndata: a\n\n", {{"message", "a", ""}}},
    {"KeepsSpacesInTheName", "event:  x y \ndata: a\n\n", {{" x y ", "a", ""}}},
    {"TakesAnyTextAsAName", "event: \u00fc:\u2713\ndata: a\n\n", {{"\u00fc:\u2713", "a", ""}}},
    {"KeepsNulInTheName", "event: a\0b\ndata: c\n\n"sv, {{"a\0b"sv, "c", ""}}},
};

constexpr Fixture ids[] = {
    {"GivesTheEventItsId", "id: 1\ndata: a\n\n", {{"message", "a", "1"}}, "1"},
    {"GivesTheEventAnIdThatComesAfterItsData", "data: a\nid: 1\n\n", {{"message", "a", "1"}}, "1"},
    {"KeepsTheIdForLaterEvents",
     "id: 1\ndata: a\n\ndata: b\n\nid: 2\ndata: c\n\ndata: d\n\n",
     {{"message", "a", "1"}, {"message", "b", "1"}, {"message", "c", "2"}, {"message", "d", "2"}},
     "2"},
    {"LetsAnEmptyIdReset",
     "id: 1\ndata: a\n\nid:\ndata: b\n\ndata: c\n\n",
     {{"message", "a", "1"}, {"message", "b", ""}, {"message", "c", ""}}},
    {"LetsAnIdWithoutColonReset",
     "id: 1\ndata: a\n\nid\ndata: b\n\n",
     {{"message", "a", "1"}, {"message", "b", ""}}},
    {"TakesTheLastOfTwoIds", "id: 1\nid: 2\ndata: a\n\n", {{"message", "a", "2"}}, "2"},
    {"SetsTheIdOfABlockWithoutData", "id: 7\n\ndata: a\n\nid: 8\n\n", {{"message", "a", "7"}}, "8"},
    {"ResetsTheIdInABlockWithoutData", "id: 7\ndata: a\n\nid\n\n", {{"message", "a", "7"}}, ""},
    {"IgnoresIdsWithNul",
     "id: 1\nid: \0\nid: x\0\nid: \0x\nid: x\0x\nid:\0\0\ndata: a\n\n"sv,
     {{"message", "a", "1"}},
     "1"},
    {"KeepsSpacesInTheId", "id:  1 \ndata: a\n\n", {{"message", "a", " 1 "}}, " 1 "},
    {"TakesAnyTextAsAnId",
     "id: k3f9.17:\u2026\ndata: a\n\n",
     {{"message", "a", "k3f9.17:\u2026"}},
     "k3f9.17:\u2026"},
};

constexpr Fixture retries[] = {
    {"TakesRetryInMilliseconds", "retry: 1000\n", {}, "", "1000"},
    {"TakesRetryWithoutABlankLineAndBetweenFields",
     "data: a\nretry:5\ndata: b\n\n",
     {{"message", "a\nb", ""}},
     "",
     "5"},
    {"TakesEveryRetry", "retry: 1\nretry: 2\n\nretry: 0\n", {}, "", "1 2 0"},
    {"TakesRetryWithLeadingZeros", "retry: 0000000000000000000000000000000012\n", {}, "", "12"},
    {"IgnoresRetryThatIsNotOnlyDigits",
     "retry: 1x\nretry: x1\nretry: -1\nretry: +1\nretry: 1.5\nretry: 1e3\nretry: 0x10\nretry: 1 \nretry:  1\n"
     "retry: \u0661\nretry: \uff11\n",
     {}},
    {"IgnoresRetryWithNul", "retry: 1\0\nretry: \0\n"sv, {}},
    {"IgnoresEmptyRetry", "retry: 7\nretry\nretry:\nretry: \n", {}, "", "7"},
    {"TakesTheLongestRetry", "retry: 31536000000\n", {}, "", "31536000000"},
    {"SaturatesALongerRetry", "retry: 31536000001\n", {}, "", "31536000000"},
    {"SaturatesARetryOf2To63", "retry: 9223372036854775808\n", {}, "", "31536000000"},
    {"SaturatesARetryOf2To64", "retry: 18446744073709551617\n", {}, "", "31536000000"},
    {"SaturatesARetryOf60Digits",
     "retry: 999999999999999999999999999999999999999999999999999999999999\n",
     {},
     "",
     "31536000000"},
    {"IgnoresAHugeRetryThatEndsInALetter",
     "retry: 999999999999999999999999999999999999999999999999999999999999x\n",
     {}},
};

constexpr Fixture comments[] = {
    {"IgnoresComments", ": a\ndata: b\n:\n:data: c\n: : \n\n", {{"message", "b", ""}}},
    {"DoesNotTakeACommentAsABlankLine", "data: a\n:\ndata: b\n\n", {{"message", "a\nb", ""}}},
    {"IgnoresCommentsWithNulAndAnyLineEnd",
     "data:1\r:\0\n:\r\ndata:2\n:\rdata:3\n\n"sv,
     {{"message", "1\n2\n3", ""}}},
    {"FiresNothingForCommentsAlone", ": heartbeat\n\n: heartbeat\n\n", {}},
    {"DoesNotTakeAColonAfterASpaceAsAComment", " : a\ndata: b\n\n", {{"message", "b", ""}}},
};

constexpr Fixture byte_order_marks[] = {
    {"SkipsAByteOrderMarkAtTheStart", "\uFEFFdata: a\n\n", {{"message", "a", ""}}},
    {"SkipsAByteOrderMarkBeforeABlankLine", "\uFEFF\n\ndata: a\n\n", {{"message", "a", ""}}},
    {"SkipsAByteOrderMarkBeforeAComment", "\uFEFF: a\ndata: b\n\n", {{"message", "b", ""}}},
    {"SkipsOnlyOneByteOrderMark", "\uFEFF\uFEFFdata: 1\ndata: 2\n\n", {{"message", "2", ""}}},
    {"TakesALaterByteOrderMarkAsText",
     "\uFEFFdata: 1\n\n\uFEFFdata: 2\n\ndata: \uFEFF3\n\n",
     {{"message", "1", ""}, {"message", "\uFEFF3", ""}}},
    {"TakesAByteOrderMarkAfterABlankLineAsText", "\n\uFEFFdata: 1\n\n", {}},
    {"GivesNothingForAByteOrderMarkAlone", "\uFEFF", {}},
    {"TakesTwoThirdsOfAByteOrderMarkAsText",
     "\xEF\xBB"
     "data: 1\ndata: 2\n\n",
     {{"message", "2", ""}}},
    {"TakesAThirdOfAByteOrderMarkAsText",
     "\xEF"
     "data: 1\ndata: 2\n\n",
     {{"message", "2", ""}}},
    {"TakesABrokenByteOrderMarkAsALine", "\xEF\xBB\ndata: 1\n\n", {{"message", "1", ""}}},
    {"StartsAnewInsideABrokenByteOrderMark", "\xEF\uFEFFdata: 1\n\n", {}},
    {"TakesAUtf16ByteOrderMarkAsText",
     "\xFE\xFF"
     "data: 1\ndata: 2\n\n",
     {{"message", "2", ""}}},
};

// WHATWG Encoding, 8.1.1; several are the Unicode standard's own examples (3.9, "U+FFFD substitution of
// maximal subparts").
constexpr Fixture utf_8[] = {
    {"KeepsTextOfEachLength",
     "data: z \u00e9 \u20ac \U0001F600 \u007f\u0080\u07ff\u0800\ud7ff\ue000\uffff\U00010000\U0010ffff\n\n",
     {{"message", "z \u00e9 \u20ac \U0001F600 \u007f\u0080\u07ff\u0800\ud7ff\ue000\uffff\U00010000\U0010ffff",
       ""}}},
    {"KeepsTextAfterSevenAsciiBytes",
     "data: 1234567\u00e912345678\u00e9\n\n",
     {{"message", "1234567\u00e912345678\u00e9", ""}}},
    {"ReplacesALoneContinuation",
     "data: a\x80"
     "b\xBF\n\n",
     {{"message", "a\uFFFDb\uFFFD", ""}}},
    {"ReplacesEachLoneContinuation", "data: \x80\xBF\x80\n\n", {{"message", "\uFFFD\uFFFD\uFFFD", ""}}},
    {"ReplacesBytesThatNeverOccur",
     "data: \xC0\xC1\xF5\xFE\xFF\n\n",
     {{"message", "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD", ""}}},
    {"ReplacesOverlongNulByTwo", "data: \xC0\x80\n\n", {{"message", "\uFFFD\uFFFD", ""}}},
    {"ReplacesOverlongOfThreeBytesByThree",
     "data: \xE0\x80\xBF\n\n",
     {{"message", "\uFFFD\uFFFD\uFFFD", ""}}},
    {"ReplacesOverlongOfFourBytesByFour",
     "data: \xF0\x8F\xBF\xBF\n\n",
     {{"message", "\uFFFD\uFFFD\uFFFD\uFFFD", ""}}},
    {"ReplacesASurrogateByThree", "data: \xED\xA0\x80\n\n", {{"message", "\uFFFD\uFFFD\uFFFD", ""}}},
    {"ReplacesWhatIsBeyondUnicodeByFour",
     "data: \xF4\x90\x80\x80\n\n",
     {{"message", "\uFFFD\uFFFD\uFFFD\uFFFD", ""}}},
    {"ReplacesALeadByteBeyondUnicodeByFour",
     "data: \xF5\x80\x80\x80\n\n",
     {{"message", "\uFFFD\uFFFD\uFFFD\uFFFD", ""}}},
    {"ReplacesATruncatedSequenceByOne",
     "data: \xC3"
     "a\xE2\x82"
     "b\xF0\x9F\x98"
     "c\xF0\x9F"
     "d\n\n",
     {{"message", "\uFFFDa\uFFFDb\uFFFDc\uFFFDd", ""}}},
    {"ReplacesEachOfTruncatedSequencesInARow",
     "data: \xE1\x80\xE2\xF0\x91\x92\xF1\xBF"
     "A\n\n",
     {{"message", "\uFFFD\uFFFD\uFFFD\uFFFDA", ""}}},
    {"LetsALeadByteEndATruncatedSequence", "data: \xE2\x82\xC3\xA9\n\n", {{"message", "\uFFFD\u00e9", ""}}},
    {"ReplacesASequenceThatALineEndCuts",
     "data: a\xE2\x82\ndata: b\xC3\r\n\r\n",
     {{"message", "a\uFFFD\nb\uFFFD", ""}}},
    {"DoesNotLetATruncatedSequenceSwallowALineEnd",
     "data: \xF0\x9F\n\ndata: \xF0\r\r",
     {{"message", "\uFFFD", ""}, {"message", "\uFFFD", ""}}},
    {"ReplacesInTheNameAndTheIdToo",
     "event: \xFF"
     "x\nid: 1\xC3\ndata: a\n\n",
     {{"\uFFFDx", "a", "1\uFFFD"}},
     "1\uFFFD"},
    {"TakesAnOverlongNulInAnIdAsText", "id: \xC0\x80\n\n", {}, "\uFFFD\uFFFD"},
    {"TakesAFieldNameThatIsNotUtf8AsUnknown",
     "data\xFF: 1\n\xC3"
     "data: 2\ndata: a\n\n",
     {{"message", "a", ""}}},
    {"TakesAColonAfterATruncatedSequence", "data\xC3: 1\ndata:\xC3: 2\n\n", {{"message", "\uFFFD: 2", ""}}},
};

std::string fixture_name(const testing::TestParamInfo<Fixture>& info) { return std::string(info.param.name); }

INSTANTIATE_TEST_SUITE_P(LineEnds, SseFixture, testing::ValuesIn(line_ends), fixture_name);
INSTANTIATE_TEST_SUITE_P(Endings, SseFixture, testing::ValuesIn(endings), fixture_name);
INSTANTIATE_TEST_SUITE_P(Fields, SseFixture, testing::ValuesIn(fields), fixture_name);
INSTANTIATE_TEST_SUITE_P(Data, SseFixture, testing::ValuesIn(data), fixture_name);
INSTANTIATE_TEST_SUITE_P(Types, SseFixture, testing::ValuesIn(types), fixture_name);
INSTANTIATE_TEST_SUITE_P(Ids, SseFixture, testing::ValuesIn(ids), fixture_name);
INSTANTIATE_TEST_SUITE_P(Retries, SseFixture, testing::ValuesIn(retries), fixture_name);
INSTANTIATE_TEST_SUITE_P(Comments, SseFixture, testing::ValuesIn(comments), fixture_name);
INSTANTIATE_TEST_SUITE_P(ByteOrderMarks, SseFixture, testing::ValuesIn(byte_order_marks), fixture_name);
INSTANTIATE_TEST_SUITE_P(Utf8, SseFixture, testing::ValuesIn(utf_8), fixture_name);

TEST(SseParser, TreatsCrLfSplitAcrossChunksAsOneLineEnd) {
  Recorder got;
  Parser parser(got);
  ASSERT_TRUE(parser.feed("data: a\r"));
  ASSERT_TRUE(parser.feed("\ndata: b\r"));
  ASSERT_TRUE(parser.feed("\n"));
  EXPECT_EQ(got.events, (std::vector<Event>{}));
  ASSERT_TRUE(parser.feed("\r"));
  EXPECT_EQ(got.events, (std::vector<Event>{{"message", "a\nb", ""}}));
  ASSERT_TRUE(parser.feed("\n\n\n"));
  EXPECT_EQ(got.events.size(), 1U);
}

// The number of events that are out after each byte of `stream`, as a digit each.
std::string events_after_each_byte(std::string_view stream) {
  Recorder got;
  Parser parser(got);
  std::string counts;
  for (std::size_t i = 0; i < stream.size(); ++i) {
    EXPECT_TRUE(parser.feed(stream.substr(i, 1)));
    counts += std::to_string(got.events.size());
  }
  return counts;
}

TEST(SseParser, GivesEachEventOutWithItsLastByte) {
  EXPECT_EQ(events_after_each_byte("data:a\n\ndata:b\n\n"), "0000000111111112");
  EXPECT_EQ(events_after_each_byte("data:a\r\rdata:b\r\r"), "0000000111111112");
  EXPECT_EQ(events_after_each_byte("data:a\r\n\r\ndata:b\r\n\r\n"), "00000000111111111122");
  EXPECT_EQ(events_after_each_byte("data:a\n\rdata:b\n\r"), "0000000111111112");
  EXPECT_EQ(events_after_each_byte("data:a\r\n\ndata:b\r\n\n"), "000000001111111112");
  EXPECT_EQ(events_after_each_byte("data\n\ndata\n\n"), "000001111112");
}

TEST(SseParser, IgnoresLongComments) {
  Recorder got;
  Parser parser(got);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(parser.feed(":" + std::string(3000, ':')));
    ASSERT_TRUE(parser.feed(std::string(3000, 'x') + "\rdata: a\n:"));
    ASSERT_TRUE(parser.feed("data: b\r"));
  }
  ASSERT_TRUE(parser.feed("\r"));
  EXPECT_EQ(got.events, (std::vector<Event>{{"message", "a\na\na", ""}}));
}

TEST(SseParser, TellsRetriesAndEventsInStreamOrder) {
  struct : Parser::Handler {
    void on_event(const Event& event) override { order += "event " + event.data + ";"; }
    void on_retry(std::chrono::milliseconds retry) override {
      order += "retry " + std::to_string(retry.count()) + ";";
    }
    void on_comment(std::string_view text) override { order.append("comment ").append(text).append(";"); }
    std::string order;
  } got;
  Parser parser(got);
  ASSERT_TRUE(parser.feed(": up\nretry: 1\ndata: a\nretry: 2\n\ndata: b\n: beat\n\n"));
  EXPECT_EQ(got.order, "comment up;retry 1;retry 2;event a;comment beat;event b;");
}

TEST(SseParser, ReadsACommentAsAValue) {
  Recorder got;
  Parser parser(got);
  ASSERT_TRUE(parser.feed(":\n: \n:a\n: b\n:  c:d\n::\n:\xE2\x82\n: e"));
  EXPECT_EQ(got.comments, (std::vector<std::string>{"", "", "a", "b", " c:d", ":", "\uFFFD"}));
}

TEST(SseParser, HasSetTheLastEventIdWhenTheEventIsGivenOut) {
  struct : Parser::Handler {
    void on_event(const Event&) override { seen = parser->last_event_id(); }
    Parser* parser = nullptr;
    std::string seen;
  } got;
  Parser parser(got);
  got.parser = &parser;
  ASSERT_TRUE(parser.feed("id: k3f9.17\ndata: a\n"));
  EXPECT_EQ(parser.last_event_id(), "");
  ASSERT_TRUE(parser.feed("\n"));
  EXPECT_EQ(got.seen, "k3f9.17");
  EXPECT_EQ(parser.last_event_id(), "k3f9.17");
}

TEST(SseParser, KeepsTheLastEventIdAcrossReset) {
  Recorder got;
  Parser parser(got);
  ASSERT_TRUE(parser.feed("id: 1\ndata: a\n\n"));
  parser.reset();
  EXPECT_EQ(parser.last_event_id(), "1");
  ASSERT_TRUE(parser.feed("retry: 1000\nevent: hello\ndata: b\n\n"));
  EXPECT_EQ(got.events, (std::vector<Event>{{"message", "a", "1"}, {"hello", "b", "1"}}));
  EXPECT_EQ(parser.last_event_id(), "1");
}

TEST(SseParser, ForgetsAnUnfinishedBlockAtReset) {
  Recorder got;
  Parser parser(got);
  ASSERT_TRUE(parser.feed("id: 1\n\nid: 2\nevent: x\ndata: a\ndata: unfin"));
  parser.reset();
  ASSERT_TRUE(parser.feed("data: b\n\n"));
  EXPECT_EQ(got.events, (std::vector<Event>{{"message", "b", "1"}}));
}

TEST(SseParser, SkipsAByteOrderMarkOfEachConnection) {
  Recorder got;
  Parser parser(got);
  ASSERT_TRUE(parser.feed("\uFEFFdata: a\n\n"));
  parser.reset();
  ASSERT_TRUE(parser.feed("\xEF\xBB"));
  parser.reset();
  ASSERT_TRUE(parser.feed("\xEF\xBB"));
  ASSERT_TRUE(
      parser.feed("\xBF"
                  "data: b\n\n"));
  EXPECT_EQ(got.events, (std::vector<Event>{{"message", "a", ""}, {"message", "b", ""}}));
}

struct Bound {
  std::string_view name;
  std::size_t max_event_bytes;
  std::string_view stream;
  bool fits;
  std::vector<Event> events;
};

void PrintTo(const Bound& bound, std::ostream* out) { *out << bound.name; }

const std::vector<Bound> bounds = {
    {"TakesALineOfExactlyTheLimit", 10, "data: 1234\n\n", true, {{"message", "1234", ""}}},
    {"RefusesALineOneByteLarger", 10, "data: 12345\n\n", false, {}},
    {"RefusesALineWithoutEnd", 10, "data: 12345", false, {}},
    {"TakesAnUnfinishedLineOfExactlyTheLimit", 10, "data: 1234", true, {}},
    {"RefusesALongComment", 10, ":1234567890\n", false, {}},
    {"RefusesALongLineOfNoUse", 10, "12345678901\n", false, {}},
    {"CountsTheDataSoFarWithItsLineEnds",
     15,
     "data: 1234\ndata: 5678\n\n",
     true,
     {{"message", "1234\n5678", ""}}},
    {"RefusesADataLineTooMany", 14, "data: 1234\ndata: 5678\n\n", false, {}},
    {"RefusesManyEmptyDataLines", 10, "data\ndata\ndata\ndata\ndata\ndata\ndata\ndata\n\n", false, {}},
    {"CountsTheType", 10, "event: 123\ndata: 12\n\n", false, {}},
    {"CountsTheId", 10, "id: 123456\ndata:\n\n", false, {}},
    {"DoesNotCountTheLastEventId", 10, "id: 123456\n\ndata: 1234\n\n", true, {{"message", "1234", "123456"}}},
    {"CountsAReplacedTypeOnce",
     11,
     "event: 12\nevent: 34\nevent: 56\ndata: 12\n\n",
     true,
     {{"56", "12", ""}}},
    {"DoesNotAddUpComments",
     10,
     ":\n:123\n:456\n:789\n:abc\ndata: 1234\n\n",
     true,
     {{"message", "1234", ""}}},
    {"DoesNotAddUpEvents",
     10,
     "data: 1234\n\ndata: 5678\n\n",
     true,
     {{"message", "1234", ""}, {"message", "5678", ""}}},
    {"DoesNotCountTheByteOrderMark", 10, "\uFEFFdata: 1234\n\n", true, {{"message", "1234", ""}}},
    {"CountsBytesAsTheyCame",
     10,
     "data: \xFF\xFF\xFF\xFF\n\n",
     true,
     {{"message", "\uFFFD\uFFFD\uFFFD\uFFFD", ""}}},
    {"GivesOutWhatCameBefore", 10, "data: 1\n\ndata: 1234567\n\ndata: 2\n\n", false, {{"message", "1", ""}}},
};

class SseBound : public testing::TestWithParam<Bound> {};

TEST_P(SseBound, IsTheSameAtEveryCut) {
  const std::string_view stream = GetParam().stream;
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    SCOPED_TRACE("cut at byte " + std::to_string(cut));
    Recorder got;
    Parser parser(got, GetParam().max_event_bytes);
    const bool first = parser.feed(stream.substr(0, cut));
    EXPECT_EQ(parser.feed(stream.substr(cut)), GetParam().fits);
    EXPECT_TRUE(first || !GetParam().fits);
    EXPECT_EQ(got.events, GetParam().events);
  }
}

INSTANTIATE_TEST_SUITE_P(Limits, SseBound, testing::ValuesIn(bounds),
                         [](const testing::TestParamInfo<Bound>& info) {
                           return std::string(info.param.name);
                         });

TEST(SseParser, StaysRefusedUntilReset) {
  Recorder got;
  Parser parser(got, 10);
  ASSERT_TRUE(parser.feed("id: 1\n\n"));
  EXPECT_FALSE(parser.feed("id: 2\ndata: 1234567\n\n"));
  EXPECT_FALSE(parser.feed("data: a\n\n"));
  EXPECT_FALSE(parser.feed(""));
  EXPECT_EQ(parser.last_event_id(), "1");
  parser.reset();
  EXPECT_TRUE(parser.feed("data: b\n\n"));
  EXPECT_EQ(got.events, (std::vector<Event>{{"message", "b", "1"}}));
}

TEST(SseParser, RefusesAnEndlessLineWithinTheDefaultLimit) {
  Recorder got;
  Parser parser(got);
  const std::string piece(4096, 'x');
  std::size_t taken = 0;
  while (taken < (std::size_t{16} << 20) && parser.feed(piece)) taken += piece.size();
  EXPECT_EQ(taken, std::size_t{1} << 20);
}

// What a client sees of text that an encoder sent: every line end is LF.
std::string with_lf(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') continue;
    out.push_back(text[i] == '\r' ? '\n' : text[i]);
  }
  return out;
}

TEST(SseParser, GivesBackWhatTheEncoderWasGiven) {
  const std::vector<std::string> nasty = {
      "\r",      "\n",         "\r\n",       "\n\r",   "\n\n",       "\r\n\r\n", "data: ",      "data",
      "id: 9\n", "event: x\r", "retry: 1\n", ":",      ": ",         " ",        "\t",          "\0"s,
      "\uFEFF",  "\u2028",     "\u0085",     "\u00e9", "\U0001F600", "a",        "{\"seq\":17}"};
  std::mt19937 random(20'251'122);  // seeded: the same streams in each run
  const auto below = [&random](std::size_t n) {
    return std::uniform_int_distribution<std::size_t>(0, n - 1)(random);
  };
  const auto text = [&](std::size_t max_parts) {
    std::string out;
    for (std::size_t parts = below(max_parts + 1); parts > 0; --parts) out += nasty[below(nasty.size())];
    return out;
  };
  const auto one_line = [&] {
    std::string out = text(4);
    std::erase_if(out, [](char c) { return c == '\r' || c == '\n' || c == '\0'; });
    return out;
  };
  for (int round = 0; round < 5'000; ++round) {
    std::string stream;
    std::vector<Event> expected;
    std::string last_event_id;
    for (std::size_t events = below(4) + 1; events > 0; --events) {
      const std::string type = one_line();
      const std::string id = one_line();
      const std::string content = text(8);
      if (below(4) == 0) stream += encode_comment(text(4));
      if (below(4) == 0) stream += encode_retry(1000ms);
      stream += encode_event(type, id, content);
      if (!id.empty()) last_event_id = id;
      expected.push_back({type.empty() ? "message" : type, with_lf(content), last_event_id});
    }
    Recorder got;
    Parser parser(got);
    for (std::string_view rest = stream; !rest.empty();) {
      const std::string_view piece = rest.substr(0, below(12) + 1);
      ASSERT_TRUE(parser.feed(piece));
      rest.remove_prefix(piece.size());
    }
    ASSERT_EQ(got.events, expected) << testing::PrintToString(stream);
    ASSERT_EQ(parser.last_event_id(), last_event_id);
  }
}

}  // namespace
}  // namespace sse
