#pragma once
// What no client may say, as data, and what it must be told: for the tests of the servers and for the fault campaign.

#include <string>
#include <string_view>
#include <vector>

namespace support {

struct BadRequest {
  std::string_view name;
  std::string request;
  int status;
  std::string_view title;
  std::string_view detail;  ///< a part of it
};
const std::vector<BadRequest>& bad_requests();

struct BadHandshake {
  std::string_view name;
  std::string request;
  int status;
  std::string_view detail;  ///< a part of it
};
const std::vector<BadHandshake>& bad_handshakes();

/// What follows a proper handshake in a room.
struct BadFrames {
  std::string_view name;
  std::string bytes;
  std::vector<int> codes;  ///< of the close frame that answers them: one of these
};
const std::vector<BadFrames>& bad_frames();

}  // namespace support
