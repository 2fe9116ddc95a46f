// The programs as they are started by hand: what they say, what ends them, and that they go on when the machine has nothing
// left to give.
#include "support/child.hpp"
#include "support/directory.hpp"
#include "support/raw_client.hpp"
#include "support/test_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <ostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace {

using support::Child;
using support::frame;
using support::get;
using support::post;
using support::RawClient;
using support::upgrade;
using testing::HasSubstr;

struct Program {
  std::string name;   // "sse"
  std::string reads;  // the request by which a reader begins
  std::string threads = "1";
};

void PrintTo(const Program& program, std::ostream* out) {
  *out << program.name << " --threads " << program.threads;
}

// What a stopping server must be done within.
constexpr std::chrono::seconds end_time{5};

class Servers : public testing::TestWithParam<Program> {
 protected:
  static std::vector<std::string> command(std::vector<std::string> options = {}) {
    std::vector<std::string> words{std::string(PROGRAM_DIRECTORY) + '/' + GetParam().name + "_server",
                                   "--threads", GetParam().threads};
    words.insert(words.end(), options.begin(), options.end());
    return words;
  }
};

TEST_P(Servers, SayFirstWhereTheyListen) {
  Child server(command({"--port", "0"}));
  RawClient client(server.port());
  EXPECT_EQ(client.ask(get("/healthz")).status, 200);
}

TEST_P(Servers, SayTheirOptionsAndEnd) {
  Child server(command({"--help"}));
  EXPECT_EQ(server.wait(), 0);
  std::string help;
  EXPECT_NO_THROW(for (;;) {
    help += server.read_line() + '\n';
    if (help.find("--trusted-proxy") != std::string::npos) break;
  });
  for (const std::string_view option :
       {"--host", "--port", "--history", "--history-bytes", "--max-message", "--max-image", "--max-images",
        "--max-connections", "--threads", "--heartbeat", "--tick", "--data", "--trusted-proxy"}) {
    EXPECT_THAT(help, HasSubstr(std::string(option)));
  }
}

TEST_P(Servers, EndWith2AtAWrongCommandLine) {
  const std::vector<std::vector<std::string>> all{{"--no-such-option"},
                                                  {"--port"},
                                                  {"--port", "x"},
                                                  {"--port", "65536"},
                                                  {"--port", "-1"},
                                                  {"surplus"},
                                                  {"--history", "0"},
                                                  {"--max-message", "-5"},
                                                  {"--max-image", "0"},
                                                  {"--max-images", "lots"},
                                                  {"--threads", "0"},
                                                  {"--tick", "soon"},
                                                  {"--data"},
                                                  {"--data", ""},
                                                  {"--trusted-proxy", "localhost"},
                                                  {"--trusted-proxy", "10.0.0.0/8"},
                                                  {"--allow-origin", "localhost"},
                                                  {"--allow-origin", "http://localhost/path"}};
  for (const auto& options : all) {
    Child server(command(options));
    EXPECT_EQ(server.wait(), 2) << testing::PrintToString(options);
    EXPECT_THAT(server.errors(), HasSubstr(options.front())) << testing::PrintToString(options);
  }
}

TEST_P(Servers, EndWith1WhereThePortIsTaken) {
  Child first(command({"--port", "0"}));
  const std::string port = std::to_string(first.port());

  Child second(command({"--port", port}));

  EXPECT_EQ(second.wait(), 1);
  EXPECT_THAT(second.errors(), HasSubstr("cannot listen on 127.0.0.1:" + port + ": Address already in use"));
}

TEST_P(Servers, EndWith1WhereTheHostIsNoneOfTheirs) {
  for (const std::string_view host : {"192.0.2.1", "no.such.host.invalid"}) {
    Child server(command({"--port", "0", "--host", std::string(host)}));
    EXPECT_EQ(server.wait(), 1);
    EXPECT_THAT(server.errors(), HasSubstr("cannot listen on " + std::string(host)));
  }
}

TEST_P(Servers, NameWhoOpensTheirPage) {
  Child server(command({"--port", "0"}));
  RawClient client(server.port());
  const std::string cookie = client.ask(get("/")).field("Set-Cookie");
  EXPECT_THAT(cookie, testing::MatchesRegex(
                          "user=[A-Za-z0-9_-]{22}; Path=/; HttpOnly; SameSite=Strict; Max-Age=31536000"));
  const std::string sent = "Cookie: " + cookie.substr(0, cookie.find(';')) + "\r\n";
  EXPECT_EQ(client.ask(get("/", sent)).field("Set-Cookie"), "") << "who has a name keeps it";
  EXPECT_NE(client.ask(get("/", "Cookie: user=forged\r\n")).field("Set-Cookie"), "");
  EXPECT_NE(client.ask(get("/", "Cookie: user=" + std::string(7000, 'A') + "\r\n")).field("Set-Cookie"), "");
  EXPECT_EQ(client.ask(get("/page.js")).field("Set-Cookie"), "");
}

TEST_P(Servers, BelieveOnlyTrustedProxies) {
  const std::string forwarded = "X-Forwarded-Proto: https\r\nX-Forwarded-For: 192.0.2.1\r\n";
  Child strict(command({"--port", "0"}));
  EXPECT_THAT(RawClient(strict.port()).ask(get("/", forwarded)).field("Set-Cookie"),
              testing::Not(HasSubstr("Secure")));
  Child trusting(command({"--port", "0", "--trusted-proxy", "::1", "--trusted-proxy", "127.0.0.1"}));
  RawClient client(trusting.port());
  EXPECT_THAT(client.ask(get("/", forwarded)).field("Set-Cookie"), testing::EndsWith("; Secure"));
  EXPECT_THAT(client.ask(get("/")).field("Set-Cookie"), testing::Not(HasSubstr("Secure")));
  // The page behind the proxy is this server's own.
  EXPECT_EQ(client
                .ask(post("/rooms/lobby/messages", R"({"text":"hi"})",
                          "Content-Type: application/json\r\nOrigin: https://127.0.0.1\r\n" + forwarded))
                .status,
            201);
  EXPECT_EQ(client
                .ask(post("/rooms/lobby/messages", R"({"text":"hi"})",
                          "Content-Type: application/json\r\nOrigin: https://example.com\r\n" + forwarded))
                .status,
            403);
}

TEST_P(Servers, ListRoomsWithTheirNewestMessage) {
  Child server(command({"--port", "0"}));
  RawClient client(server.port());
  EXPECT_EQ(client.ask(get("/rooms")).body, R"({"rooms":[]})");
  client.ask(post("/rooms/lobby/messages", R"({"author":"ada","text":"one"})"));
  client.ask(post("/rooms/lobby/messages", R"({"author":"ada","text":"two"})"));
  client.ask(post("/rooms/garden/messages", R"({"author":"bob","text":")" + std::string(5000, 'x') + "\"}"));
  const std::string body = client.ask(get("/rooms")).body;
  EXPECT_THAT(
      body,
      testing::MatchesRegex(
          R"(\{"rooms":\[\{"room":"garden","cursor":"[0-9a-z]+\.1","readers":0,"last":\{"seq":1,"at":[0-9]+,)"
          R"("author":"bob","text":"x{200}…"\}\},)"
          R"(\{"room":"lobby","cursor":"[0-9a-z]+\.2","readers":0,"last":\{"seq":2,"at":[0-9]+,)"
          R"("author":"ada","text":"two"\}\}\]\})"));
}

TEST_P(Servers, TickWhenToldTo) {
  Child server(command({"--port", "0", "--tick", "0.01"}));
  RawClient client(server.port());
  for (;;) {  // each answer is a turn; the client's patience is the bound
    const std::string rooms = client.ask(get("/rooms")).body;
    if (rooms.find("\"room\":\"lobby\"") != std::string::npos) break;
  }
  client.send(get("/healthz"));
  EXPECT_EQ(client.read_answer().status, 200);
}

void end_with_readers(const Program& program, Child& server, int number) {
  const std::uint16_t port = server.port();
  std::vector<RawClient> readers;
  for (int n = 0; n < 20; ++n) {
    readers.emplace_back(port);
    readers.back().send(program.reads);
    if (program.name == "polling") continue;
    EXPECT_THAT(readers.back().read_answer().status, testing::AnyOf(200, 101));
  }
  RawClient silent(port);
  RawClient in_the_middle(port);
  in_the_middle.send("GET /healthz HTTP/1.1\r\nHo");
  RawClient kept(port);
  // All readers are there when the server says so.
  while (support::number_in(kept.ask(get("/stats")).body, "readers") < readers.size()) {
  }

  server.signal(number);

  for (RawClient& reader : readers) {
    if (program.name == "polling") {
      EXPECT_THAT(reader.read_answer().status, testing::AnyOf(200, 204));
      EXPECT_EQ(reader.read_to_end(), "");
    } else if (program.name == "sse") {
      EXPECT_THAT(reader.read_to_end(), testing::EndsWith("\r\n0\r\n\r\n"));
    } else {
      EXPECT_EQ(reader.read_frame().opcode, 1);
      EXPECT_EQ(reader.read_frame().close_code(), 1001);
      reader.send(frame("\x03\xe9", 0x88));
      EXPECT_EQ(reader.read_to_end(), "");
    }
    reader.close();
  }
  EXPECT_EQ(kept.read_to_end(), "");
  EXPECT_EQ(server.wait(end_time), 0);
  EXPECT_EQ(server.errors(), "");
}

TEST_P(Servers, EndWith0AtSigtermWithEveryReaderTold) {
  Child server(command({"--port", "0"}));
  end_with_readers(GetParam(), server, SIGTERM);
}

TEST_P(Servers, EndWith0AtSigintWithEveryReaderTold) {
  Child server(command({"--port", "0"}));
  end_with_readers(GetParam(), server, SIGINT);
}

TEST_P(Servers, EndInTimeWithReadersThatDoNotListen) {
  Child server(command({"--port", "0", "--history-bytes", "100000000", "--history", "100000"}));
  const std::uint16_t port = server.port();
  std::vector<RawClient> readers;
  for (int n = 0; n < 5; ++n) {
    readers.emplace_back(port);
    readers.back().set_receive_buffer(4096);
    readers.back().send(GetParam().reads);
  }
  RawClient publishes(port);
  for (int n = 0; n < 200; ++n)
    EXPECT_EQ(publishes.ask(post("/rooms/lobby/messages", "{\"text\":\"" + std::string(50'000, 'x') + "\"}"))
                  .status,
              201);

  server.signal(SIGTERM);

  EXPECT_EQ(server.wait(end_time + std::chrono::seconds(1)), 0);  // 4 s for the readers, and a margin
}

TEST_P(Servers, EndAtOnceAtASecondSignal) {
  Child server(command({"--port", "0"}));
  RawClient reader(server.port());
  reader.set_receive_buffer(4096);
  reader.send(GetParam().reads);
  if (GetParam().name != "polling") reader.read_answer();
  server.signal(SIGTERM);
  reader.read_to_end();  // told
  try {
    server.signal(SIGTERM);
  } catch (const std::exception&) {  // it has ended already
  }
  EXPECT_THAT(server.wait(), testing::AnyOf(0, 128 + SIGTERM));
}

TEST_P(Servers, GoOnAcceptingAfterAllDescriptorsWereUsedUp) {
  // UBSan's check of a vptr looks at memory through a pipe: without descriptors it takes every object for broken.
  if (std::string_view(SANITIZERS).find("undefined") != std::string_view::npos) GTEST_SKIP();
  constexpr unsigned limit = 40;
  Child server(command({"--port", "0"}), {limit});
  const std::uint16_t port = server.port();
  RawClient early(port);
  EXPECT_EQ(early.ask(get("/healthz")).status, 200);
  // More than there are descriptors; some get 503, some stay in the backlog.
  std::vector<RawClient> crowd;
  for (unsigned n = 0; n < 2 * limit; ++n) crowd.emplace_back(port);
  RawClient last(port);
  last.send(get("/healthz"));
  const support::Answer answer = last.read_answer();
  EXPECT_EQ(answer.status, 503);
  EXPECT_NE(answer.field("Retry-After"), "");
  EXPECT_EQ(early.ask(get("/healthz")).status, 200) << "who is in stays in";
  EXPECT_EQ(early.ask(post("/rooms/lobby/messages", R"({"text":"hi"})")).status, 201);
  EXPECT_LE(server.descriptors(), limit);

  crowd.clear();

  // As soon as the server has noticed, everybody is served again. Until then a newcomer may be reset: what it sent too late to be
  // read takes its 503 away.
  const auto served = [&] {
    RawClient late(port);
    try {
      return late.ask(get("/healthz")).status == 200;
    } catch (const std::runtime_error&) {
      return false;
    }
  };
  const auto due = std::chrono::steady_clock::now() + support::patience;
  while (!served()) ASSERT_LT(std::chrono::steady_clock::now(), due);
  EXPECT_EQ(early.ask(get("/healthz")).status, 200);
}

TEST_P(Servers, LoseNoDescriptorOverManyConnections) {
  Child server(command({"--port", "0"}));
  const std::uint16_t port = server.port();
  const auto connections = [&] {
    return support::number_in(RawClient(port).ask(get("/stats")).body, "connections");
  };
  EXPECT_EQ(connections(), 1u);
  const std::size_t before = server.descriptors();
  for (int n = 0; n < 500; ++n) {
    RawClient client(port);
    client.send(n % 3 == 0 ? get("/healthz") : n % 3 == 1 ? GetParam().reads : "GET /heal");
    client.close(n % 2 == 0);
  }
  while (connections() > 1) {
  }
  EXPECT_LE(server.descriptors(), before + 1);
}

std::vector<Program> programs(const std::string& threads) {
  return {{"polling", get("/rooms/lobby/messages?after=latest", "Prefer: wait=60\r\n"), threads},
          {"sse", get("/rooms/lobby/events"), threads},
          {"websocket", upgrade("/rooms/lobby/socket"), threads}};
}

std::string name_of(const testing::TestParamInfo<Program>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(All, Servers, testing::ValuesIn(programs("1")), name_of);
INSTANTIATE_TEST_SUITE_P(AllOnTwoThreads, Servers, testing::ValuesIn(programs("2")), name_of);

// --- the terminal client ----------------------------------------------------------------------------------------------

class ChatProgram : public testing::TestWithParam<std::string> {};

TEST_P(ChatProgram, PrintsWhatIsSaidAndEndsAfterItsCount) {
  Child server({std::string(PROGRAM_DIRECTORY) + '/' + GetParam() + "_server", "--port", "0"});
  const std::uint16_t port = server.port();
  RawClient publishes(port);
  publishes.ask(post("/rooms/lobby/messages", R"({"author":"ada","text":"안녕"})"));
  publishes.ask(post("/rooms/lobby/messages", R"({"author":"bob","text":"hi"})"));
  Child chat({std::string(PROGRAM_DIRECTORY) + "/chat",
              "http://127.0.0.1:" + std::to_string(port) + "/rooms/lobby", "--over", GetParam(), "--count",
              "2"});
  EXPECT_EQ(chat.read_line(), "ada: 안녕");
  EXPECT_EQ(chat.read_line(), "bob: hi");
  EXPECT_EQ(chat.wait(), 0);
}

TEST_P(ChatProgram, PrintsOneLineOfJsonAMessage) {
  Child server({std::string(PROGRAM_DIRECTORY) + '/' + GetParam() + "_server", "--port", "0"});
  const std::uint16_t port = server.port();
  RawClient(port).ask(post("/rooms/lobby/messages", R"({"author":"ada","text":"one\ntwo"})"));
  Child chat({std::string(PROGRAM_DIRECTORY) + "/chat",
              "http://127.0.0.1:" + std::to_string(port) + "/rooms/lobby", "--over", GetParam(), "--count",
              "1", "--json"});
  const std::string line = chat.read_line();
  EXPECT_THAT(line, testing::StartsWith(R"({"seq":1,"at":)"));
  EXPECT_THAT(line, testing::EndsWith(R"("author":"ada","text":"one\ntwo"})"));
}

TEST_P(ChatProgram, PrintsAGapAsOneLineOfJson) {
  Child server({std::string(PROGRAM_DIRECTORY) + '/' + GetParam() + "_server", "--port", "0"});
  const std::uint16_t port = server.port();
  RawClient(port).ask(post("/rooms/lobby/messages", R"({"author":"ada","text":"hi"})"));
  Child chat({std::string(PROGRAM_DIRECTORY) + "/chat",
              "http://127.0.0.1:" + std::to_string(port) + "/rooms/lobby", "--over", GetParam(), "--count",
              "1", "--json", "--after", "k3f9.17"});
  const std::string line = chat.read_line();
  EXPECT_THAT(line, testing::StartsWith(R"({"cursor":")"));
  EXPECT_THAT(line, testing::EndsWith(R"(.0","gap":{"reason":"epoch","missed":null}})"));
  EXPECT_THAT(chat.read_line(), testing::StartsWith(R"({"seq":1,"at":)"));
  EXPECT_EQ(chat.wait(), 0);
}

TEST_P(ChatProgram, WritesItsHistoryWhichTheCheckerReads) {
  Child server({std::string(PROGRAM_DIRECTORY) + '/' + GetParam() + "_server", "--port", "0"});
  const support::Directory directory;
  const std::string file = (directory / "history").string();
  Child chat({"/bin/sh", "-c", R"(printf 'one\ntwo\n' | "$0" "$@")", std::string(PROGRAM_DIRECTORY) + "/chat",
              "http://127.0.0.1:" + std::to_string(server.port()) + "/rooms/lobby", "--over", GetParam(),
              "--count", "2", "--author", "ada", "--interval", "0.05", "--history", file});
  EXPECT_EQ(chat.read_line(), "ada: one");
  EXPECT_EQ(chat.read_line(), "ada: two");
  EXPECT_EQ(chat.wait(), 0);

  Child checker({std::string(PROGRAM_DIRECTORY) + "/check_history", file});

  // Not how often it was tried: a chat says its first line before it is connected.
  const std::string summary = checker.read_line();
  EXPECT_THAT(summary, HasSubstr("2 acknowledged, 0 unanswered; 1 readers, 2 delivered"));
  EXPECT_THAT(summary, testing::EndsWith("nothing is wrong"));
  EXPECT_EQ(checker.wait(), 0);
}

TEST(CheckHistory, SaysWhatIsWrongAndEndsWith1) {
  const support::Directory directory;
  const std::string file = (directory / "history").string();
  std::ofstream(file) << R"({"client":"bob","room":"lobby","us":1,"follows":"0"})" << '\n'
                      << R"({"client":"bob","room":"lobby","us":2,"hello":{"cursor":"k3f9.0"}})" << '\n'
                      << R"({"client":"bob","room":"lobby","us":3,"received":)"
                      << R"({"seq":2,"at":1,"author":"ada","text":"hi"},"epoch":"k3f9"})" << '\n'
                      << R"({"client":"bob","room")";  // killed in the middle of a line
  Child checker({std::string(PROGRAM_DIRECTORY) + "/check_history", "--others-publish", file});
  EXPECT_THAT(checker.read_line(), HasSubstr("1 lost"));
  EXPECT_EQ(checker.read_line(), "lost: bob in \"lobby\" did not get k3f9.1, and was told of no gap there");
  EXPECT_EQ(checker.wait(), 1);
}

TEST(CheckHistory, EndsWith2WhereItCannotRead) {
  const std::string program = std::string(PROGRAM_DIRECTORY) + "/check_history";
  EXPECT_EQ(Child({program}).wait(), 2);
  EXPECT_EQ(Child({program, "/no/such/file"}).wait(), 2);
  EXPECT_EQ(Child({program, "--no-such-option"}).wait(), 2);
}

TEST_P(ChatProgram, PublishesEveryLineOfItsInput) {
  Child server({std::string(PROGRAM_DIRECTORY) + '/' + GetParam() + "_server", "--port", "0"});
  Child chat({"/bin/sh", "-c", R"(printf 'one\ntwo\nthree\n' | "$0" "$@")",
              std::string(PROGRAM_DIRECTORY) + "/chat",
              "http://127.0.0.1:" + std::to_string(server.port()) + "/rooms/lobby", "--over", GetParam(),
              "--count", "3", "--author", "ada", "--interval", "0.05"});
  EXPECT_EQ(chat.read_line(), "ada: one");
  EXPECT_EQ(chat.read_line(), "ada: two");
  EXPECT_EQ(chat.read_line(), "ada: three");
  EXPECT_EQ(chat.wait(), 0);
}

TEST_P(ChatProgram, LetsNobodyWriteToTheTerminalButItself) {
  // A server that looks at no author.
  support::TestServer server;
  server.publish("lobby", "a\x1b", "\x1b[2J\nadmin: hi\u009b");
  Child chat({std::string(PROGRAM_DIRECTORY) + "/chat",
              "http://127.0.0.1:" + std::to_string(server.port()) + "/rooms/lobby", "--over", GetParam(),
              "--count", "1"});
  EXPECT_EQ(chat.read_line(), R"(a\x1b: \x1b[2J\nadmin: hi\x9b)");
  EXPECT_EQ(chat.wait(), 0);
}

TEST_P(ChatProgram, EndsWhenItIsInterrupted) {
  Child server({std::string(PROGRAM_DIRECTORY) + '/' + GetParam() + "_server", "--port", "0"});
  const std::uint16_t port = server.port();
  RawClient(port).ask(post("/rooms/lobby/messages", R"({"author":"ada","text":"hi"})"));
  Child chat({std::string(PROGRAM_DIRECTORY) + "/chat",
              "http://127.0.0.1:" + std::to_string(port) + "/rooms/lobby", "--over", GetParam()});
  EXPECT_EQ(chat.read_line(), "ada: hi");
  chat.signal(SIGINT);
  EXPECT_EQ(chat.wait(), 0);  // long before the next heartbeat
}

TEST_P(ChatProgram, EndsWhenNobodyReadsWhatItPrints) {
  Child server(
      {std::string(PROGRAM_DIRECTORY) + '/' + GetParam() + "_server", "--port", "0", "--tick", "0.05"});
  Child chat({"/bin/sh", "-c", R"("$0" "$@" | head -n 1)", std::string(PROGRAM_DIRECTORY) + "/chat",
              "http://127.0.0.1:" + std::to_string(server.port()) + "/rooms/lobby", "--over", GetParam(),
              "--interval", "0.05"});
  EXPECT_EQ(chat.read_line(), "tick: message number 1");
  EXPECT_EQ(chat.wait(), 0);
}

TEST_P(ChatProgram, EndsWith2AtAWrongCommandLine) {
  const std::string chat = std::string(PROGRAM_DIRECTORY) + "/chat";
  EXPECT_EQ(Child({chat, "http://127.0.0.1:99999/rooms/lobby", "--over", GetParam()}).wait(), 2);
  EXPECT_EQ(Child({chat, "http://127.0.0.1:1/elsewhere", "--over", GetParam()}).wait(), 2);
  EXPECT_EQ(Child({chat, "http://127.0.0.1:1/rooms/lobby", "--over", GetParam(), "--after", "x"}).wait(), 2);
  EXPECT_EQ(Child({chat, "http://127.0.0.1:1/rooms/lobby", "--over", "carrier-pigeon"}).wait(), 2);
}

INSTANTIATE_TEST_SUITE_P(Over, ChatProgram, testing::Values("polling", "sse", "websocket"),
                         [](const auto& info) { return info.param; });

}  // namespace
