#pragma once
// A server in a process of its own, so that its cost is nobody else's, and the instruments that look at it
// from outside.

#include <chrono>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <sys/types.h>

namespace bench {

/// A server that did not start, died, or did not end as it should. The text is one sentence for people.
struct ServerFailed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// "was ended by signal 9 (Killed)", of what waitpid(2) says.
std::string how_it_ended(int status);

/// A child that ended by itself in the middle of a run: then that is what the run shows, whatever else is seen of it. The sentences of this thread
/// since they were last taken.
void remember_death(std::string sentence);
std::string take_deaths();

/// The cores that a measurement uses. With one core both are the same, and nothing is pinned.
struct Cores {
  int server = 0;
  int clients = 0;
  bool apart() const { return server != clients; }
};

/// The first two cores that this process may use.
Cores choose_cores();

/// Keeps the calling thread, and what it starts, on one core. False where the system refuses.
bool pin_to(int core);

/// Lets the calling thread, and what it starts, run on every core. Safe between fork and exec.
void run_anywhere();

/// CPU time of a process since its start. `total` is exact (the process clock, in nanoseconds); the kernel
/// splits it into user and system time by sampling, so the parts are right to some 10 ms.
struct ProcessTime {
  std::chrono::nanoseconds total{0};
  std::chrono::nanoseconds user{0};
  std::chrono::nanoseconds system{0};
};
ProcessTime operator-(const ProcessTime& a, const ProcessTime& b);

/// One child. Dies with this process, whatever ends it (and where it ended before, that is remembered as a death); leaves the terminal's process group, so that Ctrl-C
/// means the harness alone. Used from one thread, the one that made it.
class Process {
 public:
  /// Starts `program` on `core` (nothing: anywhere), in the network namespace of that descriptor (nothing: that of this process), and reads its first line. Throws ServerFailed where there
  /// is none within 10 s.
  Process(const std::string& program, const std::vector<std::string>& arguments, std::optional<int> core,
          std::optional<int> network_namespace = {});
  /// The same for a program that does not say when it is ready: what it writes, errors too, is added to the file `said`, and nobody
  /// waits for it.
  Process(const std::string& program, const std::vector<std::string>& arguments, std::optional<int> core,
          std::optional<int> network_namespace, const std::string& said);
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  pid_t pid() const { return pid_; }
  const std::string& first_line() const { return first_line_; }
  std::uint16_t port() const;  ///< the number behind the last colon of the first line

  ProcessTime cpu() const;
  /// Of each of its threads, in the order in which they began. Of a thread that has ended nothing is known.
  std::vector<std::chrono::nanoseconds> thread_cpu() const;
  /// Lets all its threads run on both cores from now on. False where the system refuses.
  bool run_on(const Cores& cores) const;
  std::uint64_t memory_bytes() const;      ///< PSS: its own pages, and its share of the shared ones
  std::uint64_t context_switches() const;  ///< voluntary ones: how often it went to sleep

  /// Throws ServerFailed, with how it ended, where it is gone. That is remembered as a death.
  void check();
  /// How it ended, where it is gone: for a start that may fail.
  std::optional<std::string> over();

  /// SIGTERM, and SIGKILL after 6 s. Throws ServerFailed where it did not end by itself with exit code 0.
  void stop();
  /// SIGKILL, for a program that does not end well by itself. Throws ServerFailed where it was gone before.
  void kill();

  void signal(int number) const;  ///< SIGSTOP and SIGCONT, for tests

 private:
  void start(const std::string& program, const std::vector<std::string>& arguments, int output,
             bool errors_too, std::optional<int> core, std::optional<int> network_namespace);
  std::string read_line(std::chrono::seconds patience);
  std::optional<int> wait(bool block);

  std::string name_;
  pid_t pid_ = -1;
  int output_ = -1;
  std::string first_line_;
};

}  // namespace bench
