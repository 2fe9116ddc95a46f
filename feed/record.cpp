#include "feed/record.hpp"

#include <boost/json.hpp>

#include <utility>

namespace feed {
namespace json = boost::json;
namespace {

std::string say(const Follows& what) { return R"("follows":")" + to_string(what.after) + '"'; }
std::string say(const Told& what) { return R"("hello":)" + encode(what.hello); }
std::string say(const Received& what) {
  return R"("received":)" + encode(what.message) + R"(,"epoch":")" + what.epoch + '"';
}
std::string say(const Lost& what) { return R"("lost":)" + quote(what.reason); }
std::string say(const Closed& what) { return R"("closed":)" + quote(what.reason); }
std::string say(const Publishes& what) {
  return R"("publishes":)" + std::to_string(what.id) + R"(,"author":)" + quote(what.author) + R"(,"text":)" +
         quote(what.text);
}
std::string say(const Acknowledged& what) {
  return R"("acknowledged":)" + std::to_string(what.id) + R"(,"cursor":")" + to_string(what.cursor) + '"';
}
std::string say(const Refused& what) {
  return R"("refused":)" + std::to_string(what.id) + R"(,"reason":)" + quote(what.reason);
}
std::string say(const Unanswered& what) {
  return R"("unanswered":)" + std::to_string(what.id) + R"(,"reason":)" + quote(what.reason);
}

Error wrong(std::string_view member, std::string_view expected) {
  return invalid("\"" + std::string(member) + "\" is not there or of another type, expected " +
                 std::string(expected));
}

Result<std::string> text_in(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (!value || !value->is_string()) return wrong(name, "a string");
  return std::string(value->get_string());
}

Result<std::int64_t> number_in(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (!value || !value->is_int64() || value->get_int64() < 0) return wrong(name, "a whole number");
  return value->get_int64();
}

Result<const json::object*> object_in(const json::object& object, std::string_view name) {
  const json::value* value = object.if_contains(name);
  if (!value || !value->is_object()) return wrong(name, "an object");
  return &value->get_object();
}

using What = decltype(Record::what);

Result<What> parse_follows(const json::object& line) {
  const auto text = text_in(line, "follows");
  if (!text) return text.error();
  auto after = parse_after(*text);
  if (!after) return after.error();
  return What(Follows{*std::move(after)});
}

Result<What> parse_told(const json::object& line) {
  const auto object = object_in(line, "hello");
  if (!object) return object.error();
  auto hello = parse_hello(**object);
  if (!hello) return hello.error();
  return What(Told{*std::move(hello)});
}

Result<What> parse_received(const json::object& line) {
  const auto object = object_in(line, "received");
  if (!object) return object.error();
  auto message = parse_message(**object);
  if (!message) return message.error();
  auto epoch = text_in(line, "epoch");
  if (!epoch) return epoch.error();
  return What(Received{*std::move(epoch), *std::move(message)});
}

template <class End>
Result<What> parse_end(const json::object& line, std::string_view name) {
  auto reason = text_in(line, name);
  if (!reason) return reason.error();
  return What(End{*std::move(reason)});
}

Result<What> parse_publishes(const json::object& line) {
  const auto id = number_in(line, "publishes");
  if (!id) return id.error();
  auto author = text_in(line, "author");
  if (!author) return author.error();
  auto text = text_in(line, "text");
  if (!text) return text.error();
  return What(Publishes{static_cast<std::uint64_t>(*id), *std::move(author), *std::move(text)});
}

Result<What> parse_acknowledged(const json::object& line) {
  const auto id = number_in(line, "acknowledged");
  if (!id) return id.error();
  const auto text = text_in(line, "cursor");
  if (!text) return text.error();
  auto cursor = parse_cursor(*text);
  if (!cursor) return cursor.error();
  return What(Acknowledged{static_cast<std::uint64_t>(*id), *std::move(cursor)});
}

template <class Outcome>
Result<What> parse_outcome(const json::object& line, std::string_view name) {
  const auto id = number_in(line, name);
  if (!id) return id.error();
  auto reason = text_in(line, "reason");
  if (!reason) return reason.error();
  return What(Outcome{static_cast<std::uint64_t>(*id), *std::move(reason)});
}

Result<What> parse_what(const json::object& line) {
  if (line.contains("received")) return parse_received(line);
  if (line.contains("hello")) return parse_told(line);
  if (line.contains("publishes")) return parse_publishes(line);
  if (line.contains("acknowledged")) return parse_acknowledged(line);
  if (line.contains("refused")) return parse_outcome<Refused>(line, "refused");
  if (line.contains("unanswered")) return parse_outcome<Unanswered>(line, "unanswered");
  if (line.contains("lost")) return parse_end<Lost>(line, "lost");
  if (line.contains("closed")) return parse_end<Closed>(line, "closed");
  if (line.contains("follows")) return parse_follows(line);
  return invalid("got no member that says what happened, expected one like \"received\"");
}

}  // namespace

std::string encode(const Record& record) {
  return R"({"client":)" + quote(record.client) + R"(,"room":)" + quote(record.room) + R"(,"us":)" +
         std::to_string(record.at_us) + ',' +
         std::visit([](const auto& what) { return say(what); }, record.what) + '}';
}

Result<Record> parse_record(std::string_view text) {
  const auto line = parse_object(text);
  if (!line) return line.error();
  auto client = text_in(*line, "client");
  if (!client) return client.error();
  auto room = text_in(*line, "room");
  if (!room) return room.error();
  const auto at = number_in(*line, "us");
  if (!at) return at.error();
  auto what = parse_what(*line);
  if (!what) return what.error();
  return Record{*std::move(client), *std::move(room), *at, *std::move(what)};
}

}  // namespace feed
