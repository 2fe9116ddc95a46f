// The system below the faulty server: linked into it, these functions take the place of the C and C++ libraries' own, for SQLite and all
// other libraries too, and fail where a lever says so.

#include "faults/levers.hpp"

#include <dlfcn.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdlib>
#include <ctime>
#include <new>
#include <string>
#include <thread>

namespace {

// Without the variable the server is as good as any other.
faults::Levers& levers() {
  static faults::Levers none{};
  static faults::Levers* const all = [] {
    const char* path = std::getenv(std::string(faults::levers_variable).c_str());
    const int fd = path ? ::open(path, O_RDWR | O_CLOEXEC) : -1;
    void* mapped = fd < 0
                       ? MAP_FAILED
                       : ::mmap(nullptr, sizeof(faults::Levers), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd >= 0) ::close(fd);
    return mapped == MAP_FAILED ? &none : static_cast<faults::Levers*>(mapped);
  }();
  return *all;
}

// The function whose place was taken. Under a sanitizer that is the sanitizer's.
template <class Function>
Function* real(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));
}

}  // namespace

extern "C" {

// --- the clock ----------------------------------------------------------------------------------------------------------

int clock_gettime(clockid_t clock, timespec* time) noexcept {
  static auto* const next = real<int(clockid_t, timespec*)>("clock_gettime");
  const int result = next(clock, time);
  if (result == 0 && clock == CLOCK_REALTIME) time->tv_sec += levers().clock_shift_s;
  return result;
}

std::time_t time(std::time_t* at) noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  if (at) *at = now.tv_sec;
  return now.tv_sec;
}

int gettimeofday(timeval* time, void*) noexcept {
  timespec now{};
  ::clock_gettime(CLOCK_REALTIME, &now);
  *time = {now.tv_sec, now.tv_nsec / 1000};
  return 0;
}

// --- the disk -----------------------------------------------------------------------------------------------------------

static bool fails_to_write() {
  const int error = levers().write_error;
  if (error == 0) return false;
  ++levers().writes_failed;
  errno = error;
  return true;
}

ssize_t pwrite(int fd, const void* bytes, std::size_t size, off_t at) {
  static auto* const next = real<ssize_t(int, const void*, std::size_t, off_t)>("pwrite");
  return fails_to_write() ? -1 : next(fd, bytes, size, at);
}

ssize_t pwrite64(int fd, const void* bytes, std::size_t size, off64_t at) {
  static auto* const next = real<ssize_t(int, const void*, std::size_t, off64_t)>("pwrite64");
  return fails_to_write() ? -1 : next(fd, bytes, size, at);
}

int openat(int directory, const char* path, int flags, ...) {
  static auto* const next = real<int(int, const char*, int, ...)>("openat");
  mode_t mode = 0;
  if ((flags & O_CREAT) != 0) {
    va_list arguments;
    va_start(arguments, flags);
    mode = va_arg(arguments, mode_t);
    va_end(arguments);
    if (fails_to_write()) return -1;
  }
  return next(directory, path, flags, mode);
}

static int sync_or_not(int (*next)(int), int fd) {
  ++levers().syncs;
  if (const int time = levers().sync_time_ms) std::this_thread::sleep_for(std::chrono::milliseconds(time));
  if (const int error = levers().sync_error) {
    errno = error;
    return -1;
  }
  return next(fd);
}

int fsync(int fd) {
  static auto* const next = real<int(int)>("fsync");
  return sync_or_not(next, fd);
}

int fdatasync(int fd) {
  static auto* const next = real<int(int)>("fdatasync");
  return sync_or_not(next, fd);
}

}  // extern "C"
