// Looks for bytes about which the scanner says something else when they are cut elsewhere, and for pictures that it accepts
// although they are too large, cut off, or followed by something.
#include "feed/picture.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

// In pieces of `size` bytes.
feed::Result<feed::Picture> scan(std::string_view bytes, std::size_t size) {
  feed::PictureScanner scanner;
  while (!bytes.empty()) {
    const auto fed = scanner.feed(bytes.substr(0, size));
    if (!fed) return fed.error();
    bytes.remove_prefix(std::min(size, bytes.size()));
  }
  return scanner.finish();
}

bool is_same(const feed::Result<feed::Picture>& one, const feed::Result<feed::Picture>& other) {
  return one ? other && *one == *other : !other && one.error() == other.error();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto picture = scan(bytes, size);
  const std::size_t sizes[] = {1, 7, size / 2 + 1, size > 0 ? size - 1 : 1};
  for (const std::size_t piece : sizes)
    require(is_same(scan(bytes, std::max<std::size_t>(piece, 1)), picture),
            "where bytes are cut changes nothing");
  if (!picture) {
    const feed::Error& error = picture.error();
    require(error.status == 400 || error.status == 415, "a refusal has a status");
    require(
        std::all_of(error.detail.begin(), error.detail.end(), [](char c) { return c >= 0x20 && c <= 0x7e; }),
        "an error is a line of text");
    require(error.detail.size() < 200, "an error is short");
    return 0;
  }
  require(picture->size.width >= 1 && picture->size.width <= feed::largest_picture.width,
          "the width has bounds");
  require(picture->size.height >= 1 && picture->size.height <= feed::largest_picture.height,
          "the height has bounds");
  require(!scan(bytes.substr(0, size - 1), size), "without its last byte it is cut off");
  require(!scan(std::string(bytes) + '\0', size + 1), "nothing may follow");
  return 0;
}
