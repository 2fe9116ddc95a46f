#include "faults/target.hpp"

#include "support/raw_client.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <stdexcept>
#include <thread>
#include <utility>

namespace faults {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds time_to_recover{10};
constexpr std::size_t most_log_lines = 10;  // of a whole attack
constexpr std::chrono::milliseconds glance{10};

}  // namespace

const std::string sse_request = support::get("/rooms/lobby/events");
const std::string websocket_request = support::upgrade("/rooms/lobby/socket");
const std::string long_poll_request =
    support::get("/rooms/lobby/messages?after=latest", "Prefer: wait=60\r\n");

Target::Target(const Setting& setting, std::vector<std::string> options, support::Bounds bounds)
    : command_{setting.programs + "/mixed_server"}, bounds_(bounds) {
  command_.insert(command_.end(), options.begin(), options.end());
  start(0);
}

Target::Target(std::vector<std::string> command, support::Bounds bounds)
    : command_(std::move(command)), bounds_(bounds) {
  start(0);
}

void Target::start(std::uint16_t port) {
  std::vector<std::string> command = command_;
  command.insert(command.end(), {"--port", std::to_string(port)});
  process_ = std::make_unique<support::Child>(std::move(command), bounds_);
  port_ = process_->port();
}

void Target::crash() {
  process_->signal(SIGKILL);
  process_->wait();
  start(port_);
}

void Target::restart(Findings& findings, std::chrono::milliseconds away) {
  stop(findings);
  std::this_thread::sleep_for(away);  // which is the attack
  start(port_);
}

void Target::meet(std::size_t connections) {
  const std::uint64_t connected = count("connections");
  {
    std::vector<support::RawClient> crowd;
    for (std::size_t n = 0; n < connections; ++n) crowd.emplace_back(port_, support::long_patience);
    for (support::RawClient& client : crowd) client.ask(support::get("/healthz"));
  }
  if (!falls_to("connections", connected, time_to_recover))
    throw std::runtime_error("a crowd does not leave");
}

std::uint64_t Target::count(std::string_view name) const {
  return support::number_in(
      support::RawClient(port_, support::long_patience).ask(support::get("/stats")).body, name);
}

bool Target::falls_to(std::string_view name, std::uint64_t most, std::chrono::seconds patience) const {
  const auto due = Clock::now() + patience;
  while (count(name) > most) {
    if (Clock::now() > due) return false;
    std::this_thread::sleep_for(glance);
  }
  return true;
}

bool Target::rises_to(std::string_view name, std::uint64_t least, std::chrono::seconds patience) const {
  const auto due = Clock::now() + patience;
  while (count(name) < least) {
    if (Clock::now() > due) return false;
    std::this_thread::sleep_for(glance);
  }
  return true;
}

std::chrono::milliseconds Target::cpu_time() const {
  std::ifstream stat("/proc/" + std::to_string(process_->pid()) + "/stat");
  std::string line;
  std::getline(stat, line);
  // proc(5): behind the name in parentheses, the 14th and 15th fields are user and system time in clock ticks.
  std::size_t at = line.rfind(')');
  for (int field = 3; at != std::string::npos && field <= 14; ++field) at = line.find(' ', at + 1);
  if (at == std::string::npos) throw std::runtime_error("no CPU time: has the program ended?");
  std::size_t used = 0;
  const auto user = std::stoull(line.substr(at), &used);
  const auto system = std::stoull(line.substr(at + used));
  return std::chrono::milliseconds((user + system) * 1000 /
                                   static_cast<unsigned long long>(::sysconf(_SC_CLK_TCK)));
}

void Target::stop(Findings& findings, std::chrono::seconds patience) {
  process_->signal(SIGTERM);
  const int code = process_->wait(patience);
  findings.expect(code == 0, fmt::format("the server ended with {}, expected 0", code));
  const std::string said = process_->errors();
  findings.expect(
      said.find("Sanitizer") == std::string::npos && said.find("runtime error") == std::string::npos,
      "a sanitizer reported: " + said.substr(0, 2000));
  const auto lines = static_cast<std::size_t>(std::count(said.begin(), said.end(), '\n'));
  findings.expect(lines <= most_log_lines, fmt::format("the server said {} lines, expected {} at most: {}",
                                                       lines, most_log_lines, said.substr(0, 500)));
}

void Resources::expect_back(const Target& target, Findings& findings) const {
  const std::size_t most_memory = memory + memory / 20 + (4u << 20);
  const auto is_back = [&] {
    return target.descriptors() <= descriptors && (is_sanitized || target.memory() <= most_memory);
  };
  const auto due = Clock::now() + time_to_recover;
  while (!is_back() && Clock::now() < due) std::this_thread::sleep_for(glance);
  const std::size_t memory_now = target.memory();
  const std::size_t descriptors_now = target.descriptors();
  findings.expect(descriptors_now <= descriptors,
                  fmt::format("{} descriptors are open, there were {} before", descriptors_now, descriptors));
  findings.expect(
      is_sanitized || memory_now <= most_memory,
      fmt::format("{} are in use, there were {} before, and {} are allowed",
                  megabytes(static_cast<double>(memory_now)), megabytes(static_cast<double>(memory)),
                  megabytes(static_cast<double>(most_memory))));
  findings.measured(fmt::format("memory {} before, {} after", megabytes(static_cast<double>(memory)),
                                megabytes(static_cast<double>(memory_now))));
}

std::string megabytes(double bytes) { return fmt::format("{:.1f} MB", bytes / 1e6); }

}  // namespace faults
