// Connections of which it is known what is new about them, and what the kernel counts of them.

#include "bench/caller.hpp"
#include "bench/control.hpp"
#include "bench/model.hpp"
#include "bench/site.hpp"
#include "bench/tcp_info.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace {

bench::Place place() { return {std::filesystem::read_symlink("/proc/self/exe").parent_path().string(), {}}; }

class Calls : public testing::Test {
 protected:
  bench::Site site{place(), "poll"};
  bench::Control control{site.room_beside()};
  std::string target = site.room().path + "/messages?after=" + control.stats().epoch + ".0";
  bench::Target model{site.room().authority, site.room().path};
  std::size_t cursor = bench::cursor_bytes(control.stats().epoch.size(), 0);
};

}  // namespace

TEST_F(Calls, AreKeptOnOneConnectionThatCarriesWhatTheModelSays) {
  bench::Asker asker({site.room()}, {});
  constexpr std::uint64_t polls = 5;
  for (std::uint64_t i = 0; i < polls; ++i) {
    const bench::Answer answer = asker.get(target);
    EXPECT_EQ(answer.status, 204);
    EXPECT_EQ(answer.connections, i == 0 ? 1u : 0u);
    EXPECT_GT(answer.time.count(), 0);
  }
  EXPECT_EQ(control.stats().accepted, 2u);
  const bench::TcpInfo count = bench::tcp_info(asker.fd());
  const bench::Bytes expected = polls * bench::empty_poll(model, cursor);
  EXPECT_EQ(count.bytes_taken, expected.up);
  EXPECT_EQ(count.bytes_received, expected.down);
  EXPECT_EQ(count.retransmitted, 0u);
  EXPECT_GE(count.segments_out, polls + 2);  // its SYN, what ends the handshake, the requests
}

TEST_F(Calls, AreEachOnAConnectionOfTheirOwnWhereNoneIsKept) {
  bench::Asker asker({site.room()}, {.keep = false});
  for (int i = 0; i < 5; ++i) EXPECT_EQ(asker.get(target).connections, 1u);
  EXPECT_EQ(control.stats().accepted, 6u);
  EXPECT_EQ(asker.fd(), -1);
}

TEST_F(Calls, SendTheFieldsThatTheyAreGiven) {
  bench::Asker asker({site.room()}, {.fields = {"Cookie: a=0123456789", "Accept: text/html"}});
  asker.get(target);
  const bench::Bytes plain = bench::empty_poll(model, cursor);
  EXPECT_EQ(bench::tcp_info(asker.fd()).bytes_taken,
            plain.up + std::string_view("Cookie: a=0123456789\r\n").size() +
                std::string_view("text/html").size() - std::string_view("*/*").size());
}

TEST_F(Calls, SayTheirOwnBytesOnABareConnection) {
  bench::Call call({site.room()});
  EXPECT_GT(call.tcp().count(), 0);
  EXPECT_EQ(call.tls().count(), 0);
  const std::string asked =
      "GET " + target + " HTTP/1.1\r\nHost: " + site.room().authority + "\r\nAccept: */*\r\n\r\n";
  call.write_all(asked);
  std::string got;
  call.read_until(got, "\r\n\r\n");
  EXPECT_THAT(got, testing::StartsWith("HTTP/1.1 204 "));
  const bench::TcpInfo count = bench::tcp_info(call.fd());
  EXPECT_EQ(count.bytes_taken, asked.size());
  EXPECT_EQ(count.bytes_received, got.size());
}

TEST_F(Calls, SayThatTheServerLeft) {
  bench::Call call({site.room()});
  call.write_all("nonsense\r\n\r\n");
  std::string got;
  try {
    call.read_until(got, "expected of nobody");
    FAIL();
  } catch (const std::runtime_error& failure) {
    EXPECT_THAT(failure.what(), testing::StartsWith("the server left; it had said \"HTTP/1.1 400 "));
  }
}

TEST_F(Calls, SayWhomTheyDidNotReach) {
  bench::Callee nobody{site.room()};
  site.stop();
  EXPECT_THROW(bench::Call{nobody}, std::runtime_error);
  bench::Asker asker(nobody, {});
  EXPECT_THROW(asker.get("/healthz"), std::runtime_error);
}

TEST(TcpInfo, IsOfSocketsAlone) { EXPECT_THROW(bench::tcp_info(-1), std::runtime_error); }
