#pragma once
// HTTP answers in what a connection has brought. Pure.

#include <cstddef>
#include <optional>
#include <string_view>

namespace bench {

/// One answer, with a Content-Length or no body. Points into what it was found in.
struct HttpAnswer {
  int status = 0;
  std::string_view head;  ///< with the empty line behind it
  std::string_view body;
  std::size_t bytes() const { return head.size() + body.size(); }
};

/// The answer at the front of `came`; nothing where it is not there as a whole. Throws std::runtime_error where this is no HTTP/1.1, or an answer
/// with a body of unknown length.
std::optional<HttpAnswer> first_answer(std::string_view came);

/// The value of a header field, whatever the case of its name; empty where it is not there.
std::string_view field_of(std::string_view head, std::string_view name);

}  // namespace bench
