#include "bench/pipe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <optional>
#include <thread>
#include <utility>

#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

extern char** environ;

namespace bench {
namespace {

// A descriptor that is closed once.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() { close(); }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

// Two ends of a channel. A socket, since a write to one whose other end is closed can do without SIGPIPE.
std::array<Descriptor, 2> channel() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    throw std::runtime_error(fmt::format("no socket pair: {}", std::strerror(errno)));
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

// Starts the program with its three standard descriptors; returns what posix_spawnp says.
int spawn(pid_t& pid, const std::vector<std::string>& command, const Descriptor& in, const Descriptor& out,
          const Descriptor& err) {
  std::vector<std::string> words = command;
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, in.get(), STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, out.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, err.get(), STDERR_FILENO);
  posix_spawnattr_t attributes;  // a group of its own: Ctrl-C means the harness alone
  posix_spawnattr_init(&attributes);
  sigset_t usual;
  sigemptyset(&usual);
  sigaddset(&usual, SIGPIPE);
  sigaddset(&usual, SIGINT);
  posix_spawnattr_setsigdefault(&attributes, &usual);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
  const int error = posix_spawnp(&pid, argv[0], &actions, &attributes, argv.data(), environ);
  posix_spawnattr_destroy(&attributes);
  posix_spawn_file_actions_destroy(&actions);
  return error;
}

// Appends what is there to `text`; closes at the end.
void take(Descriptor& from, std::string& text) {
  std::array<char, 65536> piece;
  const ssize_t got = ::read(from.get(), piece.data(), piece.size());
  if (got > 0) text.append(piece.data(), static_cast<std::size_t>(got));
  if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN)) from.close();
}

// Writes as much as goes; closes when all is written or nobody reads any more.
void give(Descriptor& to, std::string_view& rest) {
  const ssize_t sent = ::send(to.get(), rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (sent > 0) rest.remove_prefix(static_cast<std::size_t>(sent));
  if (rest.empty() || (sent < 0 && errno != EINTR && errno != EAGAIN)) to.close();
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
  child_in.close();
  child_out.close();
  child_err.close();

  std::string output, complaint;
  const auto deadline = std::chrono::steady_clock::now() + patience;
  const auto left = [deadline] {
    return std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
  };
  if (input.empty()) in.close();
  while ((out.get() >= 0 || err.get() >= 0) && left() > 0) {
    std::array<pollfd, 3> ready{pollfd{in.get(), POLLOUT, 0}, pollfd{out.get(), POLLIN, 0},
                                pollfd{err.get(), POLLIN, 0}};  // poll() passes over descriptors below 0
    if (::poll(ready.data(), ready.size(), static_cast<int>(left())) <= 0) continue;
    if (ready[0].revents != 0) give(in, input);
    if (ready[1].revents != 0) take(out, output);
    if (ready[2].revents != 0) take(err, complaint);
  }
  const bool silent = out.get() < 0 && err.get() < 0;
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
