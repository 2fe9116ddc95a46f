#pragma once
// The one time that the tests know: how long to wait for something that must happen. No test passes or fails because
// something took long or was quick, so it may be generous.

#include <chrono>

namespace support {

constexpr std::chrono::seconds patience{10};

/// Where thousands of things must happen, on two cores and under a sanitizer.
constexpr std::chrono::seconds long_patience{60};

}  // namespace support
