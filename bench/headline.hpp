#pragma once
// What somebody in a hurry reads: a row for each transport.

#include "bench/format.hpp"
#include "bench/result.hpp"

#include <string>

namespace bench {

/// Delay at round-trip times of 0, 20 and 100 ms, bytes, server CPU, memory. Medians; the spread stands in the tables of the experiments.
Table headline(const Results& results);

/// A room of 100 people for an hour (the experiment `room`): medians.
Table room_for_an_hour(const Results& results);

/// Below each row of `mine` the row of `reference` for the same transport, where there is one.
Table beside(const Table& mine, const Table& reference);

}  // namespace bench
