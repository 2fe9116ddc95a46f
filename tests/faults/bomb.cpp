// Row 15: a message that is small on the line and huge when inflated.

#include "faults/population.hpp"
#include "faults/rows.hpp"
#include "faults/target.hpp"
#include "support/deflate.hpp"
#include "support/raw_client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace faults {
namespace {

using support::frame;
using support::RawClient;

constexpr std::string_view offer = "Sec-WebSocket-Extensions: permessage-deflate\r\n";
constexpr unsigned char compressed_text = 0xc1;    // FIN, RSV1, text
constexpr unsigned char compressed_begins = 0x41;  // RSV1 is on the first fragment alone
constexpr std::size_t fragment_bytes = 1000;
// Of a connection, beside the message: zlib's state is 268 KiB to deflate (zlib.h) and 44 KiB to inflate, Beast's buffers are 128 KiB.
constexpr std::size_t own_needs = 640 << 10;

std::string in_fragments(const std::string& bytes) {
  std::string all;
  for (std::size_t at = 0; at < bytes.size(); at += fragment_bytes) {
    const bool is_last = at + fragment_bytes >= bytes.size();
    all += frame(std::string_view(bytes).substr(at, fragment_bytes),
                 static_cast<unsigned char>((is_last ? 0x80 : 0) | (at == 0 ? compressed_begins : 0)));
  }
  return all;
}

// So many at once, against a limit. The memory that it took at most, for each.
void explode(const Setting& setting, Findings& findings, std::size_t limit,
             const std::vector<std::string>& bombs) {
  Target target(setting, {"--deflate", "--echo-max", std::to_string(limit)});
  const std::uint16_t port = target.port();
  Bystanders bystanders(port);
  const Resources before(target);
  target.process().forget_peak();
  std::vector<RawClient> clients;
  for (const std::string& bomb : bombs) {
    RawClient& client = clients.emplace_back(port, support::long_patience);
    client.ask(support::upgrade("/echo", offer));
    client.send(bomb);
    const int code = client.read_frame().close_code();
    findings.expect(
        code == 1009,
        fmt::format("a bomb against a limit of {} was answered with {}, expected 1009", limit, code));
  }
  const std::size_t peak = target.process().peak_resident_bytes();
  const std::size_t growth = peak - std::min(before.memory, peak);
  // All of them are held: a buffer that grows by doubling is at most twice as large as what it holds.
  const std::size_t most = bombs.size() * (2 * limit + own_needs);
  findings.expect(is_sanitized || growth <= most,
                  fmt::format("memory grew by {} KiB against a limit of {} KiB, expected {} at most",
                              growth / 1024, limit / 1024, most / 1024));
  findings.measured(
      fmt::format("against a limit of {} KiB memory grew by {} KiB in all", limit / 1024, growth / 1024));
  clients.clear();
  before.expect_back(target, findings);
  bystanders.expect_untouched(setting, findings);
  target.stop(findings);
}

}  // namespace

void deflate_bomb(const Setting& setting, Findings& findings) {
  const std::size_t inflated = setting.by_amount<std::size_t>(64u << 20, 1u << 30);
  const std::size_t each = setting.by_amount<std::size_t>(2, 20);
  const std::string zeros = support::deflated_zeros(inflated);
  std::vector<std::string> bombs{frame(zeros, compressed_text), in_fragments(zeros)};
  explode(setting, findings, 16u << 20, bombs);
  for (std::size_t n = 1; n < each; ++n) bombs.insert(bombs.end(), {bombs[0], bombs[1]});
  explode(setting, findings, 65536, bombs);
  findings.amount(fmt::format(
      "{} bytes that inflate to {} MiB, whole and in fragments: {} against a limit of 64 KiB, 2 against one of 16 MiB",
      zeros.size(), inflated >> 20, bombs.size()));
}

}  // namespace faults
