// Polls that find nothing new, from 64 connections that each ask again as soon as they were answered: what one costs the server. Beside it nginx with a small
// file, which is as little as a web server can do.

#include "bench/bare.hpp"
#include "bench/http_answer.hpp"
#include "bench/interrupt.hpp"
#include "bench/nchan.hpp"
#include "bench/peer_cells.hpp"
#include "bench/peers.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/epoll.h>

namespace bench {
namespace {

constexpr std::size_t payload = 100;
constexpr std::size_t connections = 64;
constexpr std::chrono::milliseconds length{1000};

// What is asked again and again, and the status that says that there is nothing new.
struct Poll {
  std::string request;
  int status;
};

BareAnswer expect(BareAnswer answer, int status) {
  if (answer.status != status)
    throw std::runtime_error(fmt::format("status {}, expected {}", answer.status, status));
  return answer;
}

// After one message, which every poller has seen.
Poll poll_of(std::string_view arm, const feed::Address& room) {
  const auto get = [&room](std::string_view path, std::string_view fields) {
    return fmt::format("GET {} HTTP/1.1\r\nHost: {}\r\n{}\r\n", path, room.authority, fields);
  };
  if (arm == "nginx_static") return {get("/static.json", "Accept: */*\r\n"), 200};
  Bare bare(room);
  const std::string fields = "Content-Type: application/json\r\n";
  const std::string draft = fmt::format(R"({{"author":"{}","text":"{}"}})", author, text_of(0, payload));
  if (arm == "nchan_poll") {
    expect(bare.ask("POST", room.path + "/messages", fields, draft), 202);  // nobody reads
    const BareAnswer first = expect(bare.ask("GET", room.path + "/poll"), 200);
    return {get(room.path + "/poll", nchan_position(first.head)), 304};
  }
  const BareAnswer created = expect(bare.ask("POST", room.path + "/messages", fields, draft), 201);
  const boost::json::value answer = boost::json::parse(created.body);
  const std::string cursor(answer.at("cursor").as_string());
  return {get(fmt::format("{}/messages?after={}", room.path, cursor), "Accept: */*\r\n"), 204};
}

// 64 connections in one epoll loop. One thread.
class Pollers {
 public:
  Pollers(const feed::Address& server, const Poll& poll)
      : poll_(poll), epoll_(::epoll_create1(EPOLL_CLOEXEC)), all_(connections) {
    for (std::size_t i = 0; i < all_.size(); ++i) {
      all_[i].socket = Socket::connect(server);
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.u64 = i;
      if (::epoll_ctl(epoll_.fd(), EPOLL_CTL_ADD, all_[i].socket.fd(), &event) != 0)
        throw std::runtime_error(std::string("epoll: ") + std::strerror(errno));
    }
  }

  // Everybody asks, and again when answered, until `end`; then waits for the answers that are under way.
  void run_until(Clock::time_point end) {
    for (One& one : all_) ask(one);
    while (asking_ > 0) {
      check_interrupt();
      if (Clock::now() > end + std::chrono::seconds(5))
        throw std::runtime_error("a poll was not answered within 5 s");
      std::array<epoll_event, connections> events;
      const int ready = ::epoll_wait(epoll_.fd(), events.data(), static_cast<int>(events.size()), 100);
      const bool over = Clock::now() >= end;
      for (int i = 0; i < ready; ++i) {
        One& one = all_[events[static_cast<std::size_t>(i)].data.u64];
        if (answered(one) && !over) ask(one);
      }
    }
  }

  std::uint64_t answers() const { return answers_; }
  std::uint64_t answer_bytes() const { return answer_bytes_; }

 private:
  struct One {
    Socket socket;
    std::string came;
  };

  void ask(One& one) {
    one.socket.write_all(poll_.request);
    ++asking_;
  }

  bool answered(One& one) {
    std::array<char, 4096> piece;
    one.came.append(piece.data(), one.socket.read_some(piece.data(), piece.size()));
    const auto answer = first_answer(one.came);
    if (!answer) return false;
    if (answer->status != poll_.status)
      throw std::runtime_error(
          fmt::format("a poll was answered with status {}, expected {}", answer->status, poll_.status));
    answer_bytes_ += answer->bytes();
    one.came.erase(0, answer->bytes());
    ++answers_;
    --asking_;
    return true;
  }

  const Poll& poll_;
  Socket epoll_;
  std::vector<One> all_;
  std::size_t asking_ = 0;
  std::uint64_t answers_ = 0, answer_bytes_ = 0;
};

void measure_polls(const Place& place, Run& run) {
  Site site(place, run.arm);
  const Poll poll = poll_of(run.arm, site.room());
  Pollers pollers(site.room(), poll);
  pollers.run_until(Clock::now() + peer_warm_up);
  const std::uint64_t before = pollers.answers(), before_bytes = pollers.answer_bytes();
  Meter meter(site.process());
  pollers.run_until(Clock::now() + length);
  meter.end();
  site.check();
  const auto requests = static_cast<double>(pollers.answers() - before);
  run.figures["n"] = requests;
  run.figures["requests_per_second"] = requests / meter.seconds();
  run.figures["cpu_ns_per_request"] = static_cast<double>(meter.server_cpu().count()) / requests;
  run.figures["request_bytes"] = static_cast<double>(poll.request.size());
  run.figures["answer_bytes"] = static_cast<double>(pollers.answer_bytes() - before_bytes) / requests;
  run.parameters["status"] = poll.status;
  run.gates.push_back(had_its_core(meter));
  meter.tell(run);
  site.stop();
}

std::vector<Cell> cells_of(const Setting& setting) {
  std::vector<Cell> cells;
  for (const std::string arm : {"poll", "poll_express", "nchan_poll", "nginx_static"}) {
    Cell cell = peer_cell(setting, "peer_polls", arm, fmt::format("connections:{}", connections));
    cell.parameters = {{"connections", static_cast<double>(connections)}};
    cell.headline = "cpu_ns_per_request";
    cell.headline_seconds = 1e-9;
    cell.estimate_s = Seconds(length + peer_warm_up).count() + 0.3;
    cell.measure = [place = setting.place](Run& run) { measure_polls(place, run); };
    cells.push_back(std::move(cell));
  }
  return cells;
}

}  // namespace

Experiment peer_polls_experiment() {
  return {
      "P5",
      "peer_polls",
      "What does a poll cost that finds nothing new, from our server and from others?",
      {{"connections", "connections"}, {"status", "status"}},
      {{"server CPU per request", "cpu_ns_per_request", Unit::nanoseconds},
       {"requests/s", "requests_per_second", Unit::count},
       {"request", "request_bytes", Unit::bytes},
       {"answer", "answer_bytes", Unit::bytes},
       {"server busy", "server_utilisation", Unit::share}},
      "64 kept-alive connections, each asks again as soon as it was answered; the file of nginx is as long as an empty page of messages",
      "pollers that come one by one: waking up for each costs a server more than the answer does",
      {},
      cells_of,
      Suite::peers,
      peer_scripts()};
}

}  // namespace bench
