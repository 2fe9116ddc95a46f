// From nothing to the first message: TCP, TLS where there is any, the request, the answer. Everything is new each time, as for
// somebody who opens the page.

#include "bench/caller.hpp"
#include "bench/control.hpp"
#include "bench/experiment.hpp"
#include "bench/front_model.hpp"
#include "bench/front_proxy.hpp"
#include "bench/interrupt.hpp"
#include "bench/stats.hpp"
#include "bench/tcp_info.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <thread>

namespace bench {
namespace {

constexpr std::size_t payload = 100;
constexpr std::chrono::milliseconds settled{60};  // longer than a delayed acknowledgement

struct Start {
  std::chrono::milliseconds rtt;
  Tls tls;
  bool resumed;  // by a session of an earlier connection
  bool proxied;  // by nginx, also where there is no TLS to be ended
  std::size_t times;
};

// The literal request of a client that has seen everything up to `cursor`: the bytes that the clients' libraries say, too.
std::string request(std::string_view arm, const feed::Address& room, const std::string& cursor) {
  if (arm == "sse") {
    return fmt::format(
        "GET {}/events HTTP/1.1\r\nHost: {}\r\nAccept: text/event-stream\r\nLast-Event-ID: {}\r\n\r\n",
        room.path, room.authority, cursor);
  }
  if (arm == "ws") {
    return fmt::format(
        "GET {}/socket?after={} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: chat.v1\r\n\r\n",
        room.path, cursor, room.authority);
  }
  return fmt::format("GET {}/messages?after={} HTTP/1.1\r\nHost: {}\r\nAccept: */*\r\n\r\n", room.path,
                     cursor, room.authority);
}

// Without nginx: what it adds to the head of an answer is its own.
Bytes expected_bytes(std::string_view arm, const feed::Address& room, std::size_t epoch_bytes) {
  const Target target{room.authority, room.path};
  const std::size_t before = cursor_bytes(epoch_bytes, 0), cursor = cursor_bytes(epoch_bytes, 1);
  const std::size_t json = message_bytes(1, author, text_of(0, payload));
  if (arm == "sse") return sse_setup(target, before, before) + Bytes{0, sse_event_bytes(cursor, json)};
  if (arm == "ws") return websocket_setup(target, before, before) + Bytes{0, frame_bytes(json)};
  return {poll_request_bytes(target, before), page_response_bytes(page_body_bytes(cursor, 1, json))};
}

// What nginx says of the connections that were made to it.
void check_served(Run& run, const Start& start, const std::vector<Served>& served) {
  std::set<std::uint64_t> connections;
  for (const Served& one : served) connections.insert(one.connection);
  run.gates.push_back(equal("connections opened", static_cast<double>(connections.size()),
                            static_cast<double>(start.times + (start.resumed ? 1 : 0))));
  if (start.tls == Tls::none) return;
  const std::string version = fmt::format("TLSv{}", to_string(start.tls));
  const auto right = [&](const Served& one) { return one.tls == version; };
  const auto resumed = [](const Served& one) { return one.resumed; };
  run.gates.push_back({"the TLS version that was asked for", std::all_of(served.begin(), served.end(), right),
                       fmt::format("{} handshakes, expected all with {}", served.size(), version)});
  run.gates.push_back(equal("TLS sessions resumed",
                            static_cast<double>(std::count_if(served.begin(), served.end(), resumed)),
                            static_cast<double>(start.resumed ? start.times : 0)));
}

double median_us(std::vector<std::int64_t> samples_ns) {
  std::sort(samples_ns.begin(), samples_ns.end());
  return static_cast<double>(percentile(samples_ns, 0.5)) / 1e3;
}

void measure_connect(const Place& place, const Start& start, Run& run) {
  const bool ours = place.servers.empty();
  Site site(place, run.arm, {.link = ours ? counted_link(start.rtt) : Link{}});
  Network& line = site.network();
  if (line.means() == Means::sockets)
    throw NoNetwork(
        "a relay of sockets answers handshakes itself, so it cannot show what they cost; "
        "network namespaces, as root has them, can.");
  std::optional<Control> control(site.at_server([&] { return Control(site.room_beside()); }));
  const std::string epoch = control->stats().epoch;
  std::unique_ptr<FrontProxy> front;
  const bool proxied = start.proxied || start.tls != Tls::none;
  if (proxied)
    front =
        std::make_unique<FrontProxy>(site, place.cores, Front{.tls = start.tls, .resumption = start.resumed});
  {
    auto outlet = site.at_server([&] { return PostOutlet(site.room_beside(), payload); });
    outlet.send(0);
    while (outlet.answered(std::chrono::milliseconds(20)) < 1) check_interrupt();
  }
  Callee callee{front ? front->room() : site.room(), start.tls};
  if (front) callee.certificate = front->certificate();
  const std::string asked = request(run.arm, callee.server, epoch + ".0");
  const std::string end = text_of(0, payload) + "\"}";
  TlsSessions sessions;
  std::string got;
  if (start.resumed) {
    Call first(callee, &sessions);
    first.write_all(asked);
    first.read_until(got, end);
  }

  std::vector<std::int64_t> samples, tcp, tls;
  TcpInfo carried;
  PacketCounts packets;
  Meter meter(site.process());
  for (std::size_t i = 0; i < start.times; ++i) {
    check_interrupt();
    const PacketCounts before = line.counts();
    got.clear();
    const auto begin = Clock::now();
    Call call(callee, start.resumed ? &sessions : nullptr);
    call.write_all(asked);
    call.read_until(got, end);
    samples.push_back((Clock::now() - begin).count());
    tcp.push_back(call.tcp().count());
    tls.push_back(call.tls().count());
    if (i > 0) continue;
    std::this_thread::sleep_for(settled + start.rtt);
    carried = tcp_info(call.fd());
    packets = line.counts() - before;
  }
  meter.end();
  site.check();

  const double rtt_us = static_cast<double>(std::chrono::microseconds(start.rtt).count());
  tell_delays(run, samples);
  run.figures["first_message_us"] = median_us(samples);
  run.figures["tcp_us"] = median_us(tcp);
  if (start.tls != Tls::none) run.figures["tls_us"] = median_us(tls);
  if (ours && rtt_us > 0) {
    run.predicted["first_message_us"] =
        cold_start(start.tls, Seconds(start.rtt) / 2, start.resumed).count() * 1e6;
    run.predicted["tcp_us"] = rtt_us;
    if (start.tls != Tls::none) run.predicted["tls_us"] = rtt_us * tls_round_trips(start.tls, start.resumed);
  }
  run.figures["cold_start_bytes"] = static_cast<double>(carried.bytes_taken + carried.bytes_received);
  if (!proxied) {
    const auto expected = static_cast<double>(expected_bytes(run.arm, callee.server, epoch.size()).total());
    run.predicted["cold_start_bytes"] = expected;
    run.gates.push_back(equal("bytes until the first message", run.figures["cold_start_bytes"], expected));
  }
  if (line.counts_packets()) {
    run.figures["cold_start_packets"] = static_cast<double>(packets.packets());
    run.figures["cold_start_ip_bytes"] = static_cast<double>(packets.bytes());
  }
  run.gates.push_back(equal("packets sent again", static_cast<double>(carried.retransmitted), 0));
  if (front) {
    check_served(run, start, front->served(start.times + (start.resumed ? 1 : 0)));
  } else {  // those of control and publisher are the other two
    run.gates.push_back(equal("connections opened", static_cast<double>(control->stats().accepted),
                              static_cast<double>(start.times + 2)));
  }
  meter.tell(run);
  run.samples_ns = std::move(samples);
  control.reset();
  if (front) front->stop();
  site.stop();
}

std::vector<Cell> cells_of(const Setting& setting) {
  std::vector<Cell> cells;
  const auto add = [&](const std::string& arm, const std::string& tls_name, const Start& start) {
    Cell cell;
    const double rtt_ms = static_cast<double>(start.rtt.count());
    cell.name = fmt::format("connect/{}/tls:{}/rtt_ms:{}", arm, tls_name, start.rtt.count());
    cell.experiment = "connect";
    cell.arm = arm;
    cell.parameters = {{"rtt_ms", rtt_ms},
                       {"tls", start.tls == Tls::none   ? 0
                               : start.tls == Tls::v1_2 ? 1.2
                                                        : 1.3},
                       {"proxied", start.proxied || start.tls != Tls::none ? 1 : 0},
                       {"payload_bytes", static_cast<double>(payload)}};
    if (start.resumed) cell.parameters["resumed"] = 1;
    cell.headline = "first_message_us";
    cell.headline_seconds = 1e-6;
    const double each_s = cold_start(start.tls, Seconds(start.rtt) / 2, start.resumed).count();
    cell.estimate_s = 0.3 + static_cast<double>(start.times) * each_s + 2 * rtt_ms / 1e3;
    cell.anywhere = start.tls == Tls::none && !start.proxied && start.rtt.count() == 0;
    const bool telling = start.rtt.count() == 20 && (tls_name == "none" || tls_name == "1.3");
    cell.repetitions = setting.by_profile(0U, telling ? 2U : 0U, 10U);
    cell.measure = [place = setting.place, start](Run& run) { measure_connect(place, start, run); };
    cells.push_back(std::move(cell));
  };
  for (const int rtt_ms : {0, 20, 100}) {
    const std::chrono::milliseconds rtt(rtt_ms);
    const std::size_t times = rtt_ms == 0 ? 20 : rtt_ms == 20 ? 6 : 3;
    for (const std::string arm : {"sse", "ws", "poll"}) {
      add(arm, "none", {rtt, Tls::none, false, false, times});
      add(arm, "1.2", {rtt, Tls::v1_2, false, false, times});
      add(arm, "1.3", {rtt, Tls::v1_3, false, false, times});
      // What is nginx's in the others, and what a session is worth: without a line, it would be the same for all arms.
      if (rtt_ms == 0) add(arm, "none_proxied", {rtt, Tls::none, false, true, times});
      if (rtt_ms == 20 && arm == "sse") add(arm, "1.3_resumed", {rtt, Tls::v1_3, true, false, times});
    }
  }
  return cells;
}

}  // namespace

Experiment connect_experiment() {
  return {
      "E10",
      "connect",
      "How long is it from nothing to the first message?",
      {{"RTT, ms", "rtt_ms"}, {"TLS", "tls"}, {"through nginx", "proxied"}, {"resumed", "resumed"}},
      {{"first message", "first_message_us", Unit::microseconds, true},
       {"TCP", "tcp_us", Unit::microseconds, true},
       {"TLS", "tls_us", Unit::microseconds, true},
       {"bytes", "cold_start_bytes", Unit::bytes, true},
       {"packets", "cold_start_packets", Unit::count},
       {"with TCP/IP", "cold_start_ip_bytes", Unit::bytes}},
      "a start is a new connection, with nothing remembered, until a message that was there before has come; bytes are those of one start, both ways",
      "what a name costs that must be looked up first, nor a browser, which has connections in stock",
      {},
      cells_of};
}

}  // namespace bench
