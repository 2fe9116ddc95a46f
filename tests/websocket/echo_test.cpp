// GET /echo as a suite of the WebSocket protocol uses it: with larger messages than a feed takes, and with compression.
#include "support/deflate.hpp"
#include "support/raw_client.hpp"
#include "support/test_server.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace {

using namespace std::string_literals;
using support::deflate;
using support::frame;
using support::inflate;
using support::RawClient;
using support::TestServer;
using support::upgrade;

constexpr std::string_view offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
constexpr unsigned char compressed_text = 0xc1;  // FIN, RSV1, text

feed::Options with_echo_max(std::size_t bytes) {
  feed::Options options;
  options.echo_max = bytes;
  return options;
}

feed::Options with_deflate() {
  feed::Options options;
  options.deflate = true;
  return options;
}

TEST(EchoLimit, IsThatOfMessagesWhereNothingIsSaid) {
  TestServer server;
  RawClient client(server.port());
  ASSERT_EQ(client.ask(upgrade("/echo")).status, 101);
  client.send(frame(std::string(65537, 'x')));
  EXPECT_EQ(client.read_frame().close_code(), 1009);
}

TEST(EchoLimit, MayBeSixteenMebibytes) {
  constexpr std::size_t limit = 16u << 20;
  TestServer server(with_echo_max(limit));
  RawClient client(server.port(), support::long_patience);
  ASSERT_EQ(client.ask(upgrade("/echo")).status, 101);
  const std::string largest(limit, 'x');
  client.send(frame(largest, 0x82));
  EXPECT_TRUE(client.read_frame().payload == largest);  // not EXPECT_EQ: nobody wants to read 32 MiB
  client.send(frame(largest + 'x', 0x82));
  EXPECT_EQ(client.read_frame().close_code(), 1009);
}

TEST(EchoLimit, IsNotThatOfARoom) {
  TestServer server(with_echo_max(1u << 20));
  RawClient client(server.port());
  ASSERT_EQ(client.ask(upgrade("/rooms/lobby/socket")).status, 101);
  client.read_frame();  // the hello
  client.send(frame(std::string(65537, 'x')));
  EXPECT_EQ(client.read_frame().close_code(), 1009);
}

TEST(EchoDeflate, IsNotGivenUnasked) {
  TestServer plain;
  RawClient client(plain.port());
  const support::Answer answer = client.ask(upgrade("/echo", offer));
  EXPECT_EQ(answer.status, 101);
  EXPECT_EQ(answer.field("Sec-WebSocket-Extensions"), "");

  TestServer server(with_deflate());
  RawClient other(server.port());
  EXPECT_EQ(other.ask(upgrade("/echo")).field("Sec-WebSocket-Extensions"), "");
  other.send(frame("Hello"));
  EXPECT_EQ(other.read_frame().payload, "Hello");
}

TEST(EchoDeflate, IsNotGivenInARoom) {
  TestServer server(with_deflate());
  RawClient client(server.port());
  EXPECT_EQ(client.ask(upgrade("/rooms/lobby/socket", offer)).field("Sec-WebSocket-Extensions"), "");
}

TEST(EchoDeflate, InflatesWhatComesAndDeflatesWhatGoes) {
  TestServer server(with_deflate());
  RawClient client(server.port());
  const support::Answer answer = client.ask(upgrade("/echo", offer));
  ASSERT_EQ(answer.status, 101);
  EXPECT_TRUE(answer.field("Sec-WebSocket-Extensions").starts_with("permessage-deflate"));
  client.send(frame("\xf2\x48\xcd\xc9\xc9\x07\x00"s, compressed_text));  // RFC 7692, 7.2.3.1: "Hello"
  const support::Frame back = client.read_frame();
  EXPECT_EQ(back.opcode, 1);
  EXPECT_EQ(inflate(back.payload, 100), "Hello");
}

TEST(EchoDeflate, TakesWhatIsNotCompressedToo) {
  TestServer server(with_deflate());
  RawClient client(server.port());
  ASSERT_EQ(client.ask(upgrade("/echo", offer)).status, 101);
  client.send(frame("Hello"));
  EXPECT_EQ(inflate(client.read_frame().payload, 100), "Hello");
}

TEST(EchoDeflate, AMessageThatIsTooLargeWhenInflatedIsAnsweredWith1009) {
  TestServer server(with_deflate());
  RawClient client(server.port());
  ASSERT_EQ(client.ask(upgrade("/echo", offer)).status, 101);
  const std::string bomb = deflate(std::string(4u << 20, '\0'));
  ASSERT_LT(bomb.size(), 65536u);
  client.send(frame(bomb, compressed_text));
  EXPECT_EQ(client.read_frame().close_code(), 1009);
}

TEST(EchoDeflate, WhatCannotBeInflatedEndsTheConnection) {
  TestServer server(with_deflate());
  RawClient client(server.port());
  ASSERT_EQ(client.ask(upgrade("/echo", offer)).status, 101);
  client.send(frame("\xff\xff\xff\xff", compressed_text));
  client.read_to_end();
}

}  // namespace
