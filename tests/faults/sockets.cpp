// Row 2: handshakes and frames that are none. Row 17: masks where there must be none, and none where there must be one.

#include "faults/frames.hpp"
#include "faults/framing.hpp"
#include "faults/mutations.hpp"
#include "faults/population.hpp"
#include "faults/rows.hpp"
#include "faults/target.hpp"
#include "support/bad_input.hpp"
#include "support/clients.hpp"
#include "support/hostile_server.hpp"
#include "support/raw_client.hpp"
#include "support/test_server.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace faults {
namespace {

using namespace std::string_literals;
using support::frame;
using support::RawClient;
using Clock = std::chrono::steady_clock;

constexpr double most_until_end_s = 2;
constexpr std::size_t most_at_once = 16;  // mutated streams of frames over one connection

const std::string message = R"({"ref":1,"author":"ada","text":"hi"})";

struct End {
  int code = 0;        // of the close frame, past what is said before it
  double after_s = 0;  // from the close frame to the end of the stream, which the server makes
};

End read_end(RawClient& client) {
  End end;
  support::Frame got = client.read_frame();
  while (got.opcode != 8) got = client.read_frame();
  end.code = got.close_code();
  const auto closed = Clock::now();
  // For Beast nothing has broken where the server itself closes: it waits for the answer.
  if (end.code == 1003 || end.code == 1007) client.send(frame(got.payload.substr(0, 2), 0x88));
  client.read_to_end();
  end.after_s = std::chrono::duration<double>(Clock::now() - closed).count();
  return end;
}

RawClient socket(std::uint16_t port, std::string_view path) {
  RawClient client(port, support::long_patience);
  client.ask(support::upgrade(path));
  return client;
}

std::string frames_of(std::string text, std::mt19937_64& random) {
  const std::size_t middle = text.size() / 2;
  switch (random() % 4) {
    case 0:
      return frame(text.substr(0, middle), 0x01) + frame("are you there", 0x89) +
             frame(text.substr(middle), 0x80);
    case 1:
      return frame("", 0x01) + frame(text, 0x00) + frame("", 0x80);
    case 2:
      return frame("x", 0x8a) + frame(text);
    default:
      return frame(text);
  }
}

const std::vector<std::string>& good_texts() {
  static const std::vector<std::string> all{message,
                                            R"({"ref":"a","text":"é 한 😀 \u00e9"})",
                                            R"({"ref":2,"text":5})",
                                            R"({"ref":3,"text":")" + std::string(200, 'x') + R"("})",
                                            "[1,2.5e3,null]",
                                            ""};
  return all;
}

const std::vector<std::string>& nasty_text() {
  static const std::vector<std::string> all{"{",
                                            "}",
                                            "[",
                                            "]",
                                            "\"",
                                            "\\",
                                            ",",
                                            ":",
                                            "\\u0000",
                                            "\\ud800",
                                            "\xff",
                                            "\xc0\xaf",
                                            "\xed\xa0\x80",
                                            "\xe2\x82",
                                            "\xf0\x9f\x98\x80",
                                            "\"ref\":",
                                            "1e999",
                                            "-0",
                                            "null",
                                            "\0"s,
                                            "\n"};
  return all;
}

const std::vector<std::string>& nasty_frames() {
  static const std::vector<std::string> all{"\x81",
                                            "\x01",
                                            "\x80",
                                            "\x82\x80mask",
                                            "\x00"s,
                                            "\x89\x80mask",
                                            "\x8a\x80mask",
                                            "\x88\x80mask",
                                            "\xc1",
                                            "\x83",
                                            "\xfe",
                                            "\xff",
                                            "\x81\xfe\xff\xff",
                                            "\x81\xff\x00\x00\x00\x00\x00\x01\x00\x00"s,
                                            "\x81\xff\x80\x00\x00\x00\x00\x00\x00\x00"s,
                                            "\x81\x02hi",
                                            "\x89\x00"s,
                                            frame("\x03\xe8", 0x88),
                                            frame("\x03\xed", 0x88),
                                            frame(message),
                                            frame("hi", 0x82)};
  return all;
}

// A stream of a few frames. Half of them are wrong inside of a message, the others anywhere.
std::string mutated_frames(std::mt19937_64& random) {
  std::string text = one_of(good_texts(), random);
  if (random() % 2 == 0) {
    mutate(text, nasty_text(), random);
    return frames_of(std::move(text), random);
  }
  std::string frames = frames_of(std::move(text), random);
  if (random() % 8 == 0) frames += frame("\x03\xe8good-bye", 0x88);
  mutate(frames, nasty_frames(), random);
  return frames;
}

// A handshake, one of eight mutated, and behind it streams of frames until one of them ends the connection.
void say_mutated(std::uint16_t port, std::mt19937_64& random, Tally& tally) {
  static const std::vector<std::string> pieces{
      "\r\n",
      ",",
      " ",
      "websocket",
      "Upgrade",
      "Upgrade: websocket\r\n",
      "Connection: close\r\n",
      "Sec-WebSocket-Version: 8\r\n",
      "Sec-WebSocket-Key: x\r\n",
      "Sec-WebSocket-Protocol: chat.v1\r\n",
      "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=99\r\n",
      "Origin: null\r\n",
      "HTTP/1.0"};
  const bool is_echo = random() % 4 == 0;
  std::string handshake = support::upgrade(is_echo ? "/echo" : "/rooms/lobby/socket?after=latest");
  if (random() % 8 == 0) {
    mutate(handshake, pieces, random);
    ++tally.mutated;
  }
  std::string frames;
  for (std::size_t n = 0; n < most_at_once && goes_on_behind(frames, is_echo); ++n) {
    frames += mutated_frames(random);
    ++tally.mutated;
  }
  ++tally.connections;
  RawClient client(port, support::long_patience);
  const std::string said = handshake + frames;
  client.send(said);
  client.finish_sending();
  const std::string heard = client.read_to_end();
  const Verdict verdict = judge(said, heard);
  std::string wrong = verdict.wrong;
  if (verdict.upgraded) {
    wrong = judge_frames(std::string_view(said).substr(verdict.said),
                         std::string_view(heard).substr(verdict.heard), is_echo);
  }
  if (!wrong.empty()) tally.take(wrong + "; all that was said: \"" + shown(said) + '"');
}

// The feed of our own client, whose server sends these bytes behind a proper handshake.
feed::Error read_frames(const std::string& bytes) {
  const support::HostileServer server([&bytes](support::HostileServer::Peer& peer) {
    peer.send(support::accepting(peer.read_head()) + bytes);
    peer.finish_sending();
    peer.wait_for_end();
  });
  support::Loop loop;
  support::Subscription reader(support::Over::websocket, loop, support::address(server.port()));
  reader.wait_for_end();
  return reader.reason();
}

// As a client sends it.
std::string masked(std::string_view payload) { return frame(payload); }
std::string unmasked(std::string_view payload) {
  return "\x81"s + static_cast<char>(payload.size()) + std::string(payload);
}

}  // namespace

void bad_sockets(const Setting& setting, Findings& findings) {
  const std::uint64_t mutated = setting.by_amount<std::uint64_t>(2'000, 1'000'000);
  Target target(setting, {"--history", "2000", "--max-rooms-per-client", "20"});
  const std::uint16_t port = target.port();
  Bystanders bystanders(port);
  socket(port, "/rooms/lobby/socket").close();
  const Resources before(target);

  for (const support::BadHandshake& bad : support::bad_handshakes()) {
    RawClient client(port, support::long_patience);
    const int status = client.ask(bad.request).status;
    findings.expect(status == bad.status,
                    fmt::format("{} was answered with {}, expected {}", bad.name, status, bad.status));
  }
  double slowest_s = 0;
  for (const support::BadFrames& bad : support::bad_frames()) {
    RawClient client = socket(port, "/rooms/lobby/socket");
    client.send(bad.bytes);
    const End end = read_end(client);
    slowest_s = std::max(slowest_s, end.after_s);
    findings.expect(
        std::find(bad.codes.begin(), bad.codes.end(), end.code) != bad.codes.end(),
        fmt::format("{} was answered with {}, expected {}", bad.name, end.code, bad.codes.front()));
  }
  if (setting.full && !is_sanitized) {
    findings.expect(slowest_s <= most_until_end_s,
                    fmt::format("TCP ended {:.1f} s after the close frame, expected {} at most", slowest_s,
                                most_until_end_s));
  }
  const Tally tally = on_two_threads(
      mutated, setting.seed, [port](std::mt19937_64& random, Tally& all) { say_mutated(port, random, all); });
  for (const std::string& wrong : tally.wrong) findings.expect(false, wrong);

  findings.amount(fmt::format("{} listed, {} mutated streams over {} connections",
                              support::bad_handshakes().size() + support::bad_frames().size(), tally.mutated,
                              tally.connections));
  findings.measured(
      fmt::format("each message had one answer, and each mistake its code; TCP ended {:.0f} ms later at most",
                  1000 * slowest_s));
  before.expect_back(target, findings);
  bystanders.expect_untouched(setting, findings);
  target.stop(findings);
}

void wrong_masks(const Setting& setting, Findings& findings) {
  const int each = setting.by_amount(2, 50);
  Target target(setting);
  const std::uint16_t port = target.port();
  Bystanders bystanders(port);
  const Resources before(target);
  const std::vector<std::string> to_server{"\x81\x02hi"s,
                                           "\x82\x02hi"s,
                                           "\x81\x00"s,
                                           "\x01\x02hi"s,
                                           "\x89\x02hi"s,
                                           "\x8a\x00"s,
                                           "\x88\x02\x03\xe8"s,
                                           "\x88\x00"s,
                                           "\x81\x7e\x00\x7e"s + std::string(126, 'x'),
                                           frame("hi", 0x01) + "\x80\x02hi"s};
  for (int n = 0; n < each; ++n) {
    for (const std::string path : {"/rooms/lobby/socket", "/echo"}) {
      for (const std::string& bytes : to_server) {
        RawClient client = socket(port, path);
        client.send(bytes);
        const int code = read_end(client).code;
        findings.expect(code == 1002, fmt::format("\"{}\" without a mask to {} was answered with {}",
                                                  shown(bytes), path, code));
      }
    }
  }

  const std::string hello = R"({"hello":{"cursor":"k3f9.0"}})";
  const std::string said = R"({"seq":1,"at":1,"author":"a","text":"b"})";
  const std::vector<std::string> to_client{
      masked(hello), unmasked(hello) + masked(said), unmasked(hello) + frame("hi", 0x89),
      unmasked(hello) + frame("\x03\xe8", 0x88), unmasked(hello) + frame("", 0x8a)};
  const std::string mask_is_wrong = read_frames("\x81\x80mask").detail;
  for (const std::string& bytes : to_client) {
    for (int n = 0; n < each; ++n) {
      const feed::Error ended = read_frames(bytes);
      findings.expect(ended.code == feed::Errc::left && ended.detail == mask_is_wrong,
                      fmt::format("our client took \"{}\" with: {}", shown(bytes), ended.detail));
    }
  }
  findings.amount(
      fmt::format("{} frames without a mask to each of 2 doors, {} with one to our client, {} times each",
                  to_server.size(), to_client.size(), each));
  findings.measured(fmt::format("the server closed with 1002; our client says: {}", mask_is_wrong));
  before.expect_back(target, findings);
  bystanders.expect_untouched(setting, findings);
  target.stop(findings);
}

}  // namespace faults
