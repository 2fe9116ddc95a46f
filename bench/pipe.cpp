#include "bench/pipe.hpp"

#include "bench/descriptor.hpp"
#include "bench/process.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <thread>

#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bench {
namespace {

// Two ends of a channel. A socket, since a write to one whose other end is closed can do without SIGPIPE.
std::array<Descriptor, 2> channel() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    throw std::runtime_error(fmt::format("no socket pair: {}", std::strerror(errno)));
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

// Only what is safe between fork and exec. Ends with its parent, whatever ends that; in a group of its own: Ctrl-C means the harness alone.
[[noreturn]] void become(char* const* argv, const std::array<int, 3>& standard, int failure, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);  // the parent died before we asked
  setpgid(0, 0);
  run_anywhere();  // the harness keeps itself to one core: a browser there would show another page than people see
  for (int i = 0; i < 3; ++i) dup2(standard[static_cast<std::size_t>(i)], i);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  std::signal(SIGPIPE, SIG_DFL);
  std::signal(SIGINT, SIG_DFL);
  execvp(argv[0], argv);
  const int error = errno;
  if (::write(failure, &error, sizeof error) < 0) _exit(126);
  _exit(127);
}

// Starts the program with its three standard descriptors; returns why that failed, as errno has it, or 0.
int spawn(pid_t& pid, const std::vector<std::string>& command, const Descriptor& in, const Descriptor& out,
          const Descriptor& err) {
  std::vector<std::string> words = command;
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  auto [failure, child_failure] = channel();  // closed by a successful exec
  const pid_t parent = ::getpid();
  pid = ::fork();
  if (pid < 0) return errno;
  if (pid == 0) become(argv.data(), {in.fd(), out.fd(), err.fd()}, child_failure.fd(), parent);
  child_failure.reset();
  int error = 0;
  ssize_t got = 0;
  do {
    got = ::read(failure.fd(), &error, sizeof error);
  } while (got < 0 && errno == EINTR);
  if (got != sizeof error) return 0;
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  return error;
}

// Appends what is there to `text`; closes at the end.
void take(Descriptor& from, std::string& text) {
  std::array<char, 65536> piece;
  const ssize_t got = ::read(from.fd(), piece.data(), piece.size());
  if (got > 0) text.append(piece.data(), static_cast<std::size_t>(got));
  if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN)) from.reset();
}

// Writes as much as goes; closes when all is written or nobody reads any more.
void give(Descriptor& to, std::string_view& rest) {
  const ssize_t sent = ::send(to.fd(), rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent > 0) rest.remove_prefix(static_cast<std::size_t>(sent));
  if (rest.empty() || (sent < 0 && errno != EINTR && errno != EAGAIN)) to.reset();
}

// Lines and blanks to single blanks, at most 400 bytes.
std::string one_line(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const bool blank = c == '\n' || c == ' ' || c == '\t' || c == '\r';
    if (!blank) out += c;
    if (blank && !out.empty() && out.back() != ' ') out += ' ';
  }
  out.resize(std::min<std::size_t>(out.size(), 400));
  while (out.ends_with(' ')) out.pop_back();
  return out;
}

// How the child ended; nothing where it has not by then.
std::optional<int> wait_until(std::chrono::steady_clock::time_point deadline, pid_t pid) {
  int status = 0;
  for (;;) {
    const pid_t got = ::waitpid(pid, &status, WNOHANG);
    if (got == pid) return status;
    if (std::chrono::steady_clock::now() > deadline) return std::nullopt;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
}

}  // namespace

std::string pipe_through(const std::vector<std::string>& command, const std::string& package,
                         std::string_view input, std::chrono::seconds patience) {
  const std::string& name = command.front();
  auto [in, child_in] = channel();
  auto [out, child_out] = channel();
  auto [err, child_err] = channel();
  pid_t pid = -1;
  const int error = spawn(pid, command, child_in, child_out, child_err);
  if (error == ENOENT)
    throw ProgramMissing(fmt::format("{} is not installed: apt-get install {}", name, package));
  if (error != 0)
    throw std::runtime_error(fmt::format("{} cannot be started: {}", name, std::strerror(error)));
  child_in.reset();
  child_out.reset();
  child_err.reset();

  std::string output, complaint;
  const auto deadline = std::chrono::steady_clock::now() + patience;
  const auto left = [deadline] {
    return std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
  };
  if (input.empty()) in.reset();
  while ((out.fd() >= 0 || err.fd() >= 0) && left() > 0) {
    std::array<pollfd, 3> ready{pollfd{in.fd(), POLLOUT, 0}, pollfd{out.fd(), POLLIN, 0},
                                pollfd{err.fd(), POLLIN, 0}};  // poll() passes over descriptors below 0
    if (::poll(ready.data(), ready.size(), static_cast<int>(left())) <= 0) continue;
    if (ready[0].revents != 0) give(in, input);
    if (ready[1].revents != 0) take(out, output);
    if (ready[2].revents != 0) take(err, complaint);
  }
  const bool silent = out.fd() < 0 && err.fd() < 0;
  const std::optional<int> ended = silent ? wait_until(deadline, pid) : std::nullopt;
  if (!ended) {
    ::kill(-pid, SIGKILL);
    int ignored = 0;
    while (::waitpid(pid, &ignored, 0) < 0 && errno == EINTR) {
    }
    throw std::runtime_error(
        fmt::format("{} did not end within {} s and was killed", name, patience.count()));
  }
  const int status = *ended;
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    const std::string how = WIFEXITED(status) ? fmt::format("exit code {}", WEXITSTATUS(status))
                                              : fmt::format("signal {}", WTERMSIG(status));
    throw std::runtime_error(
        fmt::format("{} ended with {}, expected exit code 0; it said: {}", name, how, one_line(complaint)));
  }
  return output;
}

}  // namespace bench
