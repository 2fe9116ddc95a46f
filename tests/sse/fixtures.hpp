#pragma once
// Streams and what they mean, for everything that reads them.

#include <gtest/gtest.h>

#include <initializer_list>
#include <ostream>
#include <span>
#include <string_view>
#include <vector>

namespace sse::fixtures {

using namespace std::string_view_literals;

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

inline void PrintTo(const Fixture& fixture, std::ostream* out) {
  *out << testing::PrintToString(fixture.stream);
}

inline constexpr Fixture line_ends[] = {
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

inline constexpr Fixture endings[] = {
    {"GivesNothingForAnEmptyStream", "", {}},
    {"DiscardsALineWithoutEnd", "data: a\n\ndata: b", {{"message", "a", ""}}},
    {"DiscardsABlockWithoutBlankLine", "data: a\n\nid: 2\nevent: x\ndata: b\n", {{"message", "a", ""}}},
    {"DiscardsABlockWithoutBlankLineEndedByCr", "data: a\r\rid: 2\rdata: b\r", {{"message", "a", ""}}},
    {"KeepsTheIdOfTheLastWholeBlock", "id: 1\ndata: a\n\nid: 2\ndata: b\n", {{"message", "a", "1"}}, "1"},
};

inline constexpr Fixture fields[] = {
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

inline constexpr Fixture data[] = {
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

inline constexpr Fixture types[] = {
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

inline constexpr Fixture ids[] = {
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

inline constexpr Fixture retries[] = {
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

inline constexpr Fixture comments[] = {
    {"IgnoresComments", ": a\ndata: b\n:\n:data: c\n: : \n\n", {{"message", "b", ""}}},
    {"DoesNotTakeACommentAsABlankLine", "data: a\n:\ndata: b\n\n", {{"message", "a\nb", ""}}},
    {"IgnoresCommentsWithNulAndAnyLineEnd",
     "data:1\r:\0\n:\r\ndata:2\n:\rdata:3\n\n"sv,
     {{"message", "1\n2\n3", ""}}},
    {"FiresNothingForCommentsAlone", ": heartbeat\n\n: heartbeat\n\n", {}},
    {"DoesNotTakeAColonAfterASpaceAsAComment", " : a\ndata: b\n\n", {{"message", "b", ""}}},
};

inline constexpr Fixture byte_order_marks[] = {
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
inline constexpr Fixture utf_8[] = {
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

inline std::vector<Fixture> all() {
  std::vector<Fixture> every;
  for (const std::span<const Fixture> some : std::initializer_list<std::span<const Fixture>>{
           line_ends, endings, fields, data, types, ids, retries, comments, byte_order_marks, utf_8}) {
    every.insert(every.end(), some.begin(), some.end());
  }
  return every;
}

}  // namespace sse::fixtures
