// The harness itself: it sees a server that stands still, and each gate closes where it must.

#include "bench/control.hpp"
#include "bench/delivery.hpp"
#include "bench/journal.hpp"
#include "bench/plan.hpp"
#include "bench/retransmissions.hpp"
#include "bench/session.hpp"
#include "tests/bench/directory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include <sys/wait.h>

namespace {

using namespace std::chrono_literals;
using bench::Clock;
using bench::Gate;

// The servers' programs lie where the build puts all programs, this one too.
bench::Place place() { return {std::filesystem::read_symlink("/proc/self/exe").parent_path().string(), {}}; }

const Gate* find(const bench::Run& run, std::string_view name) {
  const auto found = std::find_if(run.gates.begin(), run.gates.end(),
                                  [name](const Gate& gate) { return gate.name == name; });
  return found == run.gates.end() ? nullptr : &*found;
}

std::vector<std::chrono::nanoseconds> every(std::chrono::nanoseconds gap, std::size_t count) {
  std::vector<std::chrono::nanoseconds> plan(count);
  for (std::size_t i = 0; i < count; ++i) plan[i] = gap * i;
  return plan;
}

struct Stalled {
  bench::Delivered delivered;
  std::chrono::nanoseconds begin{0},
      end{0};  // of the stall, from the start of the run: as it was, however slow the machine
};

// A run in which the server stands still for 200 ms, some 200 ms after its start. `window` 1: a closed loop, which sends
// nothing before it was answered.
Stalled with_stall(std::size_t window, bench::Run& run) {
  std::thread stall;
  Stalled stalled;
  bench::Delivery delivery;
  delivery.arm = "ws";
  delivery.plan = every(10ms, 80);
  delivery.phases.resize(1);
  delivery.window = window;
  delivery.disturb = [&](bench::Site& site, Clock::time_point start) {
    stall = std::thread([&stalled, pid = site.process()->pid(), start] {
      std::this_thread::sleep_until(start + 200ms);
      ::kill(pid, SIGSTOP);
      const auto begin = Clock::now();
      std::this_thread::sleep_until(begin + 200ms);
      stalled.begin = begin - start;
      stalled.end = Clock::now() - start;
      ::kill(pid, SIGCONT);
    });
  };
  stalled.delivered = bench::deliver(place(), delivery, run);
  stall.join();
  return stalled;
}

// How many messages were sent while the server stood still.
std::size_t sent_meanwhile(const Stalled& stalled) {
  const auto& [from_due, from_sent] = std::tie(stalled.delivered.from_due_ns, stalled.delivered.from_sent_ns);
  std::size_t count = 0;
  for (std::size_t i = 0; i < from_due.size(); ++i) {
    const auto sent = std::chrono::nanoseconds(10ms) * static_cast<std::int64_t>(i) +
                      std::chrono::nanoseconds(from_due[i] - from_sent[i]);
    count += sent > stalled.begin && sent < stalled.end;
  }
  return count;
}

std::size_t longer_than(std::chrono::nanoseconds limit, const std::vector<std::int64_t>& samples) {
  return static_cast<std::size_t>(
      std::count_if(samples.begin(), samples.end(), [limit](std::int64_t s) { return s > limit.count(); }));
}

}  // namespace

TEST(Stall, ShowsInTheLatencyFromTheDueTime) {
  bench::Run run;
  const Stalled stalled = with_stall(0, run);
  const bench::Delivered& delivered = stalled.delivered;
  ASSERT_EQ(delivered.from_due_ns.size(), 80u);
  EXPECT_GE(*std::max_element(delivered.from_due_ns.begin(), delivered.from_due_ns.end()), (150ms / 1ns));
  // 20 messages were due while the server stood still; those of the first 150 ms waited for more than 50 ms.
  EXPECT_GE(longer_than(50ms, delivered.from_due_ns), 12u);
  EXPECT_GT(sent_meanwhile(stalled), 2u);
  EXPECT_TRUE(find(run, "every message at every reader once and in order")->passed);
}

TEST(Stall, IsHiddenFromAClosedLoopThatCountsFromTheSendTime) {
  bench::Run run;
  const Stalled stalled = with_stall(1, run);
  const bench::Delivered& delivered = stalled.delivered;
  ASSERT_EQ(delivered.from_due_ns.size(), 80u);
  EXPECT_GE(*std::max_element(delivered.from_due_ns.begin(), delivered.from_due_ns.end()), (150ms / 1ns));
  EXPECT_GE(longer_than(50ms, delivered.from_due_ns), 12u);
  // Only what was under way when the server stopped, or was answered just before: the others were sent when it was over.
  EXPECT_LE(sent_meanwhile(stalled), 2u);
  // What the generator could not send in time is said as well.
  EXPECT_FALSE(find(run, "messages sent on time")->passed);
}

TEST(Gates, AMessageThatWasLostDoubledOrMisplacedIsSaid) {
  const auto now = Clock::now();
  std::vector<bench::Receipts> readers(2, bench::Receipts(3));
  for (const std::uint64_t seq : {1, 2, 3}) readers[0].take(seq, now);
  for (const std::uint64_t seq : {1, 3}) readers[1].take(seq, now);
  const Gate lost = bench::once_and_in_order(readers);
  EXPECT_FALSE(lost.passed);
  EXPECT_THAT(lost.detail, testing::HasSubstr("reader 2 of 2: 1 lost"));

  readers[1].take(2, now);
  EXPECT_THAT(bench::once_and_in_order(readers).detail, testing::HasSubstr("1 out of order"));
  readers[0].take(3, now);
  EXPECT_THAT(bench::once_and_in_order(readers).detail, testing::HasSubstr("1 doubled"));
  EXPECT_FALSE(bench::once_and_in_order(readers).passed);
}

TEST(Gates, PollersInStepWithThePublisherAreNotUniform) {
  constexpr auto interval = 100ms;
  bench::Delivery delivery;
  delivery.arm = "poll";
  delivery.interval = interval;
  delivery.plan = every(interval, 8);      // as often as they ask,
  delivery.phases = {0ms, 1ms, 2ms, 3ms};  // and all at the same time
  bench::Run run;
  bench::deliver_as_expected(place(), delivery, run);
  EXPECT_TRUE(find(run, "every message at every reader once and in order")->passed);
  ASSERT_TRUE(find(run, "poll delays are uniform"));
  EXPECT_FALSE(find(run, "poll delays are uniform")->passed);
  EXPECT_FALSE(run.counts());
}

TEST(Gates, PollersThatPauseInStepWithThePublisherAreNotUniform) {
  bench::Delivery delivery;
  delivery.arm = "poll";
  delivery.interval = 100ms;
  delivery.pace = polling::Pace::answer_to_start;
  delivery.plan = every(1ms, 8);  // all of them right behind the first polls
  delivery.phases = {0ms, 1ms, 2ms, 3ms};
  bench::Run run;
  bench::deliver_as_expected(place(), delivery, run);
  EXPECT_FALSE(find(run, "poll delays are uniform")->passed);
  EXPECT_FALSE(run.counts());
}

TEST(Gates, PollersThatAreSpreadAreUniform) {
  constexpr auto interval = 200ms;
  bench::Delivery delivery;
  delivery.arm = "poll";
  delivery.interval = interval;
  delivery.plan = bench::poisson(50, 800ms, 7);
  delivery.phases = bench::phases(10, interval, 7);
  // As the harness does: a run that the machine has spoilt is made again.
  for (int attempt = 0; attempt < 5; ++attempt) {
    bench::Run run;
    bench::deliver_as_expected(place(), delivery, run);
    const Gate* gate = find(run, "poll delays are uniform");
    ASSERT_TRUE(gate);
    EXPECT_NEAR(run.predicted.at("mean_us"), 100'000, 1e-6);
    if (gate->passed) return;
    const bool by_machine = std::any_of(run.gates.begin(), run.gates.end(), [&run](const Gate& one) {
      return !one.passed && bench::is_of_the_machine(run, one);
    });
    ASSERT_TRUE(by_machine) << gate->detail;
  }
  GTEST_SKIP() << "this machine is too busy to poll when it is due";
}

// Random phases and random messages a whole number of intervals long: what the gate lets pass of such runs, and what it stops.
TEST(Gates, OfManyHonestRunsNextToNoneIsTakenForOneInStep) {
  constexpr std::size_t pollers = 25, messages = 100, runs = 1000;
  constexpr std::chrono::nanoseconds interval = 100ms;
  std::size_t refused = 0;
  for (std::uint64_t seed = 0; seed < runs; ++seed) {
    const auto phases = bench::phases(pollers, interval, bench::derive(seed, "phases"));
    const auto due = bench::arrivals(messages, 10 * interval, bench::derive(seed, "plan"));
    std::vector<std::int64_t> delays;
    for (const auto phase : phases) {
      for (const auto at : due) delays.push_back((phase + 10 * interval - at).count() % interval.count());
    }
    refused += !bench::uniform(delays, interval, {}, delays.size() / 4).passed;
  }
  EXPECT_LE(refused, 1U);
}

// The room remembers five messages, and twice as many come between two polls.
TEST(Gates, ARunThatLosesAMessageDoesNotCount) {
  bench::Delivery delivery;
  delivery.arm = "poll";
  delivery.interval = 200ms;
  delivery.plan = every(10ms, 40);
  delivery.phases = {100ms};
  delivery.options = {"--history", "5"};
  bench::Run run;
  bench::deliver_as_expected(place(), delivery, run);
  const Gate* gate = find(run, "every message at every reader once and in order");
  EXPECT_FALSE(gate->passed);
  EXPECT_THAT(gate->detail, testing::ContainsRegex("reader 1 of 1: [0-9]+ lost"));
  EXPECT_FALSE(run.counts());
}

TEST(Gates, AWrongPredictionOfBytesIsSaid) {
  EXPECT_TRUE(bench::equal("bytes to the reader", 1600, 1600).passed);
  const Gate gate = bench::equal("bytes to the reader", 1600, 1601);
  EXPECT_FALSE(gate.passed);
  EXPECT_EQ(gate.detail, "1600, expected 1601");
}

TEST(Gates, ANegativeDelayAndALateGeneratorAreSaid) {
  EXPECT_FALSE(bench::no_negative(std::vector<std::int64_t>{5, -1, 7}).passed);
  EXPECT_TRUE(bench::no_negative(std::vector<std::int64_t>{5, 7}).passed);
  EXPECT_FALSE(bench::on_time(std::vector<std::int64_t>(100, 1'000'001)).passed);
  EXPECT_TRUE(bench::on_time(std::vector<std::int64_t>(100, 50'000)).passed);
  EXPECT_FALSE(bench::on_time({}).passed);  // nobody knows
}

// The share of a core that a Meter sees on `mine` while a thread on `other` works all the time, on a thread of its own: it is pinned.
double seen_beside_a_busy_thread(int mine, int other) {
  double seen = -1;
  std::thread([&] {
    bench::pin_to(mine);
    std::atomic<bool> begun = false, done = false;
    std::thread busy([&] {
      bench::pin_to(other);
      begun = true;
      while (!done) {
      }
    });
    while (!begun) std::this_thread::yield();
    bench::Meter meter(nullptr);
    std::this_thread::sleep_for(100ms);
    meter.end();
    done = true;
    busy.join();
    seen = meter.client_utilisation();
  }).join();
  return seen;
}

TEST(Meter, CountsOnlyThreadsThatHaveTheCallersCore) {
  const bench::Cores cores = bench::choose_cores();
  if (!cores.apart()) GTEST_SKIP() << "there is one core only";
  EXPECT_LT(seen_beside_a_busy_thread(cores.clients, cores.server), 0.1);
  EXPECT_GT(seen_beside_a_busy_thread(cores.clients, cores.clients), 0.2);
}

// What readers and server waited for a core, of a run of this length.
bool is_of_the_machine(const char* gate, double waited_ms, double metered_ms) {
  bench::Run run;
  run.figures = {{"waited_ms", waited_ms}, {"metered_ms", metered_ms}};
  return bench::is_of_the_machine(run, {gate, false, ""});
}

TEST(Gates, AreTheMachinesFaultWhereItsShareOfTheRunIsLarge) {
  const char *polls = "poll delays are uniform", *packets = bench::no_retransmissions_name,
             *lost = bench::nothing_lost_name;
  for (const char* gate : {polls, lost}) {
    EXPECT_FALSE(is_of_the_machine(gate, 49, 1'000));
    EXPECT_TRUE(is_of_the_machine(gate, 51, 1'000));
    EXPECT_FALSE(is_of_the_machine(gate, 299, 60'000));
    EXPECT_TRUE(is_of_the_machine(gate, 301, 60'000));
  }
  EXPECT_FALSE(is_of_the_machine(packets, 7, 1'000));
  EXPECT_TRUE(is_of_the_machine(packets, 9, 1'000));
  EXPECT_FALSE(is_of_the_machine(packets, 59, 60'000));
  EXPECT_TRUE(is_of_the_machine(packets, 61, 60'000));
  EXPECT_FALSE(is_of_the_machine("connections opened", 1'000, 1'000));
  EXPECT_FALSE(bench::is_of_the_machine({}, {polls, false, ""}));
}

TEST(Control, KnowsWhatItsOwnReadingsCost) {
  bench::Site site(place(), "sse");
  bench::Control control(site.room_beside());
  for (int i = 0; i < 3; ++i) {
    const bench::Stats stats = control.stats();
    EXPECT_EQ(stats.bytes_in, 0u);
    EXPECT_EQ(stats.bytes_out, 0u);
    EXPECT_EQ(stats.requests, 0u);
  }
  site.stop();
}

TEST(Process, AServerThatDiesIsSaidInASentence) {
  bench::Site site(place(), "ws");
  site.process()->signal(SIGKILL);
  const auto deadline = Clock::now() + 5s;
  std::string said;
  while (said.empty() && Clock::now() < deadline) {
    try {
      site.check();
      std::this_thread::yield();
    } catch (const bench::ServerFailed& failure) {
      said = failure.what();
    }
  }
  EXPECT_EQ(said, "websocket_server was ended by signal 9 (Killed) in the middle of a run.");
}

TEST(Process, ADeathThatNobodyAskedForIsRememberedOnce) {
  bench::take_deaths();
  {
    bench::Site stopped(place(), "ws");
    stopped.stop();
    const bench::Site left(place(), "ws");
  }
  EXPECT_EQ(bench::take_deaths(), "");
  {
    bench::Site site(place(), "ws");
    const pid_t pid = site.process()->pid();
    ::kill(pid, SIGKILL);
    siginfo_t ended{};
    ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(pid), &ended, WEXITED | WNOWAIT), 0);
  }
  EXPECT_EQ(bench::take_deaths(), "websocket_server was ended by signal 9 (Killed) in the middle of a run.");
  EXPECT_EQ(bench::take_deaths(), "");
}

TEST(Gates, ADeathIsSaidInThePlaceOfWhatComesOfIt) {
  bench::Run run;
  run.gates = {{"readers stayed", false, "0 of 1 readers began"}, {"the machine was ours", true, ""}};
  bench::blame_deaths(run, "");
  EXPECT_EQ(run.gates.size(), 2u);
  bench::blame_deaths(run, "the packet relay was ended by signal 15 (Terminated) in the middle of a run.");
  ASSERT_EQ(run.gates.size(), 2u);
  EXPECT_EQ(run.gates[0].name, "the machine was ours");
  EXPECT_EQ(run.gates[1].name, "server and line lived");
  EXPECT_EQ(run.gates[1].detail,
            "the packet relay was ended by signal 15 (Terminated) in the middle of a run.");
  EXPECT_FALSE(bench::is_of_the_machine(run, run.gates[1]));
}

// A run as the harness makes it, whose server is killed under way.
TEST(Session, SaysThatTheServerDiedAndGoesOn) {
  const Directory directory;
  bench::Cell cell;
  cell.name = "delivery/ws/killed";
  cell.experiment = "delivery";
  cell.arm = "ws";
  cell.headline = "p50_us";
  cell.headline_seconds = 1e-6;
  cell.estimate_s = 1;
  cell.repetitions = 1;
  cell.measure = [](bench::Run& run) {
    bench::Delivery delivery;
    delivery.arm = "ws";
    delivery.plan = every(10ms, 5);
    delivery.phases.resize(1);
    delivery.disturb = [](bench::Site& site, Clock::time_point) { site.process()->signal(SIGKILL); };
    bench::deliver(place(), delivery, run);
  };
  const bench::Setting setting;
  const std::vector<bench::Cell> cells{cell};
  const auto jobs = bench::plan_jobs(cells, 1);
  bench::Journal journal((directory / "runs.jsonl").string(), "build-1", false);
  journal.begin({});
  bench::Session session(setting, jobs, journal, directory.text());
  session.make(jobs[0]);
  EXPECT_EQ(session.broken(), "");
  ASSERT_EQ(session.runs().size(), 1u);
  const Gate* gate = find(session.runs()[0], "server and line lived");
  ASSERT_TRUE(gate);
  EXPECT_EQ(gate->detail, "websocket_server was ended by signal 9 (Killed) in the middle of a run.");
}

TEST(Process, AProgramThatIsNotThereIsSaid) {
  EXPECT_THROW(bench::Process("/nowhere/polling_server", {}, {}), bench::ServerFailed);
}
