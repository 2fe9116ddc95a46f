#include "feed/tape.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

namespace feed {
namespace {

std::string frame_of(Seq seq, std::size_t size = 100) {
  std::string frame = std::to_string(seq) + ':';
  frame.resize(std::max(frame.size(), size), static_cast<char>('a' + seq % 26));
  return frame;
}

Tape tape_of(Seq last, std::size_t size = 100) {
  Tape tape;
  for (Seq seq = 1; seq <= last; ++seq) tape.append(frame_of(seq, size));
  return tape;
}

// Everything behind `after`, read as a reader reads.
std::pair<std::string, std::size_t> read_all(const Tape& tape, Seq after) {
  std::string bytes;
  std::size_t count = 0;
  for (;;) {
    const Frames frames = tape.read(after);
    if (frames.count == 0) return {bytes, count};
    EXPECT_EQ(frames.last, after + frames.count);
    bytes += frames.bytes;
    count += frames.count;
    after = frames.last;
  }
}

TEST(Tape, IsEmptyAtFirst) {
  const Tape tape;
  EXPECT_EQ(tape.first(), 1u);
  EXPECT_EQ(tape.last(), 0u);
  EXPECT_EQ(tape.count(), 0u);
  EXPECT_EQ(tape.read(0).count, 0u);
}

TEST(Tape, BeginsAtTheNumberThatItIsGiven) {
  Tape tape(18);
  EXPECT_EQ(tape.last(), 17u);
  tape.append("x");
  EXPECT_EQ(tape.at(18), "x");
  EXPECT_EQ(tape.read(17).last, 18u);
  EXPECT_EQ(tape.read(18).count, 0u);
}

TEST(Tape, GivesEveryFrameFromEveryPosition) {
  for (const std::size_t size : {1, 100, 511, 512, 513, 5000, 16384, 16385, 50'000}) {
    const Seq last = size > 1000 ? 40 : 700;
    const Tape tape = tape_of(last, size);
    for (Seq after = 0; after <= last; after += size > 1000 ? 1 : 13) {
      std::string expected;
      for (Seq seq = after + 1; seq <= last; ++seq) expected += frame_of(seq, size);
      const auto [bytes, count] = read_all(tape, after);
      ASSERT_EQ(bytes, expected) << size << " after " << after;
      ASSERT_EQ(count, last - after);
    }
  }
}

TEST(Tape, AFrameOfNothingHasAPlaceToo) {
  Tape tape;
  tape.append("a");
  tape.append("");
  tape.append("b");
  EXPECT_EQ(tape.at(2), "");
  EXPECT_EQ(tape.read(1, 1).count, 1u);
  EXPECT_EQ(read_all(tape, 0).second, 3u);
}

TEST(Tape, GivesNoMoreThanTheLimit) {
  const Tape tape = tape_of(10);
  const Frames frames = tape.read(2, 2);
  EXPECT_EQ(frames.count, 2u);
  EXPECT_EQ(frames.last, 4u);
  EXPECT_EQ(frames.bytes, frame_of(3) + frame_of(4));
  EXPECT_EQ(tape.read(2, 0).count, 0u);
}

TEST(Tape, AFrameLargerThanABlockIsGivenInOnePiece) {
  Tape tape;
  tape.append("small");
  tape.append(std::string(1'000'000, 'x'));
  tape.append("small");
  EXPECT_EQ(tape.at(2).size(), 1'000'000u);
  EXPECT_EQ(read_all(tape, 0).first.size(), 1'000'010u);
}

TEST(Tape, ForgetsUpToAndWithTheFrameThatIsNamed) {
  Tape tape = tape_of(700);
  tape.forget(333);
  EXPECT_EQ(tape.first(), 334u);
  EXPECT_EQ(tape.count(), 367u);
  EXPECT_EQ(tape.bytes(), 36'700u);
  EXPECT_EQ(tape.at(334), frame_of(334));
  EXPECT_EQ(read_all(tape, 333).second, 367u);
  tape.forget(10);  // long gone
  EXPECT_EQ(tape.first(), 334u);
}

TEST(Tape, ForgetsAllAndGoesOn) {
  Tape tape = tape_of(700);
  tape.forget(5000);
  EXPECT_EQ(tape.first(), 701u);
  EXPECT_EQ(tape.last(), 700u);
  EXPECT_EQ(tape.bytes(), 0u);
  EXPECT_EQ(tape.allocated(), 0u);
  EXPECT_EQ(tape.read(700).count, 0u);
  tape.append("next");
  EXPECT_EQ(tape.at(701), "next");
  EXPECT_EQ(tape.read(700).last, 701u);
}

TEST(Tape, BytesStayWhileFramesAreHeldWhateverIsAppendedAndForgotten) {
  Tape tape = tape_of(3);
  const Frames held = tape.read(0);
  const std::string before(held.bytes);
  const char* where = held.bytes.data();
  for (Seq seq = 4; seq <= 5000; ++seq) {
    tape.append(frame_of(seq));
    tape.forget(seq - 1);
  }
  EXPECT_EQ(held.bytes.data(), where);
  EXPECT_EQ(held.bytes, before);
}

TEST(Tape, BytesStayWhenTheTapeIsGone) {
  Frames held;
  {
    const Tape tape = tape_of(3);
    held = tape.read(1);
  }
  EXPECT_EQ(held.bytes, frame_of(2) + frame_of(3));
}

TEST(Tape, MemoryStaysBoundedWhileItRuns) {
  Tape tape;
  std::size_t most = 0;
  for (Seq seq = 1; seq <= 100'000; ++seq) {
    tape.append(frame_of(seq));
    if (seq > 100) tape.forget(seq - 100);
    most = std::max(most, tape.allocated());
  }
  EXPECT_EQ(tape.bytes(), 10'000u);
  // What is remembered, and at both ends a block that is used in part.
  EXPECT_LE(most, 10'000u + 2 * 16'384u);
}

TEST(Tape, ASlowHolderKeepsOneBlock) {
  Tape tape = tape_of(1);
  std::vector<std::weak_ptr<const void>> blocks;
  const Frames held = tape.read(0);
  for (Seq seq = 2; seq <= 10'000; ++seq) {
    tape.append(frame_of(seq));
    const Frames newest = tape.read(seq - 1);
    if (blocks.empty() || blocks.back().lock() != newest.owner) blocks.push_back(newest.owner);
    tape.forget(seq - 1);
  }
  const auto alive =
      std::count_if(blocks.begin(), blocks.end(), [](const auto& block) { return !block.expired(); });
  EXPECT_GT(blocks.size(), 50u);
  EXPECT_LE(alive, 2);  // the newest, and the one that is held
}

TEST(Tape, ASilentOneIsSmall) {
  const Tape tape = tape_of(1);
  EXPECT_LE(tape.allocated(), 600u);
}

}  // namespace
}  // namespace feed
