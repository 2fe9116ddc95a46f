#include "bench/pipe.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <functional>
#include <stdexcept>
#include <string>

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using bench::pipe_through;
using testing::HasSubstr;

std::string error_of(const std::function<void()>& act) {
  try {
    act();
  } catch (const std::exception& error) {
    return error.what();
  }
  return "no error";
}

TEST(PipeThrough, GivesWhatTheProgramMakesOfItsInput) {
  EXPECT_EQ(pipe_through({"tr", "a-z", "A-Z"}, "coreutils", "one\ntwo\n"), "ONE\nTWO\n");
}

TEST(PipeThrough, CarriesMoreThanAPipeHolds) {
  const std::string much(5'000'000, 'x');
  EXPECT_EQ(pipe_through({"cat"}, "coreutils", much), much);
}

TEST(PipeThrough, TakesAProgramThatDoesNotReadItsInput) {
  EXPECT_EQ(pipe_through({"echo", "enough"}, "coreutils", std::string(5'000'000, 'x')), "enough\n");
}

TEST(PipeThrough, SaysWhatTheProgramSaidWhenItFails) {
  EXPECT_EQ(error_of([] {
              pipe_through({"sh", "-c", "echo no such; echo thing >&2; exit 3"}, "dash", "");
            }),
            "sh ended with exit code 3, expected exit code 0; it said: thing");
  EXPECT_THAT(error_of([] {
                pipe_through({"sh", "-c", "kill -9 $$"}, "dash", "");
              }),
              HasSubstr("sh ended with signal 9"));
}

TEST(PipeThrough, SaysWhichPackageHasAProgramThatIsNotThere) {
  EXPECT_THROW(pipe_through({"no-such-program"}, "no-such-package", ""), bench::ProgramMissing);
  EXPECT_EQ(error_of([] { pipe_through({"no-such-program"}, "no-such-package", ""); }),
            "no-such-program is not installed: apt-get install no-such-package");
}

// The harness in a process of its own, killed while the program runs.
TEST(PipeThrough, IsOverWithTheProcessThatAskedForIt) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const pid_t harness = ::fork();
  if (harness == 0) {
    ::close(ends[0]);
    pipe_through({"sh", "-c", "echo x >/proc/self/fd/" + std::to_string(ends[1]) + "; exec sleep 600"},
                 "dash", "");
    ::_exit(1);
  }
  ::close(ends[1]);
  char bytes[8];
  ASSERT_EQ(::read(ends[0], bytes, sizeof bytes), 2);  // it runs, and holds the other end
  ::kill(harness, SIGKILL);
  ::waitpid(harness, nullptr, 0);
  pollfd end{ends[0], POLLIN, 0};
  ASSERT_EQ(::poll(&end, 1, 10'000), 1);
  EXPECT_EQ(::read(ends[0], bytes, sizeof bytes), 0);  // nobody does any more
  ::close(ends[0]);
}

TEST(PipeThrough, KillsWhatDoesNotEndAndWhatThatHasStarted) {
  using std::chrono::seconds;
  EXPECT_EQ(error_of([] {
              pipe_through({"sleep", "600"}, "coreutils", "", seconds(1));
            }),
            "sleep did not end within 1 s and was killed");
  EXPECT_THAT(error_of([] {
                pipe_through({"sh", "-c", "sleep 600 & wait"}, "dash", "", seconds(1));
              }),
              HasSubstr("was killed"));
  EXPECT_THAT(error_of([] {
                pipe_through({"sh", "-c", "exec >&- 2>&-; sleep 600"}, "dash", "", seconds(1));
              }),
              HasSubstr("was killed"));
}

}  // namespace
