// The facts hold, and what counts them sees where they do not.

#include "bench/protocol.hpp"
#include "bench/bare.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <string_view>

namespace {

using namespace std::string_view_literals;

bench::Place place() { return {std::filesystem::read_symlink("/proc/self/exe").parent_path().string(), {}}; }

std::string complaints(const bench::Run& run) {
  std::string all;
  for (const bench::Gate& gate : run.gates) {
    if (!gate.passed) all += gate.name + ": " + gate.detail + '\n';
  }
  return all;
}

TEST(Protocol, AThousandMessagesComeOnOneRequest) {
  bench::Run run;
  bench::measure_one_request(place(), run);
  EXPECT_EQ(complaints(run), "");
  EXPECT_EQ(run.figures.at("requests"), 1);
  EXPECT_EQ(run.figures.at("unasked_bytes"), 0);
  EXPECT_EQ(run.figures.at("messages"), 1000);
}

TEST(Protocol, MessagesComeToWhoSaysNothing) {
  bench::Run run;
  bench::measure_no_request(place(), run);
  EXPECT_EQ(complaints(run), "");
  EXPECT_EQ(run.figures.at("messages"), 10);
  EXPECT_EQ(run.figures.at("up_bytes"), 0);
}

TEST(Protocol, OriginsAreComparedToTheLetter) {
  bench::Run run;
  bench::measure_origins(place(), run);
  EXPECT_EQ(complaints(run), "");
  EXPECT_EQ(run.figures.at("accepted"), 3);
  EXPECT_EQ(run.figures.at("as_the_list_says"), 12);
  EXPECT_EQ(run.figures.at("foreign_post_status"), 403);
  EXPECT_EQ(run.figures.at("allowed_post_status"), 201);
}

TEST(Protocol, BothSidesSpeakAtOnce) {
  bench::Run run;
  bench::measure_both_ways(place(), run);
  EXPECT_EQ(complaints(run), "");
  EXPECT_EQ(run.figures.at("out_of_order"), 0);
  EXPECT_EQ(run.figures.at("unasked_messages"), 10);
  EXPECT_EQ(run.figures.at("own_messages"), 1000);
  EXPECT_GT(run.figures.at("pushed_while_unanswered"), 0);
}

TEST(Protocol, AServerRemembersWhereTheClientIs) {
  bench::Run run;
  bench::measure_memory_of_place(place(), run);
  EXPECT_EQ(complaints(run), "");
  EXPECT_EQ(run.figures.at("remembered_messages"), 33);
}

TEST(Protocol, TextAndBinaryFramesCarryTheSameBytes) {
  bench::Run run;
  bench::measure_text_and_binary(place(), run);
  EXPECT_EQ(complaints(run), "");
  for (const auto& [name, expected] : run.predicted) EXPECT_EQ(run.figures.at(name), expected) << name;
}

TEST(Protocol, OnePortServesAll) {
  bench::Run run;
  bench::measure_one_port(place(), run);
  EXPECT_EQ(complaints(run), "");
  EXPECT_EQ(run.figures.at("kinds"), 5);
  EXPECT_EQ(run.figures.at("messages"), 3);
}

// The claims' rules judge what came out. Were it a gate, the opposite of what is expected would read "not measured".
TEST(Protocol, WhatNobodyExpectedIsAFigureToo) {
  bench::Run run;
  bench::tell(run, "requests", 2, 1);
  EXPECT_EQ(complaints(run), "");
  EXPECT_EQ(run.figures.at("requests"), 2);
  EXPECT_EQ(run.predicted.at("requests"), 1);
}

TEST(Bare, MasksWhatItSends) {
  // RFC 6455, 5.3: a payload byte and a mask byte are added without carry.
  const std::string frame = bench::Bare::frame(bench::text_opcode, "hi");
  ASSERT_EQ(frame.size(), 8u);
  EXPECT_EQ(frame.substr(0, 2), "\x81\x82"sv);
  EXPECT_EQ(frame[6] ^ frame[2], 'h');
  EXPECT_EQ(frame[7] ^ frame[3], 'i');
}

TEST(Bare, WritesLengthsAsTheRfcSays) {
  EXPECT_EQ(bench::Bare::frame(bench::binary_opcode, std::string(125, 'x')).substr(0, 2), "\x82\xfd"sv);
  EXPECT_EQ(bench::Bare::frame(bench::binary_opcode, std::string(126, 'x')).substr(0, 4),
            "\x82\xfe\x00\x7e"sv);
  EXPECT_EQ(bench::Bare::frame(bench::binary_opcode, std::string(65536, 'x')).substr(0, 10),
            "\x82\xff\x00\x00\x00\x00\x00\x01\x00\x00"sv);
}

}  // namespace
