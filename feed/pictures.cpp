#include "feed/pictures.hpp"

#include <openssl/evp.h>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <stdexcept>
#include <system_error>
#include <tuple>
#include <vector>

namespace feed {
namespace {

constexpr std::uint64_t page =
    4096;  // what a disk and the page cache hand out; also the price of an empty file
constexpr std::size_t digits = 32;        // 128 of the 256 bits: nobody finds two pictures of one name
constexpr std::size_t most_looks = 4096;  // at pictures that might go, for one that is to come: some 0.1 ms
constexpr std::string_view part_begin = "upload-", part_end = ".part";

std::uint64_t pages(std::uint64_t bytes) { return (bytes + page - 1) / page * page; }

std::string last_error() { return std::system_category().message(errno); }

Error no_room(std::string detail) { return {Errc::refused, std::move(detail), 507}; }

// Also where the disk is full or fails: whatever it is, it is not the client's fault.
Error not_stored() { return no_room("the picture could not be stored: " + last_error()); }

std::optional<PictureType> type_of(std::string_view name) {
  constexpr PictureType types[] = {PictureType::gif, PictureType::png, PictureType::jpeg, PictureType::webp};
  if (name.size() <= digits || name[digits] != '.') return std::nullopt;
  const auto* found = std::find_if(std::begin(types), std::end(types), [&](PictureType type) {
    return extension(type) == name.substr(digits + 1);
  });
  return found == std::end(types) ? std::nullopt : std::optional(*found);
}

bool is_part(std::string_view name) {
  if (!name.starts_with(part_begin) || !name.ends_with(part_end)) return false;
  name.remove_prefix(part_begin.size());
  name.remove_suffix(part_end.size());
  return !name.empty() && name.find_first_not_of("0123456789") == std::string_view::npos;
}

std::string to_hex(const unsigned char* bytes, std::size_t size) {
  constexpr std::string_view hex = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    text += hex[bytes[i] >> 4];
    text += hex[bytes[i] & 15];
  }
  return text;
}

}  // namespace

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

bool is_picture_name(std::string_view name) {
  return type_of(name).has_value() &&
         name.substr(0, digits).find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

Pictures::Extent& Pictures::Extent::operator=(Extent&& other) noexcept {
  std::swap(file, other.file);
  std::swap(offset, other.offset);
  std::swap(size, other.size);
  return *this;
}

Pictures::Extent::~Extent() {
  if (size > 0)
    ::fallocate(file->get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
                static_cast<off_t>(size));
}

// A picture that can be had by its name. Who sends it or is about to publish it shares it; one that only the list has may go.
struct Pictures::Entry {
  std::string name;
  std::uint64_t bytes = 0;
  Extent extent{};                        // in memory
  std::map<const Room*, Seq> messages{};  // the newest one in each room that shows it

  bool is_shown() const {
    return std::any_of(messages.begin(), messages.end(),
                       [](const auto& message) { return message.second >= message.first->oldest(); });
  }
};

Pictures::Pictures(const std::filesystem::path& directory, std::uint64_t quota)
    : directory_(directory), quota_(quota) {
  if (directory_.empty()) return;
  const auto require = [this](bool done, std::string_view what) {
    if (done) return;
    throw std::runtime_error("cannot " + std::string(what) + " the directory for pictures, " +
                             directory_.string() + ": " + last_error());
  };
  require(::mkdir(directory_.c_str(), 0700) == 0 || errno == EEXIST, "make");
  folder_ = Descriptor(::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  require(static_cast<bool>(folder_),
          "open");  // a link is not followed: it might lead out of the data directory
  require(::faccessat(folder_.get(), ".", R_OK | W_OK | X_OK, AT_EACCESS) == 0, "write in");
  load();
}

// What is there already. Whatever has another kind of name is not ours.
void Pictures::load() {
  struct Found {
    std::filesystem::file_time_type changed;
    std::string name;
    std::uint64_t bytes;
  };
  std::vector<Found> found;
  std::vector<std::filesystem::path> parts;
  for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
    const std::string name = entry.path().filename().string();
    if (!std::filesystem::is_regular_file(entry.symlink_status())) continue;
    if (is_part(name)) parts.push_back(entry.path());
    if (is_picture_name(name)) found.push_back({entry.last_write_time(), name, entry.file_size()});
  }
  for (const auto& part : parts) std::filesystem::remove(part);
  std::sort(found.begin(), found.end(), [](const Found& a, const Found& b) {
    return std::tie(a.changed, a.name) < std::tie(b.changed, b.name);
  });
  for (Found& one : found) {
    used_ += pages(one.bytes);
    add(std::make_shared<Entry>(Entry{std::move(one.name), one.bytes}));
  }
}

Pictures::List::iterator Pictures::add(std::shared_ptr<Entry> kept) {
  const auto at = kept_.insert(kept_.end(), std::move(kept));
  by_name_.emplace((*at)->name, at);
  return at;
}

std::size_t Pictures::count() const {
  const std::lock_guard lock(mutex_);
  return kept_.size();
}

std::uint64_t Pictures::bytes() const {
  const std::lock_guard lock(mutex_);
  return used_;
}

void Pictures::shown_by(std::string_view name, const Room& room, Seq seq) {
  const std::lock_guard lock(mutex_);
  const auto found = by_name_.find(std::string(name));
  if (found == by_name_.end()) return;
  Seq& newest = (*found->second)->messages[&room];
  newest = std::max(newest, seq);
}

Result<> Pictures::make_room(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  return make_room_for(bytes);
}

Result<> Pictures::make_room_for(std::uint64_t bytes) {
  while (used_ + bytes > quota_) {
    if (bytes > quota_ || !forget_one()) {
      return no_room("there is no room for " + std::to_string(bytes) + " more bytes: pictures take up " +
                     std::to_string(used_) + " and none of them may go, expected " + std::to_string(quota_) +
                     " at most, the limit of --max-images");
    }
  }
  return {};
}

// Pictures that are shown go to the end of the list, so that the next call looks at others.
bool Pictures::forget_one() {
  for (std::size_t looks = std::min(kept_.size(), most_looks); looks > 0; --looks) {
    const std::shared_ptr<Entry>& oldest = kept_.front();
    if (oldest.use_count() == 1 && !oldest->is_shown()) {
      if (folder_) ::unlinkat(folder_.get(), oldest->name.c_str(), 0);
      used_ -= pages(oldest->bytes);
      by_name_.erase(oldest->name);
      kept_.pop_front();
      return true;
    }
    kept_.splice(kept_.end(), kept_, kept_.begin());
  }
  return false;
}

std::optional<Pictures::Opened> Pictures::open(std::string_view name) const {
  if (!is_picture_name(name)) return std::nullopt;
  const std::lock_guard lock(mutex_);
  const auto found = by_name_.find(std::string(name));
  if (found == by_name_.end()) return std::nullopt;
  const std::shared_ptr<Entry>& kept = *found->second;
  Opened opened{*type_of(name), {}, {}, kept};
  if (!folder_) {
    opened.part = {kept->extent.file->get(), kept->extent.offset, kept->bytes};
    return opened;
  }
  // Somebody may have put something else in its place.
  opened.file =
      Descriptor(::openat(folder_.get(), kept->name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat status {};
  if (!opened.file || ::fstat(opened.file.get(), &status) != 0 || !S_ISREG(status.st_mode))
    return std::nullopt;
  opened.part = {opened.file.get(), 0, static_cast<std::uint64_t>(status.st_size)};
  return opened;
}

void Pictures::Upload::FreeDigest::operator()(evp_md_ctx_st* digest) const { ::EVP_MD_CTX_free(digest); }

Pictures::Upload::Upload(Pictures& pictures, std::uint64_t bytes)
    : pictures_(pictures), bytes_(bytes), digest_(::EVP_MD_CTX_new()) {
  if (!digest_ || ::EVP_DigestInit_ex(digest_.get(), ::EVP_sha256(), nullptr) != 1)
    throw std::runtime_error("OpenSSL has no SHA-256");
}

Pictures::Upload::~Upload() {
  if (!part_.empty()) ::unlinkat(pictures_.folder_.get(), part_.c_str(), 0);
  const std::lock_guard lock(pictures_.mutex_);
  pictures_.used_ -= charged_;
}

Result<> Pictures::Upload::create() {
  if (pictures_.folder_) {
    std::string name = std::string(part_begin) + std::to_string(++pictures_.parts_) + std::string(part_end);
    file_ = Descriptor(::openat(pictures_.folder_.get(), name.c_str(),
                                O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file_) return not_stored();
    part_ = std::move(name);
    return {};
  }
  if (!pictures_.memory_) {
    Descriptor memory(::memfd_create("pictures", MFD_CLOEXEC));
    if (!memory) return not_stored();
    pictures_.memory_ = std::make_shared<const Descriptor>(std::move(memory));
  }
  extent_.file = pictures_.memory_;
  extent_.offset = pictures_.memory_end_;
  extent_.size = pages(bytes_);
  pictures_.memory_end_ += extent_.size;
  return {};
}

Result<> Pictures::Upload::store(std::string_view piece) {
  const int fd = extent_.file ? extent_.file->get() : file_.get();
  while (!piece.empty()) {
    const ssize_t some =
        ::pwrite(fd, piece.data(), piece.size(), static_cast<off_t>(extent_.offset + written_));
    if (some < 0 && errno == EINTR) continue;
    if (some < 0) return not_stored();
    written_ += static_cast<std::uint64_t>(some);
    piece.remove_prefix(static_cast<std::size_t>(some));
  }
  return {};
}

Result<> Pictures::Upload::write(std::string_view piece) {
  if (written_ + piece.size() > bytes_)
    throw std::invalid_argument("more bytes of a picture than there were to be");
  const auto scanned = scanner_.feed(piece);
  if (!scanned) return scanned;
  ::EVP_DigestUpdate(digest_.get(), piece.data(), piece.size());
  const auto admitted = charge(pages(written_ + piece.size()) - charged_);
  if (!admitted) return admitted;
  return store(piece);
}

// Takes so many bytes more of the quota.
Result<> Pictures::Upload::charge(std::uint64_t bytes) {
  const std::lock_guard lock(pictures_.mutex_);
  const auto fits = pictures_.make_room_for(bytes);
  if (!fits) return fits;
  if (charged_ == 0) {
    const auto created = create();
    if (!created) return created;
  }
  pictures_.used_ += bytes;
  charged_ += bytes;
  return {};
}

Result<std::string> Pictures::Upload::keep() {
  const auto picture = scanner_.finish();
  if (!picture) return picture.error();
  std::array<unsigned char, EVP_MAX_MD_SIZE> sum{};
  ::EVP_DigestFinal_ex(digest_.get(), sum.data(), nullptr);
  const std::string name = to_hex(sum.data(), digits / 2) + '.' + std::string(extension(picture->type));
  const std::lock_guard lock(pictures_.mutex_);
  if (!part_.empty()) {  // one that is there already is replaced by the same bytes
    if (::renameat(pictures_.folder_.get(), part_.c_str(), pictures_.folder_.get(), name.c_str()) != 0)
      return not_stored();
    part_.clear();
  }
  const auto found = pictures_.by_name_.find(name);
  if (found != pictures_.by_name_.end()) {
    pictures_.kept_.splice(pictures_.kept_.end(), pictures_.kept_, found->second);
    kept_ = *found->second;
    return name;
  }
  kept_ = std::make_shared<Entry>(Entry{name, written_, std::move(extent_)});
  pictures_.add(kept_);
  charged_ = 0;  // from now on it is the picture's
  return name;
}

}  // namespace feed
