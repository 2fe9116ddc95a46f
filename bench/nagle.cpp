#include "bench/experiment.hpp"

namespace bench {

Experiment nagle_experiment() {
  Experiment experiment;
  experiment.id = "E20";
  experiment.name = "nagle";
  return experiment;
}

}  // namespace bench
