// What the WebSocket client makes of a server that shakes hands properly, and then breaks the protocol.
#include "support/clients.hpp"
#include "support/hostile_frames.hpp"
#include "support/hostile_server.hpp"
#include "support/test_server.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace {

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

TEST(HostileFrames, EndTheFeedWithAReason) {
  const std::string no_reason = read_frames(support::server_hello).detail;  // of a server that only leaves
  for (const auto& [what, frames] : support::bad_server_frames()) {
    const feed::Error ended = read_frames(frames);
    EXPECT_NE(ended.code, feed::Errc::closed) << what;
    EXPECT_NE(ended.detail, "") << what;
    EXPECT_NE(ended.detail, no_reason) << what;
  }
}

TEST(HostileFrames, PingsWithoutAnEndAreAnsweredAndHeldNowhere) {
  std::string pings = support::server_hello;
  for (int n = 0; n < 20'000; ++n) pings += "\x89\x02hi";
  EXPECT_EQ(read_frames(pings + "\x83\x02hi").detail,
            read_frames(support::server_hello + "\x83\x02hi").detail);
}

}  // namespace
