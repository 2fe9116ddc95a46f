#pragma once
// The writing half of server-sent events: what one event, comment or retry is on the wire (WHATWG HTML,
// 9.2.5). Pure, so that an event can be encoded once for all its readers, and its size be known before it is
// sent.

#include <chrono>
#include <string>
#include <string_view>

namespace sse {

/// The event's lines, in the order event, id, data, and its blank line. An empty `type` means "message" and
/// gives no event line; an empty `id` leaves the reader's last event id as it is and gives no id line. `data`
/// may hold anything: each line end in it (CR, LF or CRLF) begins a new data line, so that no text can forge
/// a field or an event, and arrives as LF. Throws std::invalid_argument where `type` or `id` holds CR, LF or
/// NUL, which no stream can carry in them.
std::string encode_event(std::string_view type, std::string_view id, std::string_view data);

/// Comment lines, one for each line of `text`; no blank line, since a comment needs none and may stand inside
/// an event.
std::string encode_comment(std::string_view text);

/// The line that sets a reader's reconnection time. It takes effect by itself, so that an event can follow
/// without a blank line. Throws std::invalid_argument where `delay` is negative.
std::string encode_retry(std::chrono::milliseconds delay);

}  // namespace sse
