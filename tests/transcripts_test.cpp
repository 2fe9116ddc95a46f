// The transcripts in the notes are what really goes over the wire: each is made again here, by the real clients and servers,
// and compared to the letter. Lines in them that begin with `#` are remarks for the reader.
#include "polling/client.hpp"
#include "sse/client.hpp"
#include "support/clients.hpp"
#include "support/relay.hpp"
#include "support/test_server.hpp"
#include "support/transcript.hpp"
#include "websocket/client.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace {

// The block of the notes that begins with ```text transcript NAME, wherever it stands.
std::string block_of_the_notes(const std::string& name) {
  std::string block;
  int found = 0;
  for (const auto& note : std::filesystem::directory_iterator(std::string(SOURCE_DIRECTORY) + "/notes")) {
    if (note.path().extension() != ".md") continue;
    std::ifstream file(note.path());
    bool inside = false;
    for (std::string line; std::getline(file, line);) {
      if (line == "```text transcript " + name) {
        inside = true;
        ++found;
      } else if (line == "```") {
        inside = false;
      } else if (inside && !line.starts_with("#")) {
        block += line + '\n';
      }
    }
  }
  if (found == 1) return block;
  return fmt::format("notes/*.md have {} transcripts \"{}\", expected one\n", found, name);
}

// A WebSocket's transcript: the handshake as text, then a line for each frame: its header in hexadecimal (RFC 6455, 5.2), the word
// MASK for a client's four bytes of mask, and the payload unmasked. A close frame's payload is its code.
class FrameLines {
 public:
  std::string of(const std::vector<support::Relay::Piece>& pieces) {
    std::string text;
    for (const auto& piece : pieces) {
      Side& side = sides_[piece.from_client];
      side.bytes += piece.bytes;
      if (!side.upgraded) {
        const std::size_t end = side.bytes.find("\r\n\r\n");
        if (end == std::string::npos) continue;
        text += support::transcript({{piece.from_client, side.bytes.substr(0, end + 4)}});
        side.bytes.erase(0, end + 4);
        side.upgraded = true;
      }
      while (take_frame(side.bytes, piece.from_client, text)) {
      }
    }
    return text;
  }

 private:
  struct Side {
    std::string bytes;
    bool upgraded = false;
  };

  // Frames of less than 126 bytes: larger ones do not occur here.
  static bool take_frame(std::string& bytes, bool masked, std::string& text) {
    const std::size_t head = masked ? 6 : 2;
    if (bytes.size() < head) return false;
    const auto byte = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
    const std::size_t size = byte(1) & 0x7f;
    if (bytes.size() < head + size) return false;
    std::string payload = bytes.substr(head, size);
    for (std::size_t i = 0; masked && i < size; ++i)
      payload[i] = static_cast<char>(payload[i] ^ bytes[2 + i % 4]);
    constexpr unsigned char close_frame = 0x88;
    if (byte(0) == close_frame && size >= 2) {
      const int code = static_cast<unsigned char>(payload[0]) << 8 | static_cast<unsigned char>(payload[1]);
      payload = std::to_string(code) + payload.substr(2);
    }
    text += fmt::format("{} {:02x} {:02x} {}{}\n", masked ? '>' : '<', byte(0), byte(1),
                        masked ? "MASK " : "", payload);
    bytes.erase(0, head + size);
    return true;
  }

  std::map<bool, Side> sides_;
};

class Transcripts : public testing::Test {
 protected:
  feed::Address room() const { return support::address(relay.port()); }
  feed::After beginning() {
    const std::string epoch =
        server.on_thread([](feed::Server& s) { return s.rooms().open("lobby").log().epoch(); });
    return feed::After::at({epoch, 0});
  }

  // Reads until `enough` messages have come (0: until the hello), with `then` done at the hello.
  void read(feed::Client& client, const feed::After& after, std::size_t enough,
            const std::function<void()>& then = {}) {
    std::size_t messages = 0;
    const feed::Events events{[&](const feed::Hello&) {
                                if (then) then();
                                if (enough == 0) client.close();
                              },
                              [&](const feed::Message&) {
                                if (++messages == enough) client.close();
                              }};
    loop.run(support::read_feed(client, after, events));
  }

  void expect(const std::string& name) { expect(name, support::transcript(relay.pieces())); }
  void expect(const std::string& name, const std::string& transcript) {
    EXPECT_EQ(support::normalised(transcript), block_of_the_notes(name)) << "in transcript " << name;
  }

  // The line is quiet when the last byte has come by; the server has noticed the client's end then.
  void wait_for_the_end() { server.wait_for_connections(0); }

  support::Loop loop;
  support::TestServer server;
  support::Relay relay{server.port()};
};

TEST_F(Transcripts, OfPublishing) {
  {
    polling::Client client(loop.executor(), room());
    ASSERT_TRUE(loop.run(client.publish("ada", "hello")));
  }
  wait_for_the_end();
  expect("publish");
}

TEST_F(Transcripts, OfPolling) {
  const auto after = beginning();
  {
    polling::Client client(loop.executor(), room());
    read(client, after, 0);
  }
  server.publish("lobby", "ada", "hello");
  {
    polling::Client client(loop.executor(), room());
    read(client, after, 1);
  }
  wait_for_the_end();
  expect("polling");
}

TEST_F(Transcripts, OfLongPolling) {
  const auto after = beginning();
  {
    polling::Timing timing;
    timing.wait = std::chrono::seconds(25);
    polling::Client client(loop.executor(), room(), timing);
    const feed::Events events{{}, [&](const feed::Message&) { client.close(); }};
    auto reading = loop.start(support::read_feed(client, after, events));
    loop.until("the question", [&] { return !relay.pieces().empty(); });
    server.wait_for_readers(1);
    server.publish("lobby", "ada", "hello");
    loop.until("the answer", [&] { return reading.done(); });
  }
  wait_for_the_end();
  expect("long-polling");
}

TEST_F(Transcripts, OfServerSentEvents) {
  const auto after = beginning();
  {
    sse::Client client(loop.executor(), room());
    read(client, after, 1, [&] { server.publish("lobby", "ada", "hello"); });
  }
  wait_for_the_end();
  expect("sse");
}

TEST_F(Transcripts, OfWebSocket) {
  const auto after = beginning();
  {
    websocket::Client client(loop.executor(), room());
    std::optional<support::Task<feed::Result<feed::Cursor>>> published;
    read(client, after, 1, [&] { published = loop.start(client.publish("ada", "hello")); });
    ASSERT_TRUE(published->value());
    loop.finish();
  }
  wait_for_the_end();
  FrameLines lines;
  expect("websocket", lines.of(relay.pieces()));
}

}  // namespace
