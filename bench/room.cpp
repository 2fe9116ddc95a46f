#include "bench/experiment.hpp"

namespace bench {

Experiment room_experiment() {
  Experiment experiment;
  experiment.id = "E22";
  experiment.name = "room";
  return experiment;
}

}  // namespace bench
