#include "bench/experiment.hpp"

namespace bench {

Experiment break_even_experiment() {
  Experiment experiment;
  experiment.id = "E6";
  experiment.name = "break_even";
  return experiment;
}

}  // namespace bench
