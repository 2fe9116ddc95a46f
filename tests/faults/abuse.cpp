#include "faults/abuse.hpp"

#include "faults/target.hpp"
#include "support/raw_client.hpp"

#include <chrono>
#include <deque>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace faults {
namespace {

using support::frame;
using support::RawClient;
using Clock = std::chrono::steady_clock;

constexpr std::size_t most_open = 200;  // at a time

const std::string good_post = support::post("/rooms/lobby/messages", R"({"author":"ada","text":"hi"})");
const std::string good_frame = frame(R"({"ref":1,"author":"ada","text":"hi"})");

// What a client has said when it goes.
const std::vector<std::string>& beginnings() {
  static const std::vector<std::string> all{"",
                                            "GET /rooms/lo",
                                            support::get("/healthz"),
                                            support::get("/rooms/lobby/messages"),
                                            long_poll_request,
                                            sse_request,
                                            websocket_request,
                                            good_post,
                                            good_post.substr(0, good_post.size() - 5),
                                            websocket_request + good_frame,
                                            websocket_request + good_frame.substr(0, 9)};
  return all;
}

}  // namespace

void come_and_go(std::uint16_t port, int count, int rate, std::mt19937_64& random) {
  const std::vector<std::string>& all = beginnings();
  std::deque<std::pair<RawClient, bool>> open;
  const auto go = [&open] {
    open.front().first.close(open.front().second);
    open.pop_front();
  };
  const auto start = Clock::now();
  for (int n = 0; n < count; ++n) {
    std::this_thread::sleep_until(
        start + std::chrono::microseconds(1'000'000LL * n / rate));  // the rate is the attack
    RawClient client(port, support::long_patience);
    client.send(all[random() % all.size()]);
    open.emplace_back(std::move(client), random() % 2 == 0);
    if (open.size() > most_open) go();
  }
  while (!open.empty()) go();
}

void stall_for_a_while(std::uint16_t port, int readers, std::mt19937_64& random) {
  std::vector<RawClient> stuck;
  for (int n = 0; n < readers; ++n) {
    RawClient& client = stuck.emplace_back(port, support::long_patience);
    client.set_receive_buffer(4096);
    client.send(random() % 2 == 0 ? sse_request : websocket_request);
  }
  const std::string post =
      support::post("/rooms/lobby/messages", "{\"text\":\"" + std::string(50'000, 'x') + "\"}");
  RawClient publishes(port, support::long_patience);
  for (int n = 0; n < 100; ++n) publishes.ask(post);
}

void talk_nonsense(std::uint16_t port, int times, std::mt19937_64& random) {
  for (int n = 0; n < times; ++n) {
    std::string bytes = n % 2 == 0 ? good_post : websocket_request + good_frame;
    for (std::uint64_t changes = random() % 4 + 1; changes > 0; --changes)
      bytes[random() % bytes.size()] = static_cast<char>(random() % 256);
    RawClient client(port, support::long_patience);
    client.send(bytes);
    client.finish_sending();
    client.read_to_end();
  }
}

void flood_with_frames(std::uint16_t port, int frames, std::mt19937_64& random) {
  std::string bytes = websocket_request;
  for (int n = 0; n < frames; ++n)
    bytes += random() % 2 == 0 ? frame("ping", 0x89) : frame("", n == 0 ? 0x01 : 0x00);
  RawClient client(port, support::long_patience);
  client.set_receive_buffer(4096);
  client.send_some(bytes);
}

}  // namespace faults
