#include "feed/tape.hpp"

#include <algorithm>

namespace feed {
namespace {

// A silent room costs one small block; a busy one writes 16 KiB at a time, some 150 messages of 100 bytes. Larger
// blocks would save few system calls and let each stuck reader hold more.
constexpr std::size_t smallest_block = 512;
constexpr std::size_t largest_block = 16 * 1024;

}  // namespace

void Tape::append(std::string_view frame) {
  if (blocks_.empty() || blocks_.back()->bytes.capacity() - blocks_.back()->bytes.size() < frame.size()) {
    const std::size_t grown = blocks_.empty() ? smallest_block : 2 * blocks_.back()->bytes.capacity();
    auto block = std::make_shared<Block>();
    block->first = next_;
    block->bytes.reserve(std::max(std::min(grown, largest_block), frame.size()));
    allocated_ += block->bytes.capacity();
    blocks_.push_back(std::move(block));
  }
  Block& block = *blocks_.back();
  block.bytes.append(frame);
  block.ends.push_back(static_cast<std::uint32_t>(block.bytes.size()));
  bytes_ += frame.size();
  ++next_;
}

void Tape::forget(Seq seq) {
  while (first_ <= seq && first_ < next_) {
    bytes_ -= at(first_).size();
    ++first_;
    const Block& front = *blocks_.front();
    if (first_ == front.first + front.ends.size()) {
      allocated_ -= front.bytes.capacity();
      blocks_.pop_front();
    }
  }
}

const std::shared_ptr<Tape::Block>& Tape::block_of(Seq seq) const {
  if (seq >= blocks_.back()->first) return blocks_.back();  // nearly every reader is here
  return *std::prev(std::upper_bound(blocks_.begin(), blocks_.end(), seq,
                                     [](Seq s, const auto& block) { return s < block->first; }));
}

Frames Tape::read(Seq after, std::size_t limit) const {
  if (after >= last()) return {};
  const std::shared_ptr<Block>& block = block_of(after + 1);
  const auto from = static_cast<std::size_t>(after + 1 - block->first);
  const std::size_t count = std::min(block->ends.size() - from, limit);
  if (count == 0) return {};
  const std::size_t begin = block->begin_of(from);
  return {std::string_view(block->bytes).substr(begin, block->ends[from + count - 1] - begin), count,
          after + count, block};
}

std::string_view Tape::at(Seq seq) const { return read(seq - 1, 1).bytes; }

}  // namespace feed
