#pragma once
// What the SSE adapters print: one line of JSON for each event and each retry.

#include "feed/message.hpp"
#include "sse/parser.hpp"

#include <chrono>
#include <string>

namespace suites {

/// `{"event":"message","data":"hi","lastEventId":"k3f9.17"}`
inline std::string event_line(const sse::Event& event) {
  return R"({"event":)" + feed::quote(event.type) + R"(,"data":)" + feed::quote(event.data) +
         R"(,"lastEventId":)" + feed::quote(event.last_event_id) + '}';
}

/// `{"retry":1000}`
inline std::string retry_line(std::chrono::milliseconds retry) {
  return R"({"retry":)" + std::to_string(retry.count()) + '}';
}

}  // namespace suites
