#pragma once
// What a strict reader of WebSocket frames makes of what a client has sent, written without the server's parser.

#include <string>
#include <string_view>

namespace faults {

/// Holds all that came back behind a handshake against all that was sent before the end of the stream: each whole message has its
/// answer, and the first thing that is wrong ends the connection with the code that says so. What contradicts, in a sentence; empty where
/// nothing does. `is_echo`: at GET /echo, else in a room. A message may have 65 536 bytes.
std::string judge_frames(std::string_view said, std::string_view heard, bool is_echo);

/// Whether the server may read on behind these.
bool goes_on_behind(std::string_view said, bool is_echo);

}  // namespace faults
