#pragma once
// Which transport for which case, and what it will cost: the models of bench/model.hpp fed with what was measured. Pure: the same
// question and the same results give the same advice.

#include "bench/ledger.hpp"
#include "bench/model.hpp"
#include "bench/result.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bench {

/// What somebody needs: one room.
struct Need {
  double per_second = 1;  ///< messages in the room, from all who speak
  double readers = 100;
  Seconds max_delay{1};  ///< allowed, at worst: from the time that a message is sent to the last reader
  Seconds one_way{0};    ///< d, half of the round-trip time
  Target target{"chat.example.org", "/rooms/lobby"};  ///< with the header fields that a client adds
  bool both_ways = false;        ///< the messages come from the readers; otherwise from beside the server
  std::size_t text_bytes = 100;  ///< of a message
};

/// A way of bringing the messages.
enum class Way { poll, poll_closing, longpoll, sse, ws };
/// "polling every 2 s", "polling every 2 s, a connection for each", "SSE".
std::string in_words(Way way, Seconds interval);
/// "26 ms", "60 s", "5.5 min"
std::string in_words(Seconds time);

/// Something measured at a few points: between two of them a line in logarithms, beyond the last the last.
class Curve {
 public:
  void add(double x, double y) { points_.emplace(x, y); }
  std::optional<double> at(double x) const;
  bool empty() const { return points_.empty(); }
  /// The largest x that was measured.
  double end() const { return points_.empty() ? 0 : points_.rbegin()->first; }

 private:
  std::map<double, double> points_;
};

/// What the server's work and memory cost on the machine of the results. What was not measured is empty.
struct Costs {
  Curve poll_ns;                 ///< CPU of a poll, by polls a second
  std::map<Way, Curve> push_ns;  ///< CPU of a delivery, by readers, where nothing gathers
  std::map<Way, Curve>
      gathered_ns;  ///< the same where the server is busy, so that many messages leave in one write
  std::map<Way, double> silent_ns;      ///< CPU of a heartbeat, of a long poll that ends without news
  std::map<Way, double> memory;         ///< bytes of a silent reader, the kernel's too
  std::optional<double> connection_ns;  ///< CPU of accepting and closing a connection
  double post_ns = 0;                   ///< CPU of taking a message; 0: not known
  std::vector<std::string> cells;       ///< that they come from
};
Costs costs_of(const Results& results);

/// What one way costs, all readers together.
struct Offer {
  Way way = Way::poll;
  Seconds interval{0};  ///< of polling, start to start
  Seconds mean{0}, worst{0};
  double bytes_per_hour = 0;     ///< TCP payload, both ways
  double ip_bytes_per_hour = 0;  ///< with the headers of TCP and IP
  double requests_per_second = 0;
  double connections = 0;
  std::optional<double> cpu;     ///< of one core
  std::optional<double> memory;  ///< bytes
  std::string unfit;             ///< why it will not do; empty where it will
  double score = 0;              ///< see Advice
};

/// Scores within this factor are alike.
constexpr double about_the_same = 2;
/// Who has to wait for longer does something else meanwhile (J. Nielsen, Usability Engineering, 1993, ch. 5): a shorter delay is then worth nothing.
constexpr Seconds attention{10};

/// Offers of all ways, and which to take. Costs that nobody notices do not count: below 1 % of a core, 1 Mbit/s and 100 MB all are alike. Above, an offer's
/// score is the product of how many times those its CPU, bytes and memory are. The lowest score wins. Among those that are alike: the shorter
/// delay (by more than a tenth), or the fewer open connections where the allowed delay is longer than `attention`; then the fewer
/// requests; then SSE before WebSocket before the others, since it is plain HTTP.
struct Advice {
  std::vector<Offer> offers;        ///< in the order of Way
  std::optional<std::size_t> best;  ///< of them; empty where none will do
  double per_interval = 0;          ///< λT of the polling offer
  double bytes_break_even =
      0;  ///< λT from which a polled message takes fewer bytes than one over SSE; infinity: never
  std::optional<double> cpu_break_even;
};
/// Throws std::invalid_argument for a need that makes no sense, with what was got and what was expected.
Advice advise(const Need& need, const Costs& costs);

/// The recommendation in one sentence, a table of all ways, and why, with the claims that it rests on. `ledger` and `results` give their
/// verdicts and where the costs are from.
std::string in_words(const Need& need, const Advice& advice, const Costs& costs, const Ledger& ledger,
                     const Results& results);

/// "200ms", "2s", "1.5min", "1h", or a number of milliseconds. Throws std::invalid_argument for anything else.
Seconds parse_duration(const std::string& text);
/// Messages a second: "3", "3/s", "20/min", "6/h". Throws as that.
double parse_rate(const std::string& text);
/// Bytes of header fields: those of "lean", "browser" or "cookie" (see browser.hpp), or a number. Throws as that.
std::size_t parse_fields(const std::string& text);

}  // namespace bench
