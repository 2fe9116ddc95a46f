// Servers with --data as they are started by hand: what was acknowledged is there after whatever ended them, readers go on where they
// were, and a directory that is not to be used is refused in one sentence.
#include "support/child.hpp"
#include "support/clients.hpp"
#include "support/directory.hpp"
#include "support/raw_client.hpp"
#include "support/sample_pictures.hpp"
#include "support/test_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <map>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

namespace fs = std::filesystem;
using namespace std::string_literals;
using support::Child;
using support::Directory;
using support::files_in;
using support::frame;
using support::get;
using support::Over;
using support::post;
using support::RawClient;
using support::Subscription;
using support::upgrade;
using testing::HasSubstr;

std::vector<std::string> server_command(const std::string& name, const std::string& data,
                                        std::vector<std::string> more = {}) {
  std::vector<std::string> words{std::string(PROGRAM_DIRECTORY) + '/' + name + "_server", "--port", "0",
                                 "--data", data};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::vector<std::string> joined(std::vector<std::string> words, const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

// The places of acknowledged messages with their texts.
using Acknowledged = std::map<feed::Seq, std::string>;

// A publisher that says one message after the other without waiting, as its transport can: POST, or frames.
class Publisher {
 public:
  Publisher(Over over, std::uint16_t port) : client_(port), frames_(over == Over::websocket) {
    if (!frames_) return;
    client_.send(upgrade("/rooms/lobby/socket?after=latest"));
    EXPECT_EQ(client_.read_answer().status, 101);
    EXPECT_THAT(client_.read_frame().payload, HasSubstr("hello"));
  }

  void say(const std::string& text) {
    const std::string json = R"({"ref":0,"author":"ada","text":")" + text + "\"}";
    client_.send(frames_ ? frame(json) : post("/rooms/lobby/messages", json));
    said_.push_back(text);
  }

  /// The next answer, which is a place. Throws where the server is gone.
  void acknowledge(Acknowledged& all) {
    std::string answer;
    if (frames_) {
      do answer = client_.read_frame().payload;
      while (!answer.starts_with("{\"ref\""));
    } else {
      answer = client_.read_answer().body;
    }
    const std::size_t dot = answer.rfind('.');
    if (answer.find("\"cursor\":") == std::string::npos) throw std::runtime_error("refused: " + answer);
    EXPECT_TRUE(all.emplace(std::stoull(answer.substr(dot + 1)), said_.at(answered_)).second) << answer;
    ++answered_;
  }

 private:
  RawClient client_;
  bool frames_;
  std::vector<std::string> said_;
  std::size_t answered_ = 0;
};

void expect_all(const std::vector<feed::Message>& heard, const Acknowledged& acknowledged) {
  std::map<feed::Seq, std::string> texts;
  for (const feed::Message& message : heard) EXPECT_TRUE(texts.emplace(message.seq, message.text).second);
  for (const auto& [seq, text] : acknowledged) EXPECT_EQ(texts[seq], text) << "message " << seq;
}

struct Way {
  std::string server;
  Over over;
  std::string threads = "1";
};

void PrintTo(const Way& way, std::ostream* out) { *out << way.server << " --threads " << way.threads; }

class Persistence : public testing::TestWithParam<Way> {
 protected:
  std::vector<std::string> command(std::vector<std::string> more = {}) const {
    more.insert(more.end(), {"--threads", GetParam().threads});
    return server_command(GetParam().server, directory.text(), std::move(more));
  }

  Directory directory;
  support::Loop loop;
};

TEST_P(Persistence, KeepsWhatWasAcknowledgedWhenItIsKilledAndReadersGoOn) {
  constexpr std::size_t enough = 1000, under_way = 200;
  Acknowledged acknowledged;
  std::vector<feed::Message> heard;
  feed::After place;
  feed::Hello first_hello;
  {
    Child server(command({"--history", "100000", "--history-bytes", "100000000"}));
    const std::uint16_t port = server.port();
    Subscription reader(GetParam().over, loop, support::address(port));
    reader.wait_for_hello();
    first_hello = reader.heard().hellos.front();
    Publisher one(GetParam().over, port), other(GetParam().over, port);
    for (std::size_t n = 0; n < under_way; ++n) {
      one.say("one " + std::to_string(n));
      other.say("other " + std::to_string(n));
    }
    for (std::size_t n = 0; n < enough; ++n) {
      one.acknowledge(acknowledged);
      other.acknowledge(acknowledged);
      one.say("one " + std::to_string(under_way + n));
      other.say("other " + std::to_string(under_way + n));
      loop.turn();
    }
    reader.wait_for_messages(1);

    server.signal(SIGKILL);
    server.wait();

    for (Publisher* publisher : {&one, &other}) {
      try {
        for (;;) publisher->acknowledge(acknowledged);  // what had been sent already
      } catch (const std::exception&) {
      }
    }
    reader.wait_for_end();
    heard = reader.heard().messages;
    place = reader.client().place();
  }
  EXPECT_GE(acknowledged.size(), 2 * enough);

  Child server(command({"--history", "100000", "--history-bytes", "100000000"}));
  const std::uint16_t port = server.port();
  const auto room = support::address(port);

  const std::string listed = RawClient(port).ask(get("/rooms")).body;
  const std::size_t dot = listed.find('.');
  const std::size_t all = std::stoull(listed.substr(dot + 1));
  EXPECT_GE(all, acknowledged.rbegin()->first);
  Subscription anew(GetParam().over, loop, room);
  anew.wait_for_messages(all);
  EXPECT_FALSE(anew.heard().hellos.front().gap);
  EXPECT_EQ(anew.heard().hellos.front().cursor, first_hello.cursor) << "the epoch is the same";
  expect_all(anew.heard().messages, acknowledged);

  Subscription goes_on(GetParam().over, loop, room, place);
  goes_on.wait_for_hello();
  EXPECT_FALSE(goes_on.heard().hellos.front().gap);
  if (heard.size() < all) goes_on.wait_for_messages(all - heard.size());
  for (const feed::Message& message : goes_on.heard().messages) heard.push_back(message);
  EXPECT_EQ(heard, anew.heard().messages)
      << "what a reader got before is what it was, and what comes then is the rest";

  const auto places = support::publish(GetParam().over, loop, room, {"after the crash"});
  ASSERT_EQ(places.size(), 1u);
  EXPECT_EQ(places.front().seq, all + 1);
}

TEST_P(Persistence, KeepsWhatItTookWhenItIsAskedToEnd) {
  Acknowledged acknowledged;
  feed::Cursor last;
  {
    Child server(command());
    Publisher publisher(GetParam().over, server.port());
    for (int n = 1; n <= 50; ++n) publisher.say("message " + std::to_string(n));
    publisher.acknowledge(acknowledged);
    server.signal(SIGTERM);
    try {
      for (;;) publisher.acknowledge(acknowledged);
    } catch (const std::exception&) {
    }
    if (GetParam().over != Over::websocket) {  // whose client here does not close
      EXPECT_EQ(server.wait(), 0);
    }
  }
  EXPECT_FALSE(acknowledged.empty());
  Child server(command());
  Subscription reader(GetParam().over, loop, support::address(server.port()));
  reader.wait_for_messages(acknowledged.rbegin()->first);
  expect_all(reader.heard().messages, acknowledged);
}

TEST_P(Persistence, GoesOnAfterEveryRestart) {
  std::vector<std::string> texts;
  std::vector<std::string> epochs;
  for (int n = 1; n <= 3; ++n) {
    Child server(command({"--tick", "0"}));
    const auto room = support::address(server.port());
    texts.push_back("in life " + std::to_string(n));
    const auto places = support::publish(GetParam().over, loop, room, {texts.back()});
    ASSERT_EQ(places.size(), 1u);
    EXPECT_EQ(places.front().seq, static_cast<feed::Seq>(n));
    epochs.push_back(places.front().epoch);
    Subscription reader(GetParam().over, loop, room);
    reader.wait_for_messages(texts.size());
    EXPECT_EQ(reader.heard().texts(), texts);
    server.signal(n % 2 == 0 ? SIGKILL : SIGTERM);
    reader.wait_for_end();
    server.wait();
  }
  EXPECT_THAT(epochs, testing::Each(epochs.front()));
}

TEST_P(Persistence, KeepsItsTicks) {
  {
    Child server(command({"--tick", "0.01"}));
    Subscription reader(GetParam().over, loop, support::address(server.port()));
    reader.wait_for_messages(3);
    server.signal(SIGKILL);
    reader.wait_for_end();
  }
  Child server(command());
  Subscription reader(GetParam().over, loop, support::address(server.port()));
  reader.wait_for_messages(3);
  EXPECT_EQ(reader.heard().messages[2].text, "message number 3");
}

TEST_P(Persistence, KeepsRoomsOfAnyName) {
  const std::vector<std::string> names{
      "%EC%A0%95%EC%9B%90", "%F0%9F%8C%B1", "a%20b", "%27%22%3B--", "...", "%5Cx", "A", "a"};
  std::string before;
  {
    Child server(command());
    RawClient client(server.port());
    for (const std::string& name : names)
      EXPECT_EQ(client.ask(post("/rooms/" + name + "/messages", R"({"author":"ada","text":"hi"})")).status,
                201);
    before = client.ask(get("/rooms")).body;
    server.signal(SIGKILL);
    server.wait();
  }
  Child server(command());
  EXPECT_EQ(RawClient(server.port()).ask(get("/rooms")).body, before);
  EXPECT_THAT(before, HasSubstr("{\"room\":\"정원\","));
}

TEST_P(Persistence, RefusesADirectoryThatIsInUse) {
  Child first(command());
  RawClient client(first.port());
  EXPECT_EQ(client.ask(post("/rooms/lobby/messages", R"({"text":"hi"})")).status, 201);

  Child second(command());

  EXPECT_EQ(second.wait(), 1);
  EXPECT_EQ(second.errors(), GetParam().server + "/run: " + (directory / "feed.db").string() +
                                 " is in use by another process: one server keeps its rooms in a directory, "
                                 "choose another --data\n");
  EXPECT_EQ(client.ask(post("/rooms/lobby/messages", R"({"text":"hi"})")).status, 201);
}

std::vector<Way> ways(const std::string& threads) {
  return {{"polling", Over::polling, threads},
          {"sse", Over::sse, threads},
          {"websocket", Over::websocket, threads}};
}

std::string name_of(const testing::TestParamInfo<Way>& info) { return info.param.server; }

INSTANTIATE_TEST_SUITE_P(All, Persistence, testing::ValuesIn(ways("1")), name_of);
INSTANTIATE_TEST_SUITE_P(AllOnTwoThreads, Persistence, testing::ValuesIn(ways("2")), name_of);

// --- directories and disks, the same for all three --------------------------------------------------------------------

class DataDirectory : public testing::Test {
 protected:
  std::vector<std::string> command(std::vector<std::string> more = {}) const {
    return server_command("polling", directory.text(), std::move(more));
  }
  // A database with something in it.
  void fill() {
    Child server(command());
    EXPECT_EQ(RawClient(server.port()).ask(post("/rooms/lobby/messages", R"({"text":"hi"})")).status, 201);
    server.signal(SIGTERM);
    EXPECT_EQ(server.wait(), 0);
  }
  // Exit code 1, one line that says `what`, and every file as it was.
  void expect_refusal(const std::vector<std::string>& words, std::string_view what) {
    const auto before = files_in(directory.path());
    Child server(words);
    EXPECT_EQ(server.wait(), 1);
    const std::string errors = server.errors();
    EXPECT_THAT(errors, testing::StartsWith("polling/run: " + directory.text()));
    EXPECT_THAT(errors, HasSubstr(std::string(what)));
    EXPECT_EQ(errors.find('\n'), errors.size() - 1) << errors;
    EXPECT_EQ(files_in(directory.path()), before);
  }
  void sql(const std::string& statements) {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open((directory / "feed.db").c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, statements.c_str(), nullptr, nullptr, nullptr), SQLITE_OK);
    sqlite3_close(database);
  }

  Directory directory;
};

TEST_F(DataDirectory, IsRefusedWhereANewerProgramMadeIt) {
  fill();
  sql("PRAGMA user_version = 7");
  expect_refusal(command(), "has version 7, expected 1");
}

TEST_F(DataDirectory, IsRefusedWhereAnotherProgramMadeIt) {
  sql("CREATE TABLE bookmarks (url TEXT)");
  expect_refusal(command(), "is another program's database");
}

TEST_F(DataDirectory, IsRefusedWhereItIsDamaged) {
  fill();
  const std::string good = support::content_of(directory / "feed.db");
  support::put(directory / "feed.db", std::string(100, 'x') + good.substr(100));
  expect_refusal(command(), "is no database, or its beginning is damaged");
  support::put(directory / "feed.db", good.substr(0, good.size() - 4096));
  expect_refusal(command(), "is damaged (");
}

// Root may write everywhere: then as somebody else.
std::vector<std::string> as_nobody(const std::vector<std::string>& command) {
  if (::geteuid() != 0) return command;
  return joined({"/usr/bin/setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"}, command);
}

TEST_F(DataDirectory, IsRefusedWhereItMayNotBeWritten) {
  fill();
  const fs::path file = directory / "feed.db";
  fs::permissions(file, fs::perms(0444));
  fs::permissions(directory.path(), fs::perms(0555));
  expect_refusal(as_nobody(command()), "feed.db cannot be written: it is read-only");
  fs::permissions(file, fs::perms(0666));
  expect_refusal(as_nobody(command()), "feed.db cannot be written: ");
  fs::permissions(directory.path(), fs::perms(0755));
  fs::remove(file);
  expect_refusal(as_nobody(command()), "/images cannot be read: ");  // by who does not own it
  fs::remove(directory / "images");
  fs::permissions(directory.path(), fs::perms(0555));
  expect_refusal(as_nobody(command()), "feed.db cannot be written: ");
  expect_refusal(as_nobody(server_command("polling", directory.text() + "/below/it")),
                 "/below/it cannot be made: Permission denied");
}

TEST_F(DataDirectory, IsRefusedWhereItHasPicturesAndNoDatabase) {
  // Another program's, named as ours are; and what it did not finish, as ours is named.
  support::put(directory / "images/74351b438b009c7af7fe42e01ad83d14.gif", "GIF89a");
  support::put(directory / "images/upload-1.part", "GIF");
  expect_refusal(command(), "/images is no empty directory, and there is no feed.db beside it");
  support::put(directory / "feed.db", "");
  expect_refusal(command(), "/images is no empty directory, and there is no feed.db beside it");
  fs::remove_all(directory / "images");
  support::put(directory / "images", "a file");
  expect_refusal(command(), "/images is no empty directory");
  fs::remove(directory / "images");
  fs::create_directory_symlink("/", directory / "images");
  expect_refusal(command(), "/images is no empty directory");
  fs::remove(directory / "images");
  fs::create_directory(directory / "images");
  fill();
  support::put(directory / "images/notes.txt", "with a database it may be there");
  fill();
}

TEST_F(DataDirectory, IsReadableByItsOwnerAlone) {
  const mode_t before = ::umask(0);  // which would let everybody do everything
  Child server(server_command("polling", directory.text() + "/made"));
  const std::uint16_t port = server.port();
  ::umask(before);
  RawClient client(port);
  EXPECT_EQ(client.ask(post("/rooms/lobby/messages", R"({"text":"hi"})")).status, 201);
  EXPECT_EQ(client.ask(post("/rooms/lobby/images", support::gif(), "Content-Type: image/gif\r\n")).status,
            201);
  const auto of_others = [](const fs::directory_entry& entry) {
    return entry.status().permissions() & (fs::perms::group_all | fs::perms::others_all);
  };
  EXPECT_EQ(of_others(fs::directory_entry(directory / "made")), fs::perms::none);
  std::vector<std::string> names;
  for (const auto& entry : fs::recursive_directory_iterator(directory / "made")) {
    EXPECT_EQ(of_others(entry), fs::perms::none) << entry.path();
    names.push_back(entry.path().filename().string());
  }
  EXPECT_THAT(names, testing::IsSupersetOf({"feed.db", "feed.db-wal", "images"}));
  EXPECT_EQ(names.size(), 4u) << "and the picture";
}

TEST_F(DataDirectory, IsRefusedWhereThereIsNoRoom) {
  fill();
  expect_refusal(joined({"/usr/bin/prlimit", "--fsize=2000"}, command()), "feed.db cannot be written: ");
}

TEST_F(DataDirectory, MayBecomeFullAndHaveRoomAgain) {
  std::size_t taken = 0;
  {
    Child server(
        joined({"/usr/bin/prlimit", "--fsize=300000:unlimited"}, command({"--history-bytes", "100000000"})));
    const std::uint16_t port = server.port();
    RawClient client(port);
    const std::string large =
        post("/rooms/lobby/messages", "{\"text\":\"" + std::string(20'000, 'x') + "\"}");
    support::Answer answer;
    while ((answer = client.ask(large)).status == 201) ++taken;
    EXPECT_EQ(answer.status, 507);
    EXPECT_EQ(answer.field("Content-Type"), "application/problem+json");
    EXPECT_THAT(answer.body, HasSubstr("\"title\":\"Insufficient Storage\""));
    EXPECT_THAT(answer.body, HasSubstr("File too large"));
    EXPECT_GT(taken, 2u);
    EXPECT_EQ(client.ask(large).status, 507);
    EXPECT_EQ(client.ask(get("/healthz")).status, 200);
    const support::Answer read = client.ask(get("/rooms/lobby/messages?limit=1"));
    EXPECT_THAT(read.body, HasSubstr("\"seq\":1,")) << "reading goes on";

    const rlimit unlimited{RLIM_INFINITY, RLIM_INFINITY};
    ASSERT_EQ(::prlimit(server.pid(), RLIMIT_FSIZE, &unlimited, nullptr), 0);

    answer = client.ask(large);
    EXPECT_EQ(answer.status, 201);
    EXPECT_THAT(answer.body, testing::EndsWith('.' + std::to_string(++taken) + "\"}")) << "without a hole";
    server.signal(SIGKILL);
    server.wait();
  }
  Child server(command({"--history-bytes", "100000000"}));
  EXPECT_THAT(RawClient(server.port()).ask(get("/rooms")).body,
              HasSubstr('.' + std::to_string(taken) + "\","));
}

TEST_F(DataDirectory, IsEnoughWhereItHoldsWhatIsRemembered) {
  // A file system of 1.5 MB of its own, where one may be mounted.
  std::vector<std::string> apart{"/usr/bin/unshare", "--mount"};
  if (::geteuid() != 0) apart.push_back("--map-root-user");
  if (Child(joined(apart, {"/bin/mount", "-t", "tmpfs", "-o", "size=1500k", "none", directory.text()}))
          .wait() != 0)
    GTEST_SKIP() << "nothing may be mounted here";
  Child server(joined(
      joined(apart,
             {"/bin/sh", "-c", R"(mount -t tmpfs -o size=1500k none "$0" && exec "$@")", directory.text()}),
      command({"--history-bytes", "200000"})));
  RawClient client(server.port());
  const std::string large = post("/rooms/lobby/messages", "{\"text\":\"" + std::string(20'000, 'x') + "\"}");
  for (int n = 0; n < 400; ++n) ASSERT_EQ(client.ask(large).status, 201) << n;  // 8 MB
}

TEST_F(DataDirectory, HoldsTenThousandRooms) {
  constexpr int rooms = 10'000;
  std::string before;
  {
    Child server(command());
    RawClient client(server.port(), support::long_patience);
    std::string all;
    for (int n = 0; n < rooms; ++n)
      all += post("/rooms/room%20" + std::to_string(n) + "/messages", R"({"author":"ada","text":"hi"})");
    std::string_view rest = all;
    for (int n = 0; n < rooms; ++n) {  // reads while it sends, or both sides wait for each other
      rest.remove_prefix(client.send_some(rest));
      ASSERT_EQ(client.read_answer().status, 201) << n;
    }
    before = client.ask(get("/rooms")).body;
    server.signal(SIGKILL);
    server.wait();
  }
  Child server(command());
  RawClient client(server.port(), support::long_patience);
  EXPECT_EQ(client.ask(get("/rooms")).body, before);
  std::size_t listed = 0;
  for (std::size_t at = 0; (at = before.find("{\"room\":", at)) != std::string::npos; ++at) ++listed;
  EXPECT_EQ(listed, static_cast<std::size_t>(rooms));
}

TEST_F(DataDirectory, IsTheOnlyPlaceThatIsWrittenTo) {
  // From within a directory of its own, with rooms that try to be paths.
  Directory elsewhere;
  Child server(joined({"/bin/sh", "-c", R"(cd "$0" && exec "$@")", elsewhere.text()}, command()));
  RawClient client(server.port());
  for (const std::string name : {"%2e%2e%2fx", "..%5C..%5Cx", "%2Fetc%2Fx", "x%00y", "feed.db"})
    client.ask(post("/rooms/" + name + "/messages", R"({"text":"hi"})"));
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(), 0);
  EXPECT_TRUE(files_in(elsewhere.path()).empty());
  for (const auto& [name, bytes] : files_in(directory.path())) EXPECT_EQ(name, "feed.db");
}

}  // namespace
