// Row 11: readers that never read, while much is published.

#include "faults/population.hpp"
#include "faults/rows.hpp"
#include "faults/target.hpp"
#include "support/crowd.hpp"
#include "support/raw_client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

namespace faults {

using support::RawClient;

void stalled(const Setting& setting, Findings& findings) {
  const int readers = setting.by_amount(20, 100);  // that read, and as many that do not
  const std::uint64_t messages = setting.by_amount<std::uint64_t>(200, 2000);
  constexpr std::size_t message_bytes = 50'000;
  constexpr std::size_t most_per_reader = 1 << 20;
  // A log that is small beside what is published: what a reader does not take it cannot keep for it.
  Target target(setting, {"--history-bytes", "1000000"});
  const std::uint16_t port = target.port();
  Bystanders bystanders(port);
  support::Crowd crowd;
  for (int n = 0; n < readers; ++n) crowd.add(port, n % 2 == 0 ? sse_request : websocket_request);
  // The bystanders have a stream and a socket.
  const bool all_read = target.rises_to("readers", crowd.size() + 2, support::long_patience);
  findings.expect(all_read, "not every reader was let in");
  RawClient publishes(port, support::long_patience);
  const std::string post =
      support::post("/rooms/lobby/messages", "{\"text\":\"" + std::string(message_bytes, 'x') + "\"}");
  std::uint64_t said = 0;
  const auto publish = [&](std::uint64_t count) {
    for (std::uint64_t n = 0; n < count; ++n) {
      publishes.send(post);
      const int status = publishes.read_answer().status;
      if (status == 201) ++said;
      if (status != 201)
        findings.expect(false, fmt::format("a publish was answered with {}, expected 201", status));
      // Who reads stays with the publisher: this row is about those who don't.
      if (!crowd.read_until(said))
        return findings.expect(false, fmt::format("a reader did not get message {}", said));
    }
  };
  publish(50);  // the log is full, and the buffers of those who read are as large as they get
  const Resources before(target);

  std::vector<RawClient> stuck;
  for (int n = 0; n < readers; ++n) {
    RawClient& client = stuck.emplace_back(port);
    client.set_receive_buffer(4096);
    client.send(n % 3 == 0   ? sse_request
                : n % 3 == 1 ? websocket_request
                             : support::get("/rooms/lobby/messages"));
  }
  std::size_t most_memory = 0;
  for (std::uint64_t n = 0; n < messages; n += 10) {
    publish(10);
    most_memory = std::max(most_memory, target.memory());
  }
  findings.amount(fmt::format("{} of {} readers, {} published", readers, 2 * readers,
                              megabytes(static_cast<double>(messages * message_bytes))));
  findings.expect(crowd.in_order(), "a reader that reads got messages out of order");
  findings.expect(
      crowd.complete(said) == crowd.size(),
      fmt::format("{} of {} readers that read have everything", crowd.complete(said), crowd.size()));
  const std::size_t growth = most_memory > before.memory ? most_memory - before.memory : 0;
  const std::size_t per_reader = growth / static_cast<std::size_t>(readers);
  if (!is_sanitized) {
    findings.expect(per_reader <= most_per_reader,
                    fmt::format("memory grew by {} bytes for each that does not read, "
                                "expected {} at most",
                                per_reader, most_per_reader));
    findings.measured(fmt::format("{} KiB for each reader that does not read", per_reader / 1024));
  }
  findings.measured(fmt::format("{} readers got all {} messages", crowd.complete(said), said));
  stuck.clear();
  before.expect_back(target, findings);
  bystanders.expect_untouched(setting, findings);
  target.stop(findings);
}

}  // namespace faults
