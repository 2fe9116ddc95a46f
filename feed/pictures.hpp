#pragma once
// Where pictures live: files named after their content in a data directory, or one anonymous file that is gone with the process.

#include "feed/error.hpp"
#include "feed/exchange.hpp"
#include "feed/picture.hpp"
#include "feed/room.hpp"

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

struct evp_md_ctx_st;  // OpenSSL's EVP_MD_CTX

namespace feed {

/// A file descriptor that is closed with its owner.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor();
  explicit operator bool() const { return fd_ >= 0; }
  int get() const { return fd_; }

 private:
  int fd_ = -1;
};

/// Whether this is a name that a picture can have: 32 digits of [0-9a-f] and .gif, .png, .jpg or .webp.
bool is_picture_name(std::string_view name);

/// Pictures by name, which is the beginning of the SHA-256 of their content: what is sent twice is kept once. They belong to no thread,
/// since any message may show them: what is known about them is looked at and changed by one at a time. Files are written to the page
/// cache and never waited for.
class Pictures {
 public:
  /// `directory` is made where it is missing, and what another process left unfinished there is removed; other files in it stay
  /// untouched. Empty: pictures are in memory. `quota`: bytes of all of them, in pages of 4096. Throws std::runtime_error with a sentence
  /// where the directory is not to be used.
  Pictures(const std::filesystem::path& directory, std::uint64_t quota);
  Pictures(const Pictures&) = delete;
  Pictures& operator=(const Pictures&) = delete;

  /// Says that a message shows the picture: as long as the room remembers it, the picture stays. The room must outlive this object's
  /// use. Nothing happens where there is no such picture.
  void shown_by(std::string_view name, const Room& room, Seq seq);

  /// Makes room for so many bytes: pictures go that no message shows, the oldest first. Error, with status 507: there is not enough.
  Result<> make_room(std::uint64_t bytes);

  std::size_t count() const;
  std::uint64_t bytes() const;  ///< in pages, with what is on its way in

 private:
  struct Entry;

  // A part of the anonymous file. Its pages go back to the system with it.
  struct Extent {
    Extent() = default;
    Extent(Extent&& other) noexcept
        : file(std::move(other.file)), offset(other.offset), size(std::exchange(other.size, 0)) {}
    Extent& operator=(Extent&& other) noexcept;
    ~Extent();
    std::shared_ptr<const Descriptor> file;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
  };

 public:
  /// A picture to be sent; it stays as long as this does.
  struct Opened {
    PictureType type;
    FilePart part;
    Descriptor file;
    std::shared_ptr<const Entry> kept;
  };
  /// The picture, or nothing where there is none. Nothing is looked for under a name that no picture can have.
  std::optional<Opened> open(std::string_view name) const;

  /// One picture on its way in. Of what was not kept nothing stays behind.
  class Upload {
   public:
    /// Of `bytes` bytes at most. Must not outlive `pictures`. Belongs to one thread.
    Upload(Pictures& pictures, std::uint64_t bytes);
    ~Upload();
    Upload(const Upload&) = delete;
    Upload& operator=(const Upload&) = delete;

    /// The next bytes. Error::status is 415 or 400 (this is no picture, see PictureScanner) or 507 (no room, or the disk failed).
    Result<> write(std::string_view piece);

    /// All bytes are there: the picture's name, by which it can be had from now on. It stays while this object lives, then as long as a
    /// message shows it. Errors as in write().
    Result<std::string> keep();

   private:
    struct FreeDigest {
      void operator()(evp_md_ctx_st* digest) const;
    };
    Result<> charge(std::uint64_t bytes);
    Result<> create();
    Result<> store(std::string_view piece);

    Pictures& pictures_;
    const std::uint64_t bytes_;
    PictureScanner scanner_;
    std::unique_ptr<evp_md_ctx_st, FreeDigest> digest_;
    std::string part_;  // in a directory: the name of the file until it is whole
    Descriptor file_;   // and the file
    Extent extent_;     // in memory
    std::uint64_t written_ = 0;
    std::uint64_t charged_ = 0;  // of the quota
    std::shared_ptr<Entry> kept_;
  };

 private:
  using List = std::list<std::shared_ptr<Entry>>;
  void load();
  Result<> make_room_for(std::uint64_t bytes);
  bool forget_one();
  List::iterator add(std::shared_ptr<Entry> kept);

  const std::filesystem::path directory_;
  const std::uint64_t quota_;
  Descriptor folder_;                         // the directory
  mutable std::mutex mutex_;                  // of all that follows; the public functions take it
  std::shared_ptr<const Descriptor> memory_;  // or the anonymous file, once there is a picture
  std::uint64_t memory_end_ = 0;              // where the next picture begins in it
  std::uint64_t parts_ = 0;                   // files begun
  std::uint64_t used_ = 0;
  List kept_;  // the oldest first, but for those that were looked at and are shown
  std::unordered_map<std::string, List::iterator> by_name_;
};

}  // namespace feed
