// Row 3: cursors that are none, or of somewhere else.

#include "faults/population.hpp"
#include "faults/rows.hpp"
#include "faults/target.hpp"
#include "feed/message.hpp"
#include "support/raw_client.hpp"

#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace faults {
namespace {

using support::Answer;
using support::get;
using support::RawClient;

// What can be honoured where a log of this epoch has three messages.
bool can_be_honoured(const std::string& epoch, std::string_view cursor) {
  const std::string all[] = {epoch + ".0", epoch + ".1", epoch + ".2", epoch + ".3", "0", "latest", ""};
  return std::find(std::begin(all), std::end(all), cursor) != std::end(all);
}

// What is left of a field's value on its way (RFC 9110, 5.5).
std::string_view trimmed(std::string_view value) {
  const std::size_t begin = value.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return value.substr(begin, value.find_last_not_of(" \t") - begin + 1);
}

// Some by hand, the rest by changing those here and there; none of them can be honoured.
std::vector<std::string> cursors(const std::string& epoch, std::size_t count, std::mt19937_64& random) {
  const std::vector<std::string> by_hand{"-1",
                                         "1",
                                         "00",
                                         "+0",
                                         "0x0",
                                         "1e3",
                                         "text",
                                         "LATEST",
                                         "latest ",
                                         "null",
                                         "NaN",
                                         ".",
                                         "..",
                                         "k3f9",
                                         "k3f9.",
                                         ".1",
                                         "9223372036854775808",
                                         "18446744073709551616",
                                         epoch + ".-1",
                                         epoch + ".+1",
                                         epoch + ".01",
                                         epoch + ".1.1",
                                         epoch + ".1 ",
                                         ' ' + epoch + ".1",
                                         epoch + ".1x",
                                         epoch + ".0x1",
                                         epoch + ".9223372036854775807",
                                         epoch + ".9223372036854775808",
                                         epoch + ".18446744073709551615",
                                         epoch + ".18446744073709551616",
                                         epoch + ".99999999999999999999999999",
                                         epoch + ".4",
                                         epoch + ",1",
                                         epoch + ".1,2",
                                         "k3f9.1",
                                         "zzzzzzzz.0",
                                         "0123456789abcdef.1",
                                         "0123456789abcdefg.1",
                                         "K3F9.1",
                                         "k3-9.1",
                                         "k3f.1",
                                         "\u00e9\u00e9\u00e9\u00e9.1",
                                         epoch + ".\u0661"};
  std::set<std::string> all(by_hand.begin(), by_hand.end());
  while (all.size() < count) {
    std::string cursor = by_hand[random() % by_hand.size()];
    const char drawn = "0123456789abcz.-+ %~"[random() % 20];
    const std::size_t at = random() % cursor.size();
    if (random() % 2 == 0) {
      cursor[at] = drawn;
    } else {
      cursor.insert(at, 1, drawn);
    }
    if (!can_be_honoured(epoch, cursor)) all.insert(cursor);
  }
  return {all.begin(), all.end()};
}

std::string encoded(const std::string& text) {
  return boost::urls::encode(text, boost::urls::unreserved_chars);
}

bool tells_gap(std::string_view hello) {
  return hello.find("\"gap\":{\"reason\":") != std::string_view::npos;
}

}  // namespace

void bad_cursors(const Setting& setting, Findings& findings) {
  const std::size_t count = setting.by_amount<std::size_t>(60, 200);
  std::mt19937_64 random(setting.seed);
  Target target(setting);
  const std::uint16_t port = target.port();
  Bystanders bystanders(port);
  RawClient client(port);
  std::string epoch;
  for (int n = 0; n < 3; ++n) {
    const Answer answer =
        client.ask(support::post("/rooms/lobby/messages", R"({"author":"ada","text":"hi"})"));
    epoch = feed::parse_hello(answer.body).value().cursor.epoch;
  }
  const Resources before(target);
  std::size_t refused = 0;
  std::size_t gaps = 0;
  const auto expect = [&](bool is_so, std::string_view where, const std::string& cursor,
                          std::string_view got) {
    findings.expect(is_so, fmt::format("{} with {} was answered with {}", where, feed::quote(cursor), got));
  };
  for (const std::string& cursor : cursors(epoch, count, random)) {
    const bool is_cursor = feed::parse_after(cursor).has_value();
    const int status = is_cursor ? 200 : 400;
    ++(is_cursor ? gaps : refused);
    const std::string query = "?after=" + encoded(cursor);

    const Answer poll = client.ask(get("/rooms/lobby/messages" + query));
    expect(poll.status == status && (!is_cursor || tells_gap(poll.body)), "a poll", cursor,
           fmt::format("{} {}", poll.status, poll.body));
    RawClient events(port);
    const Answer stream = events.ask(get("/rooms/lobby/events" + query));
    expect(stream.status == status && (!is_cursor || tells_gap(events.read_chunk())), "a stream", cursor,
           std::to_string(stream.status));
    RawClient frames(port);
    const Answer socket = frames.ask(support::upgrade("/rooms/lobby/socket" + query));
    expect(socket.status == (is_cursor ? 101 : 400) && (!is_cursor || tells_gap(frames.read_frame().payload)),
           "a socket", cursor, std::to_string(socket.status));
    // An EventSource cannot help what it sends: any answer but 200 would end it for good. Its header wins over the address.
    RawClient again(port);
    const Answer resumed =
        again.ask(get("/rooms/lobby/events?after=" + epoch + ".1", "Last-Event-ID: " + cursor + "\r\n"));
    const std::string hello = again.read_chunk();
    expect(resumed.status == 200 && tells_gap(hello) != can_be_honoured(epoch, trimmed(cursor)),
           "Last-Event-ID", cursor, fmt::format("{} {}", resumed.status, hello));
    const Answer twice = client.ask(get("/rooms/lobby/messages" + query + "&after=" + epoch + ".1"));
    expect(twice.status == 400, "after, given twice,", cursor, std::to_string(twice.status));
  }
  client.close();
  findings.amount(fmt::format("{} cursors, each in 5 places", refused + gaps));
  findings.measured(fmt::format("{} refused, {} told as a gap", refused, gaps));
  before.expect_back(target, findings);
  bystanders.expect_untouched(setting, findings);
  target.stop(findings);
}

}  // namespace faults
