#pragma once
// Programs of the system that turn one text into another: gnuplot makes pictures, cmark-gfm makes HTML.

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// There is no such program on this machine. The text is one sentence, with the line that installs it.
struct ProgramMissing : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What `command` writes to its standard output when it reads `input`. The first word is looked for in PATH. Throws ProgramMissing
/// where it is not there (`package`: where apt has it), and std::runtime_error, with what it said, where it ends with
/// another exit code than 0 or has not ended within `patience`; it is killed then.
std::string pipe_through(const std::vector<std::string>& command, const std::string& package,
                         std::string_view input, std::chrono::seconds patience = std::chrono::seconds(20));

}  // namespace bench
