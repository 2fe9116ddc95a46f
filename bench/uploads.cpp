// What a room's readers feel of the pictures that are uploaded beside them, to the same server: their delay alone, and then while one 5 MiB
// picture after the other comes in.

#include "bench/control.hpp"
#include "bench/experiment.hpp"
#include "bench/plan.hpp"
#include "bench/sink.hpp"
#include "bench/socket.hpp"
#include "bench/stats.hpp"
#include "bench/temporary_directory.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace bench {
namespace {

constexpr std::size_t payload = 100;
constexpr std::size_t readers = 10;
constexpr double rate = 200;
constexpr std::size_t picture_bytes = std::size_t{5} << 20;
// So few that the pictures of those that are forgotten go, as they do in a server's life, before the quota is full.
constexpr std::size_t history = 50;
constexpr std::size_t quota = std::size_t{1} << 30;
constexpr std::chrono::milliseconds grace{1000};

// A GIF89a of `picture_bytes` that no other is like: one pixel, and a comment of which the first 8 bytes are its number.
// GIF89a specification, 24 (comment extension): blocks of at most 255 bytes, each behind its size.
std::string picture(std::size_t number) {
  const std::string head("GIF89a\1\0\1\0\x80\0\0\0\0\0\xff\xff\xff!\xfe", 21);
  const std::string tail("\0,\0\0\0\0\1\0\1\0\0\2\2\x44\1\0;", 17);
  std::string bytes = head;
  bytes.reserve(picture_bytes);
  std::string block = '\xff' + fmt::format("{:08}", number) + std::string(247, ' ');
  while (bytes.size() + block.size() + tail.size() <= picture_bytes) bytes += block;
  const std::size_t left = picture_bytes - bytes.size() - tail.size();
  if (left > 1) bytes += static_cast<char>(left - 1) + std::string(left - 1, ' ');
  return bytes + tail;
}

// Uploads until it is told to end, from a thread of its own.
class Uploader {
 public:
  explicit Uploader(const feed::Address& room)
      : socket_(Socket::connect(room)), room_(room), thread_([this] { run(); }) {}
  ~Uploader() {
    if (thread_.joinable()) end();
  }

  void end() {
    ended_ = true;
    thread_.join();
  }
  // After end(). Throws what went wrong.
  std::size_t uploaded() const {
    if (failure_) std::rethrow_exception(failure_);
    return uploaded_;
  }

 private:
  void run() try {
    while (!ended_) {
      const std::string body = picture(uploaded_);
      socket_.write_all(fmt::format(
          "POST {}/images HTTP/1.1\r\nHost: {}:{}\r\nContent-Type: image/gif\r\nContent-Length: {}\r\n\r\n",
          room_.path, room_.host, room_.port, body.size()));
      socket_.write_all(body);
      std::string answer;
      while (answer.find("}") == std::string::npos) {
        if (!socket_.wait(std::chrono::seconds(10)))
          throw std::runtime_error("no answer to an upload within 10 s");
        char buffer[1024];
        answer.append(buffer, socket_.read_some(buffer, sizeof buffer));
      }
      if (!answer.starts_with("HTTP/1.1 201 "))
        throw std::runtime_error("an upload was answered with " + answer.substr(0, answer.find('\r')) +
                                 ", expected 201");
      ++uploaded_;
    }
  } catch (...) {
    failure_ = std::current_exception();
  }

  Socket socket_;
  feed::Address room_;
  std::atomic<bool> ended_ = false;
  std::size_t uploaded_ = 0;
  std::exception_ptr failure_;
  std::thread thread_;
};

void measure_uploads(const Place& place, bool keeps, std::chrono::milliseconds length, Run& run) {
  const TemporaryDirectory directory("uploads");
  Serving serving;
  serving.options = {"--history", std::to_string(history), "--max-images", std::to_string(quota)};
  if (keeps) serving.options.insert(serving.options.end(), {"--data", directory.path().string()});
  Site site(place, run.arm, serving);
  const std::string epoch = site.at_server([&] { return Control(site.room_beside()); }).stats().epoch;
  auto alone = poisson(rate, length, derive(run.seed, "uploads alone", run.repetition));
  auto beside = poisson(rate, length, derive(run.seed, "uploads beside", run.repetition));
  const std::size_t first = alone.size(), all = alone.size() + beside.size();
  Sink sink(run.arm, site.room(), epoch, readers, all);
  sink.connect();
  const auto outlet =
      site.at_server([&] { return std::make_unique<PostOutlet>(site.room_beside(), payload); });

  bool complete = true;
  const auto delays = [&](std::vector<std::chrono::nanoseconds> plan, std::size_t from) {
    const std::size_t count = plan.size();
    Publisher publisher(*outlet, std::move(plan), 0, from);
    publisher.gather();
    publisher.start(Clock::now() + std::chrono::milliseconds(5));
    complete = sink.run_until(from + count, publisher.last_due() + grace) && complete;
    publisher.join();
    std::vector<std::int64_t> found;
    for (std::size_t i = 0; i < count; ++i) {
      for (const Receipts& reader : sink.receipts()) {
        if (reader.has(from + i)) found.push_back((reader.at(from + i) - publisher.due(i)).count());
      }
    }
    std::sort(found.begin(), found.end());
    run.gates.push_back(on_time(publisher.lateness()));
    return found;
  };
  const auto quiet = delays(std::move(alone), 0);
  feed::Address pictures = site.room_beside();
  pictures.path = "/rooms/pictures";
  auto uploader = site.at_server([&] { return std::make_unique<Uploader>(pictures); });
  const auto busy = delays(std::move(beside), first);
  uploader->end();
  site.check();

  run.figures["uploads"] = static_cast<double>(uploader->uploaded());
  for (const auto& [name, found] : {std::pair{"alone", &quiet}, std::pair{"beside", &busy}}) {
    run.figures[fmt::format("p50_us_{}", name)] = static_cast<double>(percentile(*found, 0.5)) / 1e3;
    run.figures[fmt::format("p99_us_{}", name)] = static_cast<double>(percentile(*found, 0.99)) / 1e3;
  }
  run.figures["added_p99_us"] = run.figures["p99_us_beside"] - run.figures["p99_us_alone"];
  run.gates.push_back(
      {"everything came in time", complete, complete ? "" : "some readers still waited when time was up"});
  run.gates.push_back(once_and_in_order(sink.receipts()));
  sink.disconnect();
  site.stop();
}

std::vector<Cell> cells_of(const Setting& setting) {
  std::vector<Cell> cells;
  for (const std::string arm : {"sse", "ws"}) {
    for (const bool keeps : {false, true}) {
      Cell cell;
      cell.name = fmt::format("uploads/{}/{}", arm, keeps ? "kept" : "memory");
      cell.experiment = "uploads";
      cell.arm = arm;
      cell.parameters = {{"kept", keeps ? 1.0 : 0.0},
                         {"rate", rate},
                         {"readers", static_cast<double>(readers)},
                         {"payload_bytes", static_cast<double>(payload)},
                         {"picture_bytes", static_cast<double>(picture_bytes)}};
      cell.headline = "p99_us_beside";
      cell.headline_seconds = 1e-6;
      constexpr std::chrono::milliseconds length{3000};
      cell.estimate_s = 2 * Seconds(length).count() + 0.5;
      cell.repetitions = setting.by_profile(0u, 0u, 5u);
      cell.measure = [place = setting.place, keeps, length](Run& run) {
        measure_uploads(place, keeps, length, run);
      };
      cells.push_back(std::move(cell));
    }
  }
  return cells;
}

}  // namespace

Experiment uploads_experiment() {
  return {
      "E24",
      "uploads",
      "What do a room's readers feel of pictures that are uploaded to the same server?",
      {{"kept on a disk", "kept"}},
      {{"delay p50, no uploads", "p50_us_alone", Unit::microseconds},
       {"with uploads", "p50_us_beside", Unit::microseconds},
       {"p99, no uploads", "p99_us_alone", Unit::microseconds},
       {"with uploads", "p99_us_beside", Unit::microseconds},
       {"p99 added", "added_p99_us", Unit::microseconds},
       {"uploads", "uploads", Unit::count}},
      "10 readers, 200 messages a second; one picture of 5 MiB after the other, each as soon as the one before was answered",
      "uploads from several people at once, which take turns with the readers at the server's one thread",
      {},
      cells_of};
}

}  // namespace bench
