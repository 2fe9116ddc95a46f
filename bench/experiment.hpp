#pragma once
// What the experiments share: a cell that can be run, the looks at the machine before and after, and the
// gates.

#include "bench/arms.hpp"
#include "bench/format.hpp"
#include "bench/model.hpp"
#include "bench/process.hpp"
#include "bench/provenance.hpp"
#include "bench/publisher.hpp"
#include "bench/receipts.hpp"
#include "bench/result.hpp"
#include "bench/suite.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// How much is measured: `smoke` under a minute, `standard` under six, `full` under ninety.
enum class Profile { smoke, standard, full };

/// What holds for all runs of an execution.
struct Setting {
  Place place;
  Profile profile = Profile::standard;
  std::uint64_t seed = 1;

  /// One of three, by the profile: how often a cell is measured, how long a run takes.
  template <class T>
  T by_profile(T smoke, T standard, T full) const {
    return profile == Profile::smoke ? smoke : profile == Profile::standard ? standard : full;
  }
};

/// One cell: the same thing measured again and again.
struct Cell {
  std::string name;  ///< "delivery/ws/rate:200/payload:100"
  std::string experiment;
  std::string arm;
  std::map<std::string, double> parameters;
  std::string headline;     ///< the figure that Google Benchmark calls the time
  double headline_seconds;  ///< how many seconds one unit of that figure is
  double estimate_s;        ///< how long one run takes, for the time left
  unsigned repetitions;     ///< 0: not in this profile, unless it is asked for by name
  bool anywhere =
      false;  ///< can be measured against somebody else's server, too: nothing is asked of its process
  /// Fills figures, predictions, gates and samples. Throws ServerFailed, Interrupted, std::runtime_error.
  std::function<void(Run&)> measure;
  /// Why it cannot be measured on this machine; empty where it can. Not set: it can.
  std::function<std::string()> why_not = {};
};

/// A column of an experiment's table that says a parameter of the cell.
struct Parameter {
  std::string head;
  std::string name;
};

/// A column that says a figure: its median over the runs, the smallest and the largest.
struct Column {
  std::string head;
  std::string figure;
  Unit unit;
  bool modelled = false;  ///< the prediction and the deviation stand beside it
};

/// Why the model is off where it is: printed with each cell that is more than 10 % from its prediction.
struct Explanation {
  std::string cells;   ///< a regular expression that finds their names
  std::string figure;  ///< "": any
  std::string why;     ///< a sentence
};

/// One question, its cells, and the table that answers it. Each is a file of that name.
struct Experiment {
  std::string id;        ///< "E1", of the method
  std::string name;      ///< "delivery": the first word of its cells' names
  std::string question;  ///< one sentence
  std::vector<Parameter> parameters;
  std::vector<Column> columns;
  std::string counted;    ///< what a figure is; half a sentence
  std::string not_shown;  ///< what nobody should read into it; goes on after "It does not show"
  std::vector<Explanation> explanations;
  std::function<std::vector<Cell>(const Setting&)> cells;
  Suite suite = Suite::main;
  std::vector<std::string> scripts =
      {};  ///< files of the source tree that its cells run: another text is another program
};

Experiment floor_experiment();
Experiment delivery_experiment();
Experiment longpoll_experiment();
Experiment pimentel_experiment();
Experiment load_experiment();
Experiment bytes_experiment();
Experiment break_even_experiment();
Experiment silence_experiment();
Experiment fanout_experiment();
Experiment echo_experiment();
Experiment connect_experiment();
Experiment keep_alive_experiment();
Experiment resume_experiment();
Experiment burst_experiment();
Experiment stalled_experiment();
Experiment compression_experiment();
Experiment headers_experiment();
Experiment memory_experiment();
Experiment nagle_experiment();
Experiment nothing_new_experiment();
Experiment room_experiment();
Experiment proxy_experiment();
Experiment http2_experiment();
Experiment dead_peer_experiment();
Experiment protocol_experiment();
Experiment browser_experiment();
Experiment keeping_experiment();
Experiment uploads_experiment();
Experiment threads_experiment();
Experiment growth_experiment();
Experiment counts_experiment();
Experiment peer_fanout_experiment();
Experiment peer_load_experiment();
Experiment peer_delay_experiment();
Experiment peer_echo_experiment();
Experiment peer_polls_experiment();
Experiment peer_memory_experiment();
Experiment peer_connect_experiment();
Experiment peer_bytes_experiment();
Experiment peer_instructions_experiment();

/// All of them, in the order in which they are told about.
const std::vector<Experiment>& experiments();
/// Their cells, of all suites or of one.
std::vector<Cell> all_cells(const Setting& setting);
std::vector<Cell> all_cells(const Setting& setting, Suite suite);
/// The suite that a cell of this name is measured with: that of its experiment. Main where there is no such experiment.
Suite suite_of(std::string_view cell, const std::vector<Experiment>& among = experiments());

/// What a stretch of time cost. Begins when it is made.
class Meter {
 public:
  /// `server`: null for none.
  explicit Meter(const Process* server);
  /// Ends it. The figures are of the stretch until here.
  void end();

  double seconds() const { return seconds_; }
  std::chrono::nanoseconds server_cpu() const { return server_.total; }
  double server_user_share() const;  ///< of its CPU time, from the kernel's sampling
  std::uint64_t server_sleeps() const { return sleeps_; }
  double client_utilisation() const {
    return client_s_ / seconds_;
  }  ///< of the calling thread's core, publisher (which stays awake before a message is due) and readers together
  /// The share of the time in which the server ran, or wanted to while another program had its core.
  double server_wanted() const { return server_utilisation() + server_waited_s_ / seconds_; }
  double server_utilisation() const {
    return std::chrono::duration<double>(server_.total).count() / seconds_;
  }

  /// client_utilisation, server_utilisation, metered_ms (how long it was), waited_ms (readers or server were ready, and other programs had the
  /// core: for so long at least), stolen_percent and the gate on that.
  void tell(Run& run) const;

 private:
  double waited() const;
  double server_waited() const;
  const Process* process_;
  Clock::time_point begin_;
  ProcessTime server_;
  std::uint64_t sleeps_ = 0;
  double waited_s_ = 0, server_waited_s_ = 0;
  double client_begin_s_ = 0, client_s_ = 0, seconds_ = 0;
  CpuTime machine_;
  double stolen_ = 0;
};

/// n, mean, p50, p90, p99 (where there are enough samples) and max, in microseconds.
void tell_delays(Run& run, std::vector<std::int64_t> samples_ns);

/// What the model says of those delays: their mean and the percentiles that were told.
template <class Model>
void predict_delays(Run& run, const Model& model) {
  const auto say = [&run](const char* figure, Seconds value) {
    if (run.figures.contains(figure)) run.predicted[figure] = value.count() * 1e6;
  };
  say("mean_us", model.mean());
  say("p50_us", model.percentile(0.5));
  say("p90_us", model.percentile(0.9));
  say("p99_us", model.percentile(0.99));
}

/// The one-way delay between the site's clients and its server: that of the line; on the way to somebody else's server half a TCP handshake, and the
/// handshake is told as rtt_us.
std::chrono::nanoseconds tell_one_way(Run& run, Site& site, const Link& link);

/// A transit of less is not predicted: on one machine the programs take longer than the way, and that is what is measured.
constexpr std::chrono::milliseconds shortest_transit{1};

// Gates. Each says what was seen and what was expected.

/// Above 1 ms at p99 the run is about the generator. Of no message nothing is known.
Gate on_time(std::span<const std::int64_t> sorted_lateness);
/// Where a server is driven to its limit: no other program had its core for more than a twentieth of the time.
Gate had_its_core(const Meter& meter);
/// A message cannot be there before it was due, nor sooner than the way takes.
Gate no_negative(std::span<const std::int64_t> samples_ns, std::chrono::nanoseconds one_way = {});
Gate equal(std::string name, double seen, double expected);
/// Poll delays are uniform on [one_way, interval + one_way]: their distance from that (Kolmogorov-Smirnov) is
/// not above what `independent` samples show by chance once in a hundred runs.
Gate uniform(std::vector<std::int64_t> samples_ns, std::chrono::nanoseconds interval,
             std::chrono::nanoseconds one_way, std::size_t independent);

/// Whether it is the machine's fault and not the program's that this gate did not hold: such a run is made again. Where that shows in how long readers
/// or server waited for a core: more than 0.1 % of the run (8 ms at least) where a packet was sent again, than 0.5 % (50 ms at least) else.
bool is_of_the_machine(const Run& run, const Gate& gate);

}  // namespace bench
