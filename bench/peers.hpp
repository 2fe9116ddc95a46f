#pragma once
// The servers of others that are measured beside ours: which there are, whether they are here, and what they are made of. Each is set up for speed as its
// documentation says (bench/peers/, nchan_configuration()), and is started, pinned and stopped as ours are.

#include <map>
#include <span>
#include <string>
#include <string_view>

namespace bench {

/// One arm of somebody else's.
struct PeerArm {
  enum class Made { node, nchan, nginx };
  std::string_view arm;  ///< "ws_node"
  Made made;
  std::string_view script;  ///< of bench/peers; empty where it is nginx
  std::string_view words;   ///< "WebSocket, ws (Node)": for people
  std::string_view ours;    ///< the arm of ours that does the same: "ws"
};

std::span<const PeerArm> peer_arms();
/// Null where the arm is ours.
const PeerArm* find_peer(std::string_view arm);

/// Why the arm cannot be measured on this machine, in a sentence with what to do; empty where it can, and for ours. `root`: of the source tree.
std::string why_not(std::string_view arm, const std::string& root);

/// The directory of the peers' servers in that source tree.
std::string peers_directory(const std::string& root);

/// Where a program is, by $PATH; empty where it is not there.
std::string find_program(std::string_view name);

/// What the peers are made of: "node" → "v20.20.2", "ws" → "8.23.0", "libnginx-mod-nchan" → "1:1.3.6+dfsg-2". "not installed" where it is not.
std::map<std::string, std::string> peer_versions(const std::string& root);

}  // namespace bench
