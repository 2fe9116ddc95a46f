#include "support/child.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

namespace support {
namespace {

using Clock = std::chrono::steady_clock;

void check(bool ok, const char* what) {
  if (!ok) throw std::system_error(errno, std::system_category(), what);
}

}  // namespace

Child::Child(std::vector<std::string> command, Bounds bounds, Input input) {
  int in[2] = {-1, -1};
  int out[2];
  int err[2];
  // Not a pipe: to write where nobody reads any more must not end this process.
  if (input == Input::written)
    check(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, in) == 0, "socketpair");
  check(::pipe2(out, O_CLOEXEC) == 0, "pipe");
  check(::pipe2(err, O_CLOEXEC) == 0, "pipe");
  std::vector<char*> arguments;
  for (std::string& word : command) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_ = ::fork();
  check(pid_ >= 0, "fork");
  if (pid_ == 0) {
    if (input == Input::written) ::dup2(in[1], STDIN_FILENO);
    ::dup2(out[1], STDOUT_FILENO);
    ::dup2(err[1], STDERR_FILENO);
    ::close_range(3, ~0U, 0);  // what this process has open, and what it was given, is not the child's
    if (bounds.descriptors) {
      const rlimit limit{*bounds.descriptors, *bounds.descriptors};
      ::setrlimit(RLIMIT_NOFILE, &limit);
    }
    // So that what is freed is given back, and memory can be measured under a sanitizer too.
    const char* options = std::getenv("ASAN_OPTIONS");
    ::setenv(
        "ASAN_OPTIONS",
        (std::string(options ? options : "") + ":quarantine_size_mb=1:thread_local_quarantine_size_kb=64")
            .c_str(),
        1);
    ::execv(arguments[0], arguments.data());
    ::_exit(127);
  }
  if (input == Input::written) ::close(in[1]);
  ::close(out[1]);
  ::close(err[1]);
  in_ = in[0];
  out_ = out[0];
  err_ = err[0];
}

Child::~Child() {
  if (!code_) {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  end_input();
  ::close(out_);
  ::close(err_);
}

void Child::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(in_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno != EINTR) {
      return;
    }
  }
}

void Child::end_input() {
  if (in_ >= 0) ::close(std::exchange(in_, -1));
}

std::string Child::read_line(std::chrono::seconds patience) {
  const auto due = Clock::now() + patience;
  for (;;) {
    const std::size_t end = said_.find('\n');
    if (end != std::string::npos) {
      std::string line = said_.substr(0, end);
      said_.erase(0, end + 1);
      return line;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(due - Clock::now());
    pollfd waited{out_, POLLIN, 0};
    if (left.count() <= 0 || ::poll(&waited, 1, static_cast<int>(left.count())) == 0)
      throw std::runtime_error("the program says nothing");
    char bytes[4096];
    const ssize_t got = ::read(out_, bytes, sizeof bytes);
    if (got == 0) throw std::runtime_error("the program ended without a line");
    if (got > 0) said_.append(bytes, static_cast<std::size_t>(got));
  }
}

std::uint16_t Child::port(std::chrono::seconds patience) {
  const std::string line = read_line(patience);
  if (!line.starts_with("listening on http://"))
    throw std::runtime_error("the first line is \"" + line + '"');
  return static_cast<std::uint16_t>(std::stoi(line.substr(line.rfind(':') + 1)));
}

void Child::signal(int number) { check(::kill(pid_, number) == 0, "kill"); }

int Child::wait(std::chrono::seconds patience) {
  // A process's end can't be waited for together with a time without more machinery than this.
  const auto due = Clock::now() + patience;
  while (!code_) {
    int status = 0;
    const pid_t ended = ::waitpid(pid_, &status, WNOHANG);
    check(ended >= 0, "waitpid");
    if (ended == pid_) {
      code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    } else if (Clock::now() > due) {
      throw std::runtime_error("the program does not end");
    } else {
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }
  return *code_;
}

std::string Child::errors() {
  std::string all;
  char bytes[4096];
  for (ssize_t got = 0; (got = ::read(err_, bytes, sizeof bytes)) > 0;)
    all.append(bytes, static_cast<std::size_t>(got));
  return all;
}

void Child::forget_peak() {
  std::ofstream("/proc/" + std::to_string(pid_) + "/clear_refs") << 5;  // proc(5)
}

std::size_t Child::memory(const std::string& name) const {
  std::ifstream status("/proc/" + std::to_string(pid_) + "/status");
  for (std::string word; status >> word;) {
    if (word != name) continue;
    std::size_t kilobytes = 0;
    status >> kilobytes;
    return kilobytes * 1024;
  }
  throw std::runtime_error("no " + name + " has the program ended?");
}

std::size_t Child::descriptors() const {
  const std::filesystem::directory_iterator all("/proc/" + std::to_string(pid_) + "/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

}  // namespace support
