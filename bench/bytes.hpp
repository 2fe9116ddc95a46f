#pragma once
// The parts of the experiment on bytes.

#include "bench/experiment.hpp"

#include <vector>

namespace bench {

/// The cells in which a client publishes.
std::vector<Cell> publish_cells(const Setting& setting);

/// The cells in which a picture is sent.
std::vector<Cell> picture_cells(const Setting& setting);

}  // namespace bench
