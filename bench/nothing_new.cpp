// Ways to say that there is nothing new: an empty page, 204, or 304 to who says what it has; beside them the whole log again, which
// is what a server does that remembers nothing of the kind.

#include "bench/arms.hpp"
#include "bench/control.hpp"
#include "bench/experiment.hpp"
#include "bench/interrupt.hpp"
#include "bench/model.hpp"
#include "bench/polled.hpp"
#include "feed/user_agent.hpp"

#include <boost/asio/co_spawn.hpp>
#include <fmt/format.h>

#include <exception>
#include <string>
#include <vector>

namespace bench {
namespace {

constexpr std::size_t payload = 100;    // bytes of text
constexpr std::size_t in_the_log = 20;  // messages

// One way to ask, and what comes back for it.
struct Way {
  std::string answer;  // 200, 204, 304, or log
  std::string url;
  std::vector<std::string> fields;
  int status;
  Bytes predicted;
};

Way way_of(const std::string& answer, const feed::Address& room, const std::string& epoch) {
  const Target target{room.authority, room.path};
  const std::string url = room.origin + room.path + "/messages",
                    here = fmt::format("{}.{}", epoch, in_the_log);
  const std::string tag = fmt::format("\"{}.1-{}\"", epoch, in_the_log);
  if (answer == "200") {
    constexpr std::string_view latest = "latest";
    return {
        answer,
        url + "?after=latest",
        {},
        200,
        {poll_request_bytes(target, latest.size()), page_response_bytes(page_body_bytes(here.size(), 0, 0))}};
  }
  if (answer == "204") return {answer, url + "?after=" + here, {}, 204, empty_poll(target, here.size())};
  if (answer == "304")
    return {answer, url, {"If-None-Match: " + tag}, 304, unchanged_poll(target, tag.size())};
  std::size_t json = 0;
  for (std::size_t i = 0; i < in_the_log; ++i) json += json_bytes(i, payload);
  return {answer,
          url,
          {},
          200,
          {poll_request_bytes(target, 0),
           tagged_page_response_bytes(page_body_bytes(here.size(), in_the_log, json), tag.size())}};
}

net::awaitable<void> ask(feed::UserAgent& agent, const Way& way, std::size_t times, std::string& wrong) {
  for (std::size_t i = 0; i < times; ++i) {
    feed::Fetch request;
    request.url = way.url;
    request.fields = way.fields;
    const auto answer = co_await agent.fetch(std::move(request));
    if (!answer) {
      wrong = answer.error().detail;
    } else if (answer->status != way.status) {
      wrong = fmt::format("status {}, expected {}", answer->status, way.status);
    }
    if (!wrong.empty()) co_return;
  }
}

void measure_answer(const Place& place, const std::string& answer, std::size_t times, Run& run) {
  Site site(place, run.arm);
  Control control(site.room_beside());
  PostOutlet outlet(site.room_beside(), payload);
  for (std::size_t i = 0; i < in_the_log; ++i) outlet.send(i);
  while (outlet.answered(std::chrono::milliseconds(20)) < in_the_log) check_interrupt();
  const Way way = way_of(answer, site.room(), control.stats().epoch);
  net::io_context io(1);
  feed::UserAgent agent(io.get_executor());
  std::string wrong;
  std::exception_ptr thrown;
  const auto ask_so_often = [&](std::size_t count) {
    net::co_spawn(io, ask(agent, way, count, wrong),
                  [&thrown](std::exception_ptr failure) { thrown = failure; });
    io.restart();
    io.run_for(std::chrono::seconds(20));
    if (thrown) std::rethrow_exception(thrown);
  };
  ask_so_often(1);  // opens the connection
  const Stats before = control.stats();
  Meter meter(site.process());
  ask_so_often(times);
  meter.end();
  const Stats after = control.stats();
  site.check();
  const Bytes seen{after.bytes_in - before.bytes_in, after.bytes_out - before.bytes_out};
  const Bytes expected = times * way.predicted;
  const auto n = static_cast<double>(times);
  run.figures["n"] = n;
  run.figures["bytes_per_request"] = static_cast<double>(seen.total()) / n;
  run.predicted["bytes_per_request"] = static_cast<double>(expected.total()) / n;
  run.figures["answer_bytes_per_request"] = static_cast<double>(seen.down) / n;
  run.predicted["answer_bytes_per_request"] = static_cast<double>(expected.down) / n;
  const auto whole = static_cast<double>(way_of("log", site.room(), after.epoch).predicted.total());
  run.figures["saved_share"] = 1 - static_cast<double>(seen.total()) / n / whole;
  run.predicted["saved_share"] = 1 - static_cast<double>(expected.total()) / n / whole;
  if (site.process()) run.figures["cpu_ns_per_request"] = static_cast<double>(meter.server_cpu().count()) / n;
  run.gates.push_back({"every answer was as expected", wrong.empty(), wrong});
  run.gates.push_back(equal("requests", static_cast<double>(after.requests - before.requests), n));
  run.gates.push_back(equal("connections of the client", static_cast<double>(agent.connections()), 1));
  run.gates.push_back(
      equal("bytes of the requests", static_cast<double>(seen.up), static_cast<double>(expected.up)));
  run.gates.push_back(
      equal("bytes of the answers", static_cast<double>(seen.down), static_cast<double>(expected.down)));
  meter.tell(run);
  site.stop();
}

std::vector<Cell> cells_of(const Setting& setting) {
  std::vector<Cell> cells;
  for (const char* answer : {"204", "304", "200", "log"}) {
    Cell cell;
    cell.name = fmt::format("nothing_new/poll/answer:{}", answer);
    cell.experiment = "nothing_new";
    cell.arm = "poll";
    const std::string name = answer;
    cell.parameters = {{"status", name == "log" ? 200.0 : std::stod(name)},
                       {"messages", name == "log" ? in_the_log : 0.0}};
    cell.headline = "bytes_per_request";
    cell.headline_seconds = 1e-6;  // there is no time in it: a byte is shown as a microsecond
    cell.estimate_s = 0.6;
    cell.repetitions = setting.by_profile(0U, 1U, 3U);
    cell.anywhere = true;
    cell.measure = [place = setting.place, name](Run& run) { measure_answer(place, name, 2000, run); };
    cells.push_back(std::move(cell));
  }
  return cells;
}

}  // namespace

Experiment nothing_new_experiment() {
  return {
      "E21",
      "nothing_new",
      "What does it cost to hear that there is nothing new?",
      {{"status", "status"}, {"messages in the answer", "messages"}},
      {{"bytes per request", "bytes_per_request", Unit::bytes, true},
       {"of them the answer", "answer_bytes_per_request", Unit::bytes, true},
       {"saved of the whole log", "saved_share", Unit::share, true},
       {"server CPU per request", "cpu_ns_per_request", Unit::nanoseconds}},
      "bytes are TCP payload, both ways, of a request and its answer, over one kept-alive connection with the lean headers of libcurl",
      "a log that is longer than 20 messages of 100 bytes: what is saved beside it is more",
      {},
      cells_of};
}

}  // namespace bench
