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

TEST(Counter, StandsUnderItsNameAmongThoseOfItsProtocol) {
  constexpr auto snmp =
      "Ip: Forwarding DefaultTTL RetransSegs\nIp: 1 64 9\n"
      "Tcp: RtoAlgorithm RtoMin InSegs OutSegs RetransSegs InErrs\nTcp: 1 200 41 42 17 0\n"
      "Udp: InDatagrams\nUdp: 3\n";
  EXPECT_EQ(bench::counter(snmp, "Tcp:", "RetransSegs"), 17U);
  EXPECT_EQ(bench::counter(snmp, "Ip:", "RetransSegs"), 9U);
}

TEST(Counter, ThatIsNotThereIsSaid) {
  EXPECT_THROW(bench::counter("", "Tcp:", "RetransSegs"), std::runtime_error);
  EXPECT_THROW(bench::counter("Tcp: InSegs\nTcp: 1\n", "Tcp:", "RetransSegs"), std::runtime_error);
  EXPECT_THROW(bench::counter("Tcp: RetransSegs", "Tcp:", "RetransSegs"), std::runtime_error);
}

TEST(SentAgain, IsLostWhereThePeerDidNotSayThatItHadIt) {
  EXPECT_EQ((bench::SentAgain{3, 3}).lost(), 0U);
  EXPECT_EQ((bench::SentAgain{3, 1}).lost(), 2U);
  EXPECT_EQ((bench::SentAgain{0, 0}).lost(), 0U);
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

const bench::Gate* nothing_lost(const bench::Run& run) { return find(run, bench::nothing_lost_name); }

TEST(Retransmissions, ARunOverALineThatLosesDoesNotCountThoughEverythingArrives) {
  const bench::Means means = bench::best_means();
  if (means == bench::Means::sockets) GTEST_SKIP() << "no network namespaces here";
  const bench::Run run = run_over(0.05);
  EXPECT_TRUE(find(run, "every message at every reader once and in order")->passed);
  ASSERT_TRUE(nothing_lost(run));
  EXPECT_FALSE(nothing_lost(run)->passed);
  EXPECT_GT(run.figures.at("retransmitted_segments"), 0);
}

TEST(Retransmissions, AreNotLookedForWhereTheCountersAreThoseOfTheWholeMachine) {
  bench::Delivery delivery;
  delivery.arm = "ws";
  delivery.plan = {0ms};
  delivery.phases.resize(1);
  bench::Run run;
  bench::deliver({std::filesystem::read_symlink("/proc/self/exe").parent_path().string(), {}}, delivery, run);
  EXPECT_FALSE(nothing_lost(run));
}

}  // namespace
