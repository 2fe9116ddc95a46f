#include "bench/experiment.hpp"

namespace bench {

Experiment pimentel_experiment() {
  Experiment experiment;
  experiment.id = "E3";
  experiment.name = "pimentel";
  return experiment;
}

}  // namespace bench
