#include "bench/experiment.hpp"

namespace bench {

Experiment nothing_new_experiment() {
  Experiment experiment;
  experiment.id = "E21";
  experiment.name = "nothing_new";
  return experiment;
}

}  // namespace bench
