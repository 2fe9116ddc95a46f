#include "bench/experiment.hpp"

namespace bench {

Experiment dead_peer_experiment() {
  Experiment experiment;
  experiment.id = "P3";
  experiment.name = "dead_peer";
  return experiment;
}

}  // namespace bench
