#pragma once
// Ctrl-C ends the measuring, not the program: what was measured is kept.

#include <stdexcept>

namespace bench {

/// Thrown out of a run that is under way when Ctrl-C was pressed.
struct Interrupted : std::runtime_error {
  Interrupted() : std::runtime_error("interrupted") {}
};

/// SIGINT and SIGTERM are remembered from now on; a second one ends the program at once.
void remember_interrupts();
bool interrupted();
/// Throws Interrupted. Called wherever a run waits.
void check_interrupt();

}  // namespace bench
