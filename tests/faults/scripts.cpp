// Row 20: markup and scripts in text, author, room, names of pictures and whatever an error shows. That a browser runs none of it, tests/browser/safety.test.mjs
// proves with the same list.

#include "faults/population.hpp"
#include "faults/rows.hpp"
#include "faults/target.hpp"
#include "feed/message.hpp"
#include "polling/wire.hpp"
#include "support/raw_client.hpp"

#include "embedded/faults/payloads.json.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace faults {
namespace {

using support::Answer;
using support::get;
using support::RawClient;

std::vector<std::string> payloads() {
  const boost::json::string_view text(embedded::payloads_json.data(), embedded::payloads_json.size());
  return boost::json::value_to<std::vector<std::string>>(boost::json::parse(text));
}

std::string percent_encoded(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  return out;
}

// Whether a browser takes it for a page, or may guess that it is one.
bool may_be_markup(const Answer& answer) {
  if (answer.body.empty()) return false;
  const std::string type = answer.field("Content-Type");
  return type != "application/json" && type != "application/problem+json" && type != "text/event-stream";
}

}  // namespace

void scripts(const Setting& setting, Findings& findings) {
  const int times = setting.by_amount(1, 20);
  Target target(setting);
  const std::uint16_t port = target.port();
  Bystanders bystanders(port);
  const Resources before(target);
  RawClient client(port, support::long_patience);
  RawClient events(port, support::long_patience);
  RawClient frames(port, support::long_patience);
  events.ask(sse_request);
  events.read_chunk();  // the hello
  frames.ask(websocket_request);
  frames.read_frame();  // the hello
  const std::vector<std::string> all = payloads();
  std::size_t shown = 0;
  std::size_t refused = 0;
  const auto look = [&](const Answer& answer, std::string_view where, const std::string& payload) {
    findings.expect(!may_be_markup(answer), fmt::format("{} in {} came back as {}", feed::quote(payload),
                                                        where, answer.field("Content-Type")));
    ++(answer.status < 400 ? shown : refused);
  };
  for (int n = 0; n < times; ++n) {
    for (const std::string& payload : all) {
      const auto post = [&](const std::string& room, const std::string& author, const std::string& text) {
        return client.ask(
            support::post("/rooms/" + room + "/messages", feed::encode(feed::Draft{author, text})));
      };
      const Answer text = post("lobby", "ada", payload);
      look(text, "a text", payload);
      const auto place = feed::parse_hello(text.body);
      findings.expect(text.status == 201 && place, "a text was refused: " + text.body);
      if (!place) continue;
      // To the letter what was said, in one line of JSON, over every transport.
      const std::string event = events.read_chunk();
      const std::string begin = "id: " + to_string(place->cursor) + "\ndata: ";
      const bool is_event = event.starts_with(begin) && event.ends_with("}\n\n");
      const std::string json =
          is_event ? event.substr(begin.size(), event.size() - begin.size() - 2) : std::string();
      const auto message = feed::parse_message(json);
      findings.expect(message && message->text == payload, "not what was said: " + feed::quote(event));
      findings.expect(frames.read_frame().payload == json, "another message over the socket");
      look(client.ask(get("/rooms/lobby/messages?after=" +
                          to_string(feed::Cursor{place->cursor.epoch, place->cursor.seq - 1}))),
           "a poll", payload);
      look(post("attic", payload, "hi"), "an author", payload);
      const std::string encoded = percent_encoded(payload);
      look(post(encoded, "ada", "hi"), "a room", payload);
      look(client.ask(get("/rooms/" + encoded + "/messages")), "a room", payload);
      for (const std::string& target_of :
           {"/" + encoded, "/images/" + encoded, "/images/" + encoded + ".gif",
            "/rooms/lobby/messages?after=" + encoded, "/rooms/lobby/messages?" + encoded + "=1",
            "/rooms/lobby/" + encoded}) {
        look(client.ask(get(target_of)), "a target", payload);
      }
      look(client.ask(support::post("/rooms/lobby/images", "x",
                                    "Content-Type: " + percent_encoded(payload) + "\r\n")),
           "a Content-Type", payload);
      client = RawClient(port, support::long_patience);  // a refused picture ends its connection
      look(RawClient(port).ask(get("/rooms/lobby/messages", "Origin: " + encoded + "\r\n")), "an Origin",
           payload);
    }
    look(client.ask(get("/rooms")), "the list of rooms", "all");
  }
  // And the pages that are: with a policy, and no script but their own.
  const Answer page = client.ask(get("/"));
  if (page.status == 200) {
    findings.expect(page.field("Content-Security-Policy").starts_with("default-src 'self'"),
                    "the page has no policy: " + page.head);
    findings.expect(page.field("X-Content-Type-Options") == "nosniff",
                    "the page may be guessed at: " + page.head);
  }
  client.close();
  events.close();
  frames.close();
  findings.amount(fmt::format(
      "{} payloads in 13 places, {} times; in a browser: tests/browser/safety.test.mjs", all.size(), times));
  findings.measured(
      fmt::format("{} answers in JSON, {} refused in JSON, none that is markup", shown, refused));
  before.expect_back(target, findings);
  bystanders.expect_untouched(setting, findings);
  target.stop(findings);
}

}  // namespace faults
