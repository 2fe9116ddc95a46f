#pragma once
// The server under attack: a process of its own, so that it can be measured, stopped and killed.

#include "faults/campaign.hpp"
#include "support/child.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace faults {

/// Where a reader of each streaming transport begins.
extern const std::string sse_request;
extern const std::string websocket_request;
/// The same for a poll that waits.
extern const std::string long_poll_request;

class Target {
 public:
  /// Started when this returns. `options` are those of a demo server; the port is free to choose, and kept for restarts.
  Target(const Setting& setting, std::vector<std::string> options = {}, support::Bounds bounds = {});
  /// The same by another command, to which the port is added.
  explicit Target(std::vector<std::string> command, support::Bounds bounds = {});

  std::uint16_t port() const { return port_; }
  support::Child& process() { return *process_; }

  /// kill -9, and the same command again on the same port.
  void crash();
  /// SIGTERM, and after a while the same again. Expects that it ends with 0.
  void restart(Findings& findings, std::chrono::milliseconds away);

  /// So many connections at a time, which ask for something and leave. What the largest crowd so far has made room for stays (Asio
  /// keeps the state of a descriptor for the next one, and with it a page): some 4 KB a connection, which is no growth.
  void meet(std::size_t connections);

  /// A number of GET /stats.
  std::uint64_t count(std::string_view name) const;
  /// Waits until a number of GET /stats is at most so; false where it takes longer than `patience`.
  bool falls_to(std::string_view name, std::uint64_t most, std::chrono::seconds patience) const;

  /// The same, at least so.
  bool rises_to(std::string_view name, std::uint64_t least, std::chrono::seconds patience) const;

  std::size_t memory() const { return process_->resident_bytes(); }
  std::size_t descriptors() const { return process_->descriptors(); }
  /// CPU time used so far, of all its threads.
  std::chrono::milliseconds cpu_time() const;

  /// SIGTERM. Expects 0 within `patience`, and that it did not say more than a few lines on standard error.
  void stop(Findings& findings, std::chrono::seconds patience = std::chrono::seconds(15));

 private:
  void start(std::uint16_t port);

  std::vector<std::string> command_;
  support::Bounds bounds_;
  std::unique_ptr<support::Child> process_;
  std::uint16_t port_ = 0;
};

/// What the server has in use, to be compared with later.
struct Resources {
  explicit Resources(const Target& target) : memory(target.memory()), descriptors(target.descriptors()) {}
  std::size_t memory;
  std::size_t descriptors;

  /// Expects both back within 10 s: memory within 5 % and 4 MiB, descriptors to the number.
  void expect_back(const Target& target, Findings& findings) const;
};

/// "12.3 MB"
std::string megabytes(double bytes);

}  // namespace faults
