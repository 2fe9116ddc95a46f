// sse_lines as a suite drives it: over its standard input, a line at a time.
#include "feed/message.hpp"
#include "sse/fixtures.hpp"
#include "support/child.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using sse::fixtures::Fixture;
using support::Child;
using support::Input;
using testing::HasSubstr;

using Lines = std::vector<std::string>;

std::string hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    out += digits[static_cast<unsigned char>(c) >> 4];
    out += digits[static_cast<unsigned char>(c) & 15];
  }
  return out;
}

// The program, and what it says to one line.
class SseLines : public testing::Test {
 protected:
  Lines ask(const std::string& line) {
    program.write(line + '\n');
    return answer();
  }
  Lines answer() {
    Lines lines;
    for (;;) {
      std::string line = program.read_line();
      if (line == ".") return lines;
      lines.push_back(std::move(line));
    }
  }
  Lines feed(std::string_view bytes) { return ask("F " + hex(bytes)); }

  Child program{{std::string(PROGRAM_DIRECTORY) + "/sse_lines"}, {}, Input::written};
};

TEST_F(SseLines, AnswersEachLineWithWhatItBroughtAndADot) {
  EXPECT_EQ(ask("N"), Lines{});
  EXPECT_EQ(feed("retry: 1000\nid: k3f9.17\nda"), Lines{R"({"retry":1000})"});
  EXPECT_EQ(feed("ta: hi\n"), Lines{});
  EXPECT_EQ(feed("\n"), Lines{R"({"event":"message","data":"hi","lastEventId":"k3f9.17"})"});
  EXPECT_EQ(ask("E"), Lines{R"({"final":"k3f9.17"})"});
  program.write("Q\n");
  EXPECT_EQ(program.wait(), 0);
}

TEST_F(SseLines, GivesEachEventOutWithItsLastByteAlsoWhereThatIsACr) {
  for (const std::string end : {"\n\n", "\r\r", "\r\n\r", "\n\r"}) {
    ask("N");
    const std::string stream = "event: hello\ndata: hi" + end;
    for (const char c : stream.substr(0, stream.size() - 1)) EXPECT_EQ(feed({&c, 1}), Lines{});
    EXPECT_EQ(feed({&stream.back(), 1}), Lines{R"({"event":"hello","data":"hi","lastEventId":""})"});
  }
}

TEST_F(SseLines, TakesAStreamThatIsNewForANewOne) {
  ask("N");
  feed("id: 1\ndata: a\n\ndata: unfinished");
  ask("N");
  EXPECT_EQ(feed("\n\ndata: b\n\n"), Lines{R"({"event":"message","data":"b","lastEventId":""})"});
  ask("E");
  EXPECT_EQ(ask("E"), Lines{R"({"final":""})"});
}

TEST_F(SseLines, NeedsNoNForTheFirstStream) {
  EXPECT_EQ(feed("data\n\n"), Lines{R"({"event":"message","data":"","lastEventId":""})"});
}

TEST_F(SseLines, TakesNoBytesAndCapitalsAndLineEndsOfTheOtherKind) {
  EXPECT_EQ(ask("F"), Lines{});
  EXPECT_EQ(ask("F "), Lines{});
  EXPECT_EQ(ask("N\r"), Lines{});
  EXPECT_EQ(ask("F 646174610A0A"), Lines{R"({"event":"message","data":"","lastEventId":""})"});
}

TEST_F(SseLines, SaysTextThatJsonCannotHoldAsItIs) {
  using namespace std::string_view_literals;
  EXPECT_EQ(feed("event: \"\\\ndata: a\0\tb\ndata: \xff\u2028\n\n"sv),
            Lines{R"({"event":"\"\\","data":"a\u0000\tb\n)"
                  "\uFFFD\u2028"
                  R"(","lastEventId":""})"});
}

TEST_F(SseLines, TakesLargeEvents) {
  const std::string large(3u << 20, 'x');
  program.write("F " + hex("data: " + large + "\n\n") + '\n');
  EXPECT_EQ(answer(), Lines{R"({"event":"message","data":")" + large + R"(","lastEventId":""})"});
}

TEST_F(SseLines, EndsWithItsInput) {
  ask("N");
  program.end_input();
  EXPECT_EQ(program.wait(), 0);
}

TEST_F(SseLines, EndsWith2AtALineThatIsNone) {
  program.write("F abc\n");
  EXPECT_EQ(program.wait(), 2);
  EXPECT_THAT(program.errors(), HasSubstr("got \"F abc\", expected F and hexadecimal digits"));
  Child other({std::string(PROGRAM_DIRECTORY) + "/sse_lines"}, {}, Input::written);
  other.write("HELLO\n");
  EXPECT_EQ(other.wait(), 2);
}

// What the program says of a fixture, without the dots.
Lines expected_of(const Fixture& fixture) {
  Lines lines;
  for (const auto& [type, data, id] : fixture.events) {
    if (type.empty()) continue;
    lines.push_back(R"({"event":)" + feed::quote(type) + R"(,"data":)" + feed::quote(data) +
                    R"(,"lastEventId":)" + feed::quote(id) + '}');
  }
  return lines;
}

TEST_F(SseLines, SaysTheSameOfEachFixtureAtEveryCut) {
  for (const Fixture& fixture : sse::fixtures::all()) {
    const std::string_view stream = fixture.stream;
    std::string lines;  // in one piece: as a suite in a hurry sends it
    for (std::size_t cut = 0; cut <= stream.size(); ++cut)
      lines += "N\nF " + hex(stream.substr(0, cut)) + "\nF " + hex(stream.substr(cut)) + "\nE\n";
    program.write(lines);
    for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
      EXPECT_EQ(answer(), Lines{});
      Lines events;
      std::string retries;
      for (int piece = 0; piece < 2; ++piece) {
        for (std::string& line : answer()) {
          if (line.starts_with(R"({"retry":)")) {
            retries += (retries.empty() ? "" : " ") + line.substr(9, line.size() - 10);
          } else {
            events.push_back(std::move(line));
          }
        }
      }
      ASSERT_EQ(events, expected_of(fixture)) << fixture.name << ", cut at " << cut;
      ASSERT_EQ(retries, fixture.retries) << fixture.name << ", cut at " << cut;
      const Lines end{R"({"final":)" + feed::quote(fixture.last_event_id) + '}'};
      ASSERT_EQ(answer(), end) << fixture.name << ", cut at " << cut;
    }
  }
}

}  // namespace
