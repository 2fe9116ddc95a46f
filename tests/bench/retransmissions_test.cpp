#include "bench/retransmissions.hpp"

#include "bench/delivery.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace {

using namespace std::chrono_literals;

TEST(RetransmittedSegments, StandUnderTheirNameAmongThoseOfTcp) {
  constexpr auto snmp =
      "Ip: Forwarding DefaultTTL RetransSegs\nIp: 1 64 9\n"
      "Tcp: RtoAlgorithm RtoMin InSegs OutSegs RetransSegs InErrs\nTcp: 1 200 41 42 17 0\n"
      "Udp: InDatagrams\nUdp: 3\n";
  EXPECT_EQ(bench::retransmitted_segments(snmp), 17U);
}

TEST(RetransmittedSegments, ThatAreNotThereAreSaid) {
  EXPECT_THROW(bench::retransmitted_segments(""), std::runtime_error);
  EXPECT_THROW(bench::retransmitted_segments("Tcp: InSegs\nTcp: 1\n"), std::runtime_error);
  EXPECT_THROW(bench::retransmitted_segments("Tcp: RetransSegs"), std::runtime_error);
}

// A run over a line that loses so many of its packets.
bench::Run run_over(double loss) {
  bench::Delivery delivery;
  delivery.arm = "ws";
  for (int i = 0; i < 100; ++i) delivery.plan.push_back(5ms * i);
  delivery.phases.resize(2);
  delivery.link = {.one_way = 1ms, .loss = loss, .seed = 3};
  bench::Run run;
  bench::deliver({std::filesystem::read_symlink("/proc/self/exe").parent_path().string(), {}}, delivery, run);
  return run;
}

const bench::Gate* find(const bench::Run& run, std::string_view name) {
  const auto found = std::find_if(run.gates.begin(), run.gates.end(),
                                  [name](const bench::Gate& gate) { return gate.name == name; });
  return found == run.gates.end() ? nullptr : &*found;
}

const bench::Gate* nothing_again(const bench::Run& run) { return find(run, bench::no_retransmissions_name); }

TEST(Retransmissions, ARunOverALineThatLosesDoesNotCountThoughEverythingArrives) {
  const bench::Means means = bench::best_means();
  if (means == bench::Means::sockets) GTEST_SKIP() << "no network namespaces here";
  const bench::Run run = run_over(0.05);
  EXPECT_TRUE(find(run, "every message at every reader once and in order")->passed);
  ASSERT_TRUE(nothing_again(run));
  EXPECT_FALSE(nothing_again(run)->passed);
  EXPECT_GT(run.figures.at("retransmitted_segments"), 0);
}

TEST(Retransmissions, AreNotLookedForWhereTheCountersAreThoseOfTheWholeMachine) {
  bench::Delivery delivery;
  delivery.arm = "ws";
  delivery.plan = {0ms};
  delivery.phases.resize(1);
  bench::Run run;
  bench::deliver({std::filesystem::read_symlink("/proc/self/exe").parent_path().string(), {}}, delivery, run);
  EXPECT_FALSE(nothing_again(run));
}

}  // namespace
