#include "bench/peer_cells.hpp"

#include "bench/interrupt.hpp"
#include "bench/peers.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace bench {

Cell peer_cell(const Setting& setting, const std::string& experiment, const std::string& arm,
               const std::string& how) {
  Cell cell;
  cell.name = fmt::format("{}/{}/{}", experiment, arm, how);
  cell.experiment = experiment;
  cell.arm = arm;
  cell.repetitions = setting.by_profile(0u, 1u, peer_rounds);
  cell.why_not = [arm, root = setting.place.root] { return why_not(arm, root); };
  return cell;
}

std::vector<std::string> peer_scripts() {
  std::vector<std::string> files{"bench/peers/package-lock.json", "bench/peers/room.mjs"};
  for (const PeerArm& peer : peer_arms()) {
    if (!peer.script.empty()) files.push_back(fmt::format("bench/peers/{}", peer.script));
  }
  return files;
}

bool keep_outstanding(Sink& sink, Outlet& outlet, std::size_t window, std::size_t most, Clock::time_point end,
                      std::size_t& sent) {
  for (;;) {
    check_interrupt();
    const std::size_t everywhere = sink.everywhere();
    const std::size_t room = std::min(window - (sent - everywhere), most - sent);
    if (room > 0 && Clock::now() < end) {
      outlet.send_together(sent, room);
      sent += room;
    } else if (everywhere == sent) {
      return true;
    }
    outlet.answered({});
    if (!sink.run_until(everywhere + 1, Clock::now() + std::chrono::seconds(5))) return false;
  }
}

}  // namespace bench
