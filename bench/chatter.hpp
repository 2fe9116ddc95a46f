#pragma once
// What people say in a chat, near enough to be compressed: random letters would not shrink at all, and repeated ones absurdly.

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace bench {

/// `count` messages as the feed has them in JSON, one after the other, each with `text_bytes` bytes of text (20 at least). Words of English chat are drawn
/// by Zipf's law, sentences have 3 to 12 of them; now and then there is a number, a time or an address of a page; a dozen authors, some of whom speak more.
/// The same seed gives the same messages. Simplified: words do not depend on each other, so that real chat compresses somewhat
/// better where it repeats itself, and worse where its words are rarer.
std::vector<std::string> chatter(std::size_t count, std::size_t text_bytes, std::uint64_t seed);

}  // namespace bench
