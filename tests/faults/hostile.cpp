// Row 32: servers that are out to hurt our clients.

#include "faults/rows.hpp"
#include "faults/target.hpp"
#include "feed/client.hpp"
#include "polling/client.hpp"
#include "support/clients.hpp"
#include "support/hostile_frames.hpp"
#include "support/hostile_server.hpp"
#include "support/loop.hpp"
#include "support/test_server.hpp"

#include <boost/beast/zlib/deflate_stream.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace faults {
namespace {

using support::HostileServer;
using support::Over;
using Peer = HostileServer::Peer;
using Clock = std::chrono::steady_clock;

constexpr std::size_t megabyte = 1 << 20;
// A page and a message may have 64 MiB, which a string that grows has twice for a moment; a stream holds one event.
constexpr std::size_t most_memory = 192 * megabyte;
constexpr std::size_t most_memory_of_stream = 24 * megabyte;
constexpr int most_attempts = 3;  // then nobody doubts that it comes back

// What a client may make of it.
enum class Ending {
  either,  // with a reason, or another attempt later
  ends,    // with a reason: another attempt would be pointless
};

struct Trick {
  std::string_view name;
  std::function<void(Peer&, const std::string& head)> play;
  Ending of_poll = Ending::either, of_stream = Ending::either, of_socket = Ending::either;
};

bool is_socket(const std::string& head) { return head.find("Upgrade: websocket") != std::string::npos; }
bool is_stream(const std::string& head) { return head.find("/events") != std::string::npos; }

// The head of a good answer, but for the length of its body.
std::string good_head(const std::string& head, std::string_view fields = "") {
  if (is_socket(head)) return support::accepting(head);
  return fmt::format("HTTP/1.1 200 OK\r\nContent-Type: {}\r\n{}\r\n",
                     is_stream(head) ? "text/event-stream" : "application/json", fields);
}

// As long as the client takes it, and so many bytes at most.
void send_without_end(Peer& peer, const std::string& piece, std::size_t most) {
  std::string much;
  while (much.size() < megabyte) much += piece;
  std::size_t offered = 0;
  while (offered < most && peer.send(much)) offered += much.size();
}

// 1 GiB of zeros in 1 MiB or so.
std::string bomb() {
  namespace zlib = boost::beast::zlib;
  const std::string zeros(megabyte, '\0');
  std::string block(megabyte, '\0');
  zlib::deflate_stream deflate;
  zlib::z_params params;
  params.next_in = zeros.data();
  params.avail_in = zeros.size();
  params.next_out = block.data();
  params.avail_out = block.size();
  boost::system::error_code error;
  deflate.write(params, zlib::Flush::full, error);  // so that it can be repeated
  block.resize(params.total_out);
  std::string all("\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff", 10);  // RFC 1952, 2.3
  for (int n = 0; n < 1024; ++n) all += block;
  return all + std::string("\x01\x00\x00\xff\xff", 5);  // the last block, an empty one
}

std::vector<Trick> tricks(std::size_t most) {
  const auto say = [](std::string bytes) {
    return [bytes = std::move(bytes)](Peer& peer, const std::string&) { peer.send(bytes); };
  };
  const auto say_on = [most](std::string begin, std::string piece) {
    return [begin = std::move(begin), piece = std::move(piece), most](Peer& peer, const std::string&) {
      if (peer.send(begin)) send_without_end(peer, piece, most);
    };
  };
  const std::string piece(1000, 'x');
  using enum Ending;
  std::vector<Trick> all{
      {"a status line without an end", say_on("HTTP/1.1 200 ", piece)},
      {"a field without an end", say_on("HTTP/1.1 200 OK\r\nX: ", piece)},
      {"fields without an end", say_on("HTTP/1.1 200 OK\r\n", "X: " + piece + "\r\n")},
      {"empty fields without an end", say_on("HTTP/1.1 200 OK\r\n", "X:\r\n")},
      {"a chunk extension without an end",
       say_on("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n1;",
              piece)},
      {"trailers without an end",
       say_on("HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
              "X: " + piece + "\r\n")},
      {"nothing but garbage", say_on("\x16\x03\x01\x02\x00\x01", piece)},
      {"another protocol's greeting", say("SSH-2.0-OpenSSH_9.2\r\n")},
      {"nothing, and the end", say("")},
      {"half a head, and the end", say("HTTP/1.1 200 OK\r\nContent-Ty")},
      {"a redirect to itself",
       [](Peer& peer, const std::string& head) {
         const std::size_t begin = head.find(' ') + 1;
         const std::string path = head.substr(begin, head.find(' ', begin) - begin);
         peer.send("HTTP/1.1 302 Found\r\nLocation: " + path + "\r\nContent-Length: 0\r\n\r\n");
       }},
      {"a redirect to a file",
       say("HTTP/1.1 302 Found\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n")},
      {"204", say("HTTP/1.1 204 No Content\r\n\r\n"), either, ends, ends},
      {"404 with a body without an end",
       say_on("HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\n\r\n", piece), ends, ends, ends},
      {"a wrong type without an end", say_on("HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n\r\n", piece),
       ends, ends, either},
      {"a good answer of 1 GiB",
       [piece, most](Peer& peer, const std::string& head) {
         if (!peer.send(good_head(head, "Content-Length: 1073741824\r\n"))) return;
         if (is_socket(head)) peer.send(std::string("\x81\x7f\x00\x00\x00\x00\x40\x00\x00\x00", 10));
         send_without_end(peer, piece, most);
       },
       ends, ends, either},
      {"a chunk of 1 GiB",
       [piece, most](Peer& peer, const std::string& head) {
         if (!peer.send(good_head(head, "Transfer-Encoding: chunked\r\n") + "40000000\r\n")) return;
         send_without_end(peer, piece, most);
       },
       ends, ends, either},
      {"a line, or a message in fragments, without an end",
       [piece, most](Peer& peer, const std::string& head) {
         const std::string fragment = "\x7e\x03\xe8" + piece;
         if (!peer.send(good_head(head) + (is_socket(head)   ? "\x01" + fragment
                                           : is_stream(head) ? "data: "
                                                             : R"({"cursor":"k3f9.0","messages":[)")))
           return;
         send_without_end(peer, is_socket(head) ? std::string(1, '\0') + fragment : piece, most);
       },
       ends, ends, either},
      {"lines of data without an event",
       [piece, most](Peer& peer, const std::string& head) {
         if (peer.send(good_head(head))) send_without_end(peer, "data: " + piece + "\n", most);
       },
       ends, ends, either},
      {"a gzip bomb that nobody asked for",
       [bytes = bomb()](Peer& peer, const std::string& head) {
         peer.send(good_head(head, "Content-Encoding: gzip\r\n"));
         peer.send(bytes);
       },
       ends, either, either},
      {"a JSON of depth 1 000 000",
       [](Peer& peer, const std::string& head) {
         const std::string deep = R"({"cursor":)" + std::string(1'000'000, '[');
         peer.send(good_head(head));
         peer.send(is_socket(head)   ? std::string("\x81\x7f\x00\x00\x00\x00\x00\x0f\x42\x4a", 10) + deep
                   : is_stream(head) ? "event: hello\ndata: " + deep + "\n\n"
                                     : deep);
       },
       ends, ends, ends},
      {"a cursor beyond all numbers",
       [](Peer& peer, const std::string& head) {
         const std::string hello = R"({"cursor":"k3f9.18446744073709551616","messages":[]})";
         peer.send(good_head(head));
         peer.send(is_socket(head)   ? support::server_text("{\"hello\":" + hello + '}')
                   : is_stream(head) ? "event: hello\ndata: " + hello + "\n\n"
                                     : hello);
       },
       ends, ends, ends},
  };
  for (auto& [name, frames] : support::bad_server_frames()) {
    all.push_back({name, [bytes = std::move(frames)](Peer& peer, const std::string& head) {
                     if (!is_socket(head)) return;
                     peer.send(support::accepting(head) + bytes);
                     peer.finish_sending();
                     peer.wait_for_end();
                   }});
  }
  return all;
}

// The most memory that this process has had since forget_peak().
std::size_t peak_memory() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    if (word != "VmHWM:") continue;
    std::size_t kilobytes = 0;
    status >> kilobytes;
    return kilobytes * 1024;
  }
  return 0;
}

void forget_peak() { std::ofstream("/proc/self/clear_refs") << 5; }  // proc(5)

std::size_t open_descriptors() {
  const std::filesystem::directory_iterator all("/proc/self/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

struct Outcome {
  std::optional<feed::Error> ended;
  std::vector<std::string> lost;  // why it was to come back, each time
  bool heard = false;             // a message
  std::size_t memory = 0;
};

Outcome meet(Over over, const Trick& trick, Findings& findings) {
  Outcome outcome;
  const auto expect = [&](bool is_so, std::string_view otherwise) {
    findings.expect(is_so, fmt::format("{} over {}: {}", trick.name, support::to_string(over), otherwise));
  };
  forget_peak();
  const std::size_t before = peak_memory();
  {
    const HostileServer server([&trick](Peer& peer) {
      const std::string head = peer.read_head();
      if (!head.empty()) trick.play(peer, head);
    });
    support::Loop loop;
    const auto client = support::make_client(over, loop, support::address(server.port()));
    feed::Events events;
    events.message = [&](const feed::Message&) { outcome.heard = true; };
    const feed::Backoff backoff{std::chrono::milliseconds(20), std::chrono::milliseconds(100)};
    feed::OnLost on_lost = [&](const feed::Error& why, std::chrono::milliseconds delay) {
      outcome.lost.push_back(why.detail);
      const auto bound = std::min(backoff.first * (1 << (outcome.lost.size() - 1)), backoff.most);
      expect(delay <= bound, fmt::format("attempt {} comes after {} ms", outcome.lost.size(), delay.count()));
    };
    auto task = loop.start(feed::follow(*client, {}, events, backoff, std::move(on_lost)));
    // A poll that is answered 204 is a good one, of which there may be any number.
    const auto is_seen = [&] {
      return task.done() || outcome.lost.size() >= most_attempts || server.connections() > most_attempts;
    };
    loop.until(trick.name, is_seen, support::long_patience);
    if (task.done()) outcome.ended = task.value();
    client->close();
    loop.until(
        "the client's end", [&] { return task.done(); }, support::long_patience);
    loop.turn();
  }
  const std::size_t peak = peak_memory();
  outcome.memory = peak - std::min(before, peak);

  expect(!outcome.heard, "a message was heard");
  expect(!outcome.ended || !outcome.ended->detail.empty(), "it ended without a reason");
  for (const std::string& why : outcome.lost) expect(!why.empty(), "an attempt ended without a reason");
  const Ending ending = over == Over::websocket ? trick.of_socket
                        : over == Over::sse     ? trick.of_stream
                                                : trick.of_poll;
  expect(ending == Ending::either || outcome.ended,
         fmt::format("it came back after \"{}\"", outcome.lost.empty() ? "" : outcome.lost.front()));
  const std::size_t most = over == Over::sse ? most_memory_of_stream : most_memory;
  expect(is_sanitized || outcome.memory <= most,
         fmt::format("{} more were in use, expected {} at most",
                     megabytes(static_cast<double>(outcome.memory)), megabytes(static_cast<double>(most))));
  return outcome;
}

// A server that answers long polls with 204 at once, instead of holding them.
void hold_nothing(const Setting& setting, Findings& findings) {
  const auto time = setting.by_amount(std::chrono::seconds(2), std::chrono::seconds(10));
  const HostileServer server([](Peer& peer) {
    const bool is_first = peer.read_head().find("after=") == std::string::npos;
    const std::string page = R"({"cursor":"k3f9.0","messages":[]})";
    peer.send(is_first ? fmt::format("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{}", page.size(), page)
                       : "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
  });
  support::Loop loop;
  polling::Timing timing;
  timing.wait = std::chrono::seconds(25);
  polling::Client client(loop.executor(), support::address(server.port()), timing);
  feed::Events events;
  auto task = loop.start(feed::follow(client, {}, events));
  const auto due = Clock::now() + time;  // how often it asks is the question
  loop.until("the time to pass", [&] { return task.done() || Clock::now() >= due || client.polls() > 1000; });
  findings.expect(!task.done(), "long polls that are not held ended the feed");
  const auto most = static_cast<std::uint64_t>(time.count()) + 3;
  findings.expect(client.polls() <= most,
                  fmt::format("{} long polls were asked within {} s, expected {} at most", client.polls(),
                              time.count(), most));
  findings.measured(
      fmt::format("{} long polls within {} s where none is held", client.polls(), time.count()));
  client.close();
  loop.until("the client's end", [&] { return task.done(); });
}

}  // namespace

void hostile_servers(const Setting& setting, Findings& findings) {
  const std::size_t offered = setting.by_amount<std::size_t>(256, 1024) * megabyte;
  const std::vector<Trick> all = tricks(offered);
  const std::size_t descriptors = open_descriptors();
  std::size_t ended = 0;
  std::size_t came_back = 0;
  std::size_t memory = 0;
  std::size_t memory_of_streams = 0;
  const std::array ways{Over::polling, Over::long_polling, Over::sse, Over::websocket};
  for (const Trick& trick : all) {
    for (const Over over : ways) {
      const Outcome outcome = meet(over, trick, findings);
      ++(outcome.ended ? ended : came_back);
      std::size_t& most = over == Over::sse ? memory_of_streams : memory;
      most = std::max(most, outcome.memory);
    }
  }
  hold_nothing(setting, findings);
  findings.expect(open_descriptors() <= descriptors, "descriptors are left over");
  findings.amount(
      fmt::format("{} tricks against each of {} ways to read, {} MiB offered where there is no end",
                  all.size(), ways.size(), offered / megabyte));
  findings.measured(
      fmt::format("{} ended with a reason, {} came back after a pause, with a reason", ended, came_back));
  findings.measured(fmt::format("at most {} in use by an event stream, {} by a poll or a socket",
                                megabytes(static_cast<double>(memory_of_streams)),
                                megabytes(static_cast<double>(memory))));
}

}  // namespace faults
