#pragma once
// gzip by zlib, as a server compresses what it sends.

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

struct z_stream_s;

namespace bench {

/// One gzip stream that is written piece by piece.
class Gzip {
 public:
  /// `level`: 1 is fast, 9 is small; nginx takes 1.
  explicit Gzip(int level);
  ~Gzip();
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;

  /// Adds `bytes`, and returns everything that the reader needs to have them: a flush (Z_SYNC_FLUSH), or the end of the stream.
  std::string add(std::string_view bytes, bool last);

 private:
  std::unique_ptr<z_stream_s> stream_;
};

/// Reads such a stream.
class Gunzip {
 public:
  Gunzip();
  ~Gunzip();
  Gunzip(const Gunzip&) = delete;
  Gunzip& operator=(const Gunzip&) = delete;

  /// What these bytes bring. Throws std::runtime_error where they are no gzip.
  std::string read(std::string_view bytes);

 private:
  std::unique_ptr<z_stream_s> stream_;
};

}  // namespace bench
