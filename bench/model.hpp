#pragma once
// What theory expects, for every figure that the harness measures: delays from the ways of asking, bytes from the text of
// the protocols. Nothing here calls the code that is measured, or the comparison would be of that code with itself.

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

using Seconds = std::chrono::duration<double>;

// --- delay: from the time that a message was due to the time that the reader has it. d is the one-way delay. ---

/// Any delay between two bounds is as likely as another.
struct Uniform {
  Seconds low;
  Seconds high;
  Seconds mean() const { return (low + high) / 2; }
  Seconds percentile(double p) const { return low + (high - low) * p; }
};

/// The time from one poll to the next, every T start to start: T, or 2d where that is longer, since a poller never asks twice at once.
Seconds poll_period(Seconds interval, Seconds one_way);

/// A poll every T, start to start: uniform on [d, T + d], mean T/2 + d. T stands for the period, see there.
Uniform poll_delay(Seconds interval, Seconds one_way);

/// A poll T after the last answer: the period is T + 2d, so uniform on [d, T + 3d], mean T/2 + 2d.
Uniform poll_delay_with_pause(Seconds pause, Seconds one_way);

/// A poll that waits at the server. A message that finds it there is told at once; one that comes while the answer and the next
/// poll are under way, 2d, waits for it. With λ messages a second, at the server.
class LongPollDelay {
 public:
  LongPollDelay(double per_second, Seconds one_way);
  /// The share of the messages that wait: 2λd / (2λd + e^(-2λd)).
  double waiting() const { return waiting_; }
  /// d + 2λd² / (2λd + e^(-2λd))
  Seconds mean() const { return one_way_ * (1 + waiting_); }
  /// d for those that do not wait, uniform on [d, 3d] for the rest.
  Seconds percentile(double p) const;
  /// 3d
  Seconds max() const { return one_way_ * 3; }

 private:
  Seconds one_way_;
  double waiting_;
};

/// How often a long poll goes out: its answer comes with the first message, at once where one came while it was under way, and after `wait` where none
/// comes: 1 / (2d + e^(-2λd) · (1 - e^(-λ·wait)) / λ).
double long_polls_per_second(double per_second, Seconds one_way, Seconds wait);

/// How often a stream says that it is still there, where it does so after `every` of silence only: λ e^(-λ·every) / (1 - e^(-λ·every)).
double heartbeats_per_second(double per_second, Seconds every);

/// Mean delay of polling with a pause over that of pushing, (T/2 + 2d) / d = 2 + T/(2d).
double poll_to_push_ratio(Seconds pause, Seconds one_way);

// Send and hear it back: from the time that a message is sent to the time that its sender hears it, one message at a time. R = 2d.

/// Over connections that are there, R: the message goes there, what it causes comes back. WebSocket; a POST and an event stream; and a POST and a
/// long poll, since the next poll goes out when the last message is heard, and so before the next POST.
Seconds echo_delay(Seconds one_way);

/// Where each POST opens a connection first, 2R.
Seconds echo_delay_with_connect(Seconds one_way);

/// A POST, and polls every T start to start: uniform on [R, T + R], mean T/2 + R.
Uniform poll_echo_delay(Seconds interval, Seconds one_way);

/// The share of the polls that find nothing new: e^(-λT).
double empty_polls(double per_second, Seconds interval);

/// The last of N readers of a broadcast, where writing to one costs c: N·c.
Seconds last_reader(std::size_t readers, Seconds cost);

/// The first and the last of N pollers that hear of a message, each at its own phase of T: the medians of the smallest and of the largest of
/// N uniform times, T·(1 - 2^(-1/N)) and T·2^(-1/N).
Seconds first_poller(std::size_t readers, Seconds interval);
Seconds last_poller(std::size_t readers, Seconds interval);

// --- load: one server, messages as a Poisson process ---

/// How long a message is at the server on average, waiting and served: s + ρs(1 + C²)/(2(1 - ρ)), ρ = λs (Pollaczek and Khinchine, M/G/1).
/// `variation` is C², the variance of the service time over its square: 0 where every message costs the same, 1 where it is
/// exponential. Infinite from ρ = 1.
Seconds sojourn(double per_second, Seconds service, double variation);

/// The messages a second that a server can do, 1/s.
double knee(Seconds service);

// --- TCP ---

/// A packet's headers: 20 bytes of IP, 20 of TCP, 12 of timestamps.
constexpr std::uint64_t header_bytes = 20 + 20 + 12;
/// What a packet of 1500 bytes carries at most.
constexpr std::uint64_t segment_bytes = 1500 - header_bytes;
/// What Linux sends before the first acknowledgement: 10 segments (RFC 6928).
constexpr std::uint64_t initial_window = 10 * segment_bytes;

/// The round trips that slow start needs for so many bytes, the window doubling with each: ceil(log2(1 + bytes/14480)).
unsigned slow_start_rounds(std::uint64_t bytes);

/// Until the last of `bytes` is there that are written at once, on a connection that has sent little yet: (rounds - 1)·2d + d.
Seconds slow_start(std::uint64_t bytes, Seconds one_way);

/// The same for a poller, from the beginning of the burst: its next poll goes out at `asked`, and is answered by a server that is busy with the
/// burst until `busy`.
Seconds polled_burst(std::uint64_t bytes, Seconds asked, Seconds one_way, Seconds busy = Seconds(0));

/// Until the second of two small writes is there that make one message, to a receiver who answers messages. Nagle's algorithm holds it until the
/// first was acknowledged, and the receiver, who hopes to have something to say, acknowledges after `delayed`: d with one write or
/// without Nagle, else 3d + delayed.
Seconds second_write(Seconds one_way, bool nagle, unsigned writes,
                     Seconds delayed = std::chrono::milliseconds(40));
/// The same to one who never says anything: Linux acknowledges at once what such a program has read, so 3d.
Seconds second_write_to_the_silent(Seconds one_way, bool nagle, unsigned writes);

/// The messages per interval, λT*, above which polling costs less than pushing: (cost of a poll) / (what pushing a message costs
/// beyond the message). In bytes (H + A_poll) / (F + A_push), in CPU c_poll / c_push.
double break_even(double poll_cost, double push_cost);

/// [k] is how many polls find k messages, of those that go out in [0, window): poller i asks at phases[i], which is in [0, interval), and
/// every `interval` after that, and finds what was said since it asked before. `said`: when, ascending, from -interval on.
std::vector<std::size_t> pages(std::span<const Seconds> phases, Seconds interval,
                               std::span<const Seconds> said, Seconds window);

// --- bytes of TCP payload, as the protocols say them ---

/// Up is from the client to the server.
struct Bytes {
  std::uint64_t up = 0;
  std::uint64_t down = 0;
  std::uint64_t total() const { return up + down; }
  Bytes& operator+=(const Bytes& other) {
    up += other.up;
    down += other.down;
    return *this;
  }
  friend Bytes operator+(Bytes a, const Bytes& b) { return a += b; }
  friend Bytes operator-(const Bytes& a, const Bytes& b) { return {a.up - b.up, a.down - b.down}; }
  friend Bytes operator*(std::uint64_t times, const Bytes& b) { return {times * b.up, times * b.down}; }
  bool operator==(const Bytes&) const = default;
};

/// Where the requests go.
struct Target {
  std::string authority;  ///< "127.0.0.1:8081": what stands in Host
  std::string path;       ///< "/rooms/lobby", percent-encoded
  std::size_t fields =
      0;  ///< bytes of the header fields that a client adds to each request, with their line ends
};

/// What such fields are on the wire: "Cookie: a=b" is 13 bytes with its line end.
std::size_t fields_bytes(std::span<const std::string> fields);

/// `k3f9.17`: the epoch, a dot, the digits of the seq.
std::size_t cursor_bytes(std::size_t epoch_bytes, std::uint64_t seq);

/// `"hi"`, with its quotes: `"` and `\` and \b \f \n \r \t take two bytes, other control characters six (\u001f), all else is itself.
std::size_t json_string_bytes(std::string_view text);

/// `{"seq":17,"at":1763780000123,"author":"ada","text":"hi"}`; `at` has 13 digits until the year 2286.
std::size_t message_bytes(std::uint64_t seq, std::string_view author, std::string_view text);

/// `{"author":"ada","text":"hi"}`
std::size_t draft_bytes(std::string_view author, std::string_view text);

// Polling. `wait` is what a long poll asks for.

/// `GET /rooms/lobby/messages?after=k3f9.17 HTTP/1.1`, `Host`, `Accept: */*`, for a long poll `Prefer: wait=25`. A cursor of 0 bytes
/// means a poll without `after`.
std::size_t poll_request_bytes(const Target& target, std::size_t cursor,
                               std::optional<std::chrono::seconds> wait = {});

/// The 204 that says there is nothing new: the status line, `Date`, for a long poll `Preference-Applied: wait=25`.
std::size_t empty_response_bytes(std::optional<std::chrono::seconds> wait = {});

/// `{"cursor":"k3f9.21","messages":[…]}`: `count` messages, `messages` bytes of JSON in all, without the commas between them.
std::size_t page_body_bytes(std::size_t cursor, std::size_t count, std::size_t messages);

/// The 200 around such a page, head and body: `Date`, `Content-Type`, `Content-Length`, for a long poll `Preference-Applied`.
std::size_t page_response_bytes(std::size_t body, std::optional<std::chrono::seconds> wait = {});

/// A poll without `after` is answered with an `ETag: "k3f9.1-21"` besides: `tag` bytes with its quotes.
std::size_t tagged_page_response_bytes(std::size_t body, std::size_t tag);

/// A poll of the whole log that says which it has (`If-None-Match`, a tag of `tag` bytes with its quotes), and the 304 that repeats the tag.
Bytes unchanged_poll(const Target& target, std::size_t tag);

/// One exchange that brings nothing.
Bytes empty_poll(const Target& target, std::size_t cursor, std::optional<std::chrono::seconds> wait = {});

/// Expected bytes per delivered message, both ways, where messages of `message` bytes come as a Poisson process and a poll goes out
/// every `interval`: (request + e^(-λT)·204 + (1 - e^(-λT))·(200 + page without messages)) / λT + message + commas. Not exact to the byte:
/// it takes the Content-Length of the mean page.
double poll_bytes_per_message(const Target& target, std::size_t cursor, std::size_t message,
                              double per_second, Seconds interval);

/// The same with the headers of IP and TCP and with acknowledgements, for polls that stand alone. `per_interval` is λT.
double poll_ip_bytes_per_message(const Target& target, std::size_t cursor, std::size_t message,
                                 double per_interval);

/// The λT from which a polled message, `polled(λT)`, costs less than a pushed one; infinity where it never does. `polled` falls.
double where_polling_is_cheaper(const std::function<double(double)>& polled, double pushed);

// Server-sent events.

/// `GET /rooms/lobby/events HTTP/1.1`, `Host`, `Accept: text/event-stream`; `Last-Event-ID: k3f9.17` where the cursor has any bytes.
std::size_t sse_request_bytes(const Target& target, std::size_t cursor = 0);
/// The head of the 200: `Date`, `Content-Type: text/event-stream`, `Transfer-Encoding`, `Cache-Control`, `X-Accel-Buffering`.
std::size_t sse_response_head_bytes();
/// `retry: 1000`, `event: hello`, `id`, `data: {"cursor":"k3f9.17"}`, a blank line, as one chunk.
std::size_t sse_hello_bytes(std::size_t cursor);
/// `id: k3f9.17`, `data: {message}`, a blank line, as one chunk: the length in hexadecimal, CRLF, the event, CRLF.
std::size_t sse_event_bytes(std::size_t cursor, std::size_t message);
/// The same without a chunk around it, as a stream over HTTP/1.0 has it.
std::size_t sse_event_text_bytes(std::size_t cursor, std::size_t message);
std::size_t sse_hello_text_bytes(std::size_t cursor);
/// `: ` and a line end as one chunk: 8 bytes.
std::size_t sse_heartbeat_bytes();
/// Request, head and hello.
Bytes sse_setup(const Target& target, std::size_t hello_cursor, std::size_t last_event_id = 0);

// WebSocket.

/// The request that upgrades: `Host`, `Upgrade`, `Connection`, `Sec-WebSocket-Key` (24 characters), `Sec-WebSocket-Version: 13`,
/// `Sec-WebSocket-Protocol: chat.v1`; `?after=` where the cursor has any bytes.
std::size_t websocket_request_bytes(const Target& target, std::size_t cursor = 0);
/// The 101: `Upgrade`, `Connection`, `Sec-WebSocket-Accept` (28 characters), `Sec-WebSocket-Protocol`, `Server: Boost.Beast/345` (the three digits
/// are Beast's version).
std::size_t websocket_response_bytes();
/// The 403 to a handshake from a page of another origin. It names what came.
std::size_t foreign_origin_bytes(std::string_view origin);
/// A server's frame: a header of 2 bytes, of 4 from a payload of 126, of 10 from 65536 (RFC 6455, 5.2).
std::size_t frame_bytes(std::size_t payload);
/// A client's frame: 4 bytes of mask more.
std::size_t masked_frame_bytes(std::size_t payload);
/// `{"hello":{"cursor":"k3f9.17"}}` in a frame.
std::size_t websocket_hello_bytes(std::size_t cursor);
/// The server pings, 2 bytes, and the client answers, 6.
Bytes ping();
/// Request, 101 and hello.
Bytes websocket_setup(const Target& target, std::size_t hello_cursor, std::size_t after = 0);

// Publishing.

/// A POST of a draft and its `201` with `{"cursor":"k3f9.18"}`. `cursor` is the new message's. For drafts up to 1 MiB: from there
/// libcurl asks with `Expect: 100-continue` first.
Bytes post(const Target& target, std::string_view author, std::string_view text, std::size_t cursor);
/// `{"ref":1,"author":"ada","text":"hi"}`
std::size_t websocket_draft_bytes(std::uint64_t ref, std::string_view author, std::string_view text);
/// `{"ref":1,"author":"ada","text":"hi"}` in a masked frame and `{"ref":1,"cursor":"k3f9.18"}` in a frame.
Bytes websocket_publish(std::uint64_t ref, std::string_view author, std::string_view text,
                        std::size_t cursor);

// The floor: four bytes of length before each message.
std::size_t tcp_message_bytes(std::size_t message);

// A silent hour: TCP payload, both ways, of a client to whom nothing is said. Set-up is not in it.

/// 3600/T empty polls.
double poll_bytes_per_hour(const Target& target, std::size_t cursor, Seconds interval);
/// 3600/(wait + 2d) polls that end with 204.
double long_poll_bytes_per_hour(const Target& target, std::size_t cursor, std::chrono::seconds wait,
                                Seconds one_way = {});
/// A comment every heartbeat.
double sse_bytes_per_hour(Seconds heartbeat);
/// A ping and its pong every heartbeat.
double websocket_bytes_per_hour(Seconds heartbeat);

// Packets of IPv4, where the line takes 1500 bytes and nothing is lost. Counted as a reader sees them whose connection is up.

/// The packets for bytes that are written at once.
std::uint64_t segments(std::uint64_t bytes);

/// A message to a reader who has nothing to say: its segments, and an acknowledgement for every second of them and for the last.
std::uint64_t packets_of_push(std::uint64_t bytes);

/// A request and its answer with nothing before and after them for longer than an acknowledgement is held back (40 ms). The answer
/// acknowledges the end of the request; that of the answer goes alone.
std::uint64_t packets_of_exchange(std::uint64_t request, std::uint64_t answer);

/// The same for a POST of libcurl's, which writes head and body one after the other.
std::uint64_t packets_of_post(std::uint64_t head, std::uint64_t body, std::uint64_t answer);

/// A new connection: SYN, SYN+ACK and ACK, then a request and an answer in so many pieces. At first each packet is acknowledged at once.
std::uint64_t packets_of_setup(std::uint64_t request, std::uint64_t pieces);
/// What SYN and SYN+ACK have besides: their options take 20 bytes, and not 12.
constexpr std::uint64_t syn_bytes = 2 * 8;

/// Payload and headers.
std::uint64_t ip_bytes(std::uint64_t payload, std::uint64_t packets);

// Bytes of IP a second, both ways, of one reader to whom messages of `message` bytes come as a Poisson process, heartbeats among them.

/// A poll every `interval`.
double poll_ip_bytes_per_second(const Target& target, std::size_t cursor, std::size_t message,
                                double per_second, Seconds interval);
/// A comment after each `heartbeat` of silence.
double sse_ip_bytes_per_second(std::size_t cursor, std::size_t message, double per_second, Seconds heartbeat);
/// A ping each `heartbeat`: it asks whether the client is still there, and messages to the client do not say so.
double websocket_ip_bytes_per_second(std::size_t message, double per_second, Seconds heartbeat);

// Compression.

/// What zlib keeps for a stream that it compresses: 2^(window + 2) + 2^(level + 9) (zconf.h), 256 KiB at its defaults of 15 and 8.
std::size_t deflate_memory_bytes(int window_bits, int memory_level);

}  // namespace bench
