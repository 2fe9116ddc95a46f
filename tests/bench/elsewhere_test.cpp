// The cells that can be measured on somebody else's server: nothing is asked of its process, and others may have used it before.

#include "bench/experiment.hpp"
#include "bench/process.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

// Servers that the harness did not start for itself, with their own defaults.
class Elsewhere : public testing::Test {
 protected:
  Elsewhere() {
    setting_.profile = bench::Profile::smoke;
    setting_.place.programs = std::filesystem::read_symlink("/proc/self/exe").parent_path().string();
    for (const char* arm : {"poll", "longpoll", "sse", "ws"}) {
      const std::string program = bench::server_of(arm);
      auto& process = processes_[program];
      if (!process) {
        const std::vector<std::string> arguments{"--host", "127.0.0.1", "--port", "0"};
        process = std::make_unique<bench::Process>(setting_.place.programs + '/' + program, arguments,
                                                   std::nullopt);
      }
      setting_.place.servers.emplace(
          arm, *feed::parse_address("http://127.0.0.1:" + std::to_string(process->port()) + "/rooms/bench"));
    }
  }

  std::vector<bench::Cell> cells(const bench::Experiment& experiment) const {
    std::vector<bench::Cell> found = experiment.cells(setting_);
    std::erase_if(found, [](const bench::Cell& cell) { return !cell.anywhere; });
    return found;
  }
  static const bench::Cell& cell(const std::vector<bench::Cell>& cells, const std::string& name) {
    const auto found =
        std::find_if(cells.begin(), cells.end(), [&](const bench::Cell& cell) { return cell.name == name; });
    if (found == cells.end())
      throw std::invalid_argument("no cell " + name + " that can be measured anywhere");
    return *found;
  }
  static bench::Run measure(const bench::Cell& cell) {
    bench::Run run;
    run.cell = cell.name;
    run.arm = cell.arm;
    run.seed = 1;
    cell.measure(run);
    return run;
  }
  // All but those that a busy machine can fail.
  static void expect_gates(const bench::Run& run) {
    for (const bench::Gate& gate : run.gates) {
      if (bench::is_of_the_machine(run, gate) || gate.name == "poll delays are uniform") continue;
      EXPECT_TRUE(gate.passed) << run.cell << ": " << gate.name << ": " << gate.detail;
    }
    EXPECT_GT(run.figures.at("n"), 0);
    EXPECT_GT(run.figures.at("rtt_us"), 0);
  }

  bench::Setting setting_;
  std::map<std::string, std::unique_ptr<bench::Process>> processes_;
};

TEST_F(Elsewhere, DeliveryIsMeasuredOverEachTransport) {
  const auto found = cells(bench::delivery_experiment());
  for (const char* name : {"delivery/poll/interval_ms:50/rtt_ms:0", "delivery/longpoll/rate:100/rtt_ms:0",
                           "delivery/sse/rate:100/rtt_ms:0", "delivery/ws/rate:100/rtt_ms:0"}) {
    const bench::Run run = measure(cell(found, name));
    expect_gates(run);
    EXPECT_FALSE(run.figures.contains("cpu_ns_per_delivery"));
  }
  // The second run finds a server that has been used.
  expect_gates(measure(cell(found, "delivery/longpoll/rate:100/rtt_ms:0")));
}

TEST_F(Elsewhere, NoLineOfOursLeadsThere) {
  for (const auto& experiment : {bench::delivery_experiment(), bench::longpoll_experiment(),
                                 bench::pimentel_experiment(), bench::echo_experiment()}) {
    for (const bench::Cell& cell : cells(experiment)) EXPECT_THAT(cell.name, testing::EndsWith("/rtt_ms:0"));
  }
}

TEST_F(Elsewhere, LongPollsAreMeasuredInRoomsOfTheirOwn) {
  expect_gates(measure(cell(cells(bench::longpoll_experiment()), "longpoll/longpoll/rate:40/rtt_ms:0")));
}

TEST_F(Elsewhere, SendingAndHearingBackIsMeasuredOverEachTransport) {
  for (const bench::Cell& cell : cells(bench::echo_experiment())) {
    const bench::Run run = measure(cell);
    expect_gates(run);
    EXPECT_FALSE(run.figures.contains("bytes_per_echo")) << "others' bytes may be among them";
  }
}

}  // namespace
