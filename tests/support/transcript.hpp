#pragma once
// What two sides said to each other as text that is the same every time: what varies gives its name instead.

#include "support/relay.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace support {

/// One direction's bytes as lines for people: `> ` from the client, `< ` from the server; CR, LF, and what is not ASCII
/// text is shown as `\r`, `\n`, `\xHH`. A line of the transcript ends behind each `\n` of the wire.
std::string transcript(const std::vector<Relay::Piece>& pieces);

/// The same text with what varies replaced: the date by DATE, `at` by AT, the epoch by EPOCH, Sec-WebSocket-Key and
/// -Accept by KEY and ACCEPT, the port in Host and Origin by PORT, the version of libcurl or Beast by VERSION, and a
/// client's mask and masked bytes by MASKED.
std::string normalised(std::string transcript);

}  // namespace support
