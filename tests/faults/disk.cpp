// Row 30: a disk that is full, fails, has become read-only, or is slow.

#include "faults/levers.hpp"
#include "faults/population.hpp"
#include "faults/rows.hpp"
#include "faults/target.hpp"
#include "feed/message.hpp"
#include "polling/wire.hpp"
#include "support/directory.hpp"
#include "support/raw_client.hpp"
#include "support/sample_pictures.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace faults {
namespace {

using support::Answer;
using support::frame;
using support::get;
using support::RawClient;
using Clock = std::chrono::steady_clock;
using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr double most_delay_ms = 250;  // of an answer, as everywhere
// A checkpoint, which is what calls fsync, comes after 16 MiB: this many messages of 60 000 bytes are more.
constexpr int most_bulk = 400;

// Somebody who publishes and reads in a room of its own, and knows what must be there.
class Witness {
 public:
  Witness(std::uint16_t port, Findings& findings)
      : port_(port),
        findings_(findings),
        asks_(port, support::long_patience),
        reads_(port, support::long_patience),
        talks_(port, support::long_patience) {
    reads_.ask(get("/rooms/attic/events"));
    reads_.read_chunk();  // the hello
    talks_.ask(support::upgrade("/rooms/cellar/socket?after=latest"));
    talks_.read_frame();  // the hello
  }

  int publish(std::string_view text) {
    const Answer answer = asks_.ask(
        support::post("/rooms/attic/messages", feed::encode(feed::Draft{"ada", std::string(text)})));
    if (answer.status != 201) return answer.status;
    kept_.emplace_back(text);
    const auto place = feed::parse_hello(answer.body);
    const bool is_next = place && place->cursor.seq == kept_.size();
    findings_.expect(is_next, fmt::format("message {} was acknowledged as {}", kept_.size(), answer.body));
    const std::string event = reads_.read_chunk();
    findings_.expect(event.find(feed::quote(text)) != std::string::npos,
                     "a stream shows something else: " + event.substr(0, 200));
    return answer.status;
  }

  // On a connection of its own: who is refused in the middle of a picture is hung up on.
  int send_picture() {
    return RawClient(port_, support::long_patience)
        .ask(support::post("/rooms/cellar/images", support::gif_of(20'000), "Content-Type: image/gif\r\n"))
        .status;
  }

  // Whether a message over the socket is refused.
  bool is_refused_over_socket() {
    talks_.send(frame(R"({"ref":7,"author":"ada","text":"over the socket"})"));
    std::string answer;
    while (!answer.starts_with("{\"ref\":")) answer = talks_.read_frame().payload;
    return answer.starts_with(R"({"ref":7,"error":)");
  }

  // Of many that fill the log; no matter where they end up.
  int publish_bulk() {
    static const std::string bulk =
        support::post("/rooms/loft/messages", "{\"text\":\"" + std::string(60'000, 'x') + "\"}");
    return asks_.ask(bulk).status;
  }

  // Nothing but what was acknowledged, in its order.
  void look(RawClient& client) {
    std::vector<std::string> texts;
    const auto page = polling::parse_page(client.ask(get("/rooms/attic/messages")).body);
    if (page) {
      for (const feed::Message& message : page->messages) texts.push_back(message.text);
    }
    findings_.expect(texts == kept_,
                     fmt::format("{} messages are shown, expected the {} that were acknowledged",
                                 texts.size(), kept_.size()));
  }
  void look() { look(asks_); }

  void leave() {
    asks_.close();
    reads_.close();
    talks_.close();
  }

 private:
  std::uint16_t port_;
  Findings& findings_;
  RawClient asks_, reads_, talks_;
  std::vector<std::string> kept_;
};

void expect_refused(Witness& witness, Findings& findings, std::string_view what) {
  const int text = witness.publish("refused");
  findings.expect(text == 507, fmt::format("{}: a message was answered with {}, expected 507", what, text));
  findings.expect(witness.is_refused_over_socket(),
                  fmt::format("{}: a message over a socket was taken", what));
  const int picture = witness.send_picture();
  findings.expect(picture == 507,
                  fmt::format("{}: a picture was answered with {}, expected 507", what, picture));
  witness.look();
}

void expect_recovered(Witness& witness, Findings& findings, std::string_view what) {
  const int text = witness.publish("kept");
  findings.expect(text == 201,
                  fmt::format("{}, and then well again: a message was answered with {}", what, text));
  findings.expect(!witness.is_refused_over_socket(),
                  fmt::format("{}, and then well again: a message over a socket was refused", what));
  const int picture = witness.send_picture();
  findings.expect(picture == 201,
                  fmt::format("{}, and then well again: a picture was answered with {}", what, picture));
}

// The end: all is as it was before, and what was acknowledged is there after a kill -9.
void expect_kept(const Setting& setting, Target& target, const Resources& before, Bystanders& bystanders,
                 Witness& witness, Findings& findings) {
  before.expect_back(target, findings);
  bystanders.expect_untouched(setting, findings);
  witness.leave();
  target.crash();
  RawClient afterwards(target.port());
  witness.look(afterwards);
  target.stop(findings);
}

// Everything that is written fails, for a while.
void fail_to_write(const Setting& setting, Findings& findings, int times) {
  const support::Directory data;
  const LeverFile levers;
  Target target(levers.command(setting, {"--data", data.text()}));
  Bystanders bystanders(target.port());
  Witness witness(target.port(), findings);
  witness.publish("before");
  witness.send_picture();
  const Resources before(target);
  for (const int error : {ENOSPC, EIO, EROFS}) {
    const char* what = std::strerror(error);
    for (int n = 0; n < times; ++n) {
      const std::uint64_t failed = levers->writes_failed;
      levers->write_error = error;
      expect_refused(witness, findings, what);
      findings.expect(levers->writes_failed > failed, fmt::format("{}: nothing was written", what));
      levers->write_error = 0;
      expect_recovered(witness, findings, what);
    }
  }
  findings.amount(fmt::format("writing fails with ENOSPC, EIO and EROFS {} times each", times));
  findings.measured(fmt::format("{} writes failed, all refused with 507, well again at once",
                                levers->writes_failed.load()));
  expect_kept(setting, target, before, bystanders, witness, findings);
}

// fsync fails at checkpoints. What is acknowledged is in the kernel's memory, as always.
void fail_to_sync(const Setting& setting, Findings& findings, int times) {
  const support::Directory data;
  const LeverFile levers;
  Target target(levers.command(setting, {"--data", data.text()}));
  Bystanders bystanders(target.port());
  Witness witness(target.port(), findings);
  for (int n = 0; n < 100; ++n) witness.publish_bulk();  // as much as a room remembers
  const Resources before(target);
  std::uint64_t failed = 0;
  for (int n = 0; n < times; ++n) {
    const std::uint64_t synced = levers->syncs;
    levers->sync_error = EIO;
    for (int bulk = 0; bulk < most_bulk && levers->syncs == synced; ++bulk) {
      const int status = witness.publish_bulk();
      findings.expect(status == 201 || status == 507, fmt::format("a message was answered with {}", status));
    }
    findings.expect(levers->syncs > synced, "no checkpoint came");
    witness.publish("while fsync fails");  // may be refused
    witness.look();
    failed += levers->syncs - synced;
    levers->sync_error = 0;
    expect_recovered(witness, findings, "fsync fails");
  }
  findings.amount(fmt::format("fsync fails with EIO at {} checkpoints", times));
  findings.measured(fmt::format("{} calls failed", failed));
  expect_kept(setting, target, before, bystanders, witness, findings);
}

// fsync takes long: what is published waits for it, nothing else does.
void sync_slowly(const Setting& setting, Findings& findings, int times) {
  const support::Directory data;
  const LeverFile levers;
  Target target(levers.command(setting, {"--data", data.text()}));
  Population population(target.port(), {});
  Witness witness(target.port(), findings);
  for (int n = 0; n < 100; ++n) witness.publish_bulk();  // as much as a room remembers
  const Resources before(target);
  RawClient reads(target.port(), support::long_patience);
  const auto slow = setting.by_amount(std::chrono::milliseconds(300), std::chrono::milliseconds(1000));
  std::vector<double> delays_ms;
  for (int n = 0; n < times; ++n) {
    const std::uint64_t synced = levers->syncs;
    levers->sync_time_ms = static_cast<int>(slow.count());
    for (int bulk = 0; bulk < most_bulk && levers->syncs == synced; ++bulk) witness.publish_bulk();
    const auto began = Clock::now();
    findings.expect(levers->syncs > synced, "no checkpoint came");
    while (Clock::now() < began + slow) {
      const auto asked = Clock::now();
      const int status = reads.ask(get("/rooms/attic/messages")).status;
      delays_ms.push_back(Milliseconds(Clock::now() - asked).count());
      findings.expect(status == 200, fmt::format("a poll was answered with {}", status));
    }
    const int status = witness.publish("while fsync takes long");
    findings.expect(status == 201, fmt::format("a message was answered with {}, expected 201", status));
    levers->sync_time_ms = 0;
    expect_recovered(witness, findings, "fsync is slow");
  }
  findings.amount(fmt::format("fsync takes {} ms at {} checkpoints", slow.count(), times));
  const auto p99 = delays_ms.begin() + static_cast<std::ptrdiff_t>(delays_ms.size() * 99 / 100);
  std::nth_element(delays_ms.begin(), p99, delays_ms.end());
  findings.measured(fmt::format("{} polls answered meanwhile, p99 {:.2f} ms", delays_ms.size(), *p99));
  if (setting.full && !is_sanitized) {
    findings.expect(*p99 < most_delay_ms,
                    fmt::format("p99 of polls was {:.0f} ms while fsync was slow, expected less than {:.0f}",
                                *p99, most_delay_ms));
  }
  reads.close();
  before.expect_back(target, findings);
  const history::Report& report = population.finish();
  findings.expect(report.is_silent(), "the checker says: " + history::summary(report));
  findings.expect(
      report.reconnects == 0 && report.gaps == 0,
      fmt::format("bystanders: {} reconnects and {} gaps, expected none", report.reconnects, report.gaps));
  witness.leave();
  target.stop(findings);
}

// A disk that really is full: a small one of its own, in a namespace that only the server sees.
void fill_up(const Setting& setting, Findings& findings, int times) {
  if (::geteuid() != 0) return findings.measured("no disk was filled up: only root can mount one");
  const support::Directory data;
  std::vector<std::string> command{"/usr/bin/unshare",
                                   "--mount",
                                   "/bin/sh",
                                   "-c",
                                   R"(mount -t tmpfs -o size=3m none "$0" && exec "$@")",
                                   data.text(),
                                   setting.programs + "/mixed_server",
                                   "--data",
                                   data.text(),
                                   "--history-bytes",
                                   "100000000"};
  Target target(std::move(command));
  Bystanders bystanders(target.port());
  Witness witness(target.port(), findings);
  witness.publish("before");
  witness.send_picture();
  const Resources before(target);
  const std::string ballast = fmt::format("/proc/{}/root{}/ballast", target.process().pid(), data.text());
  int refused = 0;
  for (int n = 0; n < times; ++n) {
    std::ofstream(ballast, std::ios::binary) << std::string(4 << 20, 'x');  // as much as there is room for
    int status = 201;
    for (int bulk = 0; bulk < 100 && status == 201; ++bulk) status = witness.publish_bulk();
    refused += status == 507;
    findings.expect(status == 507,
                    fmt::format("the disk is full, and a message was answered with {}", status));
    const int picture = witness.send_picture();
    findings.expect(picture == 507,
                    fmt::format("the disk is full, and a picture was answered with {}", picture));
    witness.look();
    ::unlink(ballast.c_str());
    expect_recovered(witness, findings, "the disk was full");
  }
  findings.amount(fmt::format("a disk of 3 MiB is filled up {} times", times));
  findings.measured(fmt::format("{} times refused with 507, well again at once", refused));
  before.expect_back(target, findings);
  bystanders.expect_untouched(setting, findings);
  witness.leave();
  target.stop(findings);
}

}  // namespace

void bad_disk(const Setting& setting, Findings& findings) {
  const int times = setting.by_amount(1, 20);
  fail_to_write(setting, findings, times);
  fail_to_sync(setting, findings, times);
  sync_slowly(setting, findings, times);
  fill_up(setting, findings, times);
}

}  // namespace faults
