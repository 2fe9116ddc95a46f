#include "bench/model.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace bench {
namespace {

// Any date: all are 29 bytes (RFC 9110, 5.6.7).
constexpr std::string_view date = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n";

constexpr double hour_s = 3600;

// Some text of that length, to stand for what is not known but for its length.
std::string any(std::size_t bytes) { return std::string(bytes, 'x'); }

std::string preference(std::optional<std::chrono::seconds> wait) {
  return wait ? fmt::format("Prefer: wait={}\r\n", wait->count()) : std::string();
}

std::string preference_applied(std::optional<std::chrono::seconds> wait) {
  return wait ? fmt::format("Preference-Applied: wait={}\r\n", wait->count()) : std::string();
}

std::size_t chunk_bytes(std::size_t bytes) { return fmt::formatted_size("{:x}\r\n\r\n", bytes) + bytes; }

// Header fields of that many bytes, line ends and all.
std::string further(const Target& target) { return any(target.fields); }

std::string place_json(std::size_t cursor) { return fmt::format(R"({{"cursor":"{}"}})", any(cursor)); }

}  // namespace

// --- delay ---

Seconds poll_period(Seconds interval, Seconds one_way) { return std::max(interval, 2 * one_way); }

Uniform poll_delay(Seconds interval, Seconds one_way) {
  return {one_way, poll_period(interval, one_way) + one_way};
}

Uniform poll_delay_with_pause(Seconds pause, Seconds one_way) { return {one_way, pause + 3 * one_way}; }

LongPollDelay::LongPollDelay(double per_second, Seconds one_way) : one_way_(one_way) {
  const double under_way =
      2 * per_second * one_way.count();  // messages that come while no poll waits, per poll
  waiting_ = under_way / (under_way + std::exp(-under_way));
}

Seconds LongPollDelay::percentile(double p) const {
  const double at_once = 1 - waiting_;
  if (p <= at_once) return one_way_;
  return one_way_ + 2 * one_way_ * ((p - at_once) / waiting_);
}

double long_polls_per_second(double per_second, Seconds one_way, Seconds wait) {
  const double under_way = 2 * one_way.count();
  const double waited = per_second > 0 ? -std::expm1(-per_second * wait.count()) / per_second : wait.count();
  return 1 / (under_way + std::exp(-per_second * under_way) * waited);
}

double heartbeats_per_second(double per_second, Seconds every) {
  if (per_second <= 0) return 1 / every.count();
  return per_second / std::expm1(per_second * every.count());
}

double poll_to_push_ratio(Seconds pause, Seconds one_way) { return 2 + pause / (2 * one_way); }

Seconds echo_delay(Seconds one_way) { return 2 * one_way; }

Seconds echo_delay_with_connect(Seconds one_way) { return 4 * one_way; }

Uniform poll_echo_delay(Seconds interval, Seconds one_way) {
  return {2 * one_way, poll_period(interval, one_way) + 2 * one_way};
}

double empty_polls(double per_second, Seconds interval) { return std::exp(-per_second * interval.count()); }

Seconds last_reader(std::size_t readers, Seconds cost) { return static_cast<double>(readers) * cost; }

Seconds first_poller(std::size_t readers, Seconds interval) {
  return interval * (1 - std::exp2(-1 / static_cast<double>(readers)));
}

Seconds last_poller(std::size_t readers, Seconds interval) {
  return interval * std::exp2(-1 / static_cast<double>(readers));
}

double break_even(double poll_cost, double push_cost) { return poll_cost / push_cost; }

// --- load ---

Seconds sojourn(double per_second, Seconds service, double variation) {
  const double used = per_second * service.count();
  if (used >= 1) return Seconds(std::numeric_limits<double>::infinity());
  return service + used * service * (1 + variation) / (2 * (1 - used));
}

double knee(Seconds service) { return 1 / service.count(); }

// --- TCP ---

unsigned slow_start_rounds(std::uint64_t bytes) {
  unsigned rounds = 0;
  for (std::uint64_t sent = 0, window = initial_window; sent < bytes; window *= 2, ++rounds) sent += window;
  return rounds;
}

Seconds slow_start(std::uint64_t bytes, Seconds one_way) {
  const unsigned rounds = std::max(slow_start_rounds(bytes), 1U);
  return 2.0 * (rounds - 1) * one_way + one_way;
}

Seconds polled_burst(std::uint64_t bytes, Seconds asked, Seconds one_way, Seconds busy) {
  return std::max(asked + one_way, busy) + slow_start(bytes, one_way);
}

Seconds second_write(Seconds one_way, bool nagle, unsigned writes, Seconds delayed) {
  return nagle && writes > 1 ? 3 * one_way + delayed : one_way;
}

Seconds second_write_to_the_silent(Seconds one_way, bool nagle, unsigned writes) {
  return second_write(one_way, nagle, writes, Seconds(0));
}

std::vector<std::size_t> pages(std::span<const Seconds> phases, Seconds interval,
                               std::span<const Seconds> said, Seconds window) {
  std::vector<std::size_t> found(said.size() + 1);
  const auto before = [said](Seconds at) { return std::lower_bound(said.begin(), said.end(), at); };
  for (const Seconds phase : phases) {
    // Not added up, so that a poll in step with the window's end is not in by a rounding.
    for (std::size_t k = 0; phase + static_cast<double>(k) * interval < window; ++k) {
      const Seconds at = phase + static_cast<double>(k) * interval;
      ++found[static_cast<std::size_t>(before(at) - before(at - interval))];
    }
  }
  while (found.size() > 1 && found.back() == 0) found.pop_back();
  return found;
}

// --- what all share ---

std::size_t fields_bytes(std::span<const std::string> fields) {
  std::size_t bytes = 0;
  for (const std::string& field : fields) bytes += field.size() + std::string_view("\r\n").size();
  return bytes;
}

std::size_t cursor_bytes(std::size_t epoch_bytes, std::uint64_t seq) {
  return epoch_bytes + fmt::formatted_size(".{}", seq);
}

std::size_t json_string_bytes(std::string_view text) {
  std::size_t bytes = 2;
  for (const char c : text) {
    if (c == '"' || c == '\\' || c == '\b' || c == '\f' || c == '\n' || c == '\r' || c == '\t') {
      bytes += 2;
    } else {
      bytes += static_cast<unsigned char>(c) < 0x20 ? 6 : 1;
    }
  }
  return bytes;
}

std::size_t message_bytes(std::uint64_t seq, std::string_view author, std::string_view text) {
  return fmt::formatted_size(R"({{"seq":{},"at":1763780000123,"author":,"text":}})", seq) +
         json_string_bytes(author) + json_string_bytes(text);
}

std::size_t draft_bytes(std::string_view author, std::string_view text) {
  return std::string_view(R"({"author":,"text":})").size() + json_string_bytes(author) +
         json_string_bytes(text);
}

// --- polling ---

std::size_t poll_request_bytes(const Target& target, std::size_t cursor,
                               std::optional<std::chrono::seconds> wait) {
  const std::string query = cursor > 0 ? "?after=" + any(cursor) : std::string();
  return fmt::formatted_size("GET {}/messages{} HTTP/1.1\r\nHost: {}\r\nAccept: */*\r\n{}{}\r\n", target.path,
                             query, target.authority, preference(wait), further(target));
}

std::size_t empty_response_bytes(std::optional<std::chrono::seconds> wait) {
  return fmt::formatted_size("HTTP/1.1 204 No Content\r\n{}{}\r\n", date, preference_applied(wait));
}

std::size_t page_body_bytes(std::size_t cursor, std::size_t count, std::size_t messages) {
  const std::size_t commas = count > 0 ? count - 1 : 0;
  return fmt::formatted_size(R"({{"cursor":"{}","messages":[]}})", any(cursor)) + messages + commas;
}

std::size_t page_response_bytes(std::size_t body, std::optional<std::chrono::seconds> wait) {
  return fmt::formatted_size(
             "HTTP/1.1 200 OK\r\n{}Content-Type: application/json\r\nContent-Length: {}\r\n{}\r\n", date,
             body, preference_applied(wait)) +
         body;
}

std::size_t tagged_page_response_bytes(std::size_t body, std::size_t tag) {
  return page_response_bytes(body) + fmt::formatted_size("ETag: {}\r\n", any(tag));
}

Bytes unchanged_poll(const Target& target, std::size_t tag) {
  return {poll_request_bytes(target, 0) + fmt::formatted_size("If-None-Match: {}\r\n", any(tag)),
          fmt::formatted_size("HTTP/1.1 304 Not Modified\r\n{}ETag: {}\r\n\r\n", date, any(tag))};
}

Bytes empty_poll(const Target& target, std::size_t cursor, std::optional<std::chrono::seconds> wait) {
  return {poll_request_bytes(target, cursor, wait), empty_response_bytes(wait)};
}

double poll_bytes_per_message(const Target& target, std::size_t cursor, std::size_t message,
                              double per_second, Seconds interval) {
  const double per_poll = per_second * interval.count();
  const double empty = empty_polls(per_second, interval);
  const double full = 1 - empty;
  const double in_page = per_poll / full;  // messages in a page that has any
  const auto body = static_cast<double>(page_body_bytes(cursor, 0, 0)) +
                    in_page * static_cast<double>(message) + (in_page - 1);
  const auto head = static_cast<double>(page_response_bytes(static_cast<std::size_t>(std::lround(body))) -
                                        static_cast<std::size_t>(std::lround(body)));
  const auto request = static_cast<double>(poll_request_bytes(target, cursor));
  return (request + empty * static_cast<double>(empty_response_bytes()) + full * (head + body)) / per_poll;
}

double poll_ip_bytes_per_message(const Target& target, std::size_t cursor, std::size_t message,
                                 double per_interval) {
  const std::uint64_t request = poll_request_bytes(target, cursor);
  // Far enough to both sides of the mean that nothing is missing; in logarithms, since e^(-λT) is 0 for a double from 746 on.
  const double far = 12 * std::sqrt(per_interval) + 20;
  const auto fewest = static_cast<std::size_t>(std::max(per_interval - far, 0.0)),
             most = static_cast<std::size_t>(per_interval + far);
  double bytes = 0;
  for (std::size_t count = fewest; count <= most; ++count) {
    const auto k = static_cast<double>(count);
    const double probability = std::exp(k * std::log(per_interval) - per_interval - std::lgamma(k + 1));
    const std::uint64_t answer = count == 0
                                     ? empty_response_bytes()
                                     : page_response_bytes(page_body_bytes(cursor, count, count * message));
    bytes +=
        probability * static_cast<double>(ip_bytes(request + answer, packets_of_exchange(request, answer)));
  }
  return bytes / per_interval;
}

double where_polling_is_cheaper(const std::function<double(double)>& polled, double pushed) {
  constexpr double least = 1e-3, most = 1e6;
  if (polled(most) >= pushed) return std::numeric_limits<double>::infinity();
  double dear = least, cheap = most;
  for (int i = 0; i < 100; ++i) {
    const double middle = std::sqrt(dear * cheap);
    (polled(middle) > pushed ? dear : cheap) = middle;
  }
  return cheap;
}

// --- server-sent events ---

std::size_t sse_request_bytes(const Target& target, std::size_t cursor) {
  const std::string resume = cursor > 0 ? fmt::format("Last-Event-ID: {}\r\n", any(cursor)) : std::string();
  return fmt::formatted_size("GET {}/events HTTP/1.1\r\nHost: {}\r\nAccept: text/event-stream\r\n{}{}\r\n",
                             target.path, target.authority, resume, further(target));
}

std::size_t sse_response_head_bytes() {
  return fmt::formatted_size(
      "HTTP/1.1 200 OK\r\n{}Content-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n"
      "Cache-Control: no-store\r\nX-Accel-Buffering: no\r\n\r\n",
      date);
}

std::size_t sse_hello_text_bytes(std::size_t cursor) {
  return fmt::formatted_size("retry: 1000\nevent: hello\nid: {}\ndata: {}\n\n", any(cursor),
                             place_json(cursor));
}

std::size_t sse_hello_bytes(std::size_t cursor) { return chunk_bytes(sse_hello_text_bytes(cursor)); }

std::size_t sse_event_text_bytes(std::size_t cursor, std::size_t message) {
  return fmt::formatted_size("id: {}\ndata: \n\n", any(cursor)) + message;
}

std::size_t sse_event_bytes(std::size_t cursor, std::size_t message) {
  return chunk_bytes(sse_event_text_bytes(cursor, message));
}

std::size_t sse_heartbeat_bytes() { return chunk_bytes(std::string_view(": \n").size()); }

Bytes sse_setup(const Target& target, std::size_t hello_cursor, std::size_t last_event_id) {
  return {sse_request_bytes(target, last_event_id),
          sse_response_head_bytes() + sse_hello_bytes(hello_cursor)};
}

// --- WebSocket ---

std::size_t websocket_request_bytes(const Target& target, std::size_t cursor) {
  const std::string query = cursor > 0 ? "?after=" + any(cursor) : std::string();
  return fmt::formatted_size(
      "GET {}/socket{} HTTP/1.1\r\nHost: {}\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat.v1\r\n{}\r\n",
      target.path, query, target.authority, further(target));
}

std::size_t websocket_response_bytes() {
  return std::string_view(
             "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n"
             "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat.v1\r\nServer: Boost.Beast/345\r\n\r\n")
      .size();
}

std::size_t frame_bytes(std::size_t payload) {
  if (payload < 126) return 2 + payload;
  if (payload < 65536) return 2 + 2 + payload;
  return 2 + 8 + payload;
}

std::size_t masked_frame_bytes(std::size_t payload) { return frame_bytes(payload) + 4; }

std::size_t websocket_hello_bytes(std::size_t cursor) {
  return frame_bytes(fmt::formatted_size(R"({{"hello":{}}})", place_json(cursor)));
}

Bytes ping() { return {masked_frame_bytes(0), frame_bytes(0)}; }

std::size_t foreign_origin_bytes(std::string_view origin) {
  const std::size_t body = fmt::formatted_size(
      R"({{"status":403,"title":"Forbidden","detail":"origin is \"{}\", expected this server's own or one given with --allow-origin"}})",
      origin);
  return fmt::formatted_size(
             "HTTP/1.1 403 Forbidden\r\n{}Content-Type: application/problem+json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
             date, body) +
         body;
}

Bytes websocket_setup(const Target& target, std::size_t hello_cursor, std::size_t after) {
  return {websocket_request_bytes(target, after),
          websocket_response_bytes() + websocket_hello_bytes(hello_cursor)};
}

// --- publishing ---

Bytes post(const Target& target, std::string_view author, std::string_view text, std::size_t cursor) {
  const std::size_t draft = draft_bytes(author, text);
  const std::string place = place_json(cursor);
  return {fmt::formatted_size("POST {}/messages HTTP/1.1\r\nHost: {}\r\nAccept: */*\r\n"
                              "Content-Type: application/json\r\nContent-Length: {}\r\n{}\r\n",
                              target.path, target.authority, draft, further(target)) +
              draft,
          fmt::formatted_size(
              "HTTP/1.1 201 Created\r\n{}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
              date, place.size(), place)};
}

std::size_t websocket_draft_bytes(std::uint64_t ref, std::string_view author, std::string_view text) {
  return fmt::formatted_size(R"({{"ref":{},"author":,"text":}})", ref) + json_string_bytes(author) +
         json_string_bytes(text);
}

Bytes websocket_publish(std::uint64_t ref, std::string_view author, std::string_view text,
                        std::size_t cursor) {
  return {masked_frame_bytes(websocket_draft_bytes(ref, author, text)),
          frame_bytes(fmt::formatted_size(R"({{"ref":{},"cursor":"{}"}})", ref, any(cursor)))};
}

std::size_t tcp_message_bytes(std::size_t message) { return 4 + message; }

// --- silence ---

double poll_bytes_per_hour(const Target& target, std::size_t cursor, Seconds interval) {
  return hour_s / interval.count() * static_cast<double>(empty_poll(target, cursor).total());
}

double long_poll_bytes_per_hour(const Target& target, std::size_t cursor, std::chrono::seconds wait,
                                Seconds one_way) {
  return hour_s / (wait + 2 * one_way).count() *
         static_cast<double>(empty_poll(target, cursor, wait).total());
}

double sse_bytes_per_hour(Seconds heartbeat) {
  return hour_s / heartbeat.count() * static_cast<double>(sse_heartbeat_bytes());
}

double websocket_bytes_per_hour(Seconds heartbeat) {
  return hour_s / heartbeat.count() * static_cast<double>(ping().total());
}

// --- packets ---

std::uint64_t segments(std::uint64_t bytes) { return (bytes + segment_bytes - 1) / segment_bytes; }

std::uint64_t packets_of_push(std::uint64_t bytes) {
  const std::uint64_t data = segments(bytes);
  return data + (data + 1) / 2;
}

std::uint64_t packets_of_exchange(std::uint64_t request, std::uint64_t answer) {
  const std::uint64_t asked = segments(request), answered = segments(answer);
  return asked + asked / 2 + answered + (answered + 1) / 2;
}

std::uint64_t packets_of_post(std::uint64_t head, std::uint64_t body, std::uint64_t answer) {
  return segments(head) + segments(body) + (segments(head) + segments(body)) / 2 + segments(answer) +
         (segments(answer) + 1) / 2;
}

std::uint64_t packets_of_setup(std::uint64_t request, std::uint64_t pieces) {
  return 3 + 2 * (segments(request) + pieces);
}

std::uint64_t ip_bytes(std::uint64_t payload, std::uint64_t packets) {
  return payload + packets * header_bytes;
}

double poll_ip_bytes_per_second(const Target& target, std::size_t cursor, std::size_t message,
                                double per_second, Seconds interval) {
  return per_second * poll_ip_bytes_per_message(target, cursor, message, per_second * interval.count());
}

double sse_ip_bytes_per_second(std::size_t cursor, std::size_t message, double per_second,
                               Seconds heartbeat) {
  const auto pushed = [](std::size_t bytes) {
    return static_cast<double>(ip_bytes(bytes, packets_of_push(bytes)));
  };
  return per_second * pushed(sse_event_bytes(cursor, message)) +
         heartbeats_per_second(per_second, heartbeat) * pushed(sse_heartbeat_bytes());
}

double websocket_ip_bytes_per_second(std::size_t message, double per_second, Seconds heartbeat) {
  const std::size_t frame = frame_bytes(message);
  const auto message_cost = static_cast<double>(ip_bytes(frame, packets_of_push(frame)));
  const auto ping_cost =
      static_cast<double>(ip_bytes(ping().total(), packets_of_exchange(ping().down, ping().up)));
  return per_second * message_cost + ping_cost / heartbeat.count();
}

// --- compression ---

std::size_t deflate_memory_bytes(int window_bits, int memory_level) {
  return (std::size_t{1} << (window_bits + 2)) + (std::size_t{1} << (memory_level + 9));
}

}  // namespace bench
