// What is said comes back on the same connection, one message at a time: how far a WebSocket server is from a bare TCP connection.

#include "bench/bare.hpp"
#include "bench/interrupt.hpp"
#include "bench/peer_cells.hpp"
#include "bench/socketio.hpp"

#include <fmt/format.h>

#include <array>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace bench {
namespace {

constexpr std::size_t payload = 100;
constexpr std::size_t warm_up = 2000, counted = 5000;  // echoes

// What a client says, and what it then hears: the whole bytes.
struct Exchange {
  std::string said, heard;
};

// As a server's frame is: not masked. Up to 125 bytes.
std::string server_frame(std::string_view text) {
  return std::string{static_cast<char>(0x80 | text_opcode), static_cast<char>(text.size())}.append(text);
}

// A connection on which everything is said that must come before the echo.
class EchoClient {
 public:
  EchoClient(std::string_view arm, const feed::Address& room) {
    const std::string text(payload, 'x');
    if (arm == "tcp") {
      socket_ = Socket::connect(room);
      socket_->write_all("E");
      exchange_.said = exchange_.heard = std::string{0, 0, 0, static_cast<char>(payload)} + text;
      return;
    }
    bare_.emplace(room);
    const bool socketio = arm == "socketio";
    const std::string path = socketio            ? std::string(socketio_path)
                             : arm == "nchan_ws" ? room.path + "/echo"
                                                 : "/echo";
    if (const BareAnswer answer = bare_->upgrade(path); answer.status != 101)
      throw std::runtime_error("the handshake was refused: " + answer.head.substr(0, answer.head.find('\r')));
    std::string echoed = text;
    if (socketio) {
      connect_socketio();
      echoed = socketio_event("echo", '"' + text + '"');
    }
    exchange_ = {Bare::frame(text_opcode, echoed), server_frame(echoed)};
  }

  // Says it, waits for what comes back; false where that was something else.
  bool echo() {
    const Socket& socket = bare_ ? bare_->socket() : *socket_;
    socket.write_all(exchange_.said);
    std::size_t got = 0;
    const auto deadline = Clock::now() + std::chrono::seconds(5);
    while (got < exchange_.heard.size()) {
      if (Clock::now() > deadline) throw std::runtime_error("an echo did not come within 5 s");
      if (socket.wait(std::chrono::milliseconds(100)))
        got += socket.read_some(heard_.data() + got, heard_.size() - got);
    }
    return std::string_view(heard_.data(), got) == exchange_.heard;
  }

 private:
  // Until our server has greeted us.
  void connect_socketio() {
    for (;;) {
      const BareFrame frame = bare_->receive();
      const SocketIoPacket packet = parse_socketio(frame.payload);
      if (const auto answer = socketio_answer(packet, "bench")) bare_->send(text_opcode, *answer);
      if (packet.kind == SocketIoPacket::Kind::event) return;
      if (packet.kind == SocketIoPacket::Kind::refused || packet.kind == SocketIoPacket::Kind::close)
        throw std::runtime_error("Socket.IO refused us: " + frame.payload);
    }
  }

  std::optional<Socket> socket_;
  std::optional<Bare> bare_;
  Exchange exchange_;
  std::array<char, 1024> heard_{};
};

void measure_echo(const Place& place, Run& run) {
  Site site(place, run.arm);
  EchoClient client(run.arm, site.room());
  bool same = true;
  for (std::size_t i = 0; i < warm_up; ++i) same = client.echo() && same;
  Meter meter(site.process());
  for (std::size_t i = 0; i < counted; ++i) {
    if (i % 256 == 0) check_interrupt();
    const auto begin = Clock::now();
    same = client.echo() && same;
    run.samples_ns.push_back((Clock::now() - begin).count());
  }
  meter.end();
  site.check();
  tell_delays(run, run.samples_ns);
  run.figures["cpu_ns_per_echo"] = static_cast<double>(meter.server_cpu().count()) / counted;
  run.gates.push_back({"every echo was what was said", same, same ? "" : "other bytes came back"});
  meter.tell(run);
  site.stop();
}

std::vector<Cell> cells_of(const Setting& setting) {
  std::vector<Cell> cells;
  for (const std::string arm : {"tcp", "ws", "ws_node", "socketio", "nchan_ws"}) {
    Cell cell = peer_cell(setting, "peer_echo", arm, fmt::format("payload:{}", payload));
    cell.parameters = {{"payload_bytes", static_cast<double>(payload)}};
    cell.headline = "p50_us";
    cell.headline_seconds = 1e-6;
    cell.estimate_s = 1;
    cell.measure = [place = setting.place](Run& run) { measure_echo(place, run); };
    cells.push_back(std::move(cell));
  }
  return cells;
}

}  // namespace

Experiment peer_echo_experiment() {
  return {
      "P4",
      "peer_echo",
      "How far is a WebSocket's echo from that of a bare TCP connection?",
      {{"payload, bytes", "payload_bytes"}},
      {{"p50", "p50_us", Unit::microseconds},
       {"p99", "p99_us", Unit::microseconds},
       {"mean", "mean_us", Unit::microseconds},
       {"server CPU per echo", "cpu_ns_per_echo", Unit::nanoseconds}},
      "an echo is one message there and back, the next one when it is there; raw TCP has four bytes of length before the same text",
      "a line: there both wait for the same transits, and the difference is a smaller part of it",
      {},
      cells_of,
      Suite::peers,
      peer_scripts()};
}

}  // namespace bench
