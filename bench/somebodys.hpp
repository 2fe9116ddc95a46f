#pragma once
// Servers that are not ours to start: found out by asking them what they speak.

#include "feed/client.hpp"

#include <map>
#include <string>
#include <vector>

namespace bench {

/// Which arms the servers at these URLs ("http://host:port") speak, each with the server that does: poll and longpoll, sse, ws. The first
/// that speaks an arm gets it. Throws std::runtime_error, with what to do, where a URL is none, a server cannot be reached, or one speaks
/// nothing of the feed.
std::map<std::string, feed::Address, std::less<>> arms_of(const std::vector<std::string>& urls);

}  // namespace bench
