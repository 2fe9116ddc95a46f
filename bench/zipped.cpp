#include "bench/zipped.hpp"

#include <zlib.h>

#include <array>
#include <new>
#include <stdexcept>

namespace bench {
namespace {

constexpr int window_bits = 15, gzip_format = 16, memory_level = 8;  // zlib's defaults, and nginx's

Bytef* bytes_of(std::string_view text) { return reinterpret_cast<Bytef*>(const_cast<char*>(text.data())); }

}  // namespace

Gzip::Gzip(int level) : stream_(std::make_unique<z_stream>()) {
  if (deflateInit2(stream_.get(), level, Z_DEFLATED, window_bits + gzip_format, memory_level,
                   Z_DEFAULT_STRATEGY) != Z_OK)
    throw std::bad_alloc();
}

Gzip::~Gzip() { deflateEnd(stream_.get()); }

std::string Gzip::add(std::string_view bytes, bool last) {
  std::string out;
  std::array<Bytef, 16384> piece;
  stream_->next_in = bytes_of(bytes);
  stream_->avail_in = static_cast<uInt>(bytes.size());
  do {
    stream_->next_out = piece.data();
    stream_->avail_out = piece.size();
    if (deflate(stream_.get(), last ? Z_FINISH : Z_SYNC_FLUSH) == Z_STREAM_ERROR)
      throw std::logic_error("a gzip stream was written on after its end");
    out.append(reinterpret_cast<const char*>(piece.data()), piece.size() - stream_->avail_out);
  } while (stream_->avail_out == 0);
  return out;
}

Gunzip::Gunzip() : stream_(std::make_unique<z_stream>()) {
  if (inflateInit2(stream_.get(), window_bits + gzip_format) != Z_OK) throw std::bad_alloc();
}

Gunzip::~Gunzip() { inflateEnd(stream_.get()); }

std::string Gunzip::read(std::string_view bytes) {
  std::string out;
  std::array<Bytef, 16384> piece;
  stream_->next_in = bytes_of(bytes);
  stream_->avail_in = static_cast<uInt>(bytes.size());
  do {
    stream_->next_out = piece.data();
    stream_->avail_out = piece.size();
    const int result = inflate(stream_.get(), Z_SYNC_FLUSH);
    if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
      throw std::runtime_error(std::string("not gzip: ") +
                               (stream_->msg ? stream_->msg : "it ends too early"));
    out.append(reinterpret_cast<const char*>(piece.data()), piece.size() - stream_->avail_out);
    if (result == Z_STREAM_END) break;
  } while (stream_->avail_out == 0);
  return out;
}

}  // namespace bench
