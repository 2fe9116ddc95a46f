#pragma once
// What a peer can cause is a value, not an exception: the endings by name, and a sentence for people.

#include <boost/system/result.hpp>

#include <stdexcept>
#include <string>
#include <utility>

namespace feed {

/// How a call can end other than well. `status` of Error says more where HTTP said it.
enum class Errc {
  closed,       ///< the feed is over: this side closed it, or the server said goodbye
  left,         ///< the peer is gone: end of stream, reset, or a write that failed
  timed_out,    ///< nothing came in time
  unreachable,  ///< no connection could be made
  refused,      ///< the peer understood and said no; Error::status is its HTTP status
  invalid,      ///< what came does not follow the protocol
  too_large,    ///< what came is larger than the limit
};

/// `detail` is lower case and says what was got and what was expected.
struct Error {
  Errc code;
  std::string detail;
  int status = 0;  ///< HTTP status where there is one, else 0

  bool operator==(const Error&) const = default;
};

/// Found by argument-dependent look-up when `value()` is called on a Result that holds an Error.
[[noreturn]] inline void throw_exception_from_error(const Error& error, const boost::source_location&) {
  throw std::runtime_error(error.detail);
}

/// A T, or the Error that came in its place. Never ignored.
template <class T = void>
using Result = boost::system::result<T, Error>;

inline Error invalid(std::string detail) { return {Errc::invalid, std::move(detail)}; }

}  // namespace feed
