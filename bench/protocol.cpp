#include "bench/experiment.hpp"

namespace bench {

Experiment protocol_experiment() {
  Experiment experiment;
  experiment.id = "P0";
  experiment.name = "protocol";
  return experiment;
}

}  // namespace bench
