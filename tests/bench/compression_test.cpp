// What is compressed: text that is neither noise nor one letter; and by what: streams that give back what went in.

#include "bench/chatter.hpp"
#include "bench/zipped.hpp"
#include "feed/message.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace {

TEST(Chatter, IsMessagesOfTheFeedWithTextOfOneSize) {
  const auto messages = bench::chatter(200, 100, 1);
  ASSERT_EQ(messages.size(), 200u);
  std::int64_t before = 0;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const auto message = feed::parse_message(messages[i]);
    ASSERT_TRUE(message) << messages[i];
    EXPECT_EQ(feed::encode(*message), messages[i]);
    EXPECT_EQ(message->seq, i + 1);
    EXPECT_EQ(message->text.size(), 100u);
    EXPECT_GE(message->at_ms, before);
    before = message->at_ms;
  }
}

TEST(Chatter, IsTheSameForTheSameSeed) {
  EXPECT_EQ(bench::chatter(20, 100, 7), bench::chatter(20, 100, 7));
  EXPECT_NE(bench::chatter(20, 100, 7), bench::chatter(20, 100, 8));
  EXPECT_THROW(bench::chatter(1, 19, 1), std::invalid_argument);
}

// English text shrinks to between a third and two thirds under gzip; random letters stay above 0.6, one repeated letter falls below 0.02.
TEST(Chatter, CompressesAsEnglishDoes) {
  std::string text;
  for (const std::string& message : bench::chatter(300, 200, 1)) text += feed::parse_message(message)->text;
  const double share =
      static_cast<double>(bench::Gzip(6).add(text, true).size()) / static_cast<double>(text.size());
  EXPECT_GT(share, 0.33);
  EXPECT_LT(share, 0.60);
}

TEST(Gzip, EachPieceIsThereAfterItsFlush) {
  bench::Gzip gzip(1);
  bench::Gunzip gunzip;
  for (const std::string piece : {"one", "", "two and more", "three"})
    EXPECT_EQ(gunzip.read(gzip.add(piece, false)), piece);
  EXPECT_EQ(gunzip.read(gzip.add("the end", true)), "the end");
}

TEST(Gzip, TakesPiecesLargerThanItsBuffer) {
  std::string large;
  for (int i = 0; i < 20000; ++i) large += std::to_string(i * 7919);
  EXPECT_EQ(bench::Gunzip().read(bench::Gzip(1).add(large, true)), large);
}

TEST(Gzip, IsReadByNothingElse) { EXPECT_THROW(bench::Gunzip().read("plain text"), std::runtime_error); }

}  // namespace
