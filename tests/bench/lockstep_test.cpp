// A run in lockstep knows what every byte was for: the prediction holds, and a wrong one does not pass.

#include "bench/lockstep.hpp"
#include "bench/result.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace {

bench::Place place() { return {std::filesystem::read_symlink("/proc/self/exe").parent_path().string(), {}}; }

// Whether the gate is there and has passed.
bool passed(const bench::Run& run, std::string_view name) {
  const auto found = std::find_if(run.gates.begin(), run.gates.end(),
                                  [name](const bench::Gate& gate) { return gate.name == name; });
  return found != run.gates.end() && found->passed;
}

bench::Lockstepped step(const std::string& arm, const std::string& mistake, bench::Run& run,
                        const std::string& profile = "lean") {
  run.arm = arm;
  return bench::run_lockstep(
      place(), {.arm = arm, .messages = 4, .profile = profile, .link = {}, .mistake = mistake}, run);
}

class LockstepOver : public testing::TestWithParam<const char*> {
 protected:
  bool streams() const {
    return std::string_view(GetParam()) == "sse" || std::string_view(GetParam()) == "ws";
  }
  std::string asked() const {
    return streams() ? "bytes of the set-up from the reader" : "bytes from the reader";
  }
};

TEST_P(LockstepOver, EveryByteIsPredicted) {
  bench::Run run;
  const bench::Lockstepped done = step(GetParam(), "", run);
  EXPECT_TRUE(passed(run, "the reader stayed"));
  EXPECT_TRUE(passed(run, "bytes from the reader"));
  EXPECT_TRUE(passed(run, "bytes to the reader"));
  EXPECT_TRUE(passed(run, asked()));
  EXPECT_GT(done.bytes.down, done.messages * done.json_bytes);
  EXPECT_EQ(done.bytes, done.predicted);
}

TEST_P(LockstepOver, ABrowsersHeadersArePredictedToo) {
  bench::Run run;
  const bench::Lockstepped done = step(GetParam(), "", run, "cookie");
  EXPECT_TRUE(passed(run, "bytes from the reader"));
  EXPECT_TRUE(passed(run, asked()));
  EXPECT_GT(done.fields_bytes, 500u);
}

// The path is predicted to be one character longer than it is.
TEST_P(LockstepOver, AWrongPredictionDoesNotPass) {
  bench::Run run;
  step(GetParam(), "x", run);
  EXPECT_TRUE(passed(run, "every message at every reader once and in order"));
  EXPECT_FALSE(passed(run, asked()));
  EXPECT_FALSE(run.counts());
}

INSTANTIATE_TEST_SUITE_P(Arms, LockstepOver, testing::Values("poll", "longpoll", "sse", "ws"),
                         [](const auto& info) { return std::string(info.param); });

TEST(Lockstep, TellsTheLayersOfAMessage) {
  bench::Run run;
  run.arm = "ws";
  bench::Lockstepped done;
  done.messages = 10;
  done.json_bytes = 100;
  done.bytes = done.predicted = {0, 1020};
  done.line = {10, 10, 520, 1540, 0};
  done.predicted_packets = 20;
  bench::tell_layers(done, run);
  EXPECT_EQ(run.figures.at("json_bytes_per_message"), 100);
  EXPECT_EQ(run.figures.at("framing_bytes_per_message"), 2);
  EXPECT_EQ(run.figures.at("bytes_per_message"), 102);
  EXPECT_EQ(run.figures.at("packets_per_message"), 2);
  EXPECT_EQ(run.figures.at("ip_bytes_per_message"), 206);
  EXPECT_EQ(run.predicted.at("ip_bytes_per_message"), 206);
}

}  // namespace
