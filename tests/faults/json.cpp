// Row 4: JSON that is none, or none of ours.

#include "faults/population.hpp"
#include "faults/rows.hpp"
#include "faults/target.hpp"
#include "feed/message.hpp"
#include "support/raw_client.hpp"

#include <fmt/format.h>

#include <random>
#include <string>
#include <vector>

namespace faults {
namespace {

using namespace std::string_literals;
using support::Answer;
using support::frame;
using support::RawClient;

std::vector<std::string> bad_bodies(std::size_t count, std::mt19937_64& random) {
  const std::string good = R"({"author":"ada","text":"hi"})";
  std::vector<std::string> all{
      "",
      " ",
      "null",
      "1",
      "\"hi\"",
      "[]",
      "{}",
      "{\"text\"}",
      "{\"text\":}",
      "{\"text\":\"hi\"",
      "{\"text\":\"hi\"}}",
      good + good,
      good + ",",
      "\xEF\xBB\xBF" + good,
      "{'text':'hi'}",
      "{text:\"hi\"}",
      "{\"text\":\"hi\",}",
      "// x\n" + good,
      "{\"text\":" + std::string(10'000, '[') + std::string(10'000, ']') + "}",
      std::string(10'000, '['),
      "{\"text\":" + std::string(10'000, '{'),
      "{\"text\":" + std::string(30'000, '1') + "}",
      "{\"text\":\"hi\",\"more\":" + std::string(60, '[') + std::string(60, ']') + "}",
      R"({"text":1})",
      R"({"text":null})",
      R"({"text":true})",
      R"({"text":["hi"]})",
      R"({"text":{"text":"hi"}})",
      R"({"author":1,"text":"hi"})",
      R"({"author":"","text":"hi"})",
      R"({"author":")" + std::string(65, 'a') + R"(","text":"hi"})",
      R"({"text":"\ud800"})",
      R"({"text":"\udc00\ud800"})",
      R"({"text":"\u12"})",
      R"({"text":"\x41"})",
      "{\"text\":\"a\0b\"}"s,
      "{\"text\":\"a\nb\"}",
      "{\"text\":\"\xC0\xAF\"}",
      "{\"text\":\"\xED\xA0\x80\"}",
      "{\"text\":\"\xF4\x90\x80\x80\"}",
      "{\"text\":\"\xFF\"}",
      "{\"text\":\"\xE2\x82\"}",
      "\0"s,
      std::string(1000, '\0')};
  // Changed anywhere, so that they may also be good: then they are taken, and nothing else happens.
  while (all.size() < count) {
    std::string body = good;
    for (std::uint64_t times = random() % 3 + 1; times > 0; --times) {
      body[random() % body.size()] = static_cast<char>(random() % 256);
    }
    all.push_back(std::move(body));
  }
  return all;
}

}  // namespace

void bad_json(const Setting& setting, Findings& findings) {
  const std::size_t count = setting.by_amount<std::size_t>(100, 500);
  std::mt19937_64 random(setting.seed);
  Target target(setting);
  const std::uint16_t port = target.port();
  Bystanders bystanders(port);
  const Resources before(target);
  const std::vector<std::string> all = bad_bodies(count, random);
  const std::string good = R"({"ref":1,"author":"ada","text":"good"})";
  RawClient posts(port);
  const auto connect = [&] {
    RawClient client(port);
    client.ask(websocket_request);
    client.read_frame();  // the hello
    return client;
  };
  // The next answer, past what others say.
  const auto answer_to = [](RawClient& client, const std::string& said) {
    client.send(frame(said));
    for (;;) {
      support::Frame got = client.read_frame();
      if (got.opcode == 8 || got.payload.starts_with("{\"ref\":")) return got;
    }
  };
  RawClient socket = connect();
  std::size_t refused = 0;
  std::size_t taken = 0;
  for (const std::string& body : all) {
    const Answer answer = posts.ask(support::post("/rooms/attic/messages", body));
    findings.expect(answer.status == 400 || answer.status == 413 ||
                        (answer.status == 201 && feed::parse_draft(body, "x")),
                    fmt::format("{} was answered with {}", feed::quote(feed::valid_utf8(body.substr(0, 60))),
                                answer.status));
    ++(answer.status == 201 ? taken : refused);

    const support::Frame got = answer_to(socket, body);
    if (got.opcode == 8) {
      findings.expect(got.close_code() == 1007 || got.close_code() == 1009,
                      fmt::format("a socket was closed with {} at {}", got.close_code(),
                                  feed::quote(feed::valid_utf8(body.substr(0, 60)))));
      socket = connect();
    }
    findings.expect(
        answer_to(socket, good).payload.starts_with(R"({"ref":1,"cursor":)"),
        fmt::format("a socket did not go on after {}", feed::quote(feed::valid_utf8(body.substr(0, 60)))));
  }
  socket.close();
  posts.close();
  findings.amount(fmt::format("{} bodies, posted and sent as frames", all.size()));
  findings.measured(fmt::format("{} refused, {} happened to be good", refused, taken));
  before.expect_back(target, findings);
  bystanders.expect_untouched(setting, findings);
  target.stop(findings);
}

}  // namespace faults
