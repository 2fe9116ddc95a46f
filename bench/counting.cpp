#include "bench/counting.hpp"

#include "bench/peers.hpp"
#include "bench/temporary_directory.hpp"

#include <chrono>
#include <fstream>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <utility>
#include <vector>

namespace bench {
namespace {

void load_under(const Place& place, std::string_view arm, Serving serving, std::vector<std::string> under,
                const std::function<void(Site&)>& load) {
  serving.under = std::move(under);
  Site site(place, arm, serving);
  load(site);
  site.stop();
}

// The number in the first line that has `mark`, before it or behind it.
std::optional<std::uint64_t> number_beside(std::string_view mark, const std::string& file) {
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);) {
    const std::size_t at = line.find(mark);
    if (at == std::string::npos) continue;
    std::istringstream rest(line.erase(at, mark.size()));
    if (std::uint64_t number = 0; rest >> number) return number;
  }
  return std::nullopt;
}

}  // namespace

std::uint64_t count_instructions(const Place& place, std::string_view arm, Serving serving,
                                 const std::function<void(Site&)>& load) {
  const TemporaryDirectory directory("callgrind");
  const std::string file = (directory.path() / "out").string();
  load_under(place, arm, std::move(serving),
             {find_program("valgrind"), "--tool=callgrind", "--quiet", "--callgrind-out-file=" + file}, load);
  if (const auto sum = number_beside("summary: ", file)) return *sum;
  throw std::runtime_error("callgrind wrote no line that begins with \"summary: \"");
}

std::uint64_t count_system_calls(const Place& place, std::string_view arm, Serving serving,
                                 const std::function<void(Site&)>& load) {
  const TemporaryDirectory directory("strace");
  const std::string file = (directory.path() / "out").string();
  load_under(place, arm, std::move(serving),
             {find_program("strace"), "--daemonize", "--follow-forks", "--summary-only",
              "--summary-columns=calls,name", "--output=" + file},
             load);
  // It watches from aside, so that the server's process is the server's, and tells when that is gone.
  for (const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
       std::chrono::steady_clock::now() < deadline;) {
    if (const auto sum = number_beside(" total", file)) return *sum;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  throw std::runtime_error("strace wrote no line that ends with \" total\"");
}

std::string why_not_counted() {
  for (const char* program : {"valgrind", "strace"}) {
    if (find_program(program).empty())
      return std::string(program) + " is not installed; bench/run installs it";
  }
  return {};
}

}  // namespace bench
