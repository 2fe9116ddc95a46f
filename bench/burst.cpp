#include "bench/experiment.hpp"

namespace bench {

Experiment burst_experiment() {
  Experiment experiment;
  experiment.id = "E13";
  experiment.name = "burst";
  return experiment;
}

}  // namespace bench
