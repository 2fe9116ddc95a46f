// The half of the advice that is text: what people ask with, and what they are told.

#include "bench/advice.hpp"
#include "bench/browser.hpp"
#include "bench/cells.hpp"
#include "bench/format.hpp"
#include "bench/verdict.hpp"
#include "feed/client.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <stdexcept>
#include <string_view>
#include <system_error>

namespace bench {
namespace {

// "12.5/min" into 12.5 and "/min".
std::optional<std::pair<double, std::string>> number_and_unit(const std::string& text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || !std::isfinite(number)) return std::nullopt;
  return std::pair(number, std::string(end, text.data() + text.size()));
}

template <std::size_t n>
std::optional<double> in_units(const std::string& text,
                               const std::array<std::pair<std::string_view, double>, n>& units) {
  const auto found = number_and_unit(text);
  if (!found || found->first < 0) return std::nullopt;
  for (const auto& [unit, factor] : units) {
    if (unit == found->second) return found->first * factor;
  }
  return std::nullopt;
}

std::string bytes(double value) {
  constexpr std::array<std::string_view, 5> units{" B", " KB", " MB", " GB", " TB"};
  std::size_t unit = 0;
  for (; value >= 999.5 && unit + 1 < units.size(); ++unit) value /= 1000;
  return shown(value, Unit::count) + std::string(units[unit]);
}

std::string share(const std::optional<double>& of_a_core) {
  return of_a_core ? shown(*of_a_core, Unit::share) : std::string(none);
}

std::string core(const std::optional<double>& share) {
  if (!share) return std::string(none);
  return *share < 1 ? shown(*share, Unit::share) + " of a core" : fmt::format("{:.1f} cores", *share);
}

std::string memory(const std::optional<double>& value) { return value ? bytes(*value) : std::string(none); }

std::string capital(std::string text) {
  if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
  return text;
}

std::string called(const Offer& offer) { return in_words(offer.way, offer.interval); }

// "4.1 GB an hour in all, 25 % of a core and 1.0 GB of memory"
std::string price(const Offer& offer) {
  std::string text = bytes(offer.ip_bytes_per_hour) + " an hour in all";
  if (offer.cpu) text += fmt::format("{} {}", offer.memory ? "," : " and", core(offer.cpu));
  if (offer.memory) text += fmt::format(" and {} of memory", bytes(*offer.memory));
  return text;
}

std::string recommendation(const Need& need, const Advice& advice) {
  if (!advice.best) {
    return fmt::format("Nothing here brings a message to everybody within {}.\n", in_words(need.max_delay));
  }
  const Offer& best = advice.offers[*advice.best];
  std::string text =
      fmt::format("{}: a message is there after {} on average and {} at worst ({} allowed), for {}.\n",
                  capital(called(best)), in_words(best.mean), in_words(best.worst), in_words(need.max_delay),
                  price(best));
  std::string others;
  for (const Offer& offer : advice.offers) {
    if (&offer != &best && offer.unfit.empty() && offer.score <= about_the_same * best.score)
      others += (others.empty() ? "" : "; ") +
                fmt::format("{} ({} on average)", called(offer), in_words(offer.mean));
  }
  if (!others.empty()) text += "About the same cost: " + others + ".\n";
  return text;
}

Table table(const Advice& advice) {
  Table all;
  all.head = {"way",
              "delay,\nmean",
              "at\nworst",
              "bytes\nan hour",
              "requests\na second",
              "open\nconnections",
              "server\nCPU",
              "memory",
              "cost of\nthe least"};
  double lowest = INFINITY;
  for (const Offer& offer : advice.offers) {
    if (offer.unfit.empty()) lowest = std::min(lowest, offer.score);
  }
  for (const Offer& offer : advice.offers) {
    all.rows.push_back({called(offer), in_words(offer.mean), in_words(offer.worst),
                        bytes(offer.ip_bytes_per_hour), shown(offer.requests_per_second, Unit::count),
                        shown(std::ceil(offer.connections), Unit::count), share(offer.cpu),
                        memory(offer.memory),
                        offer.unfit.empty() ? fmt::format("{:.1f} ×", offer.score / lowest) : "no"});
  }
  return all;
}

std::string what_is_unfit(const Advice& advice) {
  std::string text;
  for (const Offer& offer : advice.offers) {
    if (!offer.unfit.empty()) text += fmt::format("- Not {}: {}.\n", called(offer), offer.unfit);
  }
  return text;
}

std::string messages(double value) {
  if (!std::isfinite(value)) return "no number of";
  return shown(value, Unit::count);
}

std::string break_evens(const Advice& advice) {
  std::string text = fmt::format(
      "- Here {} messages fall into a poll's interval. From {} on a polled message takes fewer bytes than a pushed one",
      messages(advice.per_interval), messages(advice.bytes_break_even));
  if (advice.cpu_break_even)
    text += fmt::format(", from {} on less of the server's CPU", messages(*advice.cpu_break_even));
  return text + " (B7, C2); what silence costs comes on top.\n";
}

std::string between_the_streams(const Need& need) {
  if (need.both_ways)
    return "- A WebSocket sends on the connection that is there. With SSE or polling each message that is sent is a POST, as fast over a kept "
           "connection, but with its headers (L7, B1).\n";
  return "- SSE and WebSocket deliver alike (L6). SSE is plain HTTP, and a browser reconnects it by itself (R1); a WebSocket takes some bytes less, "
         "and could send (B4, B5).\n";
}

std::string rests_on(const Advice& advice, const Need& need, const Ledger& ledger, const Results& results) {
  std::vector<std::string> ids{"L1", "L2", "L6", "B1", "B7", "C2", "C5", "R1", "R4"};
  if (need.both_ways) ids.insert(ids.end(), {"L7", "N5"});
  if (advice.best && advice.offers[*advice.best].way == Way::longpoll) ids.push_back("L3");
  if (advice.best && advice.offers[*advice.best].memory.value_or(0) > 0) ids.insert(ids.end(), {"C3", "C4"});
  std::string text;
  for (const Claim& claim : ledger) {
    if (std::find(ids.begin(), ids.end(), claim.id) == ids.end()) continue;
    text += fmt::format("  {:<4}{:<18}{}\n", claim.id, to_string(judge(claim, results).verdict), claim.claim);
  }
  return text.empty() ? text : "\nIt rests on these claims (notes/claims.md):\n\n" + text;
}

std::string not_known(const Costs& costs) {
  std::vector<std::string> missing;
  if (costs.poll_ns.empty() || costs.push_ns.size() < 2)
    missing.push_back("CPU of a delivery (bench/run --filter ^fanout/)");
  if (costs.silent_ns.size() < 2) missing.push_back("CPU of silence (bench/run --filter ^silence/)");
  if (!costs.connection_ns) missing.push_back("CPU of a connection (bench/run --filter ^keep_alive/)");
  if (costs.memory.size() < 3) missing.push_back("memory (bench/run --filter ^memory/)");
  if (missing.empty()) return {};
  return fmt::format("- Not in these results, and left out of the comparison: {}.\n",
                     fmt::join(missing, "; "));
}

std::string beyond(const Need& need, const Costs& costs) {
  double most = 0;
  for (const auto& [way, curve] : costs.push_ns) most = std::max(most, curve.end());
  if (most == 0 || need.readers <= most) return {};
  return fmt::format("- CPU was measured with up to {} readers; {} are counted as if each cost as much.\n",
                     exact(most), exact(need.readers));
}

}  // namespace

std::string in_words(const Need& need, const Advice& advice, const Costs& costs, const Ledger& ledger,
                     const Results& results) {
  std::string text = recommendation(need, advice) + '\n' + plain(table(advice)) + "\nWhy:\n\n";
  text += what_is_unfit(advice);
  text += fmt::format(
      "- Costs that nobody notices do not decide: below 1 % of a core, 1 Mbit/s and 100 MB. The last column multiplies how "
      "many times those CPU, bytes and memory are, and takes the least as 1. Within {} times, {}.\n",
      about_the_same,
      need.max_delay > attention
          ? "and where more than 10 s are allowed, so that nobody waits, the fewer open connections decide"
          : "the shorter delay decides");
  text += break_evens(advice) + between_the_streams(need) + beyond(need, costs) + not_known(costs);
  text += rests_on(advice, need, ledger, results);
  return text +
         fmt::format(
             "\nDelays and bytes are the models' (bench/model.hpp), CPU and memory were measured: {}, commit {}, {}.\n",
             said(results, "started").substr(0, 10), said(results, "commit").substr(0, 12),
             said(results, "cpu"));
}

Seconds parse_duration(const std::string& text) {
  constexpr std::array<std::pair<std::string_view, double>, 5> units{
      {{"", 1e-3}, {"ms", 1e-3}, {"s", 1}, {"min", 60}, {"h", 3600}}};
  const auto found = in_units(text, units);
  if (!found)
    throw std::invalid_argument(
        fmt::format("got \"{}\", expected a time like 200ms, 2s, 1.5min or 1h", text));
  return Seconds(*found);
}

double parse_rate(const std::string& text) {
  constexpr std::array<std::pair<std::string_view, double>, 4> units{
      {{"", 1}, {"/s", 1}, {"/min", 1.0 / 60}, {"/h", 1.0 / 3600}}};
  const auto found = in_units(text, units);
  if (!found)
    throw std::invalid_argument(
        fmt::format("got \"{}\", expected messages a second, or like 20/min or 6/h", text));
  return *found;
}

std::size_t parse_fields(const std::string& text) {
  if (text == "lean" || text == "browser" || text == "cookie") {
    const auto room = feed::parse_address("http://chat.example.org/rooms/lobby");
    return fields_bytes(profile_fields(text, "poll", *room));
  }
  std::size_t bytes = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), bytes);
  if (error != std::errc() || end != text.data() + text.size() || bytes > 1'000'000)
    throw std::invalid_argument(
        fmt::format("got \"{}\", expected lean, browser, cookie or a number of bytes up to 1000000", text));
  return bytes;
}

}  // namespace bench
