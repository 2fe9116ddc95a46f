#pragma once
// What a picture is, read from its bytes as they come: nobody's word for it, and no decoder.

#include "feed/error.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace feed {

enum class PictureType { gif, png, jpeg, webp };

/// `image/gif`
std::string_view media_type(PictureType type);
/// `gif`, `png`, `jpg` or `webp`
std::string_view extension(PictureType type);

/// In pixels.
struct PictureSize {
  std::uint32_t width = 0;
  std::uint32_t height = 0;

  bool operator==(const PictureSize&) const = default;
};

struct Picture {
  PictureType type;
  PictureSize size;

  bool operator==(const Picture&) const = default;
};

/// The most that a picture may unfold to: 64 MiB as 32-bit pixels, which a phone can still show. A file of a few hundred bytes
/// can claim more than any machine has.
constexpr PictureSize largest_picture{4096, 4096};

/// And the most frames of an animation, which unfold one by one: 27 bytes are enough for one that covers all of the picture.
constexpr std::uint32_t most_frames = 4096;

/// Walks over a picture's structure while it comes in, in pieces of any size, and keeps nothing of it but a few bytes: GIF's
/// blocks, PNG's chunks with their checksums, JPEG's segments, WebP's chunks. Says what is wrong as soon as it is certain, in
/// the same words wherever the pieces were cut. Error::status is 415 where it is none of the four types, 413 where it
/// has too many frames, else 400.
/// Simplified: pixels are not decompressed, so what is accepted may still show nothing; see notes/decisions.md.
class PictureScanner {
 public:
  PictureScanner();
  ~PictureScanner();
  PictureScanner(const PictureScanner&) = delete;
  PictureScanner& operator=(const PictureScanner&) = delete;

  /// Error: these bytes, behind those that came before, are no picture. It stays so, whatever follows.
  Result<> feed(std::string_view piece);

  /// Says that nothing comes any more. Error: the picture is not complete.
  Result<Picture> finish();

  /// What is known so far.
  std::optional<PictureType> type() const;
  std::optional<PictureSize> size() const;

 private:
  struct Scan;
  std::unique_ptr<Scan> scan_;
};

}  // namespace feed
