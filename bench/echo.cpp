#include "bench/experiment.hpp"

namespace bench {

Experiment echo_experiment() {
  Experiment experiment;
  experiment.id = "E9";
  experiment.name = "echo";
  return experiment;
}

}  // namespace bench
