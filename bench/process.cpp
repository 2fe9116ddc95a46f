#include "bench/process.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <thread>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bench {
namespace {

constexpr std::chrono::seconds start_patience{10};
constexpr std::chrono::seconds stop_patience{6};

thread_local std::string deaths;

// Only what is safe between fork and exec. Returns where exec failed.
void become(const char* program, char* const* arguments, int output, bool errors_too, std::optional<int> core,
            std::optional<int> network_namespace, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);  // the parent died before we asked
  setpgid(0, 0);
  if (core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<std::size_t>(*core), &set);
    sched_setaffinity(0, sizeof set, &set);
  }
  if (network_namespace && setns(*network_namespace, CLONE_NEWNET) != 0) _exit(127);
  const int nothing = open("/dev/null", O_RDONLY);
  dup2(nothing, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  if (errors_too) dup2(output, STDERR_FILENO);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  std::signal(SIGPIPE, SIG_DFL);
  std::signal(SIGINT, SIG_DFL);
  execv(program, arguments);
}

std::uint64_t field_of(const std::string& path, std::string_view name) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name)) return std::strtoull(line.c_str() + name.size(), nullptr, 10);
  }
  return 0;
}

}  // namespace

std::string how_it_ended(int status) {
  if (WIFEXITED(status)) return fmt::format("ended with exit code {}", WEXITSTATUS(status));
  if (WIFSIGNALED(status))
    return fmt::format("was ended by signal {} ({})", WTERMSIG(status), strsignal(WTERMSIG(status)));
  return "ended";
}

void remember_death(std::string sentence) {
  if (!deaths.empty()) deaths += ' ';
  deaths += sentence;
}

std::string take_deaths() { return std::exchange(deaths, {}); }

Cores choose_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  std::vector<int> usable;
  if (sched_getaffinity(0, sizeof set, &set) == 0) {
    for (int core = 0; core < CPU_SETSIZE; ++core) {
      if (CPU_ISSET(static_cast<std::size_t>(core), &set)) usable.push_back(core);
    }
  }
  if (usable.empty()) return {};
  return {usable.front(), usable.size() > 1 ? usable[1] : usable.front()};
}

void run_anywhere() {
  cpu_set_t all;
  std::memset(&all, 0xff, sizeof all);
  sched_setaffinity(0, sizeof all, &all);
}

bool pin_to(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(core), &set);
  return sched_setaffinity(0, sizeof set, &set) == 0;
}

ProcessTime operator-(const ProcessTime& a, const ProcessTime& b) {
  return {a.total - b.total, a.user - b.user, a.system - b.system};
}

Process::Process(const std::string& program, const std::vector<std::string>& arguments,
                 std::optional<int> core, std::optional<int> network_namespace)
    : name_(program.substr(program.rfind('/') + 1)) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0)
    throw ServerFailed(fmt::format("{}: no pipe: {}", name_, std::strerror(errno)));
  output_ = ends[0];
  try {
    start(program, arguments, ends[1], false, core, network_namespace);
  } catch (...) {
    close(ends[1]);
    close(output_);
    throw;
  }
  close(ends[1]);
  try {
    first_line_ = read_line(start_patience);
  } catch (...) {
    ::kill(pid_, SIGKILL);
    wait(true);
    close(output_);
    throw;
  }
}

Process::Process(const std::string& program, const std::vector<std::string>& arguments,
                 std::optional<int> core, std::optional<int> network_namespace, const std::string& said)
    : name_(program.substr(program.rfind('/') + 1)) {
  const int output = open(said.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (output < 0) throw ServerFailed(fmt::format("{}: {}: {}", name_, said, std::strerror(errno)));
  try {
    start(program, arguments, output, true, core, network_namespace);
  } catch (...) {
    close(output);
    throw;
  }
  close(output);
}

void Process::start(const std::string& program, const std::vector<std::string>& arguments, int output,
                    bool errors_too, std::optional<int> core, std::optional<int> network_namespace) {
  if (access(program.c_str(), X_OK) != 0) throw ServerFailed(program + " is not there; bench/run builds it.");
  std::vector<char*> argv;
  std::vector<std::string> words{program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);

  const pid_t parent = getpid();
  pid_ = fork();
  if (pid_ == 0) {
    become(program.c_str(), argv.data(), output, errors_too, core, network_namespace, parent);
    _exit(127);
  }
  if (pid_ < 0) throw ServerFailed(fmt::format("{} cannot be started: {}", name_, std::strerror(errno)));
}

Process::~Process() {
  if (const auto how = over()) {
    remember_death(fmt::format("{} {} in the middle of a run.", name_, *how));
  } else if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    wait(true);
  }
  if (output_ >= 0) close(output_);
}

std::string Process::read_line(std::chrono::seconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  std::string line;
  for (char byte = 0;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd readable{output_, POLLIN, 0};
    if (left.count() <= 0)
      throw ServerFailed(
          fmt::format("{} said nothing within {} s, expected its address.", name_, patience.count()));
    if (::poll(&readable, 1, static_cast<int>(left.count())) <= 0) continue;
    const ssize_t got = ::read(output_, &byte, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) throw ServerFailed(name_ + " ended before it said its address; what it said is above.");
    if (byte == '\n') return line;
    line += byte;
  }
}

std::uint16_t Process::port() const {
  const char* begin = first_line_.data() + first_line_.rfind(':') + 1;
  std::uint16_t port = 0;
  std::from_chars(begin, first_line_.data() + first_line_.size(), port);
  if (port == 0)
    throw ServerFailed(
        fmt::format("{} said \"{}\", expected \"listening on http://host:port\".", name_, first_line_));
  return port;
}

ProcessTime Process::cpu() const {
  ProcessTime time;
  clockid_t clock{};
  timespec now{};
  if (clock_getcpuclockid(pid_, &clock) == 0 && clock_gettime(clock, &now) == 0) {
    time.total = std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec);
  }
  std::ifstream file(fmt::format("/proc/{}/stat", pid_));
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::istringstream fields(
      text.substr(std::min(text.rfind(')') + 1, text.size())));  // the name may hold anything
  std::string skipped;
  for (int i = 3; i < 14; ++i) fields >> skipped;  // proc(5): utime is field 14
  long long user = 0, system = 0;
  fields >> user >> system;
  const auto tick = std::chrono::nanoseconds(1'000'000'000 / sysconf(_SC_CLK_TCK));
  time.user = user * tick;
  time.system = system * tick;
  return time;
}

namespace {

// In the order in which they began: their numbers wrap around where nobody lives to see it.
std::vector<pid_t> threads_of(pid_t process) {
  std::vector<pid_t> threads;
  std::error_code error;  // it may have ended
  for (const auto& entry : std::filesystem::directory_iterator(fmt::format("/proc/{}/task", process), error))
    threads.push_back(static_cast<pid_t>(std::strtol(entry.path().filename().c_str(), nullptr, 10)));
  std::sort(threads.begin(), threads.end());
  return threads;
}

}  // namespace

std::vector<std::chrono::nanoseconds> Process::thread_cpu() const {
  std::vector<std::chrono::nanoseconds> cpu;
  for (const pid_t thread : threads_of(pid_)) {
    std::ifstream file(fmt::format("/proc/{}/task/{}/schedstat", pid_, thread));
    long long ran_ns = 0;
    file >> ran_ns;
    cpu.emplace_back(ran_ns);
  }
  return cpu;
}

bool Process::run_on(const Cores& cores) const {
  cpu_set_t set;
  CPU_ZERO(&set);
  for (const int core : {cores.server, cores.clients}) CPU_SET(static_cast<std::size_t>(core), &set);
  bool done = true;
  for (const pid_t thread : threads_of(pid_)) done = sched_setaffinity(thread, sizeof set, &set) == 0 && done;
  return done;
}

std::uint64_t Process::memory_bytes() const {
  return 1024 * field_of(fmt::format("/proc/{}/smaps_rollup", pid_), "Pss:");
}

std::uint64_t Process::context_switches() const {
  return field_of(fmt::format("/proc/{}/status", pid_), "voluntary_ctxt_switches:");
}

std::optional<int> Process::wait(bool block) {
  int status = 0;
  pid_t got = 0;
  do {
    got = waitpid(pid_, &status, block ? 0 : WNOHANG);
  } while (got < 0 && errno == EINTR);
  if (got != pid_) return std::nullopt;
  pid_ = -1;
  return status;
}

void Process::check() {
  if (pid_ < 0) throw ServerFailed(name_ + " is not running.");
  if (const auto how = over()) {
    const std::string sentence = fmt::format("{} {} in the middle of a run.", name_, *how);
    remember_death(sentence);
    throw ServerFailed(sentence);
  }
}

std::optional<std::string> Process::over() {
  if (pid_ < 0) return std::nullopt;
  const auto status = wait(false);
  return status ? std::optional(how_it_ended(*status)) : std::nullopt;
}

void Process::stop() {
  check();
  ::kill(pid_, SIGTERM);
  const auto deadline = std::chrono::steady_clock::now() + stop_patience;
  while (std::chrono::steady_clock::now() < deadline) {
    if (const auto status = wait(false)) {
      if (!WIFEXITED(*status) || WEXITSTATUS(*status) != 0) {
        throw ServerFailed(fmt::format("{} {} when it was told to stop, expected exit code 0.", name_,
                                       how_it_ended(*status)));
      }
      return;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  ::kill(pid_, SIGKILL);
  wait(true);
  throw ServerFailed(fmt::format("{} did not stop within {} s of SIGTERM.", name_, stop_patience.count()));
}

void Process::kill() {
  check();
  ::kill(pid_, SIGKILL);
  wait(true);
}

void Process::signal(int number) const { ::kill(pid_, number); }

}  // namespace bench
