// What the stream parser makes of a stream must not depend on where the network cut it: each fixture is tried
// whole, byte by byte and at every two-part cut.
#include "sse/parser.hpp"

#include "sse/fixtures.hpp"
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
using fixtures::Fixture;

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

std::string fixture_name(const testing::TestParamInfo<Fixture>& info) { return std::string(info.param.name); }

INSTANTIATE_TEST_SUITE_P(LineEnds, SseFixture, testing::ValuesIn(fixtures::line_ends), fixture_name);
INSTANTIATE_TEST_SUITE_P(Endings, SseFixture, testing::ValuesIn(fixtures::endings), fixture_name);
INSTANTIATE_TEST_SUITE_P(Fields, SseFixture, testing::ValuesIn(fixtures::fields), fixture_name);
INSTANTIATE_TEST_SUITE_P(Data, SseFixture, testing::ValuesIn(fixtures::data), fixture_name);
INSTANTIATE_TEST_SUITE_P(Types, SseFixture, testing::ValuesIn(fixtures::types), fixture_name);
INSTANTIATE_TEST_SUITE_P(Ids, SseFixture, testing::ValuesIn(fixtures::ids), fixture_name);
INSTANTIATE_TEST_SUITE_P(Retries, SseFixture, testing::ValuesIn(fixtures::retries), fixture_name);
INSTANTIATE_TEST_SUITE_P(Comments, SseFixture, testing::ValuesIn(fixtures::comments), fixture_name);
INSTANTIATE_TEST_SUITE_P(ByteOrderMarks, SseFixture, testing::ValuesIn(fixtures::byte_order_marks),
                         fixture_name);
INSTANTIATE_TEST_SUITE_P(Utf8, SseFixture, testing::ValuesIn(fixtures::utf_8), fixture_name);

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

TEST(SseParser, GoesOnBehindAnEventOfAnEarlierStream) {
  Recorder got;
  Parser parser(got);
  parser.resume("k3f9.17");
  EXPECT_EQ(parser.last_event_id(), "k3f9.17");
  parser.reset();
  ASSERT_TRUE(parser.feed("data: a\n\nid: k3f9.18\ndata: b\n\n"));
  EXPECT_EQ(got.events, (std::vector<Event>{{"message", "a", "k3f9.17"}, {"message", "b", "k3f9.18"}}));
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
