// What HTTP/2 leaves of the headers that every poll repeats: the same polls through the same nginx, over TLS, by either version.

#include "bench/browser.hpp"
#include "bench/caller.hpp"
#include "bench/control.hpp"
#include "bench/experiment.hpp"
#include "bench/front_model.hpp"
#include "bench/front_proxy.hpp"
#include "bench/interrupt.hpp"
#include "bench/tcp_info.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <thread>

namespace bench {
namespace {

constexpr std::size_t polls = 8;              // after the first, which is counted apart
constexpr std::chrono::milliseconds gap{60};  // longer than a delayed acknowledgement

struct Polls {
  bool http2;
  std::string headers;  // a profile's name
};

// TCP payload of one poll: with HTTP/1.1 everything is said again.
Bytes expected_bytes(const Polls& how, const feed::Address& room, const std::string& query,
                     const std::vector<std::string>& fields, std::string_view date) {
  std::size_t request = 0, answer = 0;
  if (how.http2) {
    const auto own = std::count_if(fields.begin(), fields.end(), [](const std::string& field) {
      return !field.starts_with("Connection:");
    });
    request = http2_request_bytes(room.path + "/messages" + query, static_cast<std::size_t>(own) + 1);
    answer = http2_empty_response_bytes(date);
  } else {
    request =
        poll_request_bytes({room.authority, room.path}, query.size() - std::string_view("?after=").size());
    for (const std::string& field : fields) request += field.size() + 2;
    answer = nginx_empty_response_bytes();
  }
  return {tls_record_bytes(request), tls_record_bytes(answer)};
}

void measure_http2(const Place& place, const Polls& how, Run& run) {
  Site site(place, run.arm, {.link = counted_link({})});
  const Network& line = site.network();
  const std::string epoch = site.at_server([&] { return Control(site.room_beside()); }).stats().epoch;
  FrontProxy front(site, place.cores, {.tls = Tls::v1_3, .http2 = true});
  const feed::Address& room = front.room();
  const std::vector<std::string> fields = profile_fields(how.headers, "poll", room);
  Asker asker({room, Tls::v1_3, front.certificate()}, {.http2 = how.http2, .fields = fields});
  const std::string query = "?after=" + epoch + ".0";

  const PacketCounts nothing = line.counts();
  std::size_t empty = 0, newer = 0;
  unsigned connections = 0;
  Bytes expected;
  std::vector<std::int64_t> samples;
  const auto ask = [&] {
    const Answer answer = asker.get(room.path + "/messages" + query);
    if (answer.status == 204) ++empty;
    if (answer.http == 20) ++newer;
    connections += answer.connections;
    return answer;
  };
  ask();
  std::this_thread::sleep_for(gap);
  const TcpInfo carried_first = tcp_info(asker.fd());
  const PacketCounts packets_first = line.counts();
  Meter meter(site.process());
  const auto start = Clock::now();
  for (std::size_t i = 0; i < polls; ++i) {
    std::this_thread::sleep_until(start + i * gap);
    check_interrupt();
    const Answer answer = ask();
    samples.push_back(answer.time.count());
    expected += expected_bytes(how, room, query, fields, answer.date);
  }
  std::this_thread::sleep_for(gap);
  meter.end();
  const TcpInfo carried = tcp_info(asker.fd());
  const PacketCounts packets = line.counts() - packets_first;
  site.check();

  constexpr auto n = static_cast<double>(polls);
  tell_delays(run, samples);
  const auto up = static_cast<double>(carried.bytes_taken - carried_first.bytes_taken),
             down = static_cast<double>(carried.bytes_received - carried_first.bytes_received);
  run.figures["bytes_up_per_poll"] = up / n;
  run.figures["bytes_down_per_poll"] = down / n;
  run.figures["bytes_per_poll"] = (up + down) / n;
  run.predicted["bytes_up_per_poll"] = static_cast<double>(expected.up) / n;
  run.predicted["bytes_down_per_poll"] = static_cast<double>(expected.down) / n;
  run.predicted["bytes_per_poll"] = static_cast<double>(expected.total()) / n;
  run.figures["first_poll_bytes"] =
      static_cast<double>(carried_first.bytes_taken + carried_first.bytes_received);
  if (line.counts_packets()) {
    run.figures["ip_bytes_per_poll"] = static_cast<double>(packets.bytes()) / n;
    run.figures["packets_per_poll"] = static_cast<double>(packets.packets()) / n;
    const std::uint64_t each = packets_of_exchange(expected.up / polls, expected.down / polls);
    run.predicted["ip_bytes_per_poll"] = static_cast<double>(ip_bytes(expected.total(), polls * each)) / n;
    run.predicted["packets_per_poll"] = static_cast<double>(each);
    run.figures["first_poll_ip_bytes"] = static_cast<double>((packets_first - nothing).bytes());
    run.gates.push_back(
        equal("bytes on the line", static_cast<double>(packets.bytes()),
              static_cast<double>(ip_bytes(static_cast<std::uint64_t>(up + down), packets.packets()))));
  }
  run.gates.push_back(equal("polls that found nothing", static_cast<double>(empty), n + 1));
  run.gates.push_back(equal("answers by HTTP/2", static_cast<double>(newer), how.http2 ? n + 1 : 0));
  run.gates.push_back(equal("connections opened", connections, 1));
  run.gates.push_back(equal("packets sent again", static_cast<double>(carried.retransmitted), 0));
  meter.tell(run);
  run.samples_ns = std::move(samples);
  front.stop();
  site.stop();
}

std::vector<Cell> cells_of(const Setting& setting) {
  std::vector<Cell> cells;
  for (const char* headers : {"lean", "browser", "cookie"}) {
    for (const bool http2 : {false, true}) {
      Cell cell;
      cell.name = fmt::format("http2/{}/headers:{}", http2 ? "h2" : "h1", headers);
      cell.experiment = "http2";
      cell.arm = "poll";
      cell.parameters = {{"http", http2 ? 2 : 1.1}};
      cell.headline = "bytes_per_poll";
      cell.headline_seconds = 1;
      cell.estimate_s = std::chrono::duration<double>(gap).count() * (polls + 2) + 0.2;
      cell.repetitions = setting.by_profile(http2 && headers == std::string_view("lean") ? 1U : 0U, 2U, 3U);
      cell.measure = [place = setting.place, how = Polls{http2, headers}](Run& run) {
        measure_http2(place, how, run);
      };
      cells.push_back(std::move(cell));
    }
  }
  return cells;
}

}  // namespace

Experiment http2_experiment() {
  return {
      "P2",
      "http2",
      "What does HTTP/2 leave of the headers that every poll repeats?",
      {{"HTTP", "http"}},
      {{"bytes per poll", "bytes_per_poll", Unit::bytes, true},
       {"request", "bytes_up_per_poll", Unit::bytes, true},
       {"answer", "bytes_down_per_poll", Unit::bytes, true},
       {"with TCP/IP", "ip_bytes_per_poll", Unit::bytes, true},
       {"the first poll", "first_poll_bytes", Unit::bytes}},
      "bytes are TCP payload, both ways, TLS 1.3 included: what a poll that finds nothing costs on a connection that is open; the first poll's are with its handshakes",
      "many requests on one connection at once, which is what HTTP/2 was made for",
      {{"^http2/h2/", "",
        "what a client of HTTP/2 says besides the request is its own choice; the model is that of libcurl 7.88"}},
      cells_of};
}

}  // namespace bench
