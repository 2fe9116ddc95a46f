// What the disk keeps: across restarts, after a process died, after the machine did, and on disks that do not take everything.
#include "feed/store.hpp"

#include "support/directory.hpp"
#include "support/file_limit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

namespace feed {
namespace {

namespace fs = std::filesystem;
using support::Directory;
using support::files_in;
using testing::HasSubstr;

constexpr auto this_boot = "boot-1";
constexpr auto next_boot = "boot-2";

struct Line {
  std::string room;
  Seq seq;
  std::string json;
  bool operator==(const Line&) const = default;
};

std::string json_of(Seq seq, const std::string& text = "hi") {
  return encode(Message{seq, 1'763'780'000'123, "ada", text});
}

std::vector<Line> lines_in(Store& store) {
  std::vector<Line> lines;
  store.load([&](const Kept& kept) {
    lines.push_back({std::string(kept.room), kept.seq, std::string(kept.json)});
  });
  return lines;
}

Result<> write(Store& store, const std::string& room, Seq first, Seq last, const std::string& text = "hi") {
  std::vector<std::string> jsons;
  for (Seq seq = first; seq <= last; ++seq) jsons.push_back(json_of(seq, text));
  Transaction transaction;
  for (Seq seq = first; seq <= last; ++seq) transaction.kept.push_back({room, seq, jsons[seq - first]});
  return store.write(transaction);
}

class StoreTest : public testing::Test {
 protected:
  // What a directory looks like whose process was killed: SQLite's files as they are while it is open.
  void crash_into(const fs::path& other) { fs::copy(directory.path(), other, fs::copy_options::recursive); }

  Directory directory;
};

TEST_F(StoreTest, MakesTheDirectoryWithItsParents) {
  const fs::path deep = directory / "a/b/c";
  {
    Store store(deep, this_boot);
    store.begin();
  }
  EXPECT_TRUE(fs::exists(deep / "feed.db"));
}

TEST_F(StoreTest, HasEveryMessageByRoomAndNumberWhenItIsOpenedAgain) {
  {
    Store store(directory.path(), this_boot);
    EXPECT_TRUE(lines_in(store).empty());
    store.begin();
    EXPECT_TRUE(write(store, "lobby", 1, 2));
    EXPECT_TRUE(write(store, "정원 🌱", 1, 1, "안녕 \"모두\"\n"));
    EXPECT_TRUE(write(store, "lobby", 3, 3));
  }
  Store store(directory.path(), this_boot);
  EXPECT_EQ(lines_in(store), (std::vector<Line>{{"lobby", 1, json_of(1)},
                                                {"lobby", 2, json_of(2)},
                                                {"lobby", 3, json_of(3)},
                                                {"정원 🌱", 1, json_of(1, "안녕 \"모두\"\n")}}));
}

TEST_F(StoreTest, TellsRoomsApartByEveryByteOfTheirNames) {
  const std::vector<std::string> names{"a", "A",        "a ", " a", "a'", "a\"; DROP TABLE messages",
                                       "ä", "a\xcc\x88"};
  {
    Store store(directory.path(), this_boot);
    store.begin();
    for (const std::string& name : names) EXPECT_TRUE(write(store, name, 1, 1, name)) << name;
  }
  Store store(directory.path(), this_boot);
  const auto lines = lines_in(store);
  EXPECT_EQ(lines.size(), names.size());
  for (const Line& line : lines) EXPECT_EQ(line.json, json_of(1, line.room));
}

TEST_F(StoreTest, ForgetsWhatItIsToldTo) {
  {
    Store store(directory.path(), this_boot);
    store.begin();
    EXPECT_TRUE(write(store, "garden", 1, 3));
    EXPECT_TRUE(write(store, "lobby", 1, 10));
    Transaction transaction;
    transaction.forgotten.push_back({"lobby", 8});
    EXPECT_TRUE(store.write(transaction));
  }
  Store store(directory.path(), this_boot);
  EXPECT_EQ(lines_in(store), (std::vector<Line>{{"garden", 1, json_of(1)},
                                                {"garden", 2, json_of(2)},
                                                {"garden", 3, json_of(3)},
                                                {"lobby", 9, json_of(9)},
                                                {"lobby", 10, json_of(10)}}));
}

TEST_F(StoreTest, StaysAsSmallAsWhatItHasToRemember) {
  Store store(directory.path(), this_boot);
  store.begin();
  const std::string text(10'000, 'x');
  for (Seq seq = 1; seq <= 4000; ++seq) {
    const std::string json = json_of(seq, text);
    Transaction transaction;
    transaction.kept.push_back({"lobby", seq, json});
    if (seq > 20) transaction.forgotten.push_back({"lobby", seq - 20});
    ASSERT_TRUE(store.write(transaction));
    store.checkpoint_if_due();
  }
  // 40 MB were written; 20 messages are there, and the log is begun anew from 16 MiB on.
  EXPECT_LT(fs::file_size(directory / "feed.db"), 600'000u);
  EXPECT_LT(fs::file_size(directory / "feed.db-wal"), std::uintmax_t{17} << 20);
}

// --- endings ----------------------------------------------------------------------------------------------------------

TEST_F(StoreTest, GoesOnWithItsEpochAfterAProperEnd) {
  std::string epoch;
  for (const std::string boot : {this_boot, this_boot, next_boot}) {
    Store store(directory.path(), boot);
    store.begin();
    if (epoch.empty()) epoch = store.epoch();
    EXPECT_EQ(store.epoch(), epoch);
  }
  EXPECT_TRUE(parse_cursor(epoch + ".0"));
}

TEST_F(StoreTest, LosesNothingThatWasCommittedWhenItsProcessDies) {
  Directory crashed;
  std::string epoch;
  {
    Store store(directory.path(), this_boot);
    store.begin();
    epoch = store.epoch();
    EXPECT_TRUE(write(store, "lobby", 1, 100));
    crash_into(crashed / "data");
  }
  Store store(crashed / "data", this_boot);
  EXPECT_EQ(store.epoch(), epoch);
  EXPECT_EQ(lines_in(store).size(), 100u);
  EXPECT_EQ(lines_in(store).back(), (Line{"lobby", 100, json_of(100)}));
}

TEST_F(StoreTest, HasAnotherEpochWhenTheMachineWentDownWithIt) {
  Directory crashed;
  std::string epoch;
  {
    Store store(directory.path(), this_boot);
    store.begin();
    epoch = store.epoch();
    EXPECT_TRUE(write(store, "lobby", 1, 1));
    crash_into(crashed / "data");
  }
  std::string other;
  {
    Store store(crashed / "data", next_boot);
    other = store.epoch();
    EXPECT_NE(other, epoch);
    EXPECT_EQ(lines_in(store).size(), 1u) << "what is there is told";
    store.begin();
  }
  EXPECT_EQ(Store(crashed / "data", next_boot).epoch(), other) << "and stays";
}

TEST_F(StoreTest, HasAnotherEpochAfterACrashWhereTheBootIsNotKnown) {
  Directory crashed;
  std::string epoch;
  {
    Store store(directory.path(), "");
    store.begin();
    epoch = store.epoch();
    crash_into(crashed / "data");
  }
  EXPECT_NE(Store(crashed / "data", "").epoch(), epoch);
}

TEST_F(StoreTest, KnowsThisMachinesBoot) {
  EXPECT_EQ(Store::current_boot().size(), 36u);  // a UUID
  EXPECT_EQ(Store::current_boot(), Store::current_boot());
}

// --- disks that do not take it ----------------------------------------------------------------------------------------

TEST_F(StoreTest, KeepsNothingOfATransactionThatFailsAndGoesOn) {
  {
    Store store(directory.path(), this_boot);
    store.begin();
    EXPECT_TRUE(write(store, "lobby", 1, 3));

    const Result<> failed = write(store, "lobby", 2, 5);  // 2 and 3 are there

    ASSERT_FALSE(failed);
    EXPECT_EQ(failed.error().status, 507);
    EXPECT_TRUE(write(store, "lobby", 4, 4));
  }
  Store store(directory.path(), this_boot);
  EXPECT_EQ(lines_in(store).size(), 4u);
}

TEST_F(StoreTest, SaysSoWhenTheDiskIsFullAndGoesOnWhenItIsNot) {
  {
    Store store(directory.path(), this_boot);
    store.begin();
    EXPECT_TRUE(write(store, "lobby", 1, 1));
    {
      const support::FileLimit limit(100'000);
      const Result<> failed = write(store, "lobby", 2, 2, std::string(200'000, 'x'));
      ASSERT_FALSE(failed);
      EXPECT_EQ(failed.error().status, 507);
      EXPECT_THAT(failed.error().detail, HasSubstr("File too large"));
      EXPECT_TRUE(write(store, "lobby", 2, 2)) << "what has room is kept";
    }
    EXPECT_TRUE(write(store, "lobby", 3, 3, std::string(200'000, 'x')));
  }
  Store store(directory.path(), this_boot);
  EXPECT_EQ(lines_in(store), (std::vector<Line>{{"lobby", 1, json_of(1)},
                                                {"lobby", 2, json_of(2)},
                                                {"lobby", 3, json_of(3, std::string(200'000, 'x'))}}));
}

TEST_F(StoreTest, GoesOnForEverOnADiskThatHoldsWhatItRemembers) {
  const support::FileLimit limit(400'000);  // and so much for the log
  Store store(directory.path(), this_boot);
  store.begin();
  const std::string text(10'000, 'x');
  for (Seq seq = 1; seq <= 500; ++seq) {
    const std::string json = json_of(seq, text);
    Transaction transaction;
    transaction.kept.push_back({"lobby", seq, json});
    if (seq > 5) transaction.forgotten.push_back({"lobby", seq - 5});
    ASSERT_TRUE(store.write(transaction)) << seq;
  }
}

// --- what is not to be used -------------------------------------------------------------------------------------------

// The sentence by which a directory is refused.
std::string refusal_of(const fs::path& directory) {
  try {
    Store store(directory, this_boot);
    store.load([](const Kept&) {});
    store.begin();
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "";
}

void sql(const fs::path& file, const std::string& statements) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(file.c_str(), &database), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(database, statements.c_str(), nullptr, nullptr, nullptr), SQLITE_OK)
      << sqlite3_errmsg(database);
  sqlite3_close(database);
}

void patch(const fs::path& file, std::size_t at, const std::string& bytes) {
  std::fstream(file, std::ios::in | std::ios::out | std::ios::binary).seekp(static_cast<std::streamoff>(at))
      << bytes;
}

struct Unusable {
  std::string name;
  std::function<void(const fs::path& file)> make;  // out of a good one with 500 messages
  std::string says;
};

void PrintTo(const Unusable& unusable, std::ostream* out) { *out << unusable.name; }

class UnusableStore : public testing::TestWithParam<Unusable> {};

TEST_P(UnusableStore, IsRefusedInOneSentenceAndLeftByteForByte) {
  Directory directory;
  const fs::path file = directory / "feed.db";
  {
    Store store(directory.path(), this_boot);
    store.begin();
    ASSERT_TRUE(write(store, "lobby", 1, 500));
  }
  GetParam().make(file);
  const auto before = files_in(directory.path());

  const std::string refusal = refusal_of(directory.path());

  EXPECT_THAT(refusal, testing::StartsWith(file.string() + ' '));
  EXPECT_THAT(refusal, HasSubstr(GetParam().says));
  EXPECT_THAT(refusal, HasSubstr("it was left as it is: move it away or choose another --data"));
  EXPECT_EQ(refusal.find('\n'), std::string::npos);
  EXPECT_EQ(files_in(directory.path()), before);
}

INSTANTIATE_TEST_SUITE_P(
    All, UnusableStore,
    testing::Values(
        Unusable{"ANewerVersion", [](const fs::path& file) { sql(file, "PRAGMA user_version = 2"); },
                 "has version 2, expected 1, the only one that this program knows; a newer one made it"},
        Unusable{"ANewerVersionThatIsOnlyInTheLog",
                 [](const fs::path& file) {
                   const fs::path open = file.parent_path() / "open.db";
                   fs::rename(file, open);
                   sqlite3* database = nullptr;
                   ASSERT_EQ(sqlite3_open(open.c_str(), &database), SQLITE_OK);
                   ASSERT_EQ(sqlite3_exec(database, "PRAGMA user_version = 2", nullptr, nullptr, nullptr),
                             SQLITE_OK);
                   fs::copy(open, file);
                   fs::copy(open.string() + "-wal", file.string() + "-wal");
                   sqlite3_close(database);
                   fs::remove(open);
                 },
                 "has version 2, expected 1"},
        Unusable{"AnotherProgramsDatabase",
                 [](const fs::path& file) {
                   fs::remove(file);
                   sql(file, "PRAGMA journal_mode = WAL; CREATE TABLE bookmarks (url TEXT)");
                 },
                 "is another program's database: its application id is 0x00000000, expected 0x66656564"},
        Unusable{"AFileThatIsNoDatabase",
                 [](const fs::path& file) { support::put(file, std::string(5000, 'x')); },
                 "is no database, or its beginning is damaged"},
        Unusable{"AFileOfAFewBytes", [](const fs::path& file) { support::put(file, "SQLite format 3"); },
                 "is no database, or its beginning is damaged"},
        Unusable{"AnOverwrittenHeader", [](const fs::path& file) { patch(file, 0, std::string(100, '\0')); },
                 "is no database, or its beginning is damaged"},
        Unusable{"ATruncatedFile",
                 [](const fs::path& file) { fs::resize_file(file, fs::file_size(file) - 5000); },
                 "is damaged ("},
        Unusable{
            "APageOfNoise",
            [](const fs::path& file) { patch(file, fs::file_size(file) - 4096, std::string(4096, '\x5a')); },
            "is damaged ("},
        Unusable{"AMissingTable", [](const fs::path& file) { sql(file, "DROP TABLE messages"); },
                 "is damaged (no such table: messages)"},
        Unusable{"AHoleInARoom",
                 [](const fs::path& file) { sql(file, "DELETE FROM messages WHERE seq = 250"); },
                 "is damaged (message 249 of a room is followed by 251)"},
        Unusable{"SomethingElseThanAMessage",
                 [](const fs::path& file) { sql(file, "UPDATE messages SET json = '{}' WHERE seq = 7"); },
                 "is damaged (what it has for message 7 is none)"},
        Unusable{"NoEpoch", [](const fs::path& file) { sql(file, "UPDATE state SET epoch = 'X'"); },
                 "is damaged (its epoch is \"X\")"}),
    [](const auto& info) { return info.param.name; });

TEST_F(StoreTest, IsUsedByOneAtATime) {
  Store store(directory.path(), this_boot);
  store.begin();
  EXPECT_TRUE(write(store, "lobby", 1, 1));
  EXPECT_THAT(refusal_of(directory.path()), HasSubstr("feed.db is in use by another process"));
  EXPECT_TRUE(write(store, "lobby", 2, 2));
}

TEST_F(StoreTest, DoesNotTakeAFileForADirectory) {
  support::put(directory / "file", "hello");
  EXPECT_THAT(refusal_of(directory / "file"), HasSubstr("file cannot be made: "));
  EXPECT_THAT(refusal_of(directory / "file/below"), HasSubstr("cannot be made: Not a directory"));
  EXPECT_EQ(support::content_of(directory / "file"), "hello");
}

TEST_F(StoreTest, DoesNotTakeADirectoryForADatabase) {
  fs::create_directory(directory / "feed.db");
  EXPECT_THAT(refusal_of(directory.path()), HasSubstr("feed.db is a directory, expected a database"));
}

TEST_F(StoreTest, IsNotBegunOnAFullDisk) {
  const support::FileLimit limit(2000);
  EXPECT_THAT(refusal_of(directory.path()), HasSubstr("feed.db cannot be written: "));
}

}  // namespace
}  // namespace feed
