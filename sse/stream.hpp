#pragma once
// One connection to an event stream, whatever the events mean: asks, looks whether the answer is a stream, and reads it.

#include "feed/error.hpp"
#include "feed/user_agent.hpp"
#include "sse/parser.hpp"

#include <boost/asio/awaitable.hpp>

#include <functional>
#include <string_view>

namespace sse {

namespace net = boost::asio;

/// Feeds the answer to the parser, from its first byte on, as the bytes come. `request` is what to ask; its callbacks are set here. Ends
/// with the stream, and returns why: `left` (the server ended it, or the connection broke), `timed_out`, `unreachable`, `refused` (any
/// status but 200), `invalid` (no text/event-stream, or not HTTP), `too_large` (an event is, for the parser), `closed` (`goes_on`,
/// asked after each piece, said no, or the agent was closed). References must outlive it.
net::awaitable<feed::Error> read_stream(feed::UserAgent& agent, feed::Fetch request, Parser& parser,
                                        std::function<bool()> goes_on);

/// Whether a Content-Type is text/event-stream: in any case, with or without parameters (WHATWG MIME Sniffing, 4.4).
bool is_event_stream(std::string_view content_type);

}  // namespace sse
