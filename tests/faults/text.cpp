// Row 16: bytes that are no UTF-8. Row 21: characters that could forge an event, a field or a line.

#include "faults/population.hpp"
#include "faults/rows.hpp"
#include "faults/target.hpp"
#include "feed/message.hpp"
#include "support/raw_client.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <vector>

namespace faults {
namespace {

using namespace std::string_literals;
using support::Answer;
using support::frame;
using support::get;
using support::RawClient;

// None of them begins a good text, nor ends one.
std::vector<std::string> broken_sequences() {
  std::vector<std::string> all;
  for (const int byte : {0x80, 0x81, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xf5, 0xf8, 0xfc, 0xfe, 0xff})
    all.emplace_back(1, static_cast<char>(byte));  // alone: a continuation, or what never occurs
  for (const int lead : {0xc2, 0xdf, 0xe0, 0xe1, 0xed, 0xef, 0xf0, 0xf1, 0xf4}) {
    const std::string cut(1, static_cast<char>(lead));
    all.push_back(cut);        // cut short
    all.push_back(cut + "a");  // followed by something else
    all.push_back(cut + "\xc3\xa9");
  }
  for (const std::string sequence : {"\xc0\x80",
                                     "\xc0\xaf",
                                     "\xc1\xbf",
                                     "\xe0\x80\x80",
                                     "\xe0\x80\xaf",
                                     "\xe0\x9f\xbf",
                                     "\xf0\x80\x80\x80",
                                     "\xf0\x8f\xbf\xbf",
                                     "\xed\xa0\x80",
                                     "\xed\xad\xbf",
                                     "\xed\xb0\x80",
                                     "\xed\xbf\xbf",
                                     "\xed\xa0\x80\xed\xb0\x80",
                                     "\xf4\x90\x80\x80",
                                     "\xf7\xbf\xbf\xbf",
                                     "\xf8\x88\x80\x80\x80",
                                     "\xfc\x84\x80\x80\x80\x80",
                                     "\xe2\x82",
                                     "\xe2\x28\xa1",
                                     "\xe2\x82\x28",
                                     "\xf0\x9f\x98",
                                     "\xf0\x28\x8c\xbc",
                                     "\xf0\x90\x28\xbc"})
    all.push_back(sequence);
  return all;
}

std::string percent_encoded(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  return out;
}

RawClient socket(std::uint16_t port) {
  RawClient client(port);
  client.ask(websocket_request);
  client.read_frame();  // the hello
  return client;
}

}  // namespace

void bad_utf8(const Setting& setting, Findings& findings) {
  Target target(setting);
  const std::uint16_t port = target.port();
  Bystanders bystanders(port);
  const Resources before(target);
  RawClient client(port);
  const std::vector<std::string> all = broken_sequences();
  const auto expect = [&](bool is_so, std::string_view where, const std::string& sequence, int got) {
    findings.expect(is_so,
                    fmt::format("{} in a {} was answered with {}", percent_encoded(sequence), where, got));
  };
  for (const std::string& sequence : all) {
    const auto post = [&](const std::string& path, const std::string& body) {
      return client.ask(support::post(path, body)).status;
    };
    const int text = post("/rooms/lobby/messages", "{\"text\":\"a" + sequence + "\"}");
    expect(text == 400, "text", sequence, text);
    const int author = post("/rooms/lobby/messages", "{\"author\":\"a" + sequence + "\",\"text\":\"hi\"}");
    expect(author == 400, "author", sequence, author);
    const int room = post("/rooms/a" + percent_encoded(sequence) + "/messages", R"({"text":"hi"})");
    expect(room == 400, "room", sequence, room);
    const int cursor =
        client.ask(get("/rooms/lobby/messages?after=k3f9.1" + percent_encoded(sequence))).status;
    expect(cursor == 400, "cursor", sequence, cursor);
    RawClient says = socket(port);
    says.send(frame("{\"ref\":1,\"text\":\"a" + sequence + "\"}"));
    const int message = says.read_frame().close_code();
    expect(message == 1007, "frame", sequence, message);
    RawClient leaves = socket(port);
    leaves.send(frame("\x03\xe8" + sequence, 0x88));
    const int reason = leaves.read_frame().close_code();
    expect(reason == 1007 || reason == 1002, "close reason", sequence, reason);
  }
  const Answer log = client.ask(get("/rooms/lobby/messages"));
  findings.expect(
      feed::parse_object(log.body).has_value() && log.body.find("\"messages\":[]") != std::string::npos,
      "something of it was stored: " + log.body.substr(0, 200));
  client.close();
  findings.amount(fmt::format("{} sequences in 6 places", all.size()));
  findings.measured("all refused, nothing stored");
  before.expect_back(target, findings);
  bystanders.expect_untouched(setting, findings);
  target.stop(findings);
}

void forged_lines(const Setting& setting, Findings& findings) {
  Target target(setting);
  const std::uint16_t port = target.port();
  Bystanders bystanders(port);
  const Resources before(target);
  RawClient client(port);
  RawClient events(port);
  events.ask(sse_request);
  events.read_chunk();  // the hello
  RawClient frames = socket(port);
  const std::vector<std::string> characters{"\r",     "\n",     "\r\n",   "\n\n", "\r\r", "\0"s,
                                            "\u2028", "\u2029", "\u0085", "\v",   "\f"};
  for (const std::string& character : characters) {
    const std::string forged = "x" + character + "id: zzzz.9" + character + "event: hello" + character +
                               "data: {}" + character + character;
    const std::string json = feed::encode(feed::Draft{"ada", forged});
    const Answer answer = client.ask(support::post("/rooms/lobby/messages", json));
    const auto place = feed::parse_hello(answer.body);
    findings.expect(answer.status == 201 && place, "a text was refused: " + answer.body);
    if (!place) continue;
    // One event of two lines, whatever is in it.
    const std::string event = events.read_chunk();
    const std::string first = "id: " + to_string(place->cursor) + "\ndata: ";
    const bool is_one = event.starts_with(first) && event.ends_with("}\n\n") &&
                        event.find_first_of("\r\n\0"s, first.size()) == event.size() - 2;
    findings.expect(is_one, "not one event: " + feed::quote(event));
    const std::string payload = is_one ? event.substr(first.size(), event.size() - first.size() - 2) : "";
    const auto message = feed::parse_message(payload);
    findings.expect(message && message->text == forged, "not what was said: " + payload);
    findings.expect(frames.read_frame().payload == payload, "another message over the socket");

    const std::string signed_so = feed::encode(feed::Draft{"a" + character + "b", "hi"});
    const int author = client.ask(support::post("/rooms/lobby/messages", signed_so)).status;
    const std::string encoded = percent_encoded(character);
    findings.expect(author == 400, fmt::format("{} in an author was answered with {}", encoded, author));
    if (character.size() == 1 || character.front() == '\r' || character.front() == '\n') {
      const int room =
          client.ask(support::post("/rooms/a" + encoded + "b/messages", R"({"text":"hi"})")).status;
      findings.expect(room == 400, fmt::format("{} in a room was answered with {}", encoded, room));
    }
    const int cursor = client.ask(get("/rooms/lobby/messages?after=k3f9.1" + encoded)).status;
    findings.expect(cursor == 400, fmt::format("{} in a cursor was answered with {}", encoded, cursor));
  }
  client.close();
  events.close();
  frames.close();
  findings.amount(fmt::format("{} characters and pairs in text, author, room and cursor", characters.size()));
  findings.measured("each text came as it was said, as one event and one frame");
  before.expect_back(target, findings);
  bystanders.expect_untouched(setting, findings);
  target.stop(findings);
}

}  // namespace faults
