// What the WebSocket client makes of a server that shakes hands properly, and then breaks the protocol.
#include "support/clients.hpp"
#include "support/hostile_server.hpp"
#include "support/test_server.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

namespace {

using namespace std::string_literals;
using support::HostileServer;
using support::Over;

// How a reader's feed ends when these bytes come behind the handshake.
feed::Error read_frames(std::string frames) {
  const HostileServer server([frames = std::move(frames)](HostileServer::Peer& peer) {
    peer.send(support::accepting(peer.read_head()) + frames);
    peer.finish_sending();  // a client that has failed a connection waits a while for that (RFC 6455, 7.1.1)
    peer.wait_for_end();
  });
  support::Loop loop;
  support::Subscription reader(Over::websocket, loop, support::address(server.port()));
  reader.wait_for_end();
  EXPECT_TRUE(reader.heard().messages.empty());
  return reader.reason();
}

std::string text(std::string_view payload) {
  return "\x81" + std::string(1, static_cast<char>(payload.size())) + std::string(payload);
}

const std::string hello = text(R"({"hello":{"cursor":"k3f9.0"}})");

TEST(HostileFrames, EndTheFeedWithAReason) {
  const std::pair<std::string_view, std::string> all[] = {
      {"a masked frame", hello + "\x81\x82\x01\x02\x03\x04hi"},
      {"a reserved opcode", hello + "\x83\x02hi"},
      {"a reserved bit", hello + "\xc1\x02hi"},
      {"a ping in fragments", hello + "\x09\x02hi"},
      {"a ping that is too long", hello + "\x89\x7e\x00\x7e"s + std::string(126, 'x')},
      {"a continuation of nothing", hello + "\x80\x02hi"},
      {"a message within a message", hello + "\x01\x02hi\x81\x02hi"},
      {"a length with its highest bit set", hello + "\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff"s},
      {"a length of 1 GiB", hello + "\x81\x7f\x00\x00\x00\x00\x40\x00\x00\x00"s},
      {"a length that is longer than it must be", hello + "\x81\x7e\x00\x02hi"s},
      {"text that is not UTF-8", hello + "\x81\x02\xff\xff"},
      {"a close with a code that is none", hello + "\x88\x02\x03\xed"},
      {"text that is not JSON", hello + text("hi")},
      {"JSON that is none of ours", hello + text("{}")},
      {"a message before the hello", text(R"({"seq":1,"at":1,"author":"a","text":"b"})")},
      {"a message out of order", hello + text(R"({"seq":2,"at":1,"author":"a","text":"b"})")}};
  const std::string no_reason = read_frames(hello).detail;  // of a server that only leaves
  for (const auto& [what, frames] : all) {
    const feed::Error ended = read_frames(frames);
    EXPECT_NE(ended.code, feed::Errc::closed) << what;
    EXPECT_NE(ended.detail, "") << what;
    EXPECT_NE(ended.detail, no_reason) << what;
  }
}

TEST(HostileFrames, PingsWithoutAnEndAreAnsweredAndHeldNowhere) {
  std::string pings = hello;
  for (int n = 0; n < 20'000; ++n) pings += "\x89\x02hi";
  EXPECT_EQ(read_frames(pings + "\x83\x02hi").detail, read_frames(hello + "\x83\x02hi").detail);
}

}  // namespace
