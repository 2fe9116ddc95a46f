#include "bench/experiment.hpp"

namespace bench {

Experiment headers_experiment() {
  Experiment experiment;
  experiment.id = "E17";
  experiment.name = "headers";
  return experiment;
}

}  // namespace bench
