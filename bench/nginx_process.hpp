#pragma once
// nginx as a process of the harness: started on a free port, waited for until it listens, and asked why where it does not.

#include "bench/network.hpp"
#include "bench/process.hpp"

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>

namespace bench {

/// nginx cannot be used here. One sentence: why, and what to do.
struct NoFrontProxy : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// One nginx, of one process, on the server's core and on its side of the network. Ends with this object, and with the harness, whatever ends that.
/// Used from the thread that made the network; directory and network must live longer.
class NginxProcess {
 public:
  /// The text of nginx.conf for a "host:port" to listen on.
  using Configuration = std::function<std::string(const std::string& listen)>;

  /// `port`: 0 takes any free one, again where somebody else takes it before nginx does. `before_start`: for tests, told the port before nginx takes
  /// it. Throws NoFrontProxy.
  NginxProcess(const std::filesystem::path& directory, const Network& network, const Cores& cores,
               const Configuration& configuration, std::uint16_t port = 0,
               const std::function<void(std::uint16_t)>& before_start = {});

  std::uint16_t port() const { return port_; }
  Process& process() { return *process_; }
  const Process& process() const { return *process_; }

 private:
  void start(const Network& network, const Cores& cores, const Configuration& configuration);
  std::string complaint() const;

  std::filesystem::path directory_;
  std::uint16_t port_ = 0;
  std::unique_ptr<Process> process_;
};

}  // namespace bench
