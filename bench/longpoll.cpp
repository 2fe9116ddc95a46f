#include "bench/experiment.hpp"

namespace bench {

Experiment longpoll_experiment() {
  Experiment experiment;
  experiment.id = "E2";
  experiment.name = "longpoll";
  return experiment;
}

}  // namespace bench
