#include "bench/experiment.hpp"

namespace bench {

Experiment stalled_experiment() {
  Experiment experiment;
  experiment.id = "E15";
  experiment.name = "stalled";
  return experiment;
}

}  // namespace bench
