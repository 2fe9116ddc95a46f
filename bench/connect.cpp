#include "bench/experiment.hpp"

namespace bench {

Experiment connect_experiment() {
  Experiment experiment;
  experiment.id = "E10";
  experiment.name = "connect";
  return experiment;
}

}  // namespace bench
