// The encoder's bytes, as they are on the wire.
#include "sse/wire.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>

namespace sse {
namespace {

using namespace std::chrono_literals;
using namespace std::string_view_literals;

TEST(SseWire, EncodesAMessage) {
  EXPECT_EQ(encode_event("", "k3f9.17", R"({"seq":17,"at":1763780000123,"author":"ada","text":"hi"})"),
            "id: k3f9.17\ndata: {\"seq\":17,\"at\":1763780000123,\"author\":\"ada\",\"text\":\"hi\"}\n\n");
}

TEST(SseWire, EncodesTypeThenIdThenData) {
  EXPECT_EQ(encode_event("gap", "1", "x"), "event: gap\nid: 1\ndata: x\n\n");
}

TEST(SseWire, LeavesOutAnEmptyTypeAndAnEmptyId) {
  EXPECT_EQ(encode_event("", "", "x"), "data: x\n\n");
  EXPECT_EQ(encode_event("hello", "", "x"), "event: hello\ndata: x\n\n");
  EXPECT_EQ(encode_event("", "1", "x"), "id: 1\ndata: x\n\n");
}

TEST(SseWire, EncodesEmptyDataAsOneDataLine) { EXPECT_EQ(encode_event("", "", ""), "data: \n\n"); }

TEST(SseWire, KeepsSpacesAtTheBeginning) {
  EXPECT_EQ(encode_event(" t", " i", " d"), "event:  t\nid:  i\ndata:  d\n\n");
}

TEST(SseWire, BeginsADataLineAtEachLineEnd) {
  EXPECT_EQ(encode_event("", "", "a\nb"), "data: a\ndata: b\n\n");
  EXPECT_EQ(encode_event("", "", "a\rb"), "data: a\ndata: b\n\n");
  EXPECT_EQ(encode_event("", "", "a\r\nb"), "data: a\ndata: b\n\n");
  EXPECT_EQ(encode_event("", "", "a\n\rb"), "data: a\ndata: \ndata: b\n\n");
  EXPECT_EQ(encode_event("", "", "\n"), "data: \ndata: \n\n");
  EXPECT_EQ(encode_event("", "", "\r\r\n\n"), "data: \ndata: \ndata: \ndata: \n\n");
}

TEST(SseWire, DoesNotLetDataForgeAnEvent) {
  EXPECT_EQ(encode_event("", "1", "a\n\nevent: gap\rid: 99\r\ndata: forged\n\n"),
            "id: 1\ndata: a\ndata: \ndata: event: gap\ndata: id: 99\ndata: data: forged\ndata: \ndata: \n\n");
}

TEST(SseWire, DoesNotSplitAtOtherSeparators) {
  EXPECT_EQ(encode_event("", "", "a\vb\fc\u0085d\u2028e\u2029f"), "data: a\vb\fc\u0085d\u2028e\u2029f\n\n");
}

TEST(SseWire, LeavesNulAndInvalidUtf8InDataAsTheyAre) {
  EXPECT_EQ(encode_event("", "", "\0\xFF\xC3"sv), "data: \0\xFF\xC3\n\n"sv);
}

TEST(SseWire, RefusesATypeThatIsNotOneLine) {
  EXPECT_THROW(encode_event("a\nb", "", ""), std::invalid_argument);
  EXPECT_THROW(encode_event("a\r", "", ""), std::invalid_argument);
  EXPECT_THROW(encode_event("\0"sv, "", ""), std::invalid_argument);
}

TEST(SseWire, RefusesAnIdThatIsNotOneLine) {
  EXPECT_THROW(encode_event("", "\n", ""), std::invalid_argument);
  EXPECT_THROW(encode_event("", "1\r\n2", ""), std::invalid_argument);
  EXPECT_THROW(encode_event("", "1\0"sv, ""), std::invalid_argument);
}

TEST(SseWire, SaysWhereARefusedIdIsWrong) {
  try {
    encode_event("", "k3f9\n.17", "");
    FAIL() << "no exception";
  } catch (const std::invalid_argument& error) {
    EXPECT_EQ(error.what(), "id holds CR, LF or NUL at byte 4, expected one line of text"sv);
  }
}

TEST(SseWire, EncodesACommentWithoutABlankLine) {
  EXPECT_EQ(encode_comment("heartbeat"), ": heartbeat\n");
  EXPECT_EQ(encode_comment(""), ": \n");
}

TEST(SseWire, DoesNotLetACommentForgeAnEvent) {
  EXPECT_EQ(encode_comment("a\n\ndata: forged\r\rb\r\n"), ": a\n: \n: data: forged\n: \n: b\n: \n");
}

TEST(SseWire, EncodesRetryInMillisecondsWithoutABlankLine) {
  EXPECT_EQ(encode_retry(1s), "retry: 1000\n");
  EXPECT_EQ(encode_retry(0ms), "retry: 0\n");
}

TEST(SseWire, RefusesANegativeRetry) { EXPECT_THROW(encode_retry(-1ms), std::invalid_argument); }

}  // namespace
}  // namespace sse
