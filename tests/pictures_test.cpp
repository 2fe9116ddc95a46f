// Pictures as a client sends and gets them, on each of the three servers: what is taken, what is refused and how, and that
// nothing of what was refused stays behind.
#include "support/bad_pictures.hpp"
#include "support/child.hpp"
#include "support/clients.hpp"
#include "support/directory.hpp"
#include "support/raw_client.hpp"
#include "support/sample_pictures.hpp"
#include "support/test_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace std::string_literals;
using support::Answer;
using support::bad_pictures;
using support::BadPicture;
using support::Directory;
using support::files_in;
using support::get;
using support::gif_path;
using support::head_of;
using support::megabyte;
using support::picture;
using support::RawClient;
using support::TestServer;
using support::Transports;
using testing::AnyOf;
using testing::HasSubstr;
using testing::StartsWith;

// A string's value in an object of JSON.
std::string text_in(std::string_view json, std::string_view name) {
  const std::string key = '"' + std::string(name) + "\":\"";
  const std::size_t at = json.find(key);
  if (at == std::string_view::npos) return "no " + key + " in " + std::string(json);
  const std::string_view rest = json.substr(at + key.size());
  return std::string(rest.substr(0, rest.find('"')));
}

void expect_problem(const Answer& answer, int status, std::string_view detail) {
  EXPECT_EQ(answer.status, status) << answer.head << answer.body;
  EXPECT_EQ(answer.field("Content-Type"), "application/problem+json");
  EXPECT_THAT(answer.body, HasSubstr("\"status\":" + std::to_string(status)));
  EXPECT_THAT(answer.body, HasSubstr(std::string(detail)));
}

// What the room says without asking a transport.
std::string log_of(TestServer& server, const std::string& room = "lobby") {
  return server.on_thread([&](feed::Server& s) -> std::string {
    const feed::Room* found = s.rooms().find(room);
    if (!found || found->log().last() == 0) return {};
    std::string all;
    for (feed::Seq seq = found->log().first(); seq <= found->log().last(); ++seq)
      all += std::string(found->log().at(seq)) + '\n';
    return all;
  });
}

feed::Options with_data(const Directory& directory) {
  feed::Options options;
  options.data = directory.text();
  return options;
}

// --- each of the servers ------------------------------------------------------------------------------------------------

class PicturesOver : public testing::TestWithParam<Transports> {};

TEST_P(PicturesOver, AreTakenShownInTheRoomAndServed) {
  TestServer server({}, GetParam());
  RawClient client(server.port());

  const Answer created = client.ask(picture(support::gif()));

  EXPECT_EQ(created.status, 201) << created.body;
  EXPECT_EQ(created.field("Content-Type"), "application/json");
  EXPECT_EQ(text_in(created.body, "image"), gif_path);
  EXPECT_EQ(created.body,
            R"({"cursor":")" + text_in(created.body, "cursor") + R"(","image":")" + gif_path + "\"}");
  EXPECT_THAT(log_of(server), StartsWith(R"({"seq":1,"at":)"));
  EXPECT_THAT(log_of(server),
              testing::EndsWith(R"(,"author":"guest","text":"","image":")" + gif_path + "\"}\n"));

  const Answer got = client.ask(get(gif_path));
  EXPECT_EQ(got.status, 200);
  EXPECT_EQ(got.body, support::gif());
  EXPECT_EQ(got.field("Content-Type"), "image/gif");
  EXPECT_EQ(got.field("Content-Length"), std::to_string(support::gif().size()));
  EXPECT_EQ(got.field("Cache-Control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(got.field("X-Content-Type-Options"), "nosniff");
  EXPECT_EQ(got.field("Content-Security-Policy"), "default-src 'none'; sandbox");
}

TEST_P(PicturesOver, OfABadKindAreRefusedAndTheServerGoesOn) {
  TestServer server({}, GetParam());
  RawClient client(server.port());
  expect_problem(client.ask(picture("<svg onload=\"alert(1)\"></svg>", "image/png")), 415,
                 "expected a GIF, PNG, JPEG or WebP");
  EXPECT_EQ(log_of(server), "");
  EXPECT_EQ(server.counters().refused, 1u);
  RawClient other(server.port());
  EXPECT_EQ(other.ask(picture(support::gif())).status, 201);
}

INSTANTIATE_TEST_SUITE_P(Servers, PicturesOver,
                         testing::Values(Transports::polling, Transports::sse, Transports::websocket),
                         [](const auto& info) { return testing::PrintToString(info.param); });

class PicturesReadOver : public testing::TestWithParam<support::Over> {};

TEST_P(PicturesReadOver, ComeAsAMessage) {
  TestServer server;
  support::Loop loop;
  support::Subscription reader(GetParam(), loop, support::address(server.port()));
  reader.wait_for_hello();

  RawClient client(server.port());
  const Answer created = client.ask(picture(support::gif(), "image/gif", "/rooms/lobby/images?author=ada"));

  reader.wait_for_messages(1);
  const feed::Message& message = reader.heard().messages.front();
  EXPECT_EQ(message.image, gif_path);
  EXPECT_EQ(message.author, "ada");
  EXPECT_EQ(message.text, "");
  EXPECT_THAT(text_in(created.body, "cursor"), testing::EndsWith('.' + std::to_string(message.seq)));
}

INSTANTIATE_TEST_SUITE_P(Transports, PicturesReadOver,
                         testing::Values(support::Over::polling, support::Over::long_polling,
                                         support::Over::sse, support::Over::websocket),
                         [](const auto& info) { return std::string(support::to_string(info.param)); });

// --- what is taken ------------------------------------------------------------------------------------------------------

TEST(PictureUpload, OfEachTypeIsServedAsWhatItIs) {
  struct Sample {
    std::string bytes;
    std::string_view type, extension;
  };
  const std::vector<Sample> samples{{support::gif(), "image/gif", ".gif"},
                                    {support::animated_gif(), "image/gif", ".gif"},
                                    {support::png(), "image/png", ".png"},
                                    {support::jpeg(), "image/jpeg", ".jpg"},
                                    {support::progressive_jpeg(), "image/jpeg", ".jpg"},
                                    {support::lossy_webp(), "image/webp", ".webp"},
                                    {support::animated_webp(), "image/webp", ".webp"}};
  TestServer server;
  RawClient client(server.port());
  for (const Sample& sample : samples) {
    const std::string image = text_in(client.ask(picture(sample.bytes, sample.type)).body, "image");
    EXPECT_THAT(image, testing::EndsWith(std::string(sample.extension)));
    const Answer got = client.ask(get(image));
    EXPECT_EQ(got.field("Content-Type"), sample.type);
    EXPECT_EQ(got.body, sample.bytes);
  }
}

TEST(PictureUpload, IsWhatItsContentSaysWhateverItsHeaderSays) {
  TestServer server;
  RawClient client(server.port());
  for (const std::string_view type :
       {"image/gif", "image/jpeg", "image/webp", "Image/PNG", "image/gif; charset=utf-8", "image/gif ;x"}) {
    const std::string image = text_in(client.ask(picture(support::png(), type)).body, "image");
    EXPECT_EQ(image, "/images/2f7ace3d5eff93737675ec92eaad5bf2.png") << type;
    EXPECT_EQ(client.ask(get(image)).field("Content-Type"), "image/png");
  }
}

TEST(PictureUpload, NamesItsAuthorInTheQuery) {
  TestServer server;
  RawClient client(server.port());
  client.ask(picture(support::gif(), "image/gif", "/rooms/lobby/images?author=%EC%95%88%EB%85%95%20%22x%22"));
  EXPECT_THAT(log_of(server), HasSubstr(R"("author":"안녕 \"x\"","text":"")"));
}

TEST(PictureUpload, WithoutAnAuthorIsTheUsers) {
  TestServer server;
  RawClient client(server.port());
  const std::string cookie = "Cookie: user=AAAAAAAAAAAAAAAAAAAAAA\r\n";
  client.ask(picture(support::gif(), "image/gif", "/rooms/lobby/images", cookie));
  client.ask(support::post("/rooms/lobby/messages", R"({"text":"hi"})",
                           "Content-Type: application/json\r\n" + cookie));
  const std::string log = log_of(server);
  const std::string author = text_in(log, "author");
  EXPECT_THAT(author, StartsWith("guest-"));
  EXPECT_THAT(log.substr(log.find('\n')), HasSubstr("\"author\":\"" + author + '"'));
}

TEST(PictureUpload, ToARoomNamedInKoreanIsShownThere) {
  TestServer server;
  RawClient client(server.port());
  EXPECT_EQ(client.ask(picture(support::gif(), "image/gif", "/rooms/%EC%84%9C%EC%9A%B8/images")).status, 201);
  EXPECT_THAT(log_of(server, "서울"), HasSubstr(gif_path));
}

TEST(PictureUpload, IsFollowedByTheNextRequest) {
  TestServer server;
  RawClient client(server.port());
  const std::string large = support::gif_of(300'000);
  client.send(picture(support::gif()) + get("/healthz") + picture(large) + get("/healthz"));
  EXPECT_EQ(client.read_answer().status, 201);
  EXPECT_EQ(client.read_answer().body, "ok\n");
  const std::string image = text_in(client.read_answer().body, "image");
  EXPECT_EQ(client.read_answer().body, "ok\n");
  EXPECT_EQ(client.ask(get(image)).body, large);
  EXPECT_EQ(server.counters().accepted, 1u);
}

TEST(PictureUpload, OfTheLargestSizeIsTaken) {
  TestServer server;
  RawClient client(server.port());
  const std::string bytes = support::gif_of(5 * megabyte);
  const Answer created = client.ask(picture(bytes));
  ASSERT_EQ(created.status, 201) << created.body;
  EXPECT_EQ(client.ask(get(text_in(created.body, "image"))).body, bytes);
}

TEST(PictureUpload, WhoExpectsAContinueIsToldToGoOn) {
  TestServer server;
  RawClient client(server.port());
  client.send(head_of(support::gif().size(), "image/gif", "/rooms/lobby/images", "Expect: 100-continue\r\n"));
  EXPECT_EQ(client.read_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(client.ask(support::gif()).status, 201);
}

TEST(PictureUpload, OfTheSamePictureIsOneFileAndTwoMessages) {
  const Directory directory;
  TestServer server(with_data(directory));
  RawClient client(server.port());
  const Answer one = client.ask(picture(support::gif()));
  const Answer other = client.ask(picture(support::gif(), "image/gif", "/rooms/other/images"));
  EXPECT_EQ(text_in(one.body, "image"), text_in(other.body, "image"));
  EXPECT_EQ(files_in(directory / "images").size(), 1u);
  EXPECT_THAT(log_of(server, "lobby"), HasSubstr(gif_path));
  EXPECT_THAT(log_of(server, "other"), HasSubstr(gif_path));
}

TEST(PictureUpload, MayGoOnBesideAnother) {
  for (const bool same : {false, true}) {
    const Directory directory;
    TestServer server(with_data(directory));
    const std::string one = support::gif_of(200'000), other = same ? one : support::gif_of(200'001);
    RawClient first(server.port()), second(server.port());
    first.send(picture(one).substr(0, 100'000));
    second.send(picture(other).substr(0, 150'000));
    first.send(picture(one).substr(100'000));
    const std::string first_image = text_in(first.read_answer().body, "image");
    second.send(picture(other).substr(150'000));
    const std::string second_image = text_in(second.read_answer().body, "image");
    EXPECT_EQ(first.ask(get(second_image)).body, other);
    EXPECT_EQ(second.ask(get(first_image)).body, one);
    EXPECT_EQ(files_in(directory / "images").size(), same ? 1u : 2u);
  }
}

TEST(PictureUpload, IsNoMessageAndNoFileUntilItIsComplete) {
  const Directory directory;
  TestServer server(with_data(directory));
  RawClient client(server.port());
  const std::string bytes = support::gif_of(100'000);
  const std::string request = picture(bytes);
  client.send(request.substr(0, request.size() - 1));
  server.wait_until("the part",
                    [&](const feed::Counters&) { return !files_in(directory / "images").empty(); });
  EXPECT_EQ(log_of(server), "");
  EXPECT_THAT(files_in(directory / "images").begin()->first, testing::EndsWith(".part"));
  client.send(";");
  EXPECT_EQ(client.read_answer().status, 201);
  EXPECT_NE(log_of(server), "");
}

// --- what is refused ----------------------------------------------------------------------------------------------------

class BadPictures : public testing::TestWithParam<std::size_t> {};

TEST_P(BadPictures, AreRefusedWithAReasonAndLeaveNothing) {
  const BadPicture& bad = bad_pictures()[GetParam()];
  const Directory directory;
  TestServer server(with_data(directory));
  RawClient client(server.port());

  const Answer answer = client.ask(bad.request);

  expect_problem(answer, bad.status, bad.detail);
  EXPECT_EQ(answer.field("Accept-Post"),
            answer.status == 415 ? "image/gif, image/png, image/jpeg, image/webp" : "");
  client.finish_sending();
  EXPECT_EQ(client.read_to_end(), "");
  client.close();
  server.wait_for_connections(0);
  EXPECT_EQ(server.counters().published, 0u);
  EXPECT_EQ(server.counters().refused, 1u);
  EXPECT_THAT(files_in(directory / "images"), testing::IsEmpty());
  EXPECT_EQ(RawClient(server.port()).ask(get("/healthz")).status, 200);
}

INSTANTIATE_TEST_SUITE_P(All, BadPictures, testing::Range<std::size_t>(0, bad_pictures().size()),
                         [](const auto& info) { return bad_pictures()[info.param].name; });

TEST(PictureUpload, ThatIsTooLargeIsRefusedBeforeItIsSent) {
  TestServer server;
  RawClient client(server.port());
  // Not a byte of the body: who waits to be told to go on is told why not.
  expect_problem(
      client.ask(head_of(5 * megabyte + 1, "image/gif", "/rooms/lobby/images", "Expect: 100-continue\r\n")),
      413, "expected 5242880 at most");
  client.finish_sending();
  EXPECT_EQ(client.read_to_end(), "");
}

TEST(PictureUpload, HasTheLimitThatTheServerWasGiven) {
  feed::Options options;
  options.max_image = 1000;
  TestServer server(options);
  RawClient client(server.port());
  EXPECT_EQ(client.ask(picture(support::gif_of(1000))).status, 201);
  expect_problem(client.ask(picture(support::gif_of(1001))), 413,
                 "the picture is 1001 bytes, expected 1000 at most");
}

TEST(PictureUpload, ARefusalReachesWhoGoesOnSending) {
  // As browsers do: they read no answer before all is sent.
  for (const std::string& bytes :
       {"<svg>" + std::string(5 * megabyte - 5, ' '),
        support::gif_head(5000, 5000) + std::string(4 * megabyte, 'x'), std::string(20 * megabyte, 'x')}) {
    TestServer server;
    RawClient client(server.port(), support::long_patience);
    client.send(picture(bytes));
    EXPECT_THAT(client.read_answer().status, AnyOf(400, 413, 415));
    EXPECT_EQ(client.read_to_end(), "");
  }
}

TEST(PictureUpload, OfWhichNothingComesAnyMoreIsToldSo) {
  const Directory directory;
  feed::Options options = with_data(directory);
  options.body_time = std::chrono::milliseconds(100);
  TestServer server(options);
  RawClient client(server.port());
  client.send(picture(support::gif_of(1000)).substr(0, 300));
  expect_problem(client.read_answer(), 408, "the body took more than 0.1 s");
  EXPECT_EQ(client.read_to_end(), "");
  server.wait_for_connections(0);
  EXPECT_THAT(files_in(directory / "images"), testing::IsEmpty());
}

TEST(PictureUpload, OfWhichMuchCameMayTakeLonger) {
  // A second more for each 8 KiB: a phone gets through. The other client is the clock: it is answered after a second.
  feed::Options options;
  options.body_time = std::chrono::milliseconds(500);
  TestServer server(options);
  RawClient client(server.port()), clock(server.port());
  const std::string request = picture(support::gif_of(200'000));
  client.send(request.substr(0, 150'000));
  EXPECT_EQ(clock.ask(get("/rooms/lobby/messages?after=0", "Prefer: wait=1\r\n")).status, 204);
  client.send(request.substr(150'000));
  EXPECT_EQ(client.read_answer().status, 201);
}

TEST(PictureUpload, ThatTheClientCutsOffLeavesNothing) {
  for (const bool abruptly : {false, true}) {
    const Directory directory;
    TestServer server(with_data(directory));
    RawClient client(server.port());
    client.send(picture(support::gif_of(megabyte)).substr(0, 700'000));
    server.wait_until("the part",
                      [&](const feed::Counters&) { return !files_in(directory / "images").empty(); });
    client.close(abruptly);
    server.wait_for_connections(0);
    EXPECT_THAT(files_in(directory / "images"), testing::IsEmpty());
    EXPECT_EQ(server.counters().published, 0u);
  }
}

// --- the quota ----------------------------------------------------------------------------------------------------------

class Quota : public testing::TestWithParam<bool> {
 protected:
  feed::Options options() const {
    feed::Options options;
    if (GetParam()) options.data = directory.text();
    options.max_images = 3 * 4096;
    options.history.messages = 3;
    return options;
  }
  Directory directory;
};

TEST_P(Quota, IsKeptAndWhatRoomsShowStays) {
  TestServer server(options());
  RawClient client(server.port());
  std::vector<std::string> images;
  for (std::size_t n = 0; n < 3; ++n)
    images.push_back(text_in(client.ask(picture(support::gif_of(100 + n))).body, "image"));

  RawClient refused(server.port());
  const Answer answer = refused.ask(picture(support::gif_of(200)));
  expect_problem(answer, 507,
                 "there is no room for 200 more bytes: pictures take up 12288 and none of them may go");
  for (const std::string& image : images) EXPECT_EQ(client.ask(get(image)).status, 200);

  // The room forgets the first one: it makes room.
  EXPECT_EQ(client.ask(support::post("/rooms/lobby/messages", R"({"text":"hi"})")).status, 201);
  EXPECT_EQ(client.ask(picture(support::gif_of(200))).status, 201);
  EXPECT_EQ(client.ask(get(images[0])).status, 404);
  EXPECT_EQ(client.ask(get(images[1])).status, 200);
  EXPECT_EQ(client.ask(get(images[2])).status, 200);
}

INSTANTIATE_TEST_SUITE_P(Places, Quota, testing::Bool(),
                         [](const auto& info) { return info.param ? "Disk" : "Memory"; });

TEST(Quota, IsKnownAfterARestart) {
  const Directory directory;
  feed::Options options = with_data(directory);
  std::string shown;
  {
    TestServer server(options);
    shown = text_in(RawClient(server.port()).ask(picture(support::gif())).body, "image");
  }
  options.max_images = 4096;
  TestServer server(options);
  RawClient client(server.port());
  expect_problem(client.ask(picture(support::png(), "image/png")), 507, "none of them may go");
  EXPECT_EQ(RawClient(server.port()).ask(get(shown)).body, support::gif());
}

// --- what is served -----------------------------------------------------------------------------------------------------

TEST(PictureDownload, OfAnythingElseIsNotFound) {
  const Directory directory;
  TestServer server(with_data(directory));
  support::put(directory / "images/secret.txt", "secret");
  support::put(directory / "secret.gif", "GIF89a secret");
  RawClient client(server.port());
  ASSERT_EQ(client.ask(picture(support::gif())).status, 201);
  const std::string name = gif_path.substr(8);
  for (const std::string& target : {"/images/"s,
                                    "/images/secret.txt"s,
                                    "/images/..%2Fsecret.gif"s,
                                    "/images/../secret.gif"s,
                                    "/images/%2e%2e/secret.gif"s,
                                    "/images/%2e%2e%2fsecret.gif"s,
                                    "/images/..%5csecret.gif"s,
                                    "/images//etc/passwd"s,
                                    "/images/%2Fetc%2Fpasswd"s,
                                    "/images/.%2F" + name,
                                    "/images/x/../" + name,
                                    "/images/" + name + "/",
                                    "/images/" + name + "%00",
                                    "/images/" + name + "%00.png",
                                    "/images/%00" + name,
                                    "/images/" + name + ".png",
                                    "/images/" + name.substr(0, 32),
                                    "/images/" + name.substr(0, 33) + "png",
                                    "/images/" + name.substr(0, 33) + "GIF",
                                    "/images/74351B438B009C7AF7FE42E01AD83D14.gif"s,
                                    "/images/0" + name,
                                    "/images/" + name.substr(1),
                                    "/images/upload-1.part"s,
                                    "/images/rooms.sqlite"s,
                                    "/images/00000000000000000000000000000000.gif"s,
                                    "/images/%FF%FE"s,
                                    "/images/" + std::string(4000, 'a')}) {
    const Answer answer = client.ask(get(target));
    EXPECT_EQ(answer.status, 404) << target << answer.body;
    EXPECT_THAT(answer.body, testing::Not(HasSubstr("secret\n")));
  }
  EXPECT_EQ(client.ask(get(gif_path)).status, 200);
  EXPECT_EQ(client.ask(get("/images/%3743" + name.substr(3))).body, support::gif())
      << "the same address, encoded in another way";
}

TEST(PictureDownload, IsNotRepeatedForWhoHasIt) {
  TestServer server;
  RawClient client(server.port());
  client.ask(picture(support::gif()));
  const std::string tag = client.ask(get(gif_path)).field("ETag");
  EXPECT_EQ(tag, '"' + gif_path.substr(8) + '"');
  for (const std::string& known : {tag, "W/" + tag, "\"x\", " + tag, "*"s}) {
    const Answer answer = client.ask(get(gif_path, "If-None-Match: " + known + "\r\n"));
    EXPECT_EQ(answer.status, 304) << known;
    EXPECT_EQ(answer.field("ETag"), tag);
    EXPECT_EQ(answer.field("Cache-Control"), "public, max-age=31536000, immutable");
    EXPECT_EQ(answer.field("Content-Length"), "");
  }
  EXPECT_EQ(client.ask(get(gif_path, "If-None-Match: \"x\"\r\n")).body, support::gif());
}

TEST(PictureDownload, OfTheHeadAloneHasNoBody) {
  TestServer server;
  RawClient client(server.port());
  client.ask(picture(support::gif()));
  const Answer answer = client.ask("HEAD " + gif_path + " HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.field("Content-Length"), std::to_string(support::gif().size()));
  EXPECT_EQ(client.ask(get("/healthz")).body, "ok\n");
}

TEST(PictureDownload, ByASlowReaderHoldsUpNobody) {
  TestServer server;
  RawClient slow(server.port()), client(server.port());
  const std::string bytes = support::gif_of(5 * megabyte);
  const std::string image = text_in(client.ask(picture(bytes)).body, "image");
  slow.send(get(image));
  for (int n = 0; n < 100; ++n) EXPECT_EQ(client.ask(get("/healthz")).status, 200);
  EXPECT_EQ(client.ask(get(image)).body, bytes);
  EXPECT_EQ(slow.read_answer().body, bytes);
}

TEST(PictureDownload, OfAFileThatSomebodyCutEndsTheConnection) {
  const Directory directory;
  TestServer server(with_data(directory));
  RawClient slow(server.port()), client(server.port());
  const std::string bytes = support::gif_of(5 * megabyte);
  const std::string image = text_in(client.ask(picture(bytes)).body, "image");
  slow.send(get(image));
  slow.read_until("\r\n\r\n");
  std::filesystem::resize_file(directory / image.substr(1), 1000);
  EXPECT_LT(slow.read_to_end().size(), bytes.size());
  EXPECT_EQ(client.ask(get("/healthz")).status, 200);
}

TEST(PictureTraffic, IsCountedAtTheDoor) {
  TestServer server;
  RawClient client(server.port());
  const auto size_of = [](const Answer& answer) { return answer.head.size() + answer.body.size(); };
  const std::string request = picture(support::gif_of(100'000));

  const Answer before = client.ask(get("/stats"));
  const Answer created = client.ask(request);
  const std::string asked = get(text_in(created.body, "image"));
  const Answer got = client.ask(asked);
  const Answer after = client.ask(get("/stats"));

  const auto grown = [&](std::string_view name) {
    return support::number_in(after.body, name) - support::number_in(before.body, name);
  };
  EXPECT_EQ(grown("bytes_in"), request.size() + asked.size() + get("/stats").size());
  EXPECT_EQ(grown("bytes_out"), size_of(before) + size_of(created) + size_of(got));
}

// --- processes ----------------------------------------------------------------------------------------------------------

std::vector<std::string> command(std::vector<std::string> options) {
  std::vector<std::string> words{std::string(PROGRAM_DIRECTORY) + "/sse_server", "--port", "0"};
  words.insert(words.end(), options.begin(), options.end());
  return words;
}

TEST(PictureServer, HasThePicturesAgainAfterItWasKilled) {
  const Directory directory;
  std::string image;
  {
    support::Child server(command({"--data", directory.text()}));
    const std::uint16_t port = server.port();
    RawClient client(port), half(port);
    image = text_in(client.ask(picture(support::gif_of(100'000))).body, "image");
    half.send(picture(support::gif_of(200'000)).substr(0, 100'000));
    while (files_in(directory / "images").size() < 2) EXPECT_EQ(client.ask(get("/healthz")).status, 200);
    server.signal(SIGKILL);
    server.wait();
  }
  EXPECT_EQ(files_in(directory / "images").size(), 2u);
  support::Child server(command({"--data", directory.text()}));
  RawClient client(server.port());
  EXPECT_EQ(client.ask(get(image)).body, support::gif_of(100'000));
  EXPECT_THAT(client.ask(get("/rooms/lobby/events")).head, HasSubstr("200 OK"));
  EXPECT_THAT(client.read_until(image + '"'), HasSubstr("\"image\":\""));
  EXPECT_EQ(files_in(directory / "images").size(), 1u) << "what was half there is gone";
}

TEST(PictureServer, DoesNotHoldAPictureInMemory) {
  if (!std::string_view(SANITIZERS).empty()) GTEST_SKIP() << "a sanitizer's own memory is larger";
  for (const bool on_disk : {false, true}) {
    const Directory directory;
    support::Child server(
        command(on_disk ? std::vector<std::string>{"--data", directory.text()} : std::vector<std::string>{}));
    RawClient client(server.port());
    const std::string warm = text_in(client.ask(picture(support::gif_of(500'000))).body, "image");
    EXPECT_EQ(client.ask(get(warm)).body.size(), 500'000u);
    server.forget_peak();
    const std::size_t before = server.peak_resident_bytes();

    const std::string image = text_in(client.ask(picture(support::gif_of(5 * megabyte))).body, "image");
    EXPECT_EQ(client.ask(get(image)).body.size(), 5 * megabyte);

    EXPECT_LE(server.peak_resident_bytes(), before + megabyte) << (on_disk ? "on disk" : "in memory");
  }
}

TEST(PictureServer, SaysWhyADirectoryForPicturesIsNotToBeUsed) {
  const Directory directory;
  support::put(directory / "images", "a file");
  support::Child server(command({"--data", directory.text()}));
  EXPECT_EQ(server.wait(), 1);
  EXPECT_THAT(server.errors(), HasSubstr((directory / "images").string() + " is no empty directory"));
  EXPECT_FALSE(std::filesystem::exists(directory / "feed.db"));
}

TEST(PictureServer, SaysWhyADirectoryForPicturesIsNotToBeUsedAnyMore) {
  const Directory directory;
  {
    support::Child server(command({"--data", directory.text()}));
    server.port();
    server.signal(SIGTERM);
    EXPECT_EQ(server.wait(), 0);
  }
  std::filesystem::remove(directory / "images");
  support::put(directory / "images", "a file");
  support::Child server(command({"--data", directory.text()}));
  EXPECT_EQ(server.wait(), 1);
  EXPECT_THAT(server.errors(), HasSubstr("cannot open the directory for pictures, " +
                                         (directory / "images").string() + ": Not a directory"));
}

}  // namespace
