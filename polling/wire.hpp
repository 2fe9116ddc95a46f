#pragma once
// Polling on the wire: a page of messages in JSON, its tag, and how long a client is ready to wait. Pure.

#include "feed/error.hpp"
#include "feed/message.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace polling {

/// What one poll brings. The cursor is that of the last message, or where the reader was.
struct Page {
  feed::Hello hello;
  std::vector<feed::Message> messages;
};

/// `{"cursor":"k3f9.21","messages":[…]}`, with the gap before the messages where there is one. `messages` is JSON,
/// comma-separated.
std::string encode_page(const feed::Hello& hello, std::string_view messages);
/// What stands before and behind the messages.
std::string begin_page(const feed::Hello& hello);
constexpr std::string_view end_of_page = "]}";
feed::Result<Page> parse_page(std::string_view json);

/// The entity tag of the messages from `first` to `last`: `"k3f9.1-21"`, with its quotes (RFC 9110, 8.8.3).
std::string entity_tag(std::string_view epoch, feed::Seq first, feed::Seq last);

/// Whether an If-None-Match field names the tag (weak comparison, RFC 9110, 13.1.2).
bool names(std::string_view if_none_match, std::string_view tag);

/// The longest time that a long poll waits.
constexpr std::chrono::seconds longest_wait{60};

/// `wait=25` among the preferences of a Prefer field (RFC 7240, 4.3), at most longest_wait. Nothing where it is absent or not a
/// number: a preference that is not understood is ignored.
std::optional<std::chrono::seconds> preferred_wait(std::string_view prefer);

}  // namespace polling
