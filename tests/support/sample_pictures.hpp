#pragma once
// Small pictures, byte by byte: 3x2 pixels, red with one green one. Each is shown by Chromium.

#include <boost/crc.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace support {

/// `"47 49 46"`, with or without spaces, to bytes.
inline std::string from_hex(std::string_view hex) {
  const auto digit = [](char c) { return c <= '9' ? c - '0' : c - 'a' + 10; };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); ++i) {
    if (hex[i] == ' ') continue;
    bytes += static_cast<char>(digit(hex[i]) << 4 | digit(hex[i + 1]));
    ++i;
  }
  return bytes;
}

inline std::string big_32(std::uint64_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xff);
  return bytes;
}

inline std::string little(std::uint64_t value, int size) {
  std::string bytes;
  for (int shift = 0; shift < 8 * size; shift += 8) bytes += static_cast<char>(value >> shift & 0xff);
  return bytes;
}

// --- GIF ---

/// Header, logical screen descriptor, two colours.
inline std::string gif_head(unsigned width = 3, unsigned height = 2) {
  return "GIF89a" + little(width, 2) + little(height, 2) + from_hex("80 00 00  c8 0a 0a  00 c8 00");
}
/// An image descriptor, the size of the first code, data.
inline std::string gif_image(unsigned left = 0, unsigned top = 0, unsigned width = 3, unsigned height = 2) {
  return "," + little(left, 2) + little(top, 2) + little(width, 2) + little(height, 2) +
         from_hex("00  02  04 04 00 01 05  00");
}
inline std::string gif() { return gif_head() + gif_image() + ";"; }
inline std::string animated_gif() {
  const std::string control = from_hex("21 f9 04 04 0a 00 00 00");
  return gif_head() + "!\xff\x0bNETSCAPE2.0" + from_hex("03 01 00 00 00") + control + gif_image() + control +
         from_hex("2c 02 00 01 00 01 00 01 00 00  02  02 4c 01 00") + ";";
}
/// A GIF of exactly so many bytes: the rest is a comment.
inline std::string gif_of(std::size_t bytes) {
  const std::size_t comment = bytes - gif().size() - 3;  // without its introducer, its label and its end
  std::string text = "!\xfe";
  for (std::size_t left = comment; left > 0;) {
    // The size of a block and the block; what is left must be none or two bytes at least.
    const std::size_t block = left <= 256 ? left : left == 257 ? 255 : 256;
    text += static_cast<char>(block - 1);
    text.append(block - 1, 'x');
    left -= block;
  }
  return gif_head() + text + '\0' + gif_image() + ";";
}

// --- PNG ---

constexpr std::string_view png_signature = "\x89PNG\r\n\x1a\n";

/// Length, type, data, checksum.
inline std::string png_chunk(std::string_view type, std::string_view data) {
  boost::crc_32_type sum;
  sum.process_bytes(type.data(), type.size());
  sum.process_bytes(data.data(), data.size());
  return big_32(data.size()) + std::string(type) + std::string(data) + big_32(sum.checksum());
}
inline std::string png_header(std::uint64_t width = 3, std::uint64_t height = 2,
                              std::string_view kind = "08 02 00 00 00") {
  return png_chunk("IHDR", big_32(width) + big_32(height) + from_hex(kind));
}
inline std::string png_data() {
  return png_chunk("IDAT", from_hex("78da 6338 c1c5 0541 0c60 0c22 0136 f605 15"));
}
inline std::string png_end() { return png_chunk("IEND", ""); }
/// The literal bytes, checksums too.
inline std::string png() {
  return from_hex(
      "89504e470d0a1a0a  0000000d 49484452 00000003 00000002 08 02 00 00 00 1216f14d"
      "  00000011 49444154 78da6338c1c505410c600c220136f60515 a24abb98  00000000 49454e44 ae426082");
}
inline std::string png_frame(unsigned number, unsigned width, unsigned height, unsigned left, unsigned top) {
  return png_chunk("fcTL", big_32(number) + big_32(width) + big_32(height) + big_32(left) + big_32(top) +
                               from_hex("0001 000a 00 00"));
}
inline std::string animated_png() {
  return std::string(png_signature) + png_header() + png_chunk("acTL", from_hex("00000002 00000000")) +
         png_frame(0, 3, 2, 0, 0) + png_data() + png_frame(1, 1, 1, 2, 1) +
         png_chunk("fdAT", from_hex("00000002 789c636064620600000e0007")) + png_end();
}

// --- JPEG: by libjpeg, grey ---

/// JFIF's segment, quantization tables.
inline std::string jpeg_head() {
  return from_hex(
      "ffd8  ffe0 0010 4a46494600010100000100010000"
      "  ffdb 0043 00100b0c0e0c0a100e0d0e1211101318281a181616183123251d283a333d3c3933383740485c4e404457453738506d51575f62"
      "6768673e4d71797064785c656763");
}
inline std::string jpeg_frame(unsigned width = 3, unsigned height = 2, std::string_view marker = "ffc0") {
  return from_hex(marker) + from_hex("000b 08") + big_32(height << 16 | width) + from_hex("01 01 11 00");
}
inline std::string jpeg_scan() {
  return from_hex(
      "ffc4 0014 0001000000000000000000000000000000 06"
      "  ffc4 001d 1000030002020300000000000000000000 01020304110005124171"
      "  ffda 0008 01 0100 003f00 27dcded3ce509575f2c7839d311b6692163f492493ec9e7f");
}
inline std::string jpeg() {
  return from_hex(
      "ffd8ffe000104a46494600010100000100010000ffdb004300100b0c0e0c0a100e0d0e1211101318281a181616183123251d283a333d3c"
      "3933383740485c4e404457453738506d51575f626768673e4d71797064785c656763ffc0000b080002000301011100ffc4001400010000"
      "0000000000000000000000000006ffc4001d100003000202030000000000000000000001020304110005124171ffda0008010100003f00"
      "27dcded3ce509575f2c7839d311b6692163f492493ec9e7fffd9");
}
inline std::string progressive_jpeg() {
  return from_hex(
      "ffd8ffe000104a46494600010100000100010000ffdb004300100b0c0e0c0a100e0d0e1211101318281a181616183123251d283a333d3c"
      "3933383740485c4e404457453738506d51575f626768673e4d71797064785c656763ffc2000b080002000301011100ffc4001400010000"
      "0000000000000000000000000005ffda000801010000000127ffc400161001010100000000000000000000000000010203ffda00080101"
      "00010502d94bffc40018100002030000000000000000000000000000013142b1ffda0008010100063f029aac3fffc40018100101000300"
      "00000000000000000000000111003141ffda0008010100013f211b11577d45cfffda00080101000000107fffc400181001010003000000"
      "0000000000000000000111004171ffda0008010100013f1030bc711535d55576b9ffd9");
}

// --- WebP: its images by libwebp ---

inline std::string webp_chunk(std::string_view type, std::string_view data) {
  return std::string(type) + little(data.size(), 4) + std::string(data) + std::string(data.size() % 2, '\0');
}
inline std::string webp_file(std::string_view chunks) {
  return "RIFF" + little(4 + chunks.size(), 4) + "WEBP" + std::string(chunks);
}
/// `flags`: 02 animation, 10 alpha.
inline std::string webp_canvas(std::string_view flags, unsigned width = 3, unsigned height = 2) {
  return webp_chunk("VP8X",
                    from_hex(flags) + from_hex("00 00 00") + little(width - 1, 3) + little(height - 1, 3));
}
inline std::string webp_lossless_image() {
  return webp_chunk("VP8L", from_hex("2f 02400000 0f7021e4411e85f98f34bce020a2ff11"));
}
inline std::string webp_frame(unsigned left, unsigned top, unsigned width, unsigned height,
                              std::string_view image) {
  return webp_chunk("ANMF", little(left / 2, 3) + little(top / 2, 3) + little(width - 1, 3) +
                                little(height - 1, 3) + little(100, 3) + '\0' + std::string(image));
}
inline std::string lossy_webp() {
  return from_hex(
      "52494646 38000000 57454250  56503820 2c000000 b00100 9d012a 0300 0200"
      " 07409625a80274010ef6a22000fe72390e3fd25d2e437fb3bf2fdb0fa4c5f8e00000");
}
inline std::string lossless_webp() {
  return from_hex(
      "52494646 22000000 57454250  5650384c 15000000 2f 02400000 0f7021e4411e85f98f34bce020a2ff11 00");
}
inline std::string transparent_webp() {
  return webp_file(
      webp_canvas("10") + webp_chunk("ALPH", from_hex("0080808080ff80")) +
      webp_chunk("VP8 ", from_hex("b001009d012a0300020007409625a80274010ef6a22000fe72390e3fd25d2e6b9f"
                                  "bab9bf2fe3ef9c59ceeac80000")));
}
inline std::string animated_webp() {
  return webp_file(webp_canvas("02") + webp_chunk("ANIM", from_hex("00000000 0000")) +
                   webp_frame(0, 0, 3, 2, webp_lossless_image()) +
                   webp_frame(0, 0, 3, 2, webp_lossless_image()));
}

}  // namespace support
