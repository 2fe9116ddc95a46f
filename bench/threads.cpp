// What a second thread of the server costs and brings: the same load on several rooms, on a server with one thread and on one with
// two, in one run. A load from outside is what two cores would need to show how many more deliveries two threads make; on the machine of
// the harness the readers have one of the two. So what is shown is what decides it: what a delivery costs in CPU, and how evenly the
// threads share that.

#include "bench/control.hpp"
#include "bench/experiment.hpp"
#include "bench/plan.hpp"
#include "bench/sink.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <memory>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace bench {
namespace {

constexpr std::size_t payload = 100;
constexpr std::size_t rooms = 16;
constexpr std::size_t readers = 800;   // of all rooms
constexpr std::size_t warm_up = 3;     // messages in each room
constexpr std::size_t messages = 400;  // then
constexpr std::size_t polled_messages = 50;
constexpr std::chrono::milliseconds interval{10};  // of poll: more than the server can answer
constexpr std::chrono::seconds grace{10};

// A connection for each room: its publisher would have one of his own, and nobody goes from room to room with every message. Message i
// goes to room i % rooms.
class RoomsOutlet {
 public:
  explicit RoomsOutlet(const std::vector<feed::Address>& to) {
    for (const feed::Address& room : to) outlets_.emplace_back(room, payload);
  }
  void send(std::size_t index) { outlets_[index % outlets_.size()].send(index / outlets_.size()); }

 private:
  std::deque<PostOutlet> outlets_;
};

struct Load {
  std::size_t messages;  // in each room
  bool both_cores;       // for the server; else it has one and the readers the other, as everywhere else
};

// One server under the load.
struct Side {
  double cpu_ns = 0;         // for a delivery; where readers poll, for an answer
  double busiest_share = 0;  // of the threads' CPU
};

Side measure_side(const Place& place, const Load& load, std::size_t threads, Run& run) {
  const bool polls = run.arm == "poll";
  Serving serving;
  serving.options = {"--threads", std::to_string(threads)};
  Site site(place, run.arm, serving);
  const std::string epoch = site.at_server([&] { return Control(site.room_beside()); }).stats().epoch;
  if (load.both_cores && place.cores.apart() && !site.process()->run_on(place.cores))
    throw std::runtime_error("the system does not let the server run on both cores");
  std::vector<feed::Address> read, written;
  for (std::size_t n = 0; n < rooms; ++n) {  // names that give each of two threads eight
    read.push_back(numbered(site.room(), n));
    written.push_back(numbered(site.room_beside(), n));
  }
  const std::size_t all = warm_up + load.messages;

  Sink sink(run.arm, read, epoch, readers, all, interval);
  sink.connect();
  if (polls) sink.begin_polling(phases(readers, interval, derive(run.seed, run.cell, run.repetition)));
  const auto outlet = site.at_server([&] { return std::make_unique<RoomsOutlet>(written); });
  std::size_t said = 0;  // in each room
  // A message in every room, and the next ones when everybody has these: nothing gathers, whoever is quicker.
  const auto say = [&](std::size_t until) {
    for (bool there = true; there && said < until; ++said) {
      for (std::size_t room = 0; room < rooms; ++room) outlet->send(said * rooms + room);
      there = sink.run_until(said + 1, Clock::now() + grace);
    }
    return said == until;
  };
  bool complete = say(warm_up);
  const std::uint64_t polls_before = sink.polls();
  const auto before = site.process()->thread_cpu();
  Meter meter(site.process());
  complete = complete && say(all);
  meter.end();
  const auto after = site.process()->thread_cpu();
  const auto served = static_cast<double>(polls ? sink.polls() - polls_before : load.messages * readers);
  site.check();

  run.gates.push_back(
      {"everything came in time", complete, complete ? "" : "some readers still waited when time was up"});
  run.gates.push_back(once_and_in_order(sink.receipts()));
  run.gates.push_back(equal("threads", static_cast<double>(after.size()), static_cast<double>(threads)));
  meter.tell(run);
  sink.disconnect();
  site.stop();

  Side side;
  side.cpu_ns = static_cast<double>(meter.server_cpu().count()) / served;
  std::vector<double> spent;
  for (std::size_t i = 0; i < std::min(before.size(), after.size()); ++i)
    spent.push_back(static_cast<double>((after[i] - before[i]).count()));
  const double sum = std::accumulate(spent.begin(), spent.end(), 0.0);
  if (sum > 0) side.busiest_share = *std::max_element(spent.begin(), spent.end()) / sum;
  return side;
}

void measure_threads(const Place& place, const Load& load, Run& run) {
  Side one, two;
  const bool first = run.repetition % 2 == 0;  // neither is always the first
  if (first) one = measure_side(place, load, 1, run);
  two = measure_side(place, load, 2, run);
  if (!first) one = measure_side(place, load, 1, run);

  run.figures["cpu_ns_one"] = one.cpu_ns;
  run.figures["cpu_ns_two"] = two.cpu_ns;
  run.figures["ratio"] = two.cpu_ns / one.cpu_ns;
  if (two.busiest_share <= 0) return;  // the kernel does not say what a thread has used
  run.figures["busiest_share"] = two.busiest_share;
  // With a core for each thread, the busiest one is the limit: so much more do two threads deliver than one.
  run.figures["gain"] = one.cpu_ns / (two.cpu_ns * two.busiest_share);
}

std::vector<Cell> cells_of(const Setting& setting) {
  std::vector<Cell> cells;
  for (const std::string arm : {"poll", "sse", "ws"}) {
    for (const bool both_cores : {false, true}) {
      const Load load{arm == "poll" ? polled_messages : messages, both_cores};
      const double cores = both_cores ? 2 : 1;
      Cell cell;
      cell.name = fmt::format("threads/{}/cores:{:.0f}/rooms:{}/readers:{}", arm, cores, rooms, readers);
      cell.experiment = "threads";
      cell.arm = arm;
      cell.parameters = {{"cores", cores},
                         {"rooms", static_cast<double>(rooms)},
                         {"readers", static_cast<double>(readers)},
                         {"payload_bytes", static_cast<double>(payload)}};
      if (arm == "poll") cell.parameters["interval_ms"] = static_cast<double>(interval.count());
      cell.headline = "cpu_ns_two";
      cell.headline_seconds = 1e-9;
      cell.estimate_s = 4;
      cell.repetitions = setting.by_profile(0u, 0u, 10u);
      cell.measure = [place = setting.place, load](Run& run) { measure_threads(place, load, run); };
      cells.push_back(std::move(cell));
    }
  }
  return cells;
}

}  // namespace

Experiment threads_experiment() {
  return {
      "E25",
      "threads",
      "What do two threads bring where several rooms are busy?",
      {{"server's cores", "cores"}, {"rooms", "rooms"}, {"readers", "readers"}},
      {{"server CPU per delivery, one thread", "cpu_ns_one", Unit::nanoseconds},
       {"two threads", "cpu_ns_two", Unit::nanoseconds},
       {"ratio", "ratio", Unit::count},
       {"of that by the busier thread", "busiest_share", Unit::share},
       {"deliveries of two over one, a core for each", "gain", Unit::count}},
      "eight rooms to a thread; a message in each room and the next ones when everybody has these, so that nothing gathers; of poll it is the CPU of an answer, "
      "and there are more questions than answers; CPU is that of the whole server; the last column is calculated from the two before it: the busier thread is the limit",
      "two threads at their limit: of two cores the readers need one",
      {},
      cells_of};
}

}  // namespace bench
