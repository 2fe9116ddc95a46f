#include "bench/ahead.hpp"

#include "bench/cells.hpp"
#include "bench/peers.hpp"
#include "bench/terms.hpp"
#include "bench/verdict.hpp"
#include "bench/verdict_text.hpp"

#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>

namespace bench {
namespace {

// Of all of them less is better.
struct Compared {
  const char* experiment;
  const char* figure;
  const char* words;
  Number::Unit unit;
};

constexpr std::array compared{
    Compared{"peer_fanout", "cpu_ns_per_delivery", "server CPU per delivery", Number::Unit::nanoseconds},
    Compared{"peer_load", "p99_us", "p99 of the delay", Number::Unit::microseconds},
    Compared{"peer_delay", "p50_us", "median delay", Number::Unit::microseconds},
    Compared{"peer_delay", "p99_us", "p99 of the delay", Number::Unit::microseconds},
    Compared{"peer_echo", "p50_us", "median of an echo", Number::Unit::microseconds},
    Compared{"peer_polls", "cpu_ns_per_request", "server CPU per poll", Number::Unit::nanoseconds},
    Compared{"peer_memory", "user_bytes_per_reader", "memory of a silent reader", Number::Unit::bytes},
    Compared{"peer_connect", "cpu_ns_per_connection", "server CPU of a new reader",
             Number::Unit::nanoseconds},
    Compared{"peer_bytes", "bytes_per_message", "bytes of a message", Number::Unit::bytes},
};

}  // namespace

Table ahead_table(const Results& results) {
  Table table{{"what", "cell", "theirs", "ours", "theirs over ours"}, {}};
  for (const Compared& one : compared) {
    for (const CellRuns& cell : cells(results, one.experiment)) {
      const PeerArm* const peer = find_peer(cell.arm);
      if (!peer) continue;
      const std::string how = cell.name.substr(cell.name.find(cell.arm) + cell.arm.size());
      const Term theirs = figure(cell.name, one.figure),
                 ours = figure(fmt::format("{}/{}{}", one.experiment, peer->ours, how), one.figure);
      Claim claim;
      claim.numbers = {
          number("ratio", "theirs over ours", Number::Unit::ratio, made_of(Term::Kind::over, theirs, ours)),
          number("theirs", "theirs", one.unit, theirs), number("ours", "ours", one.unit, ours)};
      // Bytes of a message are counted.
      for (Number& each : claim.numbers) each.exact = std::string_view(one.experiment) == "peer_bytes";
      const Judgement judgement = judge(claim, results);
      const Reading& ratio = judgement.numbers.at(0);
      if (!ratio.missing.empty() || ratio.high >= 1) continue;
      const auto said = [&](std::size_t i) { return shown(claim.numbers[i], judgement.numbers.at(i)); };
      table.rows.push_back({fmt::format("{}: {}", one.words, peer->words), fmt::format("`{}`", cell.name),
                            said(1), said(2), said(0)});
    }
  }
  return table;
}

}  // namespace bench
