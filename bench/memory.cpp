#include "bench/experiment.hpp"

namespace bench {

Experiment memory_experiment() {
  Experiment experiment;
  experiment.id = "E19";
  experiment.name = "memory";
  return experiment;
}

}  // namespace bench
