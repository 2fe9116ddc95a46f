#pragma once
// What a browser says with each request that libcurl and Beast do not: the header profiles of the experiments on bytes.

#include "feed/client.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// The header fields that a page of the room's own server makes Chromium 156 (of Debian, on Linux) send over HTTP/1.1 besides the lean
/// ones: with fetch() for the arms poll, longpoll and post, with EventSource for sse, with WebSocket for ws. Recorded from it on
/// 24 November 2026, with the name of the browser that has a window. Without a cookie. Throws std::invalid_argument for another arm.
std::vector<std::string> browser_fields(std::string_view arm, const feed::Address& room);

/// A cookie whose name and value have `bytes` bytes, 9 at least: "Cookie: session=k3f9…". Nothing for 0.
std::vector<std::string> cookie_field(std::size_t bytes);

/// What is sent besides the lean fields: nothing for "lean", a browser's for "browser", those and a cookie of 500 bytes for "cookie". Throws
/// std::invalid_argument for another name.
std::vector<std::string> profile_fields(std::string_view profile, std::string_view arm,
                                        const feed::Address& room);

}  // namespace bench
