#include "bench/experiment.hpp"

namespace bench {

Experiment load_experiment() {
  Experiment experiment;
  experiment.id = "E4";
  experiment.name = "load";
  return experiment;
}

}  // namespace bench
