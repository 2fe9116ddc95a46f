#pragma once
// File descriptors: every connection takes one on each side.

#include <cstddef>

namespace bench {

/// Throws std::runtime_error with what to do where this process, and so its servers, which inherit the limit, may not open `connections` and what
/// else they need.
void expect_descriptors(std::size_t connections);

}  // namespace bench
