// Row 29: rooms in numbers.

#include "faults/population.hpp"
#include "faults/rows.hpp"
#include "faults/target.hpp"
#include "support/raw_client.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace faults {
namespace {

using support::RawClient;

constexpr std::size_t most_per_room = 4096;

std::string room(int number) { return "/rooms/room-" + std::to_string(number); }

// One client says something in every room that it can think of.
void speak_everywhere(const Setting& setting, Findings& findings) {
  const int names = setting.by_amount(2000, 100'000);
  const int allowed = setting.by_amount(500, 10'000);
  Target target(setting, {"--max-rooms-per-client", std::to_string(allowed)});
  Bystanders bystanders(target.port());
  RawClient client(target.port(), support::long_patience);
  const std::uint64_t there = target.count("rooms");
  const std::size_t memory = target.memory();
  int made = 0;
  int refused = 0;
  for (int n = 0; n < names; ++n) {
    const int status =
        client.ask(support::post(room(n) + "/messages", R"({"author":"ada","text":"hi"})")).status;
    made += status == 201;
    refused += status == 429;
  }
  const std::size_t growth = target.memory() - std::min(memory, target.memory());
  const std::size_t per_room = growth / static_cast<std::size_t>(std::max(made, 1));
  findings.amount(fmt::format("{} names by one client, which may make {}", names, allowed));
  findings.measured(fmt::format("{} made, {} refused with 429, {} bytes a room", made, refused, per_room));
  // The bystanders' room was made from the same address.
  findings.expect(made == allowed - 1 && made + refused == names,
                  fmt::format("{} rooms were made and {} refused, expected {} and {}", made, refused,
                              allowed - 1, names - allowed + 1));
  findings.expect(target.count("rooms") == there + static_cast<std::uint64_t>(made), "there are other rooms");
  findings.expect(is_sanitized || per_room <= most_per_room,
                  fmt::format("an idle room takes {} bytes, expected {} at most", per_room, most_per_room));
  bystanders.expect_untouched(setting, findings);
  target.stop(findings);
}

// Readers wait in rooms of their own, in which nothing is ever said, and leave.
void wait_everywhere(const Setting& setting, Findings& findings) {
  const int live = setting.by_amount(200, 5000);
  Target target(setting);
  Bystanders bystanders(target.port());
  const std::uint64_t there = target.count("rooms");
  const std::uint64_t connected = target.count("connections");
  target.meet(static_cast<std::size_t>(live));
  const Resources before(target);
  std::vector<RawClient> readers;
  for (int n = 0; n < live; ++n) {
    readers.emplace_back(target.port(), support::long_patience);
    readers.back().send(n % 2 == 0 ? support::get(room(n) + "/events")
                                   : support::upgrade(room(n) + "/socket"));
  }
  const std::uint64_t all = there + static_cast<std::uint64_t>(live);
  findings.expect(target.rises_to("rooms", all, support::long_patience),
                  fmt::format("there are {} rooms, expected {}", target.count("rooms"), all));
  readers.clear();
  findings.expect(target.falls_to("connections", connected, support::long_patience), "readers are left");
  findings.expect(target.count("rooms") == there,
                  fmt::format("there are {} rooms, expected {}", target.count("rooms"), there));
  findings.amount(fmt::format("{} rooms with a reader each", live));
  findings.measured("all gone with their readers");
  before.expect_back(target, findings);
  bystanders.expect_untouched(setting, findings);
  target.stop(findings);
}

}  // namespace

void many_rooms(const Setting& setting, Findings& findings) {
  speak_everywhere(setting, findings);
  wait_everywhere(setting, findings);
}

}  // namespace faults
