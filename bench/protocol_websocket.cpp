// Facts about WebSocket: the handshake that opens it, and what both sides may do after it.

#include "bench/bare.hpp"
#include "bench/control.hpp"
#include "bench/interrupt.hpp"
#include "bench/model.hpp"
#include "bench/polled.hpp"
#include "bench/protocol.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace bench {
namespace {

constexpr std::size_t payload = 100;
constexpr std::chrono::seconds long_enough{5};  // what has not come by then does not come

std::string origin_field(std::string_view origin) { return fmt::format("Origin: {}\r\n", origin); }

}  // namespace

void measure_handshakes(const Place& place, bool own_origin, Run& run) {
  constexpr std::size_t handshakes = 200;
  Site site(place, "ws");
  Control control(site.room_beside());
  const feed::Address& room = site.room();
  const std::size_t begin = cursor_bytes(control.stats().epoch.size(), 0);
  const std::string origin = own_origin ? room.origin : "http://elsewhere.example";
  const int expected_status = own_origin ? 101 : 403;
  const std::string fields = origin_field(origin);
  const auto connections = [&] { return control.stats().connections; };
  const Stats before = control.stats();
  std::size_t as_expected = 0;
  int status = 0;
  Meter meter(site.process());
  for (std::size_t i = 0; i < handshakes; ++i) {
    if (i % 16 == 0) check_interrupt();
    Bare client(room);
    status = client.upgrade(room.path + "/socket", fields).status;
    as_expected += status == expected_status;
    if (status == 101) client.receive();  // the hello
  }
  while (connections() > before.connections) check_interrupt();  // the last has left
  meter.end();
  const Stats after = control.stats();
  site.check();

  const Target target{room.authority, room.path, fields.size()};
  const Bytes once = own_origin ? websocket_setup(target, begin)
                                : Bytes{websocket_request_bytes(target), foreign_origin_bytes(origin)};
  const Bytes expected = handshakes * once;
  constexpr auto n = static_cast<double>(handshakes);
  run.figures["n"] = n;
  run.figures["bytes_per_handshake"] =
      static_cast<double>(after.bytes_in - before.bytes_in + after.bytes_out - before.bytes_out) / n;
  run.predicted["bytes_per_handshake"] = static_cast<double>(once.total());
  run.figures["answer_bytes_per_handshake"] = static_cast<double>(after.bytes_out - before.bytes_out) / n;
  run.predicted["answer_bytes_per_handshake"] = static_cast<double>(once.down);
  if (site.process())
    run.figures["cpu_us_per_handshake"] = static_cast<double>(meter.server_cpu().count()) / n / 1e3;
  tell(run, "status", status, expected_status);
  tell(run, own_origin ? "accepted" : "refused", static_cast<double>(as_expected), n);
  if (as_expected == handshakes) {  // other answers have other bytes
    run.gates.push_back(equal("bytes from the clients", static_cast<double>(after.bytes_in - before.bytes_in),
                              static_cast<double>(expected.up)));
    run.gates.push_back(equal("bytes to the clients", static_cast<double>(after.bytes_out - before.bytes_out),
                              static_cast<double>(expected.down)));
  }
  run.gates.push_back(equal("connections opened", static_cast<double>(after.accepted - before.accepted), n));
  meter.tell(run);
  site.stop();
}

void measure_origins(const Place& place, Run& run) {
  const std::string allowed = "http://friend.example:8080";
  Site site(place, "ws", {.options = {"--allow-origin", allowed}});
  const feed::Address& room = site.room();
  const std::string socket = room.path + "/socket";
  struct Tried {
    std::string fields;
    int status;
  };
  // To the letter: scheme, host and port, and nothing before or behind them.
  const std::vector<Tried> all{{origin_field(room.origin), 101},
                               {origin_field(allowed), 101},
                               {"", 101},  // no page at all: a program, which could say what it wants
                               {origin_field("https://friend.example:8080"), 403},
                               {origin_field("http://friend.example"), 403},
                               {origin_field("http://friend.example:80801"), 403},
                               {origin_field("http://friend.example:8080.evil.example"), 403},
                               {origin_field("http://not-friend.example:8080"), 403},
                               {origin_field("http://FRIEND.example:8080"), 403},
                               {origin_field("null"), 403},
                               {origin_field("http://evil.example"), 403},
                               {origin_field(allowed) + origin_field("http://evil.example"), 403}};
  double accepted = 0, refused = 0, due = 0, as_expected = 0;
  std::map<std::string, int> answered;
  for (const Tried& tried : all) {
    Bare client(room);
    const int status = client.upgrade(socket, tried.fields).status;
    answered[tried.fields] = status;
    accepted += status == 101;
    refused += status == 403;
    due += tried.status == 101;
    as_expected += status == tried.status;
  }
  run.gates.push_back(
      equal("handshakes that were accepted or refused", accepted + refused, static_cast<double>(all.size())));
  tell(run, "as_the_list_says", as_expected, static_cast<double>(all.size()));
  tell(run, "accepted", accepted, due);
  tell(run, "refused", refused, static_cast<double>(all.size()) - due);

  tell(run, "status", answered[origin_field("http://evil.example")], 403);
  tell(run, "unchecked_status", answered[origin_field(allowed)], 101);

  // A page that is let in is in: it hears what is said, and says something itself. A server that lets all in gives this to all.
  Bare page(room), reader(room);
  double heard = 0;
  if (page.upgrade(socket, origin_field(allowed)).status == 101) {
    page.receive();  // the hello
    page.send(text_opcode, R"({"ref":1,"author":"page","text":"from elsewhere"})");
    for (int i = 0; i < 2 && page.has_frame(long_enough); ++i) {  // the answer, and the message itself
      const std::string said = page.receive().payload;
      heard += said.find(R"("text":"from elsewhere")") != std::string::npos;
    }
  }
  tell(run, "messages", heard, 1);
  // By POST the same list decides.
  const std::string json = "Content-Type: application/json\r\n", draft = R"({"author":"page","text":"hi"})";
  tell(run, "foreign_post_status",
       Bare(room)
           .ask("POST", room.path + "/messages", json + origin_field("http://evil.example"), draft)
           .status,
       403);
  tell(run, "allowed_post_status",
       reader.ask("POST", room.path + "/messages", json + origin_field(allowed), draft).status, 201);
  site.check();
}

void measure_both_ways(const Place& place, Run& run) {
  constexpr std::size_t each_way = 1000;
  Site site(place, "ws");
  PostOutlet outlet(site.room_beside(), payload);
  Bare client(site.room());
  const int status = client.upgrade(site.room().path + "/socket").status;
  run.gates.push_back(equal("status of the handshake", status, 101));
  if (status != 101) return;
  client.receive();  // the hello

  // The server speaks first, to a client that has said nothing yet.
  constexpr std::size_t unasked = 10;
  for (std::size_t i = 0; i < unasked; ++i) outlet.send(i);
  std::size_t sent = 0, answered = 0, heard = 0, own = 0, meanwhile = 0, between = 0, disordered = 0;
  const auto take = [&](const BareFrame& frame) {
    const auto object = boost::json::parse(frame.payload).as_object();
    if (const auto* ref = object.if_contains("ref")) {  // to what the client said
      disordered += ref->to_number<std::size_t>() != ++answered || !object.contains("cursor");
      return;
    }
    disordered += object.at("seq").to_number<std::size_t>() != ++heard;
    if (object.at("author").as_string() == "me") {
      ++own;
    } else {
      meanwhile += answered < sent;  // said by others, while the client's own words were not answered yet
    }
  };
  while (heard < unasked && client.has_frame(long_enough)) take(client.receive());
  const std::size_t heard_unasked = heard;
  while (sent < each_way) {
    check_interrupt();
    client.send(text_opcode,
                fmt::format(R"({{"ref":{},"author":"me","text":"{}"}})", sent + 1, text_of(sent, payload)));
    if (unasked + sent < each_way) {
      outlet.send(unasked + sent);
      ++between;  // others speak on
    }
    ++sent;
    while (client.has_frame(std::chrono::milliseconds(0))) take(client.receive());
  }
  while ((answered < each_way || heard < 2 * each_way) && client.has_frame(long_enough))
    take(client.receive());
  while (outlet.answered(std::chrono::milliseconds(20)) < each_way) check_interrupt();
  site.check();
  run.figures["n"] = each_way;
  tell(run, "unasked_messages", static_cast<double>(heard_unasked), unasked);
  tell(run, "sent_messages", static_cast<double>(between), each_way - unasked);
  run.gates.push_back(equal("messages that others said", static_cast<double>(unasked + between), each_way));
  tell(run, "messages", static_cast<double>(heard), 2 * each_way);
  tell(run, "own_messages", static_cast<double>(own), each_way);
  tell(run, "answers", static_cast<double>(answered), each_way);
  tell(run, "out_of_order", static_cast<double>(disordered), 0);
  run.figures["pushed_while_unanswered"] = static_cast<double>(meanwhile);
}

void measure_memory_of_place(const Place& place, Run& run) {
  constexpr std::size_t before = 20, after = 20, known = 7;
  Site site(place, "ws");
  Control control(site.room_beside());
  PostOutlet outlet(site.room_beside(), payload);
  const std::string epoch = control.stats().epoch;
  const auto publish = [&](std::size_t first, std::size_t count) {
    for (std::size_t i = first; i < first + count; ++i) outlet.send(i);
    while (outlet.answered(std::chrono::milliseconds(20)) < first + count) check_interrupt();
  };
  publish(0, before);
  Bare client(site.room());
  client.upgrade(fmt::format("{}/socket?after={}.{}", site.room().path, epoch, known));
  client.receive();  // the hello
  const std::uint64_t said = client.bytes_out();
  std::size_t place_in_log = known, wrong = 0;
  const auto hear = [&](std::size_t count) {
    for (std::size_t i = 0; i < count && client.has_frame(long_enough); ++i) {
      const auto message = boost::json::parse(client.receive().payload).as_object();
      wrong += message.at("seq").to_number<std::size_t>() != ++place_in_log;
    }
  };
  hear(before - known);
  publish(before, after);
  hear(after);
  site.check();
  tell(run, "remembered_messages", static_cast<double>(place_in_log - known - wrong), before - known + after);
  // The client's own doing, and what the figure means.
  run.gates.push_back(equal("bytes that the client sent", static_cast<double>(client.bytes_out() - said), 0));
  run.figures["up_bytes"] = 0;
  run.predicted["up_bytes"] = 0;
}

void measure_text_and_binary(const Place& place, Run& run) {
  // UTF-8 of one, two, three and four bytes.
  constexpr std::string_view text = "a \xc3\xa9 \xe2\x82\xac \xf0\x9f\x99\x82";
  Site site(place, "ws");
  Bare echo(site.room());
  run.gates.push_back(equal("status of the handshake", echo.upgrade("/echo").status, 101));
  std::size_t changed = 0, sent = 0, same = 0;
  std::set<unsigned> opcodes;
  const auto came_back_as = [&](unsigned opcode, std::string_view bytes) {
    echo.send(opcode, bytes);
    const BareFrame frame = echo.receive();
    changed += frame.payload != bytes;
    sent += bytes.size();
    for (std::size_t i = 0; i < std::min(bytes.size(), frame.payload.size()); ++i)
      same += frame.payload[i] == bytes[i];
    opcodes.insert(frame.opcode);
    return static_cast<double>(frame.opcode);
  };
  tell(run, "text_opcode", came_back_as(text_opcode, text), text_opcode);
  tell(run, "binary_opcode", came_back_as(binary_opcode, text), binary_opcode);
  std::string any(256, '\0');  // no UTF-8 at all
  for (std::size_t i = 0; i < any.size(); ++i) any[i] = static_cast<char>(i);
  tell(run, "any_bytes_opcode", came_back_as(binary_opcode, any), binary_opcode);
  tell(run, "changed", static_cast<double>(changed), 0);
  tell(run, "same_share", static_cast<double>(same) / static_cast<double>(sent), 1);
  tell(run, "opcodes", static_cast<double>(opcodes.size()), 2);

  // The same bytes as text are refused, in the echo already; and a room, which speaks JSON, refuses what is binary.
  Bare wrong(site.room());
  wrong.upgrade("/echo");
  wrong.send(text_opcode, any);
  tell(run, "not_utf8_close_code", wrong.receive().close_code(), 1007);
  Bare room(site.room());
  room.upgrade(site.room().path + "/socket");
  room.receive();  // the hello
  room.send(binary_opcode, R"({"ref":1,"author":"me","text":"hi"})");
  tell(run, "binary_close_code", room.receive().close_code(), 1003);
  site.check();
}

}  // namespace bench
