#include "bench/journal.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
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

// In the manner of FNV-1a, eight bytes at a time: tells builds apart, and need not withstand anybody who wants to deceive himself.
std::uint64_t mixed(std::uint64_t hash, const std::vector<char>& bytes) {
  std::uint64_t word = bytes.size();
  for (std::size_t at = 0; at < bytes.size(); at += sizeof word) {
    hash = (hash ^ word) * 0x100000001b3;
    hash ^= hash >> 29;
    word = 0;
    std::memcpy(&word, bytes.data() + at, std::min(sizeof word, bytes.size() - at));
  }
  return (hash ^ word) * 0x100000001b3;
}

std::vector<char> contents_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  std::vector<char> bytes(in ? static_cast<std::size_t>(in.tellg()) : 0);
  in.seekg(0);
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return bytes;
}

std::string first_line_of(const std::string& identity) {
  return fmt::format(R"({{"journal":3,"identity":"{}"}})", identity);
}

// Lines that are no run: a sitting that begins, and what is known of it later.
constexpr std::string_view begun = "sitting ", later = "until now ";

// It goes over what was there.
void add_to(Provenance& sitting, const Provenance& more) {
  for (const auto& [name, value] : more) sitting[name] = value;
}

}  // namespace

std::string identity_of(const std::vector<std::string>& programs, const std::string& profile,
                        std::uint64_t seed, const std::string& machine) {
  std::uint64_t hash = mixed(0xcbf29ce484222325, {machine.begin(), machine.end()});
  for (const std::string& program : programs) hash = mixed(hash, contents_of(program));
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
        take(text.substr(at, end - at));
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

void Journal::take(const std::string& line) {
  if (line.starts_with(begun)) {
    sittings_.push_back(decode_provenance(line.substr(begun.size()), path_));
  } else if (line.starts_with(later) && !sittings_.empty()) {
    add_to(sittings_.back(), decode_provenance(line.substr(later.size()), path_));
  } else {
    found_.push_back(decode_run(line, path_));
  }
}

void Journal::begin(const Provenance& sitting) {
  sittings_.push_back(sitting);
  append(std::string(begun) + encode_provenance(sitting) + '\n');
}

void Journal::tell(const Provenance& more) {
  add_to(sittings_.back(), more);
  append(std::string(later) + encode_provenance(more) + '\n');
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
