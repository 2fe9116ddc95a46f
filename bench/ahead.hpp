#pragma once
// Where somebody else's server is ahead of ours.

#include "bench/format.hpp"
#include "bench/result.hpp"

namespace bench {

/// A row for each figure that is smaller with a peer than with the server of ours that does the same, for the whole interval of their ratio.
Table ahead_table(const Results& results);

}  // namespace bench
