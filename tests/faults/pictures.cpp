// Row 23: pictures that are none, or too much of one.

#include "faults/population.hpp"
#include "faults/rows.hpp"
#include "faults/target.hpp"
#include "feed/message.hpp"
#include "polling/wire.hpp"
#include "support/bad_pictures.hpp"
#include "support/directory.hpp"
#include "support/raw_client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

namespace faults {
namespace {

using support::Answer;
using support::BadPicture;
using support::get;
using support::picture;
using support::RawClient;

// Pictures as large as they may be, which make a scanner work: many small parts, long chunks with checksums.
std::vector<std::string> laborious() {
  std::string comments = support::gif_head();
  while (comments.size() + 100 < 5 * support::megabyte) comments += std::string("!\xfe\x01x\0", 5);
  std::string chunks = std::string(support::png_signature) + support::png_header();
  while (chunks.size() + 200 < 5 * support::megabyte) chunks += support::png_chunk("teXt", "a\0b");
  return {comments + support::gif_image() + ";", chunks + support::png_data() + support::png_end(),
          std::string(support::png_signature) + support::png_header() +
              support::png_chunk("teXt", std::string(5 * support::megabyte - 300, 'x')) +
              support::png_data() + support::png_end()};
}

}  // namespace

void bad_pictures(const Setting& setting, Findings& findings) {
  const int times = setting.by_amount(1, 20);
  // Every one that is kept has its place in the server's list, for good: more of them could hide a leak.
  const int damaged = setting.by_amount(200, 5000);
  std::mt19937_64 random(setting.seed);
  const support::Directory data;
  Target target(setting, {"--data", data.text()});
  const std::uint16_t port = target.port();
  Bystanders bystanders(port);
  target.meet(10);
  const Resources before(target);
  // Whatever is refused: with the status that the list says, and nothing of it stays.
  for (int n = 0; n < times; ++n) {
    for (const BadPicture& bad : support::bad_pictures()) {
      RawClient client(port, support::long_patience);
      const int status = client.ask(bad.request).status;
      findings.expect(status == bad.status,
                      fmt::format("{} was answered with {}, expected {}", bad.name, status, bad.status));
    }
  }
  // With some bytes changed it may happen to be one all the same; it is never anything else that is served.
  const std::vector<std::string> good{
      support::gif(),          support::animated_gif(),     support::png(),
      support::jpeg(),         support::progressive_jpeg(), support::lossy_webp(),
      support::animated_webp()};
  int refused = 0;
  RawClient reads(port, support::long_patience);
  for (int n = 0; n < damaged; ++n) {
    std::string bytes = good[random() % good.size()];
    for (std::size_t changes = random() % 4 + 1; changes > 0; --changes)
      bytes[random() % bytes.size()] = static_cast<char>(random() % 256);
    const Answer answer = RawClient(port, support::long_patience).ask(picture(bytes));
    refused += answer.status != 201;
    findings.expect(answer.status == 201 || answer.status == 400 || answer.status == 415,
                    fmt::format("a damaged picture was answered with {}", answer.status));
    if (answer.status != 201) continue;
    const std::size_t begin = answer.body.find("/images/");
    const Answer shown = reads.ask(get(answer.body.substr(begin, answer.body.find('"', begin) - begin)));
    const bool is_harmless = shown.status == 200 && shown.field("Content-Type").starts_with("image/") &&
                             shown.field("X-Content-Type-Options") == "nosniff" &&
                             shown.field("Content-Security-Policy") == "default-src 'none'; sandbox";
    findings.expect(is_harmless, "a picture is served so that it could be something else: " + shown.head);
  }
  // Nobody waits while pictures are looked at, which nobody decodes: the bystanders say so.
  std::chrono::milliseconds most_cpu{};
  const auto large = laborious();
  for (int n = 0; n < times; ++n) {
    for (const std::string& bytes : large) {
      const auto cpu = target.cpu_time();
      const int status = RawClient(port, support::long_patience).ask(picture(bytes)).status;
      findings.expect(status == 201, fmt::format("a large picture was answered with {}", status));
      most_cpu = std::max(most_cpu, target.cpu_time() - cpu);
    }
  }
  findings.expect(support::files_in(data.path() / "images").size() <=
                      static_cast<std::size_t>(damaged - refused) + large.size(),
                  "something of what was refused was kept");
  reads.close();
  findings.amount(fmt::format("{} bad requests {} times, {} damaged pictures, {} of 5 MB of many parts",
                              support::bad_pictures().size(), times, damaged,
                              static_cast<int>(large.size()) * times));
  findings.measured(fmt::format(
      "{} of the damaged ones refused, the others served as pictures alone; one of 5 MB takes {} ms of CPU at most",
      refused, most_cpu.count()));
  before.expect_back(target, findings);
  bystanders.expect_untouched(setting, findings);
  target.stop(findings);
}

}  // namespace faults
