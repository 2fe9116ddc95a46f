// Row 9: a database that was cut short, or in which bits were flipped.

#include "faults/rows.hpp"
#include "faults/target.hpp"
#include "feed/message.hpp"
#include "polling/wire.hpp"
#include "support/directory.hpp"
#include "support/raw_client.hpp"

#include <fmt/format.h>

#include <csignal>
#include <exception>
#include <filesystem>
#include <iterator>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace faults {
namespace {

namespace fs = std::filesystem;
using support::RawClient;

// What a server with this directory says is in the room.
std::vector<feed::Message> messages_of(const Target& target) {
  const support::Answer answer =
      RawClient(target.port(), support::long_patience).ask(support::get("/rooms/lobby/messages"));
  return polling::parse_page(answer.body).value().messages;
}

using Files = std::map<std::string, std::string>;

// One of them shorter, or with a bit the other way round.
std::string damage(Files& files, std::mt19937_64& random) {
  auto at = files.begin();
  std::advance(at, static_cast<std::ptrdiff_t>(random() % files.size()));
  auto& [name, content] = *at;
  if (content.empty()) return name + " as it was, empty";
  const std::size_t place = random() % content.size();
  if (random() % 2 == 0) {
    content.resize(place);
    return fmt::format("{} cut after {} bytes", name, place);
  }
  const auto bit = static_cast<unsigned>(random() % 8);
  content[place] = static_cast<char>(static_cast<unsigned char>(content[place]) ^ (1u << bit));
  return fmt::format("bit {} of byte {} of {} flipped", bit, place, name);
}

}  // namespace

void damaged_data(const Setting& setting, Findings& findings) {
  const int count = setting.by_amount(20, 200);
  std::mt19937_64 random(setting.seed);
  const support::Directory original;
  std::vector<feed::Message> said;
  {
    Target target(setting, {"--data", original.text()});
    RawClient client(target.port());
    for (int n = 1; n <= 200; ++n) {
      const std::string text =
          fmt::format("message number {}, which is long enough to be hit now and then", n);
      findings.expect(
          client.ask(support::post("/rooms/lobby/messages", feed::encode(feed::Draft{"ada", text}))).status ==
              201,
          "a publish was refused");
    }
    said = messages_of(target);
    // Killed, so that the log of the database is as long as it gets.
    target.process().signal(SIGKILL);
    target.process().wait();
  }
  const Files whole = support::files_in(original.path());
  int served = 0;
  int refused = 0;
  for (int n = 0; n < count; ++n) {
    Files files = whole;
    const std::string what = damage(files, random);
    const support::Directory copy;
    for (const auto& [name, content] : files) support::put(copy / name, content);
    support::Child server({setting.programs + "/mixed_server", "--port", "0", "--data", copy.text()});
    std::string first;
    try {
      first = server.read_line();
    } catch (const std::exception&) {  // it ended without a word
    }
    if (first.empty()) {
      ++refused;
      const int code = server.wait();
      const std::string why = server.errors();
      findings.expect(code == 1 && !why.empty(),
                      fmt::format("{}: ended with {} and \"{}\", expected 1 and a reason", what, code, why));
      Files now = support::files_in(copy.path());
      findings.expect(now == files, what + ": it was refused, and changed all the same");
      continue;
    }
    ++served;
    const auto port = static_cast<std::uint16_t>(std::stoi(first.substr(first.rfind(':') + 1)));
    const support::Answer answer = RawClient(port).ask(support::get("/rooms/lobby/messages"));
    const auto page = polling::parse_page(answer.body);
    findings.expect(page.has_value(), what + ": what is served is no page: " + answer.body.substr(0, 200));
    if (!page) continue;
    for (const feed::Message& message : page->messages) {
      const bool is_sound =
          message.seq >= 1 && message.seq <= said.size() && message == said[message.seq - 1];
      findings.expect(is_sound, what + ": served broken: " + feed::encode(message));
    }
    server.signal(SIGTERM);
    findings.expect(server.wait() == 0, what + ": it was served, and the server did not end properly");
  }
  findings.amount(fmt::format("{} databases", count));
  findings.measured(
      fmt::format("{} refused and left as they were, {} served, with sound messages alone", refused, served));
}

}  // namespace faults
