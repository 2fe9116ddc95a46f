#include "bench/experiment.hpp"

namespace bench {

Experiment compression_experiment() {
  Experiment experiment;
  experiment.id = "E16";
  experiment.name = "compression";
  return experiment;
}

}  // namespace bench
