// What a page may ask for, and what it is told where it asks for something else.

#include "bench/live/faults.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

namespace {

using live::apply;
using live::Command;
using live::Faults;
using live::parse_command;
using testing::HasSubstr;

TEST(Command, SwitchesOneFaultAndLeavesTheOthers) {
  Faults faults;
  faults.stall = true;
  faults = apply(parse_command(R"({"fault":"delay","on":true})").value(), faults);
  faults = apply(parse_command(R"({"fault":"hold","on":true})").value(), faults);
  faults = apply(parse_command(R"({"fault":"idle","on":true})").value(), faults);
  EXPECT_EQ(faults, (Faults{true, true, true, true}));
  faults = apply(parse_command(R"({"fault":"hold","on":false})").value(), faults);
  faults = apply(parse_command(R"({"fault":"stall","on":false})").value(), faults);
  EXPECT_EQ(faults, (Faults{false, true, false, true}));
}

TEST(Command, CutAndRestartHappenAndChangeNoFault) {
  for (const auto& [json, what] : {std::pair(R"({"fault":"cut"})", Command::What::cut),
                                   std::pair(R"({"fault":"restart"})", Command::What::restart)}) {
    const Command command = parse_command(json).value();
    EXPECT_EQ(command.what, what);
    EXPECT_EQ(apply(command, Faults{true, false, true, false}), (Faults{true, false, true, false}));
  }
}

TEST(Command, SaysWhatWasGotAndWhatWasExpected) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"", "JSON"},
      {"delay", "JSON"},
      {"[]", "object"},
      {"{}", "\"fault\" is not there, expected one of cut, stall, delay, hold, idle, restart"},
      {R"({"fault":"fire","on":true})", "\"fault\" is \"fire\", expected one of cut, stall"},
      {R"({"fault":7,"on":true})", "\"fault\" is 7, expected one of cut"},
      {R"({"fault":"delay"})", "\"on\" is not there, expected true or false"},
      {R"({"fault":"delay","on":"yes"})", "\"on\" is \"yes\", expected true or false"},
      {R"({"fault":"delay","on":1})", "\"on\" is 1, expected true or false"},
      {R"({"fault":"cut","on":true})", "\"cut\" happens once and is not switched on or off"},
      {R"({"fault":"restart","on":false})", "\"restart\" happens once"}};
  for (const auto& [json, words] : cases) {
    const auto command = parse_command(json);
    ASSERT_FALSE(command) << json;
    EXPECT_THAT(command.error().detail, HasSubstr(std::string(words))) << json;
  }
}

}  // namespace
