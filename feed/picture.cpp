#include "feed/picture.hpp"

#include <boost/crc.hpp>

#include <algorithm>
#include <array>
#include <coroutine>
#include <cstddef>
#include <cstdio>
#include <string>
#include <utility>

namespace feed {
namespace {

Error broken(std::string detail) { return {Errc::invalid, std::move(detail), 400}; }

std::string shown(const PictureSize& size) {
  return std::to_string(size.width) + 'x' + std::to_string(size.height);
}

unsigned octet(char c) { return static_cast<unsigned char>(c); }

// A number of up to 4 bytes, the least significant first: GIF, WebP.
std::uint32_t little(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = bytes.size(); i > 0; --i) value = value << 8 | octet(bytes[i - 1]);
  return value;
}

// The most significant first: PNG, JPEG.
std::uint32_t big(std::string_view bytes) {
  std::uint32_t value = 0;
  for (const char c : bytes) value = value << 8 | octet(c);
  return value;
}

// A walk over one format: a coroutine that is resumed when the bytes are there that it waits for.
class Walk {
 public:
  struct promise_type {
    Result<> result;
    Walk get_return_object() { return Walk(std::coroutine_handle<promise_type>::from_promise(*this)); }
    std::suspend_always initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_value(Result<> value) { result = std::move(value); }
    [[noreturn]] void unhandled_exception() { throw; }
  };

  explicit Walk(std::coroutine_handle<promise_type> handle) : handle_(handle) {}
  Walk(Walk&& other) noexcept : handle_(std::exchange(other.handle_, nullptr)) {}
  Walk& operator=(Walk&&) = delete;
  ~Walk() {
    if (handle_) handle_.destroy();
  }
  bool done() const { return handle_.done(); }
  void resume() { handle_.resume(); }
  const Result<>& result() const { return handle_.promise().result; }

 private:
  std::coroutine_handle<promise_type> handle_;
};

// The bytes that a walk walks over, and what it waits for.
class Bytes {
 public:
  struct Step {
    Bytes& bytes;
    bool await_ready() { return bytes.advance(); }
    void await_suspend(std::coroutine_handle<>) {}
    std::string_view await_resume() { return {bytes.taken_.data(), bytes.have_}; }
  };

  // The next `count` bytes, 16 at most; good until the next step.
  Step take(std::size_t count) { return wait_for(Want::take, count); }
  // Passes over `count` bytes.
  Step skip(std::uint64_t count) { return wait_for(Want::skip, count); }
  // Passes over everything up to and including `byte`.
  Step find(char byte) {
    byte_ = byte;
    return wait_for(Want::find, 0);
  }

  // How many bytes lie behind.
  std::uint64_t position() const { return position_; }

  // From here on the bytes are summed up by PNG's CRC.
  void begin_sum() {
    summing_ = true;
    sum_.reset();
  }
  std::uint32_t end_sum() {
    summing_ = false;
    return sum_.checksum();
  }

  // Goes on with these bytes, as far as it gets. True where what the walk waits for is there.
  bool advance(std::string_view piece) {
    piece_ = piece;
    return advance();
  }
  // What it did not get to: the walk is over.
  std::string_view rest() const { return piece_; }

 private:
  enum class Want { take, skip, find };

  Step wait_for(Want want, std::uint64_t count) {
    want_ = want;
    left_ = count;
    have_ = 0;
    return {*this};
  }

  bool advance() {
    switch (want_) {
      case Want::take: {
        const std::string_view some = pass(left_);
        std::copy(some.begin(), some.end(), taken_.begin() + have_);
        have_ += some.size();
        left_ -= some.size();
        return left_ == 0;
      }
      case Want::skip:
        left_ -= pass(left_).size();
        return left_ == 0;
      case Want::find:
        break;
    }
    const std::size_t at = piece_.find(byte_);
    pass(at == std::string_view::npos ? at : at + 1);
    return at != std::string_view::npos;
  }

  std::string_view pass(std::uint64_t count) {
    const std::string_view some =
        piece_.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(count, piece_.size())));
    piece_.remove_prefix(some.size());
    position_ += some.size();
    if (summing_) sum_.process_bytes(some.data(), some.size());
    return some;
  }

  std::string_view piece_;
  std::array<char, 16> taken_{};
  std::size_t have_ = 0;  // in taken_
  Want want_ = Want::skip;
  std::uint64_t left_ = 0;  // to take or to skip
  char byte_ = 0;           // to find
  std::uint64_t position_ = 0;
  bool summing_ = false;
  boost::crc_32_type sum_;
};

// What the picture is drawn on. Frames of an animation lie within it.
struct Canvas {
  std::optional<PictureSize> size;
  std::uint32_t frames = 0;

  Result<> set(const PictureSize& said) {
    if (said.width == 0 || said.height == 0 || said.width > largest_picture.width ||
        said.height > largest_picture.height) {
      return broken("the picture is " + shown(said) + " pixels, expected 1x1 to " + shown(largest_picture));
    }
    size = said;
    return {};
  }

  Result<> add_frame(std::uint64_t left, std::uint64_t top, const PictureSize& frame) {
    if (++frames > most_frames) {
      return Error{Errc::too_large,
                   "the picture has more frames than expected: more than " + std::to_string(most_frames),
                   413};
    }
    if (frame.width == 0 || frame.height == 0 || left + frame.width > size->width ||
        top + frame.height > size->height) {
      return broken("a frame is " + shown(frame) + " pixels at " + std::to_string(left) + ',' +
                    std::to_string(top) + ", expected it within the picture's " + shown(*size));
    }
    return {};
  }
};

// GIF89a Specification, CompuServe 1990. Numbers in the comments are its sections.
Walk walk_gif(Bytes& in, Canvas& canvas) {
  constexpr unsigned extension = 0x21, image = 0x2c, trailer = 0x3b;
  const auto color_table_bytes = [](unsigned packed) { return packed & 0x80 ? 3u << ((packed & 7) + 1) : 0; };

  const std::string_view head = co_await in.take(13);  // 17, 18: header and logical screen descriptor
  const auto set = canvas.set({little(head.substr(6, 2)), little(head.substr(8, 2))});
  if (!set) co_return set;
  co_await in.skip(color_table_bytes(octet(head[10])));  // 19

  for (bool shows_something = false;;) {
    const std::string_view introducer = co_await in.take(1);
    const unsigned block = octet(introducer[0]);
    if (block == trailer) {  // 27
      if (!shows_something) co_return broken("the GIF holds no image, expected one at least");
      co_return Result<>();
    }
    if (block == extension) {
      co_await in.skip(1);  // 23 to 26: its label
    } else if (block == image) {
      const std::string_view descriptor = co_await in.take(9);  // 20
      const auto within =
          canvas.add_frame(little(descriptor.substr(0, 2)), little(descriptor.substr(2, 2)),
                           {little(descriptor.substr(4, 2)), little(descriptor.substr(6, 2))});
      if (!within) co_return within;
      co_await in.skip(color_table_bytes(octet(descriptor[8])));  // 21
      const std::string_view data = co_await in.take(1);          // 22
      const unsigned code_size = octet(data[0]);
      // Codes grow from one bit more to 12 bits (appendix F).
      if (code_size < 1 || code_size > 11)
        co_return broken("a GIF image has codes of " + std::to_string(code_size) + " bits, expected 1 to 11");
      shows_something = true;
    } else {
      co_return broken("GIF block " + std::to_string(block) + " ends at byte " +
                       std::to_string(in.position()) +
                       ", expected an extension (33), an image (44) or the end (59)");
    }
    for (;;) {  // 15, 16: data sub-blocks, up to an empty one
      const std::string_view size = co_await in.take(1);
      if (size[0] == 0) break;
      co_await in.skip(octet(size[0]));
    }
  }
}

// PNG Specification, third edition (W3C 2025), where APNG's frames stand as well. Numbers are its sections.
Walk walk_png(Bytes& in, Canvas& canvas) {
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  // 11.2.1: bit depths that go with a colour type, as a set of bits; 0 where there is no such type.
  constexpr auto depths = [](unsigned colour) {
    constexpr unsigned d1 = 1 << 1, d2 = 1 << 2, d4 = 1 << 4, d8 = 1 << 8, d16 = 1 << 16;
    return colour == 0                                 ? d1 | d2 | d4 | d8 | d16
           : colour == 3                               ? d1 | d2 | d4 | d8
           : colour == 2 || colour == 4 || colour == 6 ? d8 | d16
                                                       : 0;
  };
  enum { before, within, behind } data = before;  // 5.6: the IDAT chunks lie side by side

  co_await in.skip(8);  // 5.2: the signature
  for (bool first = true;; first = false) {
    const std::string_view length_bytes = co_await in.take(4);  // 5.3
    const std::uint64_t length = big(length_bytes);
    in.begin_sum();
    const std::string type(co_await in.take(4));
    if (!std::all_of(type.begin(), type.end(), is_letter) || length > 0x7fffffff)
      co_return broken("expected a PNG chunk, got something else up to byte " +
                       std::to_string(in.position()));
    const auto misplaced = [&type] {
      return broken("PNG chunk " + type + " is in a place where it must not be");
    };
    const auto wrong_length = [&type, length] {
      return broken("PNG chunk " + type + " is " + std::to_string(length) + " bytes, which it never is");
    };
    if (first != (type == "IHDR")) co_return misplaced();
    if (type == "IDAT" && data == behind) co_return misplaced();
    if (type == "IDAT") {
      data = within;
    } else if (data == within) {
      data = behind;
    }

    if (type == "IHDR") {  // 11.2.1
      if (length != 13) co_return wrong_length();
      const std::string_view head = co_await in.take(13);
      const auto set = canvas.set({big(head.substr(0, 4)), big(head.substr(4, 4))});
      if (!set) co_return set;
      const bool known = octet(head[8]) <= 16 && (depths(octet(head[9])) >> octet(head[8]) & 1) &&
                         head[10] == 0 && head[11] == 0 && octet(head[12]) <= 1;
      if (!known) co_return broken("the PNG has pixels of a kind that the standard does not know");
    } else if (type == "fcTL") {  // 11.3.6.2: a frame of an animation
      if (length != 26) co_return wrong_length();
      co_await in.skip(4);
      const std::string_view frame = co_await in.take(16);
      const auto fits = canvas.add_frame(big(frame.substr(8, 4)), big(frame.substr(12, 4)),
                                         {big(frame.substr(0, 4)), big(frame.substr(4, 4))});
      if (!fits) co_return fits;
      co_await in.skip(6);
    } else if (type == "IEND") {  // 11.2.4
      if (length != 0) co_return wrong_length();
      if (data == before) co_return broken("the PNG holds no IDAT chunk, expected one at least");
    } else if (type != "IDAT" && type != "PLTE" && type[0] <= 'Z') {
      co_return broken("the PNG needs chunk " + type +
                       " to be understood, which the standard does not know");  // 5.4
    } else {
      co_await in.skip(length);
    }

    const std::uint32_t sum = in.end_sum();
    const std::string_view said = co_await in.take(4);
    if (big(said) != sum)
      co_return broken("the checksum of PNG chunk " + type + " is wrong: the picture is damaged");
    if (type == "IEND") co_return Result<>();
  }
}

// JPEG: ITU-T T.81 (1992), annex B. Numbers are its sections.
Walk walk_jpeg(Bytes& in, Canvas& canvas) {
  constexpr unsigned baseline = 0xc0, extended = 0xc1, progressive = 0xc2, huffman_tables = 0xc4,
                     arithmetic_conditions = 0xcc, end_of_image = 0xd9, start_of_scan = 0xda,
                     quantization_tables = 0xdb, restart_interval = 0xdd, application = 0xe0, comment = 0xfe;
  const auto is_restart = [](unsigned marker) { return marker >= 0xd0 && marker <= 0xd7; };

  co_await in.skip(2);  // start of image
  for (bool in_scan = false, scanned = false;;) {
    if (in_scan) {
      co_await in.find('\xff');
    } else {
      const std::string_view begin = co_await in.take(1);
      if (octet(begin[0]) != 0xff)
        co_return broken("expected a JPEG marker, got something else up to byte " +
                         std::to_string(in.position()));
    }
    unsigned marker = 0xff;
    while (marker == 0xff) {  // B.1.1.2: fill bytes
      const std::string_view code = co_await in.take(1);
      marker = octet(code[0]);
    }
    if (in_scan && (marker == 0 || is_restart(marker))) continue;  // B.1.1.5: a byte FF of the scan, or RSTm
    in_scan = false;
    if (marker == end_of_image) {
      if (!scanned) co_return broken("the JPEG holds no scan, expected one at least");
      co_return Result<>();
    }
    const bool is_frame = marker == baseline || marker == extended || marker == progressive;
    if (!is_frame && marker != huffman_tables && marker != arithmetic_conditions && marker != start_of_scan &&
        marker != quantization_tables && marker != restart_interval && (marker & 0xf0) != application &&
        marker != comment) {
      // Among them lossless, hierarchical and arithmetic JPEGs, which no browser shows, and DNL, which would change the height.
      std::array<char, 8> name{};
      std::snprintf(name.data(), name.size(), "FF%02X", marker);
      co_return broken(std::string("got JPEG marker ") + name.data() + " up to byte " +
                       std::to_string(in.position()) + ", expected one of a baseline or progressive JPEG");
    }

    const std::string_view length_bytes = co_await in.take(2);  // B.1.1.4: it counts itself
    const std::uint32_t length = big(length_bytes);
    const auto wrong_length = [length] {
      return broken("a JPEG segment is " + std::to_string(length) + " bytes, which it never is");
    };
    if (length < 2) co_return wrong_length();
    if (is_frame) {  // B.2.2
      if (canvas.size) co_return broken("the JPEG has two frame headers, expected one");
      if (length < 8) co_return wrong_length();
      const std::string_view head = co_await in.take(6);
      if (length != 8 + 3 * octet(head[5]) || head[5] == 0) co_return wrong_length();
      if (head[0] != 8)
        co_return broken("the JPEG has " + std::to_string(octet(head[0])) + " bits a sample, expected 8");
      const auto set = canvas.set({big(head.substr(3, 2)), big(head.substr(1, 2))});
      if (!set) co_return set;
      co_await in.skip(length - 8);
    } else {
      if (marker == start_of_scan) {  // B.2.3
        if (!canvas.size)
          co_return broken("the JPEG begins a scan without a frame header, expected one before");
        in_scan = scanned = true;
      }
      co_await in.skip(length - 2);
    }
  }
}

// WebP: RFC 9649, 2; its two kinds of images: RFC 6386, 9.1 (lossy) and RFC 9649, 3.4 (lossless).
Walk walk_webp(Bytes& in, Canvas& canvas) {
  const auto size_of_24_bits = [](std::string_view bytes) {
    return PictureSize{little(bytes.substr(0, 3)) + 1, little(bytes.substr(3, 3)) + 1};
  };
  const std::string_view head = co_await in.take(12);  // 2.4
  const std::uint32_t riff_bytes = little(head.substr(4, 4));
  const std::uint64_t end = std::uint64_t{8} + riff_bytes;
  if (riff_bytes % 2 != 0 || end < 12 + 8)
    co_return broken("the WebP says that it is " + std::to_string(end) + " bytes, which it never is");

  bool extended = false, animated = false, has_image = false;
  std::uint64_t frame_end = 0;  // 0: not in a frame
  PictureSize expected;         // of the next image, where it is known from the canvas or the frame
  for (bool first = true; in.position() < end; first = false) {
    const std::uint64_t room = (frame_end ? frame_end : end) - in.position();
    if (room < 8) co_return broken("expected a WebP chunk at byte " + std::to_string(in.position()));
    const std::string type(co_await in.take(4));  // 2.3
    const std::string_view length_bytes = co_await in.take(4);
    const std::uint64_t length = little(length_bytes);
    const std::uint64_t padded = length + length % 2;
    const std::uint64_t chunk_end = in.position() + padded;
    const auto misplaced = [&in] {
      return broken("a WebP chunk before byte " + std::to_string(in.position()) +
                    " is in a place where it must not be");
    };
    const auto wrong_length = [length, &in] {
      return broken("a WebP chunk is " + std::to_string(length) + " bytes at byte " +
                    std::to_string(in.position()) + ", which is impossible there");
    };
    if (padded > room - 8) co_return wrong_length();
    const bool lossy = type == "VP8 ", lossless = type == "VP8L";
    if (first && !lossy && !lossless && type != "VP8X") co_return misplaced();

    if (lossy || lossless) {
      if (has_image || (animated && !frame_end)) co_return misplaced();
      if (length < (lossy ? 10u : 5u)) co_return wrong_length();
      PictureSize size;
      if (lossy) {
        const std::string_view frame = co_await in.take(10);
        // A key frame that is shown, and its start code.
        if ((octet(frame[0]) & 0x11) != 0x10 || frame.substr(3, 3) != "\x9d\x01\x2a")
          co_return broken("the WebP's lossy image does not begin as one");
        size = {little(frame.substr(6, 2)) & 0x3fff, little(frame.substr(8, 2)) & 0x3fff};
      } else {
        const std::string_view image = co_await in.take(5);
        const std::uint32_t bits = little(image.substr(1, 4));
        if (image[0] != 0x2f || bits >> 29 != 0)
          co_return broken("the WebP's lossless image does not begin as one");
        size = {(bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1};
      }
      if (!extended) {
        const auto set = canvas.set(size);
        if (!set) co_return set;
        if (chunk_end != end) co_return wrong_length();  // 2.5, 2.6: nothing else
      } else if (size != expected) {
        co_return broken("the WebP's image is " + shown(size) + " pixels, expected " + shown(expected) +
                         " as said before");
      }
      has_image = true;
    } else if (type == "VP8X") {  // 2.7
      if (!first) co_return misplaced();
      if (length != 10) co_return wrong_length();
      const std::string_view header = co_await in.take(10);
      const auto set = canvas.set(size_of_24_bits(header.substr(4)));
      if (!set) co_return set;
      extended = true;
      animated = (octet(header[0]) & 0x02) != 0;
      expected = *canvas.size;
    } else if (type == "ANMF") {  // 2.7.1.1
      if (!animated || frame_end) co_return misplaced();
      if (length < 16 || length % 2 != 0) co_return wrong_length();
      const std::string_view frame = co_await in.take(12);
      expected = size_of_24_bits(frame.substr(6));
      const auto within = canvas.add_frame(std::uint64_t{2} * little(frame.substr(0, 3)),
                                           std::uint64_t{2} * little(frame.substr(3, 3)), expected);
      if (!within) co_return within;
      co_await in.skip(4);
      frame_end = chunk_end;
      has_image = false;
    }
    if (type != "ANMF")
      co_await in.skip(chunk_end - in.position());  // a frame's chunks follow like all others
    if (frame_end && in.position() == frame_end) {
      if (!has_image) co_return broken("a frame of the WebP holds no image, expected one");
      frame_end = 0;
    }
  }
  if (!has_image) co_return broken("the WebP holds no image, expected one");
  co_return Result<>();
}

constexpr std::size_t head_bytes =
    12;  // what it takes to tell the four apart; the smallest picture is larger

std::optional<PictureType> recognise(std::string_view head) {
  if (head.starts_with("GIF87a") || head.starts_with("GIF89a")) return PictureType::gif;
  if (head.starts_with("\x89PNG\r\n\x1a\n")) return PictureType::png;
  if (head.starts_with("\xff\xd8\xff")) return PictureType::jpeg;
  if (head.starts_with("RIFF") && head.substr(8) == "WEBP") return PictureType::webp;
  return std::nullopt;
}

Error unknown(std::string_view head) {
  std::string printable(head);
  std::replace_if(
      printable.begin(), printable.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '?');
  return {Errc::invalid,
          (head.empty() ? "got nothing" : "what came begins with \"" + printable + '"') +
              ", expected a GIF, PNG, JPEG or WebP picture",
          415};
}

}  // namespace

struct PictureScanner::Scan {
  Result<> begin(std::string_view& piece);
  Result<> walk_over(std::string_view piece);

  std::string head;  // until the type is known
  std::optional<PictureType> type;
  Bytes bytes;
  Canvas canvas;
  std::optional<Walk> walk;
  std::optional<Error> error;
};

// Takes the head off the piece.
Result<> PictureScanner::Scan::begin(std::string_view& piece) {
  const std::string_view some = piece.substr(0, head_bytes - head.size());
  head += some;
  piece.remove_prefix(some.size());
  if (head.size() < head_bytes) return {};
  type = recognise(head);
  if (!type) return unknown(head);
  switch (*type) {
    case PictureType::gif:
      walk.emplace(walk_gif(bytes, canvas));
      break;
    case PictureType::png:
      walk.emplace(walk_png(bytes, canvas));
      break;
    case PictureType::jpeg:
      walk.emplace(walk_jpeg(bytes, canvas));
      break;
    case PictureType::webp:
      walk.emplace(walk_webp(bytes, canvas));
      break;
  }
  return walk_over(head);
}

Result<> PictureScanner::Scan::walk_over(std::string_view piece) {
  if (!walk->done() && bytes.advance(piece)) {
    walk->resume();
    piece = bytes.rest();
  } else if (!walk->done()) {
    return {};  // all of it is passed over
  }
  if (!walk->done()) return {};
  if (!walk->result()) return walk->result();
  if (piece.empty()) return {};
  return broken("the picture ends at byte " + std::to_string(bytes.position()) + ", but more bytes follow");
}

PictureScanner::PictureScanner() : scan_(std::make_unique<Scan>()) {}
PictureScanner::~PictureScanner() = default;

Result<> PictureScanner::feed(std::string_view piece) {
  if (scan_->error) return *scan_->error;
  Result<> walked = scan_->walk ? Result<>() : scan_->begin(piece);
  if (walked && scan_->walk) walked = scan_->walk_over(piece);
  if (!walked) scan_->error = walked.error();
  return walked;
}

Result<Picture> PictureScanner::finish() {
  if (!scan_->error && !scan_->walk) scan_->error = unknown(scan_->head);
  if (!scan_->error && !scan_->walk->done()) {
    scan_->error = broken("the picture is cut off at byte " + std::to_string(scan_->bytes.position()) +
                          ", expected more of it");
  }
  if (scan_->error) return *scan_->error;
  return Picture{*scan_->type, *scan_->canvas.size};
}

std::optional<PictureType> PictureScanner::type() const { return scan_->type; }
std::optional<PictureSize> PictureScanner::size() const { return scan_->canvas.size; }

std::string_view media_type(PictureType type) {
  switch (type) {
    case PictureType::gif:
      return "image/gif";
    case PictureType::png:
      return "image/png";
    case PictureType::jpeg:
      return "image/jpeg";
    case PictureType::webp:
      break;
  }
  return "image/webp";
}

std::string_view extension(PictureType type) {
  const std::string_view subtype = media_type(type).substr(std::string_view("image/").size());
  return type == PictureType::jpeg ? "jpg" : subtype;
}

}  // namespace feed
