#include "feed/pictures.hpp"

#include "support/directory.hpp"
#include "support/file_limit.hpp"
#include "support/loop.hpp"
#include "support/sample_pictures.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace feed {
namespace {

using namespace std::string_literals;
using support::Directory;
using support::files_in;
using testing::HasSubstr;

constexpr std::uint64_t plenty = 1 << 30;
constexpr std::uint64_t page = 4096;

// `sha256sum`, the first half.
constexpr std::string_view gif_name = "74351b438b009c7af7fe42e01ad83d14.gif";
constexpr std::string_view png_name = "2f7ace3d5eff93737675ec92eaad5bf2.png";
constexpr std::string_view jpeg_name = "5b994ea962cf0efa2cac042dd2c6a6ac.jpg";
constexpr std::string_view webp_name = "861b5a06cde8dd66de42618611e6d9a3.webp";

enum class Place { memory, disk };
void PrintTo(Place place, std::ostream* out) { *out << (place == Place::memory ? "memory" : "disk"); }

std::string content_of(const Pictures::Opened& opened) {
  std::string bytes(static_cast<std::size_t>(opened.part.size), '\0');
  EXPECT_EQ(::pread(opened.part.fd, bytes.data(), bytes.size(), static_cast<off_t>(opened.part.offset)),
            static_cast<ssize_t>(bytes.size()));
  return bytes;
}

class PicturesTest : public testing::TestWithParam<Place> {
 protected:
  PicturesTest() { open(plenty); }

  void open(std::uint64_t quota) {
    pictures.reset();
    pictures =
        std::make_unique<Pictures>(GetParam() == Place::disk ? images : std::filesystem::path(), quota);
  }
  // What there is on the disk, or would be.
  std::size_t files() const {
    return GetParam() == Place::disk ? files_in(images).size() : pictures->count();
  }

  std::string put(std::string_view bytes) {
    Pictures::Upload upload(*pictures, bytes.size());
    upload.write(bytes).value();
    return upload.keep().value();
  }
  std::string put_and_show(std::string_view bytes) {
    std::string name = put(bytes);
    pictures->shown_by(name, room, room.publish({"ada", "", "/images/" + name}).place()->seq);
    return name;
  }
  void forget() {  // the room remembers 3 messages
    for (int n = 0; n < 3; ++n) room.publish({"ada", "hi"});
  }

  Directory directory;
  const std::filesystem::path images = directory / "images";
  support::Loop loop;
  Counters counters;
  Room room{"lobby", "k3f9", {3, 1 << 20}, loop.executor(), counters};
  std::unique_ptr<Pictures> pictures;
};

TEST(PictureName, IsWhatThePicturesContentMakesIt) {
  for (const std::string_view name :
       {gif_name, png_name, jpeg_name, webp_name, std::string_view("00000000000000000000000000000000.gif")})
    EXPECT_TRUE(is_picture_name(name)) << name;
}

TEST(PictureName, IsNothingElse) {
  for (const std::string& name : {""s,
                                  "."s,
                                  ".."s,
                                  ".gif"s,
                                  "a.gif"s,
                                  "74351b438b009c7af7fe42e01ad83d14"s,
                                  "74351b438b009c7af7fe42e01ad83d14."s,
                                  "74351b438b009c7af7fe42e01ad83d1.gif"s,
                                  "74351b438b009c7af7fe42e01ad83d144.gif"s,
                                  "74351B438B009C7AF7FE42E01AD83D14.gif"s,
                                  "74351b438b009c7af7fe42e01ad83d14.GIF"s,
                                  "74351b438b009c7af7fe42e01ad83d14.gif "s,
                                  " 74351b438b009c7af7fe42e01ad83d14.gif"s,
                                  "74351b438b009c7af7fe42e01ad83d14.gif\0"s,
                                  "74351b438b009c7af7fe42e01ad83d14\0.gif"s,
                                  "74351b438b009c7af7fe42e01ad83d14.gif.gif"s,
                                  "74351b438b009c7af7fe42e01ad83d14.jpeg"s,
                                  "74351b438b009c7af7fe42e01ad83d14.svg"s,
                                  "74351b438b009c7af7fe42e01ad83d14.html"s,
                                  "../images/74351b438b009c7af7fe42e0.gif"s,
                                  "/4351b438b009c7af7fe42e01ad83d14.gif"s,
                                  "..351b438b009c7af7fe42e01ad83d14.gif"s,
                                  "upload-1.part"s,
                                  "rooms.sqlite"s,
                                  std::string(10000, 'a') + ".gif"}) {
    EXPECT_FALSE(is_picture_name(name)) << testing::PrintToString(name);
  }
}

TEST_P(PicturesTest, AreNamedAfterTheirContent) {
  EXPECT_EQ(put(support::gif()), gif_name);
  EXPECT_EQ(put(support::png()), png_name);
  EXPECT_EQ(put(support::jpeg()), jpeg_name);
  EXPECT_EQ(put(support::lossy_webp()), webp_name);
  EXPECT_EQ(pictures->count(), 4u);
  EXPECT_EQ(files(), 4u);
}

TEST_P(PicturesTest, ComeBackAsTheyWere) {
  const std::string large = support::gif_of(1'000'000);
  put(support::png());
  const std::string name = put(large);
  put(support::gif());

  EXPECT_EQ(content_of(pictures->open(name).value()), large);
  EXPECT_EQ(pictures->open(name)->type, PictureType::gif);
  EXPECT_EQ(content_of(pictures->open(png_name).value()), support::png());
  EXPECT_EQ(pictures->open(png_name)->type, PictureType::png);
}

TEST_P(PicturesTest, ThatAreNotThereAreNotOpened) {
  put(support::gif());
  EXPECT_FALSE(pictures->open(png_name));
  EXPECT_FALSE(pictures->open("../secret"));
  EXPECT_FALSE(pictures->open(""));
}

TEST_P(PicturesTest, OfOneContentAreOne) {
  put(support::gif());
  const std::uint64_t bytes = pictures->bytes();
  EXPECT_EQ(put(support::gif()), gif_name);
  EXPECT_EQ(pictures->count(), 1u);
  EXPECT_EQ(pictures->bytes(), bytes);
  EXPECT_EQ(files(), 1u);
  EXPECT_EQ(content_of(pictures->open(gif_name).value()), support::gif());
}

TEST_P(PicturesTest, MayComeInPiecesAndSideBySide) {
  const std::string one = support::gif_of(20'000), other = support::gif_of(30'000);
  Pictures::Upload first(*pictures, one.size()), second(*pictures, other.size());
  for (std::size_t at = 0; at < other.size(); at += 7001) {
    if (at < one.size()) {
      ASSERT_TRUE(first.write(std::string_view(one).substr(at, 7001)));
    }
    ASSERT_TRUE(second.write(std::string_view(other).substr(at, 7001)));
  }
  const std::string first_name = first.keep().value(), second_name = second.keep().value();
  EXPECT_EQ(content_of(pictures->open(first_name).value()), one);
  EXPECT_EQ(content_of(pictures->open(second_name).value()), other);
}

TEST_P(PicturesTest, ThatWereNotKeptLeaveNothingBehind) {
  {
    Pictures::Upload upload(*pictures, 100'000);
    ASSERT_TRUE(upload.write(std::string_view(support::gif_of(100'000)).substr(0, 50'000)));
    EXPECT_EQ(pictures->bytes(), 13 * page);
    EXPECT_FALSE(upload.keep()) << "it is cut off";
  }
  EXPECT_EQ(pictures->bytes(), 0u);
  EXPECT_EQ(pictures->count(), 0u);
  EXPECT_EQ(files(), 0u);
}

TEST_P(PicturesTest, ThatAreNoneAreNotEvenBegun) {
  Pictures::Upload upload(*pictures, 100);
  const auto written = upload.write("<svg><script>alert(1)</script></svg>");
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().status, 415);
  EXPECT_EQ(pictures->bytes(), 0u);
  EXPECT_EQ(files(), 0u);
}

TEST_P(PicturesTest, AreNoLargerThanTheyWereToBe) {
  Pictures::Upload upload(*pictures, support::gif().size() - 1);
  EXPECT_THROW(static_cast<void>(upload.write(support::gif())), std::invalid_argument);
}

TEST_P(PicturesTest, CountInPages) {
  put(support::gif());
  EXPECT_EQ(pictures->bytes(), page);
  put(support::gif_of(page));
  EXPECT_EQ(pictures->bytes(), 2 * page);
  put(support::gif_of(page + 1));
  EXPECT_EQ(pictures->bytes(), 4 * page);
}

TEST_P(PicturesTest, ThatNoMessageShowsMakeRoomTheOldestFirst) {
  open(3 * page);
  const std::string oldest = put(support::gif_of(100)), older = put(support::gif_of(200)),
                    old = put(support::gif_of(300));
  const std::string newest = put(support::gif_of(400));
  EXPECT_FALSE(pictures->open(oldest));
  EXPECT_TRUE(pictures->open(older));
  EXPECT_TRUE(pictures->open(old));
  EXPECT_TRUE(pictures->open(newest));
  put(support::gif_of(2 * page));
  EXPECT_FALSE(pictures->open(older));
  EXPECT_FALSE(pictures->open(old));
  EXPECT_TRUE(pictures->open(newest));
  EXPECT_EQ(files(), 2u);
}

TEST_P(PicturesTest, ThatAreSentAgainAreNotTheOldestAnyMore) {
  open(2 * page);
  const std::string one = put(support::gif_of(100)), other = put(support::gif_of(200));
  put(support::gif_of(100));
  put(support::gif_of(300));
  EXPECT_TRUE(pictures->open(one));
  EXPECT_FALSE(pictures->open(other));
}

TEST_P(PicturesTest, ThatAMessageShowsStayUntilTheRoomHasForgottenIt) {
  open(2 * page);
  const std::string shown = put_and_show(support::gif_of(100));
  const std::string not_shown = put(support::gif_of(200));

  put(support::gif_of(300));
  EXPECT_TRUE(pictures->open(shown));
  EXPECT_FALSE(pictures->open(not_shown));

  forget();
  const auto fits = pictures->make_room(2 * page);
  EXPECT_TRUE(fits);
  EXPECT_FALSE(pictures->open(shown));
  EXPECT_EQ(files(), 0u);
}

TEST_P(PicturesTest, ThatAnotherMessageShowsAsWellStay) {
  open(page);
  const std::string shown = put_and_show(support::gif());
  forget();
  Room other("other", "k3f9", {3, 1 << 20}, loop.executor(), counters);
  pictures->shown_by(shown, other, other.publish({"bob", "", "/images/" + shown}).place()->seq);
  EXPECT_FALSE(pictures->make_room(1));
  EXPECT_TRUE(pictures->open(shown));
  for (int n = 0; n < 3; ++n) other.publish({"bob", "hi"});
  EXPECT_TRUE(pictures->make_room(1));
}

TEST_P(PicturesTest, AreRefusedWhereAllOthersAreShown) {
  open(2 * page);
  put_and_show(support::gif_of(100));
  put_and_show(support::gif_of(200));
  const auto fits = pictures->make_room(1);
  ASSERT_FALSE(fits);
  EXPECT_EQ(fits.error().status, 507);
  EXPECT_EQ(
      fits.error().detail,
      "there is no room for 1 more bytes: pictures take up 8192 and none of them may go, expected 8192 at most, "
      "the limit of --max-images");
  const std::string bytes = support::gif_of(300);
  Pictures::Upload upload(*pictures, bytes.size());
  const auto written = upload.write(bytes);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().status, 507);
  EXPECT_EQ(files(), 2u);
}

TEST_P(PicturesTest, ThatAreTooLargeForTheQuotaMakeNobodyGo) {
  open(2 * page);
  const std::string one = put(support::gif_of(100));
  EXPECT_FALSE(pictures->make_room(2 * page + 1));
  EXPECT_TRUE(pictures->open(one));
}

TEST_P(PicturesTest, ThatGrowBeyondTheQuotaAreRefusedOnTheWay) {
  // The length that a client announces takes no room: only what has come does.
  open(2 * page);
  const std::string bytes = support::gif_of(3 * page);
  Pictures::Upload upload(*pictures, bytes.size());
  EXPECT_TRUE(upload.write(std::string_view(bytes).substr(0, 2 * page)));
  const auto written = upload.write(std::string_view(bytes).substr(2 * page));
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().status, 507);
}

TEST_P(PicturesTest, ThatAreBeingSentOrPublishedStay) {
  open(2 * page);
  const std::string name = put(support::gif_of(100));
  const std::string bytes = support::gif_of(200);
  {
    const auto sent = pictures->open(name);
    Pictures::Upload published(*pictures, bytes.size());
    ASSERT_TRUE(published.write(bytes));
    ASSERT_TRUE(published.keep());
    EXPECT_FALSE(pictures->make_room(1));
    EXPECT_EQ(content_of(*sent), support::gif_of(100));
  }
  EXPECT_TRUE(pictures->make_room(2 * page));
  EXPECT_EQ(pictures->count(), 0u);
}

TEST_P(PicturesTest, OfAFullDiskAreRefusedAndLeaveNothing) {
  const std::string bytes = support::gif_of(100'000);
  put(support::gif());
  {
    const support::FileLimit limit(8192);
    Pictures::Upload upload(*pictures, bytes.size());
    const auto written = upload.write(bytes);
    ASSERT_FALSE(written);
    EXPECT_EQ(written.error().status, 507);
    EXPECT_EQ(written.error().detail, "the picture could not be stored: File too large");
  }
  EXPECT_EQ(pictures->bytes(), page);
  EXPECT_EQ(files(), 1u);
  put(bytes);
  EXPECT_EQ(files(), 2u);
}

INSTANTIATE_TEST_SUITE_P(Places, PicturesTest, testing::Values(Place::memory, Place::disk),
                         [](const auto& info) { return info.param == Place::memory ? "Memory" : "Disk"; });

TEST(PicturesInMemory, GiveTheirPagesBack) {
  Pictures pictures({}, 64 << 20);
  const std::string small = support::gif_of(100), large = support::gif_of(10 << 20);
  std::string name;
  {
    Pictures::Upload first(pictures, small.size());
    ASSERT_TRUE(first.write(small));
    name = first.keep().value();
    Pictures::Upload second(pictures, large.size());
    ASSERT_TRUE(second.write(large));
    ASSERT_TRUE(second.keep());
  }
  const auto allocated = [&] {
    struct stat status {};
    EXPECT_EQ(::fstat(pictures.open(name)->part.fd, &status), 0);
    return static_cast<std::uint64_t>(status.st_blocks) * 512;
  };
  EXPECT_GE(allocated(), large.size());
  const auto kept = pictures.open(name);
  ASSERT_TRUE(pictures.make_room(60 << 20));
  EXPECT_EQ(pictures.count(), 1u);
  EXPECT_LE(allocated(), 64 * 1024u);
  EXPECT_EQ(content_of(*kept), small);
}

class PicturesOnDisk : public testing::Test {
 protected:
  std::string put(Pictures& pictures, std::string_view bytes) {
    Pictures::Upload upload(pictures, bytes.size());
    upload.write(bytes).value();
    return upload.keep().value();
  }

  Directory directory;
  const std::filesystem::path images = directory / "images";
};

TEST_F(PicturesOnDisk, AreThereAgainAfterARestart) {
  std::uint64_t bytes = 0;
  {
    Pictures pictures(images, plenty);
    put(pictures, support::gif());
    put(pictures, support::png());
    bytes = pictures.bytes();
  }
  Pictures pictures(images, plenty);
  EXPECT_EQ(pictures.count(), 2u);
  EXPECT_EQ(pictures.bytes(), bytes);
  EXPECT_EQ(content_of(pictures.open(png_name).value()), support::png());
  EXPECT_EQ(put(pictures, support::gif()), gif_name);
  EXPECT_EQ(pictures.count(), 2u);
}

TEST_F(PicturesOnDisk, GoInTheOrderInWhichTheyCameAlsoAfterARestart) {
  std::string newer, older;
  {
    Pictures pictures(images, plenty);
    newer = put(pictures, support::gif_of(100));
    older = put(pictures, support::gif_of(200));
  }
  const auto now = std::filesystem::file_time_type::clock::now();
  std::filesystem::last_write_time(images / older, now - std::chrono::hours(1));
  std::filesystem::last_write_time(images / newer, now);
  Pictures pictures(images, 2 * page);
  ASSERT_TRUE(pictures.make_room(page));
  EXPECT_FALSE(pictures.open(older));
  EXPECT_TRUE(pictures.open(newer));
}

TEST_F(PicturesOnDisk, WhatAnotherProcessLeftUnfinishedIsRemovedAndNothingElse) {
  std::filesystem::create_directories(images / "74351b438b009c7af7fe42e01ad83d14.gif");
  std::filesystem::create_symlink("/etc/passwd", images / "2f7ace3d5eff93737675ec92eaad5bf2.png");
  support::put(images / "upload-17.part", "GIF89a");
  support::put(images / "upload-.part", "mine");
  support::put(images / "upload-x.part", "mine");
  support::put(images / "notes.txt", "mine");
  support::put(images / "2f7ace3d5eff93737675ec92eaad5bf2.svg", "mine");
  Pictures pictures(images, plenty);
  EXPECT_EQ(pictures.count(), 0u);
  EXPECT_FALSE(pictures.open(gif_name));
  EXPECT_FALSE(pictures.open(png_name)) << "a link out of the directory";
  EXPECT_FALSE(std::filesystem::exists(images / "upload-17.part"));
  for (const std::string name :
       {"upload-.part", "upload-x.part", "notes.txt", "2f7ace3d5eff93737675ec92eaad5bf2.svg"})
    EXPECT_EQ(support::content_of(images / name), "mine") << name;
}

TEST_F(PicturesOnDisk, AreReadableByTheirOwnerAlone) {
  Pictures pictures(images, plenty);
  put(pictures, support::gif());
  struct stat status {};
  ASSERT_EQ(::stat((images / gif_name).c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600u);
  ASSERT_EQ(::stat(images.c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0700u);
}

TEST_F(PicturesOnDisk, ThatSomebodyReplacedByALinkOrTookAwayAreNotThere) {
  Pictures pictures(images, plenty);
  put(pictures, support::gif());
  put(pictures, support::png());
  std::filesystem::remove(images / gif_name);
  std::filesystem::create_symlink("/etc/passwd", images / gif_name);
  std::filesystem::remove(images / png_name);
  EXPECT_FALSE(pictures.open(gif_name));
  EXPECT_FALSE(pictures.open(png_name));
  put(pictures, support::gif());
  put(pictures, support::png());
  EXPECT_EQ(content_of(pictures.open(gif_name).value()), support::gif());
  EXPECT_EQ(content_of(pictures.open(png_name).value()), support::png());
}

TEST_F(PicturesOnDisk, InADirectoryThatIsNoneAreRefusedWithASentence) {
  support::put(images, "a file");
  const auto open = [&] { Pictures pictures(images, plenty); };
  EXPECT_THAT(open, testing::ThrowsMessage<std::runtime_error>("cannot open the directory for pictures, " +
                                                               images.string() + ": Not a directory"));
  EXPECT_EQ(support::content_of(images), "a file");
}

TEST_F(PicturesOnDisk, BehindALinkAreRefused) {
  std::filesystem::create_directory(directory / "elsewhere");
  std::filesystem::create_directory_symlink(directory / "elsewhere", images);
  const auto open = [&] { Pictures pictures(images, plenty); };
  EXPECT_THAT(
      open, testing::ThrowsMessage<std::runtime_error>(HasSubstr("cannot open the directory for pictures")));
}

TEST_F(PicturesOnDisk, InADirectoryThatCannotBeMadeAreRefusedWithASentence) {
  const std::filesystem::path nowhere = directory / "missing/images";
  const auto open = [&] { Pictures pictures(nowhere, plenty); };
  EXPECT_THAT(open,
              testing::ThrowsMessage<std::runtime_error>("cannot make the directory for pictures, " +
                                                         nowhere.string() + ": No such file or directory"));
}

}  // namespace
}  // namespace feed
