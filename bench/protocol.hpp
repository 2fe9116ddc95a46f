#pragma once
// Facts about the protocols that are counted and not sampled: each is a cell with figures. A gate says that the counting went wrong; what
// was counted is for the claims' rules to judge, whatever it is.

#include "bench/experiment.hpp"

#include <string>

namespace bench {

/// A figure, and what the protocol says that it is.
void tell(Run& run, const std::string& name, double seen, double predicted);

// Messages that nobody asked for one by one.

/// A thousand messages on the answer to one request.
void measure_one_request(const Place& place, Run& run);
/// Messages that come while the client says nothing.
void measure_no_request(const Place& place, Run& run);
/// How many polls bring nothing, where `per_interval` messages come in an interval.
void measure_empty_share(const Place& place, double per_interval, Run& run);
/// What a cookie costs with each message and once. `arm`: poll, sse or ws.
void measure_identity(const Place& place, const std::string& arm, Run& run);

// WebSocket.

/// Handshakes from a page of this server's, or of another, until the answer is there and the connection is gone.
void measure_handshakes(const Place& place, bool own_origin, Run& run);
/// Origins by the letter: who is let in by the allow-list, and what a page can do that was.
void measure_origins(const Place& place, Run& run);
/// A thousand messages each way on one connection, neither side waiting for the other.
void measure_both_ways(const Place& place, Run& run);
/// What a server keeps of who is connected: messages that go on where the client said once that it was.
void measure_memory_of_place(const Place& place, Run& run);
/// What a text and a binary frame are at the other side.
void measure_text_and_binary(const Place& place, Run& run);

/// The page, a POST, a poll, an event stream and a WebSocket at one port.
void measure_one_port(const Place& place, Run& run);

}  // namespace bench
