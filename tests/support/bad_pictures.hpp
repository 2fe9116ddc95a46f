#pragma once
// Pictures as they are sent, and those that are none, or too much of one: each with how it is refused.

#include "support/raw_client.hpp"
#include "support/sample_pictures.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace support {

constexpr std::size_t megabyte = 1 << 20;
inline const std::string gif_path = "/images/74351b438b009c7af7fe42e01ad83d14.gif";

/// A POST of a picture of which only the head is written here.
inline std::string head_of(std::size_t bytes, std::string_view type = "image/gif",
                           std::string_view path = "/rooms/lobby/images", std::string_view fields = "") {
  return "POST " + std::string(path) + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" +
         (type.empty() ? "" : "Content-Type: " + std::string(type) + "\r\n") + std::string(fields) +
         "Content-Length: " + std::to_string(bytes) + "\r\n\r\n";
}

inline std::string picture(std::string_view bytes, std::string_view type = "image/gif",
                           std::string_view path = "/rooms/lobby/images", std::string_view fields = "") {
  return head_of(bytes.size(), type, path, fields) + std::string(bytes);
}

/// So many small ones.
inline std::string gif_of_frames(int frames) {
  std::string bytes = gif_head();
  for (int n = 0; n < frames; ++n) bytes += gif_image();
  return bytes + ";";
}

struct BadPicture {
  std::string name;
  std::string request;
  int status;
  std::string detail;  ///< a part of it
};

/// None of them is kept.
inline const std::vector<BadPicture>& bad_pictures() {
  using namespace std::string_literals;
  const std::string gif = support::gif();
  const auto path = [](std::string_view room, std::string_view query = "") {
    return "/rooms/" + std::string(room) + "/images" + std::string(query);
  };
  static const std::vector<BadPicture> all{
      // A picture that is a script, and other files.
      {"Svg", picture("<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>"), 415,
       "what came begins with \\\"<svg xmlns=\\\"\\\", expected a GIF, PNG, JPEG or WebP picture"},
      {"Html", picture("<!DOCTYPE html><script>alert(1)</script>", "image/jpeg"), 415,
       "begins with \\\"<!DOCTYPE ht\\\""},
      {"Script", picture("alert(document.cookie)", "image/webp"), 415, "begins with \\\"alert(docume\\\""},
      {"ScriptThatBeginsAsAGif", picture("GIF89a=1;alert(document.cookie);"), 400, "12605x24891 pixels"},
      {"Pdf", picture("%PDF-1.7 and so on", "image/png"), 415, "begins with \\\"%PDF-1.7 and\\\""},
      {"Nothing", picture(""), 415, "got nothing, expected a GIF"},
      {"TooShort", picture("GIF89a"), 415, "begins with \\\"GIF89a\\\""},
      // Bombs.
      {"BombOfGif", picture(support::gif_head(65535, 65535) + support::gif_image() + ";"), 400,
       "the picture is 65535x65535 pixels, expected 1x1 to 4096x4096"},
      {"BombOfPng",
       picture(std::string(support::png_signature) + support::png_header(100'000, 100'000) +
               support::png_data() + support::png_end()),
       400, "the picture is 100000x100000 pixels"},
      {"BombOfJpeg",
       picture(support::jpeg_head() + support::jpeg_frame(65535, 65535) + support::jpeg_scan() + "\xff\xd9",
               "image/jpeg"),
       400, "the picture is 65535x65535 pixels"},
      {"BombOfWebP",
       picture(
           support::webp_file(support::webp_canvas("00", 1 << 24, 1 << 24) + support::webp_lossless_image()),
           "image/webp"),
       400, "the picture is 16777216x16777216 pixels"},
      {"BombInAFrame", picture(support::gif_head() + support::gif_image(0, 0, 65535, 65535) + ";"), 400,
       "a frame is 65535x65535 pixels at 0,0"},
      {"TooManyFrames", picture(gif_of_frames(65535)), 413,
       "the picture has more frames than expected: more than 4096"},
      // What is a picture and something else as well.
      {"GifThatIsAScript", picture("GIF89a/*" + gif.substr(8) + "*/=1;alert(document.cookie)"), 400, ""},
      {"GifThatIsAnArchive", picture(gif + "PK\x05\x06" + std::string(18, '\0')), 400,
       "but more bytes follow"},
      {"PngThatIsAPage", picture(support::png() + "<html><script>alert(1)</script>", "image/png"), 400,
       "but more bytes follow"},
      {"PageThatHoldsAGif", picture("<html><!--" + gif + "-->", "image/gif"), 415, ""},
      {"Bmp", picture("BM" + std::string(60, '\0'), "image/gif"), 415, ""},
      {"Tiff", picture("II*" + std::string(60, '\0'), "image/jpeg"), 415, ""},
      {"Icon", picture(std::string("\0\0\1\0", 4) + std::string(60, '\0'), "image/png"), 415, ""},
      {"RiffThatIsNoWebP", picture("RIFF\x24\0\0\0WAVEfmt "s + std::string(32, '\0'), "image/webp"), 415, ""},
      // Cut off in the middle.
      {"CutGif", picture(gif.substr(0, gif.size() - 1)), 400, "the picture is cut off at byte 36"},
      {"CutPng", picture(support::png().substr(0, 50), "image/png"), 400,
       "the picture is cut off at byte 50"},
      {"CutJpeg", picture(support::jpeg().substr(0, 180), "image/jpeg"), 400,
       "the picture is cut off at byte 180"},
      {"CutWebP", picture(support::lossy_webp().substr(0, 40), "image/webp"), 400,
       "the picture is cut off at byte 40"},
      {"DamagedPng", picture(support::png().replace(50, 1, "x"), "image/png"), 400,
       "the checksum of PNG chunk IDAT is wrong"},
      // Larger than it says.
      {"GifAndMore", picture(gif + "<script>alert(1)</script>"), 400,
       "the picture ends at byte 37, but more bytes follow"},
      {"PngAndMore", picture(support::png() + "PK\x03\x04", "image/png"), 400,
       "the picture ends at byte 74, but"},
      {"JpegAndMore", picture(support::jpeg() + "\n", "image/jpeg"), 400,
       "the picture ends at byte 191, but"},
      {"WebPAndMore", picture(support::lossy_webp() + "\0\0"s, "image/webp"), 400,
       "the picture ends at byte 64, but"},
      // The head.
      {"NoType", picture(gif, ""), 415,
       "got no Content-Type, expected image/gif, image/png, image/jpeg or image/webp"},
      {"TypeSvg", picture(gif, "image/svg+xml"), 415, "Content-Type is \\\"image/svg+xml\\\""},
      {"TypeOfAForm", picture(gif, "multipart/form-data; boundary=x"), 415,
       "Content-Type is \\\"multipart/form-data"},
      {"TypeOfAnything", picture(gif, "image/*"), 415, "Content-Type is \\\"image/*\\\""},
      {"TypeThatOnlyBeginsLikeGif", picture(gif, "image/giffy"), 415, "Content-Type is \\\"image/giffy\\\""},
      {"TwoTypes", picture(gif, "image/gif\r\nContent-Type: image/png"), 415,
       "Content-Type is \\\"image/gif, image/png\\\""},
      {"Chunked",
       "POST /rooms/lobby/images HTTP/1.1\r\nHost: x\r\nContent-Type: image/gif\r\nTransfer-Encoding: chunked\r\n\r\n25\r\n" +
           gif + "\r\n0\r\n\r\n",
       411, "got Transfer-Encoding, expected Content-Length"},
      {"NoLength", "POST /rooms/lobby/images HTTP/1.1\r\nHost: x\r\nContent-Type: image/gif\r\n\r\n", 411,
       "expected Content-Length"},
      {"TooLarge", head_of(5 * megabyte + 1), 413,
       "the picture is 5242881 bytes, expected 5242880 at most, the limit of --max-image"},
      {"MuchTooLarge", head_of(9223372036854775807), 413, "the picture is 9223372036854775807 bytes"},
      {"LengthOf2To64",
       "POST /rooms/lobby/images HTTP/1.1\r\nHost: x\r\nContent-Type: image/gif\r\nContent-Length: 18446744073709551616\r\n\r\n",
       400, ""},
      // Rooms, authors, origins.
      {"RoomWithSlash", picture(gif, "image/gif", path("a%2Fb")), 400, "room name holds a"},
      {"RoomOfDots", picture(gif, "image/gif", path("%2E%2E")), 400, "which no address can hold"},
      {"RoomNotUtf8", picture(gif, "image/gif", path("%FF")), 400, "room name is not UTF-8"},
      {"AuthorEmpty", picture(gif, "image/gif", path("lobby", "?author=")), 400,
       "author is 0 bytes, expected 1 to 64"},
      {"AuthorOf65Bytes", picture(gif, "image/gif", path("lobby", "?author=" + std::string(65, 'a'))), 400,
       "author is 65 bytes, expected 1 to 64"},
      {"AuthorNotUtf8", picture(gif, "image/gif", path("lobby", "?author=%FF")), 400, "author is not UTF-8"},
      {"TwoAuthors", picture(gif, "image/gif", path("lobby", "?author=a&author=b")), 400,
       "\\\"author\\\" is given more than once"},
      {"ForeignOrigin", picture(gif, "image/gif", path("lobby"), "Origin: http://evil.example\r\n"), 403,
       "expected this server's own"},
      {"AnotherMethod", get("/rooms/lobby/images"), 405, "method is GET, expected POST"},
      {"PostToAPicture", picture(gif, "image/gif", gif_path), 405, "method is POST, expected GET"},
  };
  return all;
}

}  // namespace support
