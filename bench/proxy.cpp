#include "bench/experiment.hpp"

namespace bench {

Experiment proxy_experiment() {
  Experiment experiment;
  experiment.id = "P1";
  experiment.name = "proxy";
  return experiment;
}

}  // namespace bench
