// What compression saves and costs: permessage-deflate (RFC 7692) on a WebSocket with and without a memory of earlier messages, an event stream through
// gzip with a flush for each event, pages of polls through gzip each for itself. In this process, on text like that of a chat: the servers
// of the feed do not compress.

#include "bench/chatter.hpp"
#include "bench/experiment.hpp"
#include "bench/model.hpp"
#include "bench/zipped.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/beast/_experimental/test/stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket/stream.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <malloc.h>
#include <time.h>

namespace bench {
namespace {

namespace beast = boost::beast;
namespace ws = beast::websocket;

constexpr std::size_t counted = 1000;  // messages
constexpr std::size_t batch = 50;      // so many between two looks at the clock
constexpr std::size_t streams = 16;    // whose memory is measured together
constexpr int fast = 1;                // gzip_comp_level of nginx, unless it is told otherwise
constexpr std::size_t epoch_bytes = 8;

std::int64_t thread_ns() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

// What the allocator has given out, the large pieces that it gets from the kernel one by one too.
std::size_t allocated() {
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
}

// What came of sending all messages one way.
struct Sent {
  std::uint64_t bytes = 0;
  std::int64_t cpu_ns = 0;
  std::size_t intact = 0;  // messages that the reader has as they were
};

struct Compressed {
  Sent zipped, plain;
  double memory_bytes = 0;  // of a stream that has sent something
  double predicted_memory_bytes = 0;
};

// --- WebSocket ---

using Pipe =
    beast::test::stream;  // two of them are connected in memory; each counts what the other has written to it
using Socket = ws::stream<Pipe, true>;

enum class Deflate { none, without_memory, with_memory };

ws::permessage_deflate options(Deflate deflate) {
  ws::permessage_deflate options;  // level 8, window 15, memory level 4: Beast's own choice
  options.server_enable = options.client_enable = deflate != Deflate::none;
  options.server_no_context_takeover = deflate == Deflate::without_memory;
  return options;
}

struct Pair {
  explicit Pair(Deflate deflate) : server(io), client(io) {
    server.next_layer().connect(client.next_layer());
    server.set_option(options(deflate));
    client.set_option(options(deflate));
    server.auto_fragment(false);
    beast::error_code failure;
    client.async_handshake("localhost", "/", [&failure](beast::error_code error) { failure = error; });
    io.poll();  // the request is there
    server.accept();
    io.restart();
    io.poll();
    if (failure) throw std::runtime_error("the handshake of the pair failed: " + failure.message());
  }
  net::io_context io{1};
  Socket server, client;
};

Sent through_socket(const std::vector<std::string>& messages, Deflate deflate) {
  Pair pair(deflate);
  const std::size_t before = pair.client.next_layer().nwrite_bytes();
  Sent sent;
  for (std::size_t first = 0; first < messages.size(); first += batch) {
    const std::size_t end = std::min(first + batch, messages.size());
    const std::int64_t start = thread_ns();
    for (std::size_t i = first; i < end; ++i) pair.server.write(net::buffer(messages[i]));
    sent.cpu_ns += thread_ns() - start;
    for (std::size_t i = first; i < end; ++i) {
      beast::flat_buffer got;
      pair.client.read(got);
      sent.intact += std::string_view(static_cast<const char*>(got.data().data()), got.size()) == messages[i];
    }
  }
  sent.bytes = pair.client.next_layer().nwrite_bytes() - before;
  return sent;
}

// Of servers alone: their clients are bare ends of pipes that offer compression, and understand none.
double socket_memory(const std::string& message, Deflate deflate) {
  constexpr std::string_view handshake =
      "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
      "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n";
  net::io_context io(1);
  std::deque<Pipe> clients;
  std::deque<Socket> servers;
  for (std::size_t i = 0; i < streams; ++i) {
    clients.emplace_back(io);
    servers.emplace_back(io);
    servers.back().next_layer().connect(clients.back());
    servers.back().set_option(options(deflate));
    clients.back().write_some(net::buffer(handshake));
  }
  const std::size_t before = allocated();
  for (std::size_t i = 0; i < streams; ++i) {
    servers[i].accept();
    servers[i].write(net::buffer(message));
    clients[i].clear();
  }
  return (static_cast<double>(allocated()) - static_cast<double>(before)) / streams;
}

Compressed compress_sockets(const std::vector<std::string>& messages, Deflate deflate) {
  Compressed done{through_socket(messages, deflate), through_socket(messages, Deflate::none)};
  done.memory_bytes =
      socket_memory(messages.front(), deflate) - socket_memory(messages.front(), Deflate::none);
  const ws::permessage_deflate chosen = options(deflate);
  done.predicted_memory_bytes =
      static_cast<double>(deflate_memory_bytes(chosen.server_max_window_bits, chosen.memLevel));
  return done;
}

// --- server-sent events ---

std::string event_of(std::size_t i, const std::string& message) {
  return fmt::format("id: k3f9k3f9.{}\ndata: {}\n\n", i + 1, message);
}

std::string chunk(std::string_view bytes) { return fmt::format("{:x}\r\n{}\r\n", bytes.size(), bytes); }

Compressed compress_events(const std::vector<std::string>& messages) {
  Compressed done;
  Gzip gzip(fast);
  Gunzip gunzip;
  std::vector<std::string> chunks(batch);
  for (std::size_t first = 0; first < messages.size(); first += batch) {
    const std::size_t end = std::min(first + batch, messages.size());
    const std::int64_t start = thread_ns();
    for (std::size_t i = first; i < end; ++i) chunks[i - first] = chunk(event_of(i, messages[i]));
    const std::int64_t plain = thread_ns();
    for (const std::string& one : chunks) done.plain.bytes += one.size();
    const std::int64_t middle = thread_ns();
    std::vector<std::string> pieces;
    for (std::size_t i = first; i < end; ++i) pieces.push_back(gzip.add(event_of(i, messages[i]), false));
    for (std::size_t i = first; i < end; ++i) chunks[i - first] = chunk(pieces[i - first]);
    done.zipped.cpu_ns += thread_ns() - middle;
    done.plain.cpu_ns += plain - start;
    for (std::size_t i = first; i < end; ++i) {
      done.zipped.bytes += chunks[i - first].size();
      done.zipped.intact += gunzip.read(pieces[i - first]) == event_of(i, messages[i]);
    }
  }
  done.plain.intact = messages.size();
  const std::size_t before = allocated();
  std::deque<Gzip> kept;
  for (std::size_t i = 0; i < streams; ++i) kept.emplace_back(fast).add(messages.front(), false);
  done.memory_bytes = (static_cast<double>(allocated()) - static_cast<double>(before)) / streams;
  done.predicted_memory_bytes = static_cast<double>(deflate_memory_bytes(15, 8));
  return done;
}

// --- pages ---

std::string page_of(const std::vector<std::string>& messages, std::size_t first, std::size_t count) {
  std::string page = fmt::format(R"({{"cursor":"k3f9k3f9.{}","messages":[)", first + count);
  for (std::size_t i = first; i < first + count; ++i) page += (i > first ? "," : "") + messages[i];
  return page + "]}";
}

std::string answer_of(std::string_view body, std::string_view fields) {
  return fmt::format(
      "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{}\r\n{}",
      body.size(), fields, body);
}

Compressed compress_pages(const std::vector<std::string>& messages, std::size_t per_page) {
  Compressed done;
  for (std::size_t first = 0; first + per_page <= messages.size(); first += per_page) {
    const std::string page = page_of(messages, first, per_page);
    const std::int64_t start = thread_ns();
    done.plain.bytes += answer_of(page, {}).size();
    const std::int64_t middle = thread_ns();
    std::string zipped = Gzip(fast).add(page, true);
    done.zipped.bytes += answer_of(zipped, "Content-Encoding: gzip\r\n").size();
    done.zipped.cpu_ns += thread_ns() - middle;
    done.plain.cpu_ns += middle - start;
    if (Gunzip().read(zipped) == page) done.zipped.intact += per_page;
  }
  done.plain.intact = messages.size();
  return done;  // what it takes is given back with the answer
}

// --- cells ---

void measure(const std::function<Compressed(const std::vector<std::string>&)>& compress, std::size_t payload,
             Run& run) {
  const std::vector<std::string> messages = chatter(counted, payload, run.seed);
  const Compressed done = compress(messages);
  std::uint64_t json = 0;
  for (const std::string& message : messages) json += message.size();
  constexpr auto n = static_cast<double>(counted);
  run.figures["n"] = n;
  run.figures["json_bytes_per_message"] = static_cast<double>(json) / n;
  run.figures["bytes_per_message"] = static_cast<double>(done.zipped.bytes) / n;
  run.figures["plain_bytes_per_message"] = static_cast<double>(done.plain.bytes) / n;
  run.figures["saved_share"] =
      1 - static_cast<double>(done.zipped.bytes) / static_cast<double>(done.plain.bytes);
  run.figures["cpu_ns_per_message"] = static_cast<double>(done.zipped.cpu_ns) / n;
  run.figures["plain_cpu_ns_per_message"] = static_cast<double>(done.plain.cpu_ns) / n;
  if (done.predicted_memory_bytes > 0) {
    run.figures["memory_bytes_per_connection"] = done.memory_bytes;
    run.predicted["memory_bytes_per_connection"] = done.predicted_memory_bytes;
  }
  run.gates.push_back(
      equal("messages that came as they were, compressed", static_cast<double>(done.zipped.intact), n));
  run.gates.push_back(equal("messages that came as they were", static_cast<double>(done.plain.intact), n));
  std::uint64_t expected = 0;  // of what is not compressed
  for (std::size_t i = 0; i < counted; ++i) {
    if (run.arm.starts_with("ws")) expected += frame_bytes(messages[i].size());
    if (run.arm == "sse_gzip")
      expected += sse_event_bytes(cursor_bytes(epoch_bytes, i + 1), messages[i].size());
  }
  if (run.arm != "poll_gzip")
    run.gates.push_back(equal("bytes that are not compressed", static_cast<double>(done.plain.bytes),
                              static_cast<double>(expected)));
}

std::vector<Cell> cells_of(const Setting& setting) {
  std::vector<Cell> cells;
  const auto add = [&](const std::string& arm, std::size_t payload, std::size_t per_page,
                       std::function<Compressed(const std::vector<std::string>&)> compress) {
    Cell cell;
    cell.name = fmt::format("compression/{}/payload:{}{}", arm, payload,
                            per_page > 1 ? fmt::format("/per_page:{}", per_page) : "");
    cell.experiment = "compression";
    cell.arm = arm;
    cell.parameters = {{"payload_bytes", static_cast<double>(payload)}};
    if (per_page > 0) cell.parameters["per_page"] = static_cast<double>(per_page);
    cell.headline = "cpu_ns_per_message";
    cell.headline_seconds = 1e-9;
    cell.estimate_s = 0.15;
    cell.repetitions = setting.by_profile(0U, 1U, 10U);
    cell.measure = [payload, compress = std::move(compress)](Run& run) { measure(compress, payload, run); };
    cells.push_back(std::move(cell));
  };
  for (const std::size_t payload : {100, 1000}) {
    add("ws_takeover", payload, 0,
        [](const auto& messages) { return compress_sockets(messages, Deflate::with_memory); });
    add("ws_no_takeover", payload, 0,
        [](const auto& messages) { return compress_sockets(messages, Deflate::without_memory); });
    add("sse_gzip", payload, 0, compress_events);
    for (const std::size_t per_page : {1, 10})
      add("poll_gzip", payload, per_page,
          [per_page](const auto& messages) { return compress_pages(messages, per_page); });
  }
  return cells;
}

}  // namespace

Experiment compression_experiment() {
  return {
      "E16",
      "compression",
      "What does compression save, and what does it cost?",
      {{"payload, bytes", "payload_bytes"}, {"messages in a page", "per_page"}},
      {{"bytes per message", "bytes_per_message", Unit::bytes},
       {"not compressed", "plain_bytes_per_message", Unit::bytes},
       {"saved", "saved_share", Unit::share},
       {"CPU per message", "cpu_ns_per_message", Unit::nanoseconds},
       {"not compressed", "plain_cpu_ns_per_message", Unit::nanoseconds},
       {"memory per connection", "memory_bytes_per_connection", Unit::bytes, true}},
      "bytes are of frames, of chunks or of whole answers, as they carry chat made of English words, with nothing below them; CPU is that of making and writing them, memory what a connection keeps for its compressor once it has sent a message",
      "the packets below, in which a short message costs as much whether it is compressed or not; nor what it takes to send the same to a thousand readers, of whom each has a compressor of its own",
      {{"compression/ws_.*", "memory_bytes_per_connection",
        "the model is that of the window and the tables; the state beside them, which Beast makes for the other direction too, takes some 16 KiB more"}},
      cells_of};
}

}  // namespace bench
