#include "bench/journal.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string_view>

#include <fcntl.h>
#include <unistd.h>

namespace bench {
namespace {

namespace fs = std::filesystem;

// FNV-1a, 64 bit (RFC 9923): tells builds apart, and need not withstand anybody who wants to deceive himself.
std::uint64_t fnv(std::uint64_t hash, std::string_view bytes) {
  for (const char byte : bytes) hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  return hash;
}

std::string first_line_of(const std::string& identity) {
  return fmt::format(R"({{"journal":2,"identity":"{}"}})", identity);
}

}  // namespace

std::string identity_of(const std::vector<std::string>& programs, const std::string& profile,
                        std::uint64_t seed, const std::string& machine) {
  std::uint64_t hash = fnv(0xcbf29ce484222325, machine);
  for (const std::string& program : programs) {
    std::ifstream in(program, std::ios::binary);
    hash = fnv(hash, std::string(std::istreambuf_iterator<char>(in), {}));
  }
  return fmt::format("{:016x}-{}-{}", hash, profile, seed);
}

Journal::Journal(std::string path, const std::string& identity, bool go_on) : path_(std::move(path)) {
  std::error_code error;
  fs::create_directories(fs::path(path_).parent_path(), error);
  std::string kept = first_line_of(identity) + '\n';
  std::ifstream in(path_, std::ios::binary);
  const std::string text(std::istreambuf_iterator<char>(in), {});
  if (go_on && !text.empty()) {
    if (!text.starts_with(kept)) {
      const std::string aside = path_ + ".old";
      fs::rename(path_, aside, error);
      dropped_ =
          path_ +
          " is of another build, machine, profile or seed, so nothing of it is taken over; it is now " +
          aside + ".";
    } else {
      for (std::size_t at = kept.size(); at < text.size();) {
        const std::size_t end = text.find('\n', at);
        if (end == std::string::npos) {
          dropped_ = path_ + " ends in the middle of a run, which is measured again.";
          break;
        }
        found_.push_back(decode_run(text.substr(at, end - at), path_));
        at = end + 1;
      }
      const std::size_t whole = text.rfind('\n') + 1;
      kept = text.substr(0, whole);
    }
  }
  const std::string half = path_ + ".new";
  {
    std::ofstream out(half, std::ios::binary | std::ios::trunc);
    out << kept;
    out.close();
    if (!out) throw std::runtime_error(path_ + ": cannot be written");
  }
  fs::rename(half, path_, error);
  if (error) throw std::runtime_error(path_ + ": cannot be written: " + error.message());
}

void Journal::add(const Run& run) { append(encode_run(run) + '\n'); }

// One write: whoever is killed leaves whole lines, or one that is cut short and is seen as such.
void Journal::append(const std::string& line) {
  const int file = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  const ssize_t written = file < 0 ? -1 : ::write(file, line.data(), line.size());
  const int error = errno;
  if (file >= 0) ::close(file);
  if (written != static_cast<ssize_t>(line.size()))
    throw std::runtime_error(fmt::format("{}: cannot be written: {}", path_,
                                         written < 0 ? std::strerror(error) : "the disk is full"));
}

}  // namespace bench
