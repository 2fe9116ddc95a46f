#include "bench/experiment.hpp"

namespace bench {

Experiment keep_alive_experiment() {
  Experiment experiment;
  experiment.id = "E11";
  experiment.name = "keep_alive";
  return experiment;
}

}  // namespace bench
