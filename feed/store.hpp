#pragma once
// Rooms on disk: one SQLite database in a directory. A transaction that was committed survives whatever happens to this
// process; notes/decisions.md says what happens to the machine's.

#include "feed/error.hpp"
#include "feed/message.hpp"

#include <cstddef>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace feed {

/// Where a data directory has the pictures that its messages show.
constexpr std::string_view images_directory = "images";

/// One message as the database keeps it: the JSON is the line that every reader gets.
struct Kept {
  std::string_view room;
  Seq seq;
  std::string_view json;
};

/// What goes to the disk together, or not at all.
struct Transaction {
  struct Forgotten {
    std::string_view room;
    Seq last;  ///< and everything before it
  };
  std::vector<Kept> kept;
  std::vector<Forgotten> forgotten;
};

/// Blocks while the disk works. In this order: load(), begin(), then write() as often as one likes, from any thread.
class Store {
 public:
  /// Looks at what is in the directory, which is made where it is missing, and changes nothing but for an empty database where there is
  /// none. Throws std::runtime_error with a sentence where it is not to be used: damaged, another program's, a newer version's, in use by
  /// another process. What is made can be read by its owner alone.
  /// `boot` names the machine's present boot: its RAM held what the disk has not got yet.
  explicit Store(const std::filesystem::path& directory, std::string boot = current_boot());
  /// Everything is on the disk then, and the next one to open it can see so.
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  /// Every message, by room and number, without holes in a room. Throws like the constructor.
  void load(const std::function<void(const Kept&)>& visit);

  /// The epoch of all rooms. Another one than before, where the machine went down with this store open: then nobody knows whether
  /// the last transactions are there.
  const std::string& epoch() const { return epoch_; }

  /// From now on the store changes; on the disk before this returns. Throws std::runtime_error where it can't be written.
  void begin();

  /// Commits. Error, with status 507: nothing of it happened; later ones may succeed.
  Result<> write(const Transaction& transaction);

  /// Takes what was written from the write-ahead log to its place, where that has grown to 16 MiB or the disk is nearly full: takes
  /// as long as the disk wants.
  void checkpoint_if_due();

  /// What Linux calls this boot; empty where it does not say.
  static std::string current_boot();

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

  void make_directory() const;
  void check_header() const;
  void check_pictures() const;
  void make_file() const;
  void check_version(unsigned application, unsigned version) const;
  void create();
  bool exec(const char* sql);
  void must(bool ok) const;  // throws what SQLite says
  Statement prepare(std::string_view sql);
  std::string text(const char* sql);  // the first column of the first row
  bool try_to_write(const Transaction& transaction);
  void roll_back();
  bool checkpoint();  // true: there is room in the log again

  std::filesystem::path file_;
  std::string boot_, epoch_;
  std::unique_ptr<sqlite3, Close> database_;
  Statement begin_, commit_, insert_, delete_;
  std::mutex mutex_;   // one writes or checkpoints at a time
  int log_pages_ = 0;  // in the write-ahead log
  bool is_new_ = false, begun_ = false;
};

}  // namespace feed
