#include "feed/picture.hpp"

#include "support/sample_pictures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace feed {
namespace {

using namespace std::string_literals;
using support::from_hex;
using support::gif_head;
using support::gif_image;
using support::jpeg_frame;
using support::jpeg_head;
using support::jpeg_scan;
using support::png_chunk;
using support::png_data;
using support::png_end;
using support::png_header;
using support::webp_canvas;
using support::webp_chunk;
using support::webp_file;
using support::webp_frame;
using support::webp_lossless_image;
using testing::HasSubstr;
using testing::StartsWith;

// What a scanner says in the end to these pieces: "image/gif 3x2", or the status and what is wrong.
std::string verdict(const std::vector<std::string_view>& pieces) {
  const auto refusal = [](const Error& error) { return std::to_string(error.status) + ' ' + error.detail; };
  PictureScanner scanner;
  for (const std::string_view piece : pieces) {
    const auto fed = scanner.feed(piece);
    if (!fed) return refusal(fed.error());
  }
  const auto picture = scanner.finish();
  if (!picture) return refusal(picture.error());
  return std::string(media_type(picture->type)) + ' ' + std::to_string(picture->size.width) + 'x' +
         std::to_string(picture->size.height);
}

// What it says to the whole, having made sure that it says the same wherever the bytes are cut.
std::string verdict(std::string_view bytes) {
  const std::string whole = verdict(std::vector{bytes});
  for (std::size_t at = 0; at <= bytes.size(); ++at)
    EXPECT_EQ(verdict({bytes.substr(0, at), bytes.substr(at)}), whole) << "cut at byte " << at;
  std::vector<std::string_view> single;
  for (std::size_t at = 0; at < bytes.size(); ++at) single.push_back(bytes.substr(at, 1));
  EXPECT_EQ(verdict(single), whole) << "byte by byte";
  return whole;
}

struct Sample {
  std::string name;
  std::string bytes;
  std::string_view type;
  std::size_t size_known;  // behind so many bytes
};

const std::vector<Sample>& samples() {
  static const std::vector<Sample> all{
      {"gif", support::gif(), "image/gif", 13},
      {"animated_gif", support::animated_gif(), "image/gif", 13},
      {"png", support::png(), "image/png", 29},
      {"animated_png", support::animated_png(), "image/png", 29},
      {"jpeg", support::jpeg(), "image/jpeg", 99},
      {"progressive_jpeg", support::progressive_jpeg(), "image/jpeg", 99},
      {"lossy_webp", support::lossy_webp(), "image/webp", 30},
      {"lossless_webp", support::lossless_webp(), "image/webp", 25},
      {"transparent_webp", support::transparent_webp(), "image/webp", 30},
      {"animated_webp", support::animated_webp(), "image/webp", 30},
  };
  return all;
}

class EachPicture : public testing::TestWithParam<std::size_t> {
 protected:
  const Sample& sample() const { return samples()[GetParam()]; }
};

TEST_P(EachPicture, IsKnownByItsBytes) {
  EXPECT_EQ(verdict(sample().bytes), std::string(sample().type) + " 3x2");
}

TEST_P(EachPicture, ThatIsCutOffAnywhereIsRefused) {
  for (std::size_t size = 12; size < sample().bytes.size(); ++size) {
    EXPECT_EQ(verdict({std::string_view(sample().bytes).substr(0, size)}),
              "400 the picture is cut off at byte " + std::to_string(size) + ", expected more of it");
  }
}

TEST_P(EachPicture, WithBytesBehindItsEndIsRefused) {
  // A JPEG that is a ZIP archive as well, a GIF that is a script as well: one file for two programs.
  for (const std::string& more : {"\0"s, "PK\x03\x04"s, sample().bytes}) {
    EXPECT_EQ(
        verdict(sample().bytes + more),
        "400 the picture ends at byte " + std::to_string(sample().bytes.size()) + ", but more bytes follow");
  }
}

TEST_P(EachPicture, SaysItsTypeAndSizeAsSoonAsTheyAreKnown) {
  PictureScanner scanner;
  for (std::size_t n = 0; n < sample().bytes.size(); ++n) {
    EXPECT_EQ(scanner.type().has_value(), n >= 12) << n;
    EXPECT_EQ(scanner.size().has_value(), n >= sample().size_known) << n;
    ASSERT_TRUE(scanner.feed(std::string_view(sample().bytes).substr(n, 1)));
  }
  EXPECT_EQ(media_type(*scanner.type()), sample().type);
  EXPECT_EQ(*scanner.size(), (PictureSize{3, 2}));
}

TEST_P(EachPicture, StaysRefusedWhateverFollows) {
  PictureScanner scanner;
  ASSERT_FALSE(scanner.feed(sample().bytes + "x"));
  EXPECT_FALSE(scanner.feed(""));
  EXPECT_FALSE(scanner.feed(sample().bytes));
  EXPECT_FALSE(scanner.finish());
}

INSTANTIATE_TEST_SUITE_P(Samples, EachPicture, testing::Range<std::size_t>(0, samples().size()),
                         [](const auto& info) { return samples()[info.param].name; });

TEST(PictureTypes, HaveAMediaTypeAndAnExtension) {
  EXPECT_EQ(media_type(PictureType::gif), "image/gif");
  EXPECT_EQ(media_type(PictureType::png), "image/png");
  EXPECT_EQ(media_type(PictureType::jpeg), "image/jpeg");
  EXPECT_EQ(media_type(PictureType::webp), "image/webp");
  EXPECT_EQ(extension(PictureType::gif), "gif");
  EXPECT_EQ(extension(PictureType::png), "png");
  EXPECT_EQ(extension(PictureType::jpeg), "jpg");
  EXPECT_EQ(extension(PictureType::webp), "webp");
}

// --- what is none of the four -----------------------------------------------------------------------------------------

TEST(NoPicture, IsToldByItsFirstBytes) {
  for (const std::string& bytes :
       {"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>"s,
        "<!DOCTYPE html><script>alert(1)</script>"s, "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj"s,
        "#!/bin/sh\nrm -rf /\n"s, "alert(document.cookie) // GIF89a"s, "BM\x46\0\0\0\0\0\0\0\x36\0\0\0"s,
        "\0\0\0\x20"
        "ftypavif\0\0\0\0avif"s,
        "\0\0\x01\0\x01\0\x10\x10\0\0\x01\0\x18\0"s, "PK\x03\x04\x14\0\0\0\x08\0abcd"s,
        " GIF89a\x03\0\x02\0\x80\0\0"s, "GIF88a\x03\0\x02\0\x80\0\0"s, "gif89a\x03\0\x02\0\x80\0\0"s,
        "\x89PNG\n\x1a\n\0\0\0\rIHDR"s, "RIFF\x24\0\0\0WAVEfmt "s, "\xff\xd8\xfe\xe0\0\x10JFIF\0\1"s,
        "{\"text\":\"hi\"}"s}) {
    const std::string said = verdict(bytes);
    EXPECT_THAT(said, StartsWith("415 what came begins with \"")) << testing::PrintToString(bytes);
    EXPECT_THAT(said, testing::EndsWith("\", expected a GIF, PNG, JPEG or WebP picture"));
  }
  EXPECT_EQ(verdict("<svg xmlns=''></svg>"),
            "415 what came begins with \"<svg xmlns='\", expected a GIF, PNG, JPEG or WebP picture");
  EXPECT_EQ(verdict("\n\0\x7f\xff........"s),
            "415 what came begins with \"????........\", expected a GIF, PNG, JPEG or WebP picture");
}

TEST(NoPicture, IsWhatIsTooShortToBeOne) {
  EXPECT_EQ(verdict(""), "415 got nothing, expected a GIF, PNG, JPEG or WebP picture");
  EXPECT_EQ(verdict("GIF89a"),
            "415 what came begins with \"GIF89a\", expected a GIF, PNG, JPEG or WebP picture");
}

TEST(NoPicture, IsAScriptThatBeginsAsAGif) {
  // A known trick: valid JavaScript, and to whoever looks at six bytes a GIF. As a size, "=1" is 12605.
  EXPECT_EQ(verdict("GIF89a=1;alert(document.cookie);"),
            "400 the picture is 12605x24891 pixels, expected 1x1 to 4096x4096");
  EXPECT_EQ(verdict("GIF89a/*" + "\x01\0"s + "\0\0\0" + "*/=1;alert(1)"),
            "400 the picture is 10799x1 pixels, expected 1x1 to 4096x4096");
}

// --- dimensions -------------------------------------------------------------------------------------------------------

// Pictures of a few bytes that claim to be of this size, one of each kind.
std::vector<std::string> claiming(unsigned width, unsigned height) {
  std::vector<std::string> all{
      gif_head(width, height) + gif_image(0, 0, 1, 1) + ";",
      std::string(support::png_signature) + png_header(width, height) + png_data() + png_end(),
      jpeg_head() + jpeg_frame(width, height) + jpeg_scan() + "\xff\xd9",
      webp_file(webp_chunk(
          "VP8 ", from_hex("300000 9d012a") + support::little(width, 2) + support::little(height, 2))),
  };
  if (width > 0 && height > 0) {
    all.push_back(webp_file(webp_chunk("VP8L", "/" + support::little((height - 1) << 14 | (width - 1), 4))));
    all.push_back(webp_file(webp_canvas("00", width, height) +
                            webp_chunk("VP8L", "/" + support::little((height - 1) << 14 | (width - 1), 4))));
  }
  return all;
}

TEST(Dimensions, MayBe1x1To4096x4096) {
  for (const auto& [width, height] : {std::pair{1u, 1u}, {4096u, 4096u}, {1u, 4096u}, {4096u, 1u}}) {
    for (const std::string& bytes : claiming(width, height)) {
      EXPECT_THAT(verdict(bytes),
                  testing::EndsWith(' ' + std::to_string(width) + 'x' + std::to_string(height)))
          << testing::PrintToString(bytes);
    }
  }
}

TEST(Dimensions, ThatAreNothingOrMoreThanAMachineHasAreRefused) {
  for (const auto& [width, height] :
       {std::pair{0u, 1u}, {1u, 0u}, {0u, 0u}, {4097u, 1u}, {1u, 4097u}, {16383u, 16383u}}) {
    for (const std::string& bytes : claiming(width, height)) {
      EXPECT_EQ(verdict(bytes), "400 the picture is " + std::to_string(width) + 'x' + std::to_string(height) +
                                    " pixels, expected 1x1 to 4096x4096")
          << testing::PrintToString(bytes);
    }
  }
}

TEST(Dimensions, OfABombAreRefused) {
  // 65535x65535: 17 GB as 32-bit pixels; PNG can say 2^31 by 2^31, WebP 2^24 by 2^24.
  EXPECT_EQ(verdict(gif_head(65535, 65535)),
            "400 the picture is 65535x65535 pixels, expected 1x1 to 4096x4096");
  EXPECT_EQ(verdict(jpeg_head() + jpeg_frame(65535, 65535)),
            "400 the picture is 65535x65535 pixels, expected 1x1 to 4096x4096");
  EXPECT_EQ(verdict(std::string(support::png_signature) + png_header(0x7fffffff, 0x7fffffff)),
            "400 the picture is 2147483647x2147483647 pixels, expected 1x1 to 4096x4096");
  EXPECT_EQ(verdict(webp_file(webp_canvas("00", 1 << 24, 1 << 24) + webp_lossless_image())),
            "400 the picture is 16777216x16777216 pixels, expected 1x1 to 4096x4096");
}

TEST(Dimensions, OfAFrameLieWithinThePicture) {
  EXPECT_EQ(verdict(gif_head() + gif_image(1, 0, 3, 2) + ";"),
            "400 a frame is 3x2 pixels at 1,0, expected it within the picture's 3x2");
  EXPECT_EQ(verdict(gif_head() + gif_image() + gif_image(0, 0, 65535, 65535) + ";"),
            "400 a frame is 65535x65535 pixels at 0,0, expected it within the picture's 3x2");
  EXPECT_EQ(verdict(gif_head() + gif_image(65535, 65535, 1, 1) + ";"),
            "400 a frame is 1x1 pixels at 65535,65535, expected it within the picture's 3x2");
  EXPECT_EQ(verdict(gif_head() + gif_image(0, 0, 0, 2) + ";"),
            "400 a frame is 0x2 pixels at 0,0, expected it within the picture's 3x2");
  const auto animated_png = [](const std::string& frame) {
    return std::string(support::png_signature) + png_header() + frame + png_data() + png_end();
  };
  EXPECT_EQ(verdict(animated_png(support::png_frame(0, 3, 2, 0, 1))),
            "400 a frame is 3x2 pixels at 0,1, expected it within the picture's 3x2");
  EXPECT_EQ(verdict(animated_png(support::png_frame(0, 0x7fffffff, 2, 0xffffffff, 0))),
            "400 a frame is 2147483647x2 pixels at 4294967295,0, expected it within the picture's 3x2");
  EXPECT_EQ(verdict(webp_file(webp_canvas("02") + webp_frame(2, 0, 3, 2, webp_lossless_image()))),
            "400 a frame is 3x2 pixels at 2,0, expected it within the picture's 3x2");
}

TEST(Frames, MayBe4096) {
  const auto gif_of = [](unsigned frames) {
    std::string bytes = gif_head();
    for (unsigned n = 0; n < frames; ++n) bytes += gif_image();
    return bytes + ";";
  };
  const auto webp_of = [](unsigned frames) {
    std::string chunks = webp_canvas("02");
    for (unsigned n = 0; n < frames; ++n) chunks += webp_frame(0, 0, 3, 2, webp_lossless_image());
    return webp_file(chunks);
  };
  const auto png_of = [](unsigned frames) {
    std::string chunks = std::string(support::png_signature) + png_header();
    for (unsigned n = 0; n < frames; ++n) chunks += support::png_frame(n, 3, 2, 0, 0);
    return chunks + png_data() + png_end();
  };
  const std::string refusal = "413 the picture has more frames than expected: more than 4096";
  EXPECT_EQ(verdict(std::vector<std::string_view>{gif_of(4096)}), "image/gif 3x2");
  EXPECT_EQ(verdict(std::vector<std::string_view>{gif_of(4097)}), refusal);
  EXPECT_EQ(verdict(std::vector<std::string_view>{webp_of(4097)}), refusal);
  EXPECT_EQ(verdict(std::vector<std::string_view>{png_of(4096)}), "image/png 3x2");
  EXPECT_EQ(verdict(std::vector<std::string_view>{png_of(4097)}), refusal);
}

// --- GIF ----------------------------------------------------------------------------------------------------------------

TEST(Gif, OfTheOlderVersionIsOne) {
  std::string bytes = support::gif();
  bytes[4] = '7';
  EXPECT_EQ(verdict(bytes), "image/gif 3x2");
}

TEST(Gif, MayHaveNoTableOfColoursOrSeveral) {
  EXPECT_EQ(verdict("GIF89a" + from_hex("0300 0200 00 00 00") + gif_image() + ";"), "image/gif 3x2");
  EXPECT_EQ(verdict("GIF89a" + from_hex("0300 0200 87 00 00") + std::string(768, 'c') + gif_image() + ";"),
            "image/gif 3x2");
  EXPECT_EQ(verdict(gif_head() + "," + from_hex("0000 0000 0300 0200 82") + std::string(24, ';') +
                    from_hex("02 01 04 00") + ";"),
            "image/gif 3x2");
}

TEST(Gif, WithoutAnImageIsRefused) {
  EXPECT_EQ(verdict(gif_head() + ";"), "400 the GIF holds no image, expected one at least");
  EXPECT_EQ(verdict(gif_head() + "!\xfe\x02hi" + "\0;"s),
            "400 the GIF holds no image, expected one at least");
}

TEST(Gif, OfOtherBlocksIsRefused) {
  EXPECT_EQ(verdict(gif_head() + "<script>"),
            "400 GIF block 60 ends at byte 20, expected an extension (33), an image (44) or the end (59)");
  EXPECT_EQ(verdict(gif_head() + gif_image() + "\0;"s),
            "400 GIF block 0 ends at byte 37, expected an extension (33), an image (44) or the end (59)");
}

TEST(Gif, OfImpossibleCodesIsRefused) {
  for (const auto& [size, hex] : {std::pair{0, "00"}, {12, "0c"}, {255, "ff"}}) {
    EXPECT_EQ(verdict(gif_head() + "," + from_hex("0000 0000 0300 0200 00") + from_hex(hex) + "\x01x\0;"s),
              "400 a GIF image has codes of " + std::to_string(size) + " bits, expected 1 to 11");
  }
}

// --- PNG ----------------------------------------------------------------------------------------------------------------

std::string png_of(std::string_view chunks) {
  return std::string(support::png_signature) + std::string(chunks);
}

TEST(Png, MayHaveOtherChunksThatNeedNotBeUnderstood) {
  EXPECT_EQ(verdict(png_of(png_header() + png_chunk("tEXt", "Comment\0<script>"s) + png_chunk("PLTE", "rgb") +
                           png_data() + png_chunk("IDAT", "") + png_chunk("tIME", "1234567") + png_end())),
            "image/png 3x2");
}

TEST(Png, OfEveryKindOfPixelIsOne) {
  for (const std::string_view kind : {"01 00", "02 00", "04 00", "08 00", "10 00", "08 02", "10 02", "01 03",
                                      "02 03", "04 03", "08 03", "08 04", "10 04", "08 06", "10 06"}) {
    for (const std::string_view interlace : {" 00 00 00", " 00 00 01"}) {
      EXPECT_EQ(verdict(png_of(png_header(3, 2, std::string(kind) + std::string(interlace)) + png_data() +
                               png_end())),
                "image/png 3x2")
          << kind;
    }
  }
  for (const std::string_view kind :
       {"00 00 00 00 00", "03 00 00 00 00", "20 00 00 00 00", "ff 00 00 00 00", "04 02 00 00 00",
        "10 03 00 00 00", "04 04 00 00 00", "02 06 00 00 00", "08 01 00 00 00", "08 05 00 00 00",
        "08 07 00 00 00", "08 ff 00 00 00", "08 02 01 00 00", "08 02 00 01 00", "08 02 00 00 02"}) {
    EXPECT_EQ(verdict(png_of(png_header(3, 2, kind) + png_data() + png_end())),
              "400 the PNG has pixels of a kind that the standard does not know")
        << kind;
  }
}

TEST(Png, WhoseChunkIsDamagedIsRefused) {
  // The last byte of each chunk's data, and one of its checksum.
  EXPECT_EQ(verdict(support::png()), "image/png 3x2");
  for (const auto& [at, type] :
       {std::pair{28, "IHDR"}, {32, "IHDR"}, {57, "IDAT"}, {61, "IDAT"}, {73, "IEND"}}) {
    std::string bytes = support::png();
    bytes[static_cast<std::size_t>(at)] ^= at == 28 ? 1 : 0x40;
    EXPECT_EQ(verdict(bytes),
              "400 the checksum of PNG chunk " + std::string(type) + " is wrong: the picture is damaged");
  }
}

TEST(Png, OfChunksInAnotherOrderIsRefused) {
  EXPECT_EQ(verdict(png_of(png_data() + png_header() + png_end())),
            "400 PNG chunk IDAT is in a place where it must not be");
  EXPECT_EQ(verdict(png_of(png_header() + png_header() + png_data() + png_end())),
            "400 PNG chunk IHDR is in a place where it must not be");
  EXPECT_EQ(verdict(png_of(png_header() + png_data() + png_chunk("tEXt", "a") + png_data() + png_end())),
            "400 PNG chunk IDAT is in a place where it must not be");
  EXPECT_EQ(verdict(png_of(png_header() + png_end())),
            "400 the PNG holds no IDAT chunk, expected one at least");
  EXPECT_EQ(verdict(png_of(png_header() + png_data() + png_chunk("IEND", "x"))),
            "400 PNG chunk IEND is 1 bytes, which it never is");
  EXPECT_EQ(verdict(png_of(png_chunk("IHDR", std::string(12, '\0')))),
            "400 PNG chunk IHDR is 12 bytes, which it never is");
  EXPECT_EQ(verdict(png_of(png_header() + png_chunk("fcTL", "x"))),
            "400 PNG chunk fcTL is 1 bytes, which it never is");
}

TEST(Png, WithChunksThatMustBeUnderstoodIsRefused) {
  EXPECT_EQ(verdict(png_of(png_header() + png_chunk("EVIL", "x") + png_data() + png_end())),
            "400 the PNG needs chunk EVIL to be understood, which the standard does not know");
  EXPECT_EQ(verdict(png_of(png_header() + "\0\0\0\1<b>!x"s)),
            "400 expected a PNG chunk, got something else up to byte 41");
  EXPECT_EQ(verdict(png_of(png_header() + "\x80\0\0\0IDAT"s)),
            "400 expected a PNG chunk, got something else up to byte 41");
}

TEST(Png, WhoseChunkSaysMoreThanComesIsCutOff) {
  EXPECT_EQ(verdict(png_of(png_header() + "\x7f\xff\xff\xffIDATx")),
            "400 the picture is cut off at byte 42, expected more of it");
}

// --- JPEG ---------------------------------------------------------------------------------------------------------------

const std::string jpeg_end = "\xff\xd9";

TEST(Jpeg, MayHaveOtherSegmentsFillBytesAndRestarts) {
  EXPECT_EQ(verdict(jpeg_head() + "\xff\xff\xff\xfe" + "\0\x0a<script>"s + jpeg_frame(3, 2, "ffffc1") +
                    jpeg_scan() + "\xff\0 \xff\xd0 \xff\xd7 \xff\xff"s + jpeg_end),
            "image/jpeg 3x2");
}

TEST(Jpeg, WithAPictureWithinItIsKnownByItsOwnFrame) {
  // A camera's preview, in a segment of its own.
  const std::string preview = support::jpeg();
  EXPECT_EQ(verdict(jpeg_head() + "\xff\xe1" + support::big_32(preview.size() + 2).substr(2) + preview +
                    jpeg_frame(9, 8) + jpeg_scan() + jpeg_end),
            "image/jpeg 9x8");
}

TEST(Jpeg, WithoutAFrameOrAScanIsRefused) {
  EXPECT_EQ(verdict(jpeg_head() + jpeg_end), "400 the JPEG holds no scan, expected one at least");
  EXPECT_EQ(verdict(jpeg_head() + jpeg_frame() + jpeg_end),
            "400 the JPEG holds no scan, expected one at least");
  EXPECT_EQ(verdict(jpeg_head() + jpeg_scan() + jpeg_end),
            "400 the JPEG begins a scan without a frame header, expected one before");
  EXPECT_EQ(verdict(jpeg_head() + jpeg_frame() + jpeg_frame() + jpeg_scan() + jpeg_end),
            "400 the JPEG has two frame headers, expected one");
  EXPECT_EQ(verdict(jpeg_head() + jpeg_frame() + jpeg_scan() + jpeg_frame(4096, 4096) + jpeg_end),
            "400 the JPEG has two frame headers, expected one");
}

TEST(Jpeg, OfAKindThatNoBrowserShowsIsRefused) {
  for (const std::string_view marker : {"c3", "c5", "c6", "c7", "c8", "c9", "ca", "cb", "cd", "ce", "cf"}) {
    EXPECT_THAT(verdict(jpeg_head() + jpeg_frame(3, 2, "ff" + std::string(marker)) + jpeg_scan() + jpeg_end),
                HasSubstr("expected one of a baseline or progressive JPEG"))
        << marker;
  }
  for (const std::string_view marker : {"01", "02", "bf", "d0", "d8", "dc", "de", "df", "f0", "f7", "fd"}) {
    EXPECT_THAT(verdict(jpeg_head() + from_hex("ff" + std::string(marker)) + "\0\4\0\2"s + jpeg_frame() +
                        jpeg_scan() + jpeg_end),
                HasSubstr("expected one of a baseline or progressive JPEG"))
        << marker;
  }
  std::string deep = jpeg_frame();
  deep[4] = 12;
  EXPECT_EQ(verdict(jpeg_head() + deep), "400 the JPEG has 12 bits a sample, expected 8");
}

TEST(Jpeg, WhoseHeightComesBehindItsScanIsRefused) {
  EXPECT_EQ(verdict(jpeg_head() + jpeg_frame() + jpeg_scan() + from_hex("ffdc 0004 ffff") + jpeg_end),
            "400 got JPEG marker FFDC up to byte " +
                std::to_string((jpeg_head() + jpeg_frame() + jpeg_scan()).size() + 2) +
                ", expected one of a baseline or progressive JPEG");
}

TEST(Jpeg, OfImpossibleLengthsIsRefused) {
  EXPECT_EQ(verdict(jpeg_head() + "\xff\xfe\0\1"s), "400 a JPEG segment is 1 bytes, which it never is");
  EXPECT_EQ(verdict(jpeg_head() + "\xff\xc0\0\7"s), "400 a JPEG segment is 7 bytes, which it never is");
  EXPECT_EQ(verdict(jpeg_head() + from_hex("ffc0 000b 08 0002 0003 02")),
            "400 a JPEG segment is 11 bytes, which it never is");
  EXPECT_EQ(verdict(jpeg_head() + from_hex("ffc0 0008 08 0002 0003 00")),
            "400 a JPEG segment is 8 bytes, which it never is");
  EXPECT_EQ(verdict(jpeg_head() + "<script>"),
            "400 expected a JPEG marker, got something else up to byte 90");
}

// --- WebP ---------------------------------------------------------------------------------------------------------------

TEST(WebP, MayHaveOtherChunksBehindACanvas) {
  EXPECT_EQ(verdict(webp_file(webp_canvas("2c") + webp_chunk("ICCP", "abc") + webp_lossless_image() +
                              webp_chunk("EXIF", "a") + webp_chunk("XMP ", "<x/>") + webp_chunk("what", ""))),
            "image/webp 3x2");
}

TEST(WebP, OfAnotherSizeThanItSaysIsRefused) {
  std::string longer = support::lossless_webp();
  longer[4] += 2;
  EXPECT_EQ(verdict(longer), "400 a WebP chunk is 21 bytes at byte 25, which is impossible there");
  std::string shorter = support::lossless_webp();
  shorter[4] -= 2;
  EXPECT_EQ(verdict(shorter), "400 a WebP chunk is 21 bytes at byte 20, which is impossible there");
  std::string odd = support::lossless_webp();
  odd[4] += 1;
  EXPECT_EQ(verdict(odd), "400 the WebP says that it is 43 bytes, which it never is");
  EXPECT_EQ(verdict("RIFF\4\0\0\0WEBP"s), "400 the WebP says that it is 12 bytes, which it never is");
  EXPECT_EQ(verdict(webp_file(webp_canvas("00") + webp_lossless_image() + "XMP ")),
            "400 expected a WebP chunk at byte 60");
  EXPECT_EQ(
      verdict(webp_file(webp_canvas("00") + webp_lossless_image() + webp_chunk("EXIF", "ab").substr(0, 8))),
      "400 a WebP chunk is 2 bytes at byte 68, which is impossible there");
}

TEST(WebP, WithoutAnImageIsRefused) {
  EXPECT_EQ(verdict(webp_file(webp_canvas("00"))), "400 the WebP holds no image, expected one");
  EXPECT_EQ(verdict(webp_file(webp_canvas("02"))), "400 the WebP holds no image, expected one");
  EXPECT_EQ(verdict(webp_file(webp_canvas("02") + webp_frame(0, 0, 3, 2, ""))),
            "400 a frame of the WebP holds no image, expected one");
  EXPECT_EQ(verdict(webp_file(webp_canvas("02") + webp_frame(0, 0, 3, 2, webp_chunk("ALPH", "ab")))),
            "400 a frame of the WebP holds no image, expected one");
}

TEST(WebP, WhoseImageIsNotAsItsCanvasSaysIsRefused) {
  EXPECT_EQ(verdict(webp_file(webp_canvas("00", 3, 3) + webp_lossless_image())),
            "400 the WebP's image is 3x2 pixels, expected 3x3 as said before");
  EXPECT_EQ(verdict(webp_file(webp_canvas("02", 9, 9) + webp_frame(0, 0, 2, 2, webp_lossless_image()))),
            "400 the WebP's image is 3x2 pixels, expected 2x2 as said before");
}

TEST(WebP, OfChunksInAnotherOrderIsRefused) {
  const std::string image = webp_lossless_image();
  for (const std::string& chunks :
       {webp_chunk("ICCP", "ab") + image, webp_canvas("00") + webp_canvas("00") + image,
        webp_canvas("00") + image + image, webp_canvas("02") + image,
        webp_canvas("00") + webp_frame(0, 0, 3, 2, image),
        webp_canvas("02") + webp_frame(0, 0, 3, 2, image + image),
        webp_canvas("02") + webp_frame(0, 0, 3, 2, webp_frame(0, 0, 3, 2, image))}) {
    EXPECT_THAT(verdict(webp_file(chunks)), HasSubstr("is in a place where it must not be"))
        << testing::PrintToString(chunks);
  }
  EXPECT_THAT(verdict(webp_file(image + image)), HasSubstr("which is impossible there"));
}

TEST(WebP, WhoseImageDoesNotBeginAsOneIsRefused) {
  // No key frame; not shown; another start code.
  for (const std::string_view frame :
       {"b10100 9d012a 0300 0200", "a00100 9d012a 0300 0200", "b00100 9d012b 0300 0200"}) {
    EXPECT_EQ(verdict(webp_file(webp_chunk("VP8 ", from_hex(frame)))),
              "400 the WebP's lossy image does not begin as one");
  }
  for (const std::string_view image : {"2e 02400000", "2f 02400020"})
    EXPECT_EQ(verdict(webp_file(webp_chunk("VP8L", from_hex(image) + "x"))),
              "400 the WebP's lossless image does not begin as one");
  EXPECT_THAT(verdict(webp_file(webp_chunk("VP8 ", "123456789"))), HasSubstr("a WebP chunk is 9 bytes"));
  EXPECT_THAT(verdict(webp_file(webp_chunk("VP8L", "/123"))), HasSubstr("a WebP chunk is 4 bytes"));
  EXPECT_THAT(verdict(webp_file(webp_chunk("VP8X", "123456789"))), HasSubstr("a WebP chunk is 9 bytes"));
  EXPECT_THAT(verdict(webp_file(webp_canvas("02") + webp_chunk("ANMF", "123456789"))),
              HasSubstr("a WebP chunk is 9 bytes"));
}

// --- large pictures -----------------------------------------------------------------------------------------------------

TEST(LargePicture, IsWalkedOverInPiecesOfAnySize) {
  const std::string bytes = support::gif_of(1'000'000);
  ASSERT_EQ(bytes.size(), 1'000'000u);
  for (const std::size_t size :
       {std::size_t{1}, std::size_t{255}, std::size_t{4096}, std::size_t{65536}, bytes.size()}) {
    PictureScanner scanner;
    for (std::size_t at = 0; at < bytes.size(); at += size)
      ASSERT_TRUE(scanner.feed(std::string_view(bytes).substr(at, size)));
    EXPECT_TRUE(scanner.finish());
  }
}

}  // namespace
}  // namespace feed
