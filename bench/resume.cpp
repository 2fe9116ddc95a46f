#include "bench/experiment.hpp"

namespace bench {

Experiment resume_experiment() {
  Experiment experiment;
  experiment.id = "E12";
  experiment.name = "resume";
  return experiment;
}

}  // namespace bench
