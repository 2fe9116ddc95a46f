#include "bench/interrupt.hpp"

#include <csignal>

namespace bench {
namespace {

volatile std::sig_atomic_t asked = 0;

void on_signal(int number) {
  asked = 1;
  std::signal(number, SIG_DFL);
}

}  // namespace

void remember_interrupts() {
  std::signal(SIGINT, on_signal);
  std::signal(SIGTERM, on_signal);
}

bool interrupted() { return asked != 0; }

void check_interrupt() {
  if (interrupted()) throw Interrupted();
}

}  // namespace bench
