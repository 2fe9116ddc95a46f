#include "bench/experiment.hpp"

namespace bench {

Experiment http2_experiment() {
  Experiment experiment;
  experiment.id = "P2";
  experiment.name = "http2";
  return experiment;
}

}  // namespace bench
