#pragma once
// Whether a connection is encrypted, and by which version.

#include <string_view>

namespace bench {

enum class Tls { none, v1_2, v1_3 };

/// "none", "1.2", "1.3"
constexpr std::string_view to_string(Tls tls) {
  return tls == Tls::none ? "none" : tls == Tls::v1_2 ? "1.2" : "1.3";
}

}  // namespace bench
