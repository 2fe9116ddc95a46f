#include "support/deflate.hpp"

#include <boost/beast/zlib/deflate_stream.hpp>
#include <boost/beast/zlib/inflate_stream.hpp>

#include <algorithm>
#include <stdexcept>

namespace support {
namespace {

namespace zlib = boost::beast::zlib;
using namespace std::string_literals;

const std::string tail = "\x00\x00\xff\xff"s;

// All of `text`, behind what the stream was given before.
void add(zlib::deflate_stream& stream, std::string_view text, zlib::Flush flush, std::string& out) {
  zlib::z_params state;
  state.next_in = text.data();
  state.avail_in = text.size();
  boost::system::error_code error;
  do {
    const std::size_t room = 65536;
    const std::size_t begin = out.size();
    out.resize(begin + room);
    state.next_out = out.data() + begin;
    state.avail_out = room;
    stream.write(state, flush, error);
    out.resize(begin + room - state.avail_out);
  } while (state.avail_in > 0 || state.avail_out == 0);
}

std::string without_tail(std::string out) {
  if (!out.ends_with(tail)) throw std::runtime_error("what was deflated does not end with an empty block");
  out.resize(out.size() - tail.size());
  return out;
}

}  // namespace

std::string deflate(std::string_view text) {
  zlib::deflate_stream stream;
  std::string out;
  add(stream, text, zlib::Flush::sync, out);
  return without_tail(std::move(out));
}

std::string deflated_zeros(std::size_t count) {
  zlib::deflate_stream stream;
  const std::string piece(1 << 20, '\0');
  std::string out;
  for (; count > 0; count -= std::min(count, piece.size()))
    add(stream, std::string_view(piece).substr(0, count), zlib::Flush::none, out);
  add(stream, {}, zlib::Flush::sync, out);
  return without_tail(std::move(out));
}

std::string inflate(std::string_view bytes, std::size_t most) {
  zlib::inflate_stream stream;
  const std::string whole = std::string(bytes) + tail;
  std::string out(most, '\0');
  zlib::z_params state;
  state.next_in = whole.data();
  state.avail_in = whole.size();
  state.next_out = out.data();
  state.avail_out = out.size();
  boost::system::error_code error;
  stream.write(state, zlib::Flush::sync, error);
  out.resize(state.total_out);
  return out;
}

}  // namespace support
