#pragma once
// When a server has more to do than it can, and what it still does then.

#include "bench/model.hpp"

#include <cstddef>

namespace bench {

/// What came of a rate that was offered for some time.
struct Goodput {
  double per_second = 0;  ///< messages that every reader had by the end of that time
  bool saturated =
      false;  ///< more than a twentieth of them was still to come, from a server that was busy all the time
};

/// `delivered`: messages of the `offered` that were there in time, a mean over the readers. `utilisation`: of the server, 0 to 1. A server that is
/// behind though it had time to spare is not saturated: something else is wrong, and the run must say so.
Goodput goodput(std::size_t offered, double delivered, Seconds length, double utilisation);

}  // namespace bench
