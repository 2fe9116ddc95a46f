#include "feed/store.hpp"

#include "feed/log.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace feed {
namespace {

namespace fs = std::filesystem;

// In the header of the file, for file(1) and for us: "feed" in ASCII.
constexpr unsigned application_id = 0x66656564;
constexpr unsigned schema_version = 1;

// A message is its place and its line. The primary key is the table: what is read together lies together.
constexpr const char* schema = R"(
  BEGIN EXCLUSIVE;
  PRAGMA application_id = 1717921124;
  PRAGMA user_version = 1;
  CREATE TABLE state (epoch TEXT NOT NULL, boot TEXT NOT NULL, closed INTEGER NOT NULL);
  CREATE TABLE messages (
    room TEXT NOT NULL, seq INTEGER NOT NULL, json TEXT NOT NULL, PRIMARY KEY (room, seq)) WITHOUT ROWID;
  INSERT INTO state VALUES ('', '', 1);
  COMMIT;
)";

// Of 4 KiB. A checkpoint costs two fsyncs, in which nobody's message is committed: seldom, but a server that is started
// reads so much at most.
constexpr int most_log_pages = 4096;
constexpr int page_bytes = 4096;

// And where the disk has no more room left than the log takes up, which may be what the database needs to take it in. Not for less
// than so many.
constexpr int least_log_pages = 64;

// SQLite's file format, 1.3: where what is in the first 100 bytes.
constexpr std::string_view magic("SQLite format 3\0", 16);
constexpr std::size_t header_size = 100, version_at = 60, application_at = 68;

unsigned big_endian(const char* bytes) {
  unsigned value = 0;
  for (int i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

bool set(sqlite3_stmt* statement, int index, std::string_view text) {
  // Static: the text outlives the step.
  return sqlite3_bind_text(statement, index, text.data(), static_cast<int>(text.size()), SQLITE_STATIC) ==
         SQLITE_OK;
}

bool set(sqlite3_stmt* statement, int index, Seq seq) {
  return sqlite3_bind_int64(statement, index, static_cast<sqlite3_int64>(seq)) == SQLITE_OK;
}

// Runs a statement that returns no rows, with its parameters in order.
template <class... Parameters>
bool run(sqlite3_stmt* statement, const Parameters&... parameters) {
  int index = 0;
  const bool done = (set(statement, ++index, parameters) && ...) && sqlite3_step(statement) == SQLITE_DONE;
  sqlite3_reset(statement);
  return done;
}

std::string_view column(sqlite3_stmt* statement, int index) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, index));
  return {text ? text : "", static_cast<std::size_t>(sqlite3_column_bytes(statement, index))};
}

// What SQLite says, and the system below it.
std::string reason(sqlite3* database) {
  std::string text = sqlite3_errmsg(database);
  const int code = sqlite3_errcode(database);
  int system = sqlite3_system_errno(database);
  if (system == 0) system = errno;  // a commit does not pass it on
  if ((code == SQLITE_IOERR || code == SQLITE_CANTOPEN) && system != 0)
    text += fmt::format(": {}", std::strerror(system));
  return text;
}

[[noreturn]] void leave_alone(const fs::path& file, std::string_view why) {
  throw std::runtime_error(
      fmt::format("{} {}; it was left as it is: move it away or choose another --data", file.string(), why));
}

}  // namespace

void Store::Close::operator()(sqlite3* database) const { sqlite3_close(database); }
void Store::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

std::string Store::current_boot() {
  std::ifstream file("/proc/sys/kernel/random/boot_id");
  std::string boot;
  std::getline(file, boot);
  return boot;
}

// Absolute: SQLite may take a name that begins with "file:" for a URI.
Store::Store(const fs::path& directory, std::string boot)
    : file_(fs::absolute(directory) / "feed.db"), boot_(std::move(boot)) {
  make_directory();
  check_header();
  make_file();

  sqlite3* opened = nullptr;
  std::error_code error;
  const bool has_log = fs::exists(file_.string() + "-wal", error);
  const int status = sqlite3_open_v2(
      file_.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  database_.reset(opened);
  must(status == SQLITE_OK);
  // SQLite opens for reading what it may not write.
  if (sqlite3_db_readonly(opened, "main") == 1)
    throw std::runtime_error(fmt::format("{} cannot be written: it is read-only", file_.string()));
  // Until begin(): what is in the log of one who was interrupted stays there, and where there is no log none is left behind.
  sqlite3_db_config(opened, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, has_log ? 1 : 0, nullptr);
  // The lock is held from the first look until the end; and the index of the log stays in memory, without a file of its own.
  must(exec("PRAGMA locking_mode = EXCLUSIVE; PRAGMA cell_size_check = ON"));
  const std::string tables = text("SELECT count(*) FROM sqlite_master");
  const auto version = static_cast<unsigned>(std::stoul(text("PRAGMA user_version")));
  is_new_ = tables == "0" && version == 0;
  if (is_new_) {
    epoch_ = make_epoch();
    return;
  }
  check_version(static_cast<unsigned>(std::stoul(text("PRAGMA application_id"))), version);
  std::string found = text("PRAGMA quick_check(1)");
  std::replace(found.begin(), found.end(), '\n', ' ');
  if (found != "ok") leave_alone(file_, "is damaged (" + found + ')');

  epoch_ = text("SELECT epoch FROM state");
  const bool closed = text("SELECT closed FROM state") == "1";
  const bool same_boot = !boot_.empty() && text("SELECT boot FROM state") == boot_;
  if (!parse_cursor(epoch_ + ".0")) leave_alone(file_, "is damaged (its epoch is \"" + epoch_ + "\")");
  if (!closed && !same_boot) epoch_ = make_epoch();
}

Store::~Store() {
  if (!begun_) return;
  // Where the disk doesn't take this, the next to open it finds what was committed all the same.
  exec("PRAGMA synchronous = FULL; UPDATE state SET closed = 1");
}

void Store::make_directory() const {
  const fs::path directory = file_.parent_path();
  std::error_code error;
  const bool made = fs::create_directories(directory, error);
  if (made) fs::permissions(directory, fs::perms::owner_all, error);
  if (!error) return;
  throw std::runtime_error(fmt::format("{} cannot be made: {}; expected a directory that may be written to",
                                       directory.string(), error.message()));
}

// SQLite would let everybody read it; what it makes beside it, it gives the same permissions. Where this fails it says why.
void Store::make_file() const {
  const int fd = ::open(file_.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd >= 0) ::close(fd);
}

// By eye, before SQLite opens it: that alone may change a file that is not ours, where its program was interrupted.
void Store::check_header() const {
  std::ifstream file(file_, std::ios::binary);
  std::array<char, header_size> header{};
  file.read(header.data(), header.size());
  if (file.gcount() == 0) {  // new; or it cannot be read, which SQLite says better
    std::error_code error;
    if (fs::is_directory(file_, error)) leave_alone(file_, "is a directory, expected a database");
    if (fs::file_size(file_, error) == 0 || error == std::errc::no_such_file_or_directory) check_pictures();
    return;
  }
  if (file.gcount() < static_cast<std::streamsize>(header_size) ||
      std::string_view(header.data(), magic.size()) != magic) {
    leave_alone(file_, "is no database, or its beginning is damaged");
  }
  check_version(big_endian(&header[application_at]), big_endian(&header[version_at]));
}

// Pictures that no message shows would be the first to go. Where there is no database, they are another program's, or the database is
// what is missing.
void Store::check_pictures() const {
  const fs::path images = file_.parent_path() / images_directory;
  std::error_code error;
  const fs::file_status status = fs::symlink_status(images, error);
  if (!fs::exists(status) || (fs::is_directory(status) && fs::is_empty(images, error) && !error)) return;
  leave_alone(images,
              error ? "cannot be read: " + error.message()
                    : "is no empty directory, and there is no feed.db beside it that knows what is there");
}

void Store::check_version(unsigned application, unsigned version) const {
  if (application != application_id) {
    leave_alone(
        file_, fmt::format("is another program's database: its application id is {:#010x}, expected {:#010x}",
                           application, application_id));
  }
  if (version != schema_version) {
    leave_alone(file_,
                fmt::format("has version {}, expected {}, the only one that this program knows{}", version,
                            schema_version, version > schema_version ? "; a newer one made it" : ""));
  }
}

bool Store::exec(const char* sql) {
  return sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK;
}

void Store::must(bool ok) const {
  if (ok) return;
  const std::string why = reason(database_.get());
  switch (sqlite3_errcode(database_.get())) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw std::runtime_error(fmt::format(
          "{} is in use by another process: one server keeps its rooms in a directory, choose another --data",
          file_.string()));
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR:  // a table that is not there
      leave_alone(file_, "is damaged (" + why + ')');
    default:
      throw std::runtime_error(fmt::format("{} cannot be written: {}", file_.string(), why));
  }
}

Store::Statement Store::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  must(sqlite3_prepare_v3(database_.get(), sql.data(), static_cast<int>(sql.size()),
                          SQLITE_PREPARE_PERSISTENT, &statement, nullptr) == SQLITE_OK);
  return Statement(statement);
}

std::string Store::text(const char* sql) {
  const Statement statement = prepare(sql);
  const int status = sqlite3_step(statement.get());
  must(status == SQLITE_ROW || status == SQLITE_DONE);
  return status == SQLITE_ROW ? std::string(column(statement.get(), 0)) : std::string();
}

void Store::load(const std::function<void(const Kept&)>& visit) {
  if (is_new_) return;
  const Statement all = prepare("SELECT room, seq, json FROM messages ORDER BY room, seq");
  std::string room;
  Seq last = 0;
  int status = SQLITE_ROW;
  while ((status = sqlite3_step(all.get())) == SQLITE_ROW) {
    const Kept kept{column(all.get(), 0), static_cast<Seq>(sqlite3_column_int64(all.get(), 1)),
                    column(all.get(), 2)};
    const bool same_room = kept.room == room;
    if (kept.seq == 0 || !check_room_name(kept.room) ||
        !kept.json.starts_with(fmt::format("{{\"seq\":{},\"at\":", kept.seq)) || !kept.json.ends_with('}')) {
      leave_alone(file_, "is damaged (what it has for message " + std::to_string(kept.seq) + " is none)");
    }
    if (same_room && kept.seq != last + 1) {
      leave_alone(file_, fmt::format("is damaged (message {} of a room is followed by {})", last, kept.seq));
    }
    if (!same_room) room = kept.room;
    last = kept.seq;
    visit(kept);
  }
  must(status == SQLITE_DONE);
}

void Store::begin() {
  if (is_new_) must(exec(schema));
  must(exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = FAST"));
  sqlite3_wal_hook(
      database_.get(),
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<Store*>(self)->log_pages_ = pages;
        return SQLITE_OK;
      },
      this);  // takes the place of SQLite's own, which would make a checkpoint
  const Statement mark = prepare("UPDATE state SET epoch = ?1, boot = ?2, closed = 0");
  must(run(mark.get(), epoch_, boot_));
  sqlite3_db_config(database_.get(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
  begun_ = true;
  // No fsync at a commit: what is in the kernel's memory outlives this process, and for the machine there is `boot`.
  must(exec("PRAGMA synchronous = NORMAL"));
  begin_ = prepare("BEGIN IMMEDIATE");
  commit_ = prepare("COMMIT");
  insert_ = prepare("INSERT INTO messages VALUES (?1, ?2, ?3)");
  delete_ = prepare("DELETE FROM messages WHERE room = ?1 AND seq <= ?2");
}

Result<> Store::write(const Transaction& transaction) {
  const std::lock_guard lock(mutex_);
  errno = 0;
  if (try_to_write(transaction)) return {};
  std::string why = reason(database_.get());
  roll_back();
  // On a full disk the log may give room back.
  if (checkpoint()) {
    if (try_to_write(transaction)) return {};
    why = reason(database_.get());
    roll_back();
  }
  return Error{Errc::refused,
               "the message could not be kept (" + why + ") and was not published; later ones may be", 507};
}

bool Store::try_to_write(const Transaction& transaction) {
  if (!run(begin_.get())) return false;
  for (const auto& [room, seq, json] : transaction.kept) {
    if (!run(insert_.get(), room, seq, json)) return false;
  }
  for (const auto& [room, last] : transaction.forgotten) {
    if (!run(delete_.get(), room, last)) return false;
  }
  return run(commit_.get());
}

// Some errors end the transaction, some leave that to us.
void Store::roll_back() {
  if (sqlite3_get_autocommit(database_.get()) == 0) exec("ROLLBACK");
}

void Store::checkpoint_if_due() {
  const std::lock_guard lock(mutex_);
  if (log_pages_ < least_log_pages) return;
  std::error_code error;
  const fs::space_info disk = fs::space(file_, error);
  const bool is_tight = !error && disk.available < static_cast<std::uintmax_t>(log_pages_) * page_bytes;
  if (log_pages_ >= most_log_pages || is_tight) checkpoint();
}

// The next transaction begins the log anew where this succeeds. Where it fails the log grows on.
bool Store::checkpoint() {
  if (log_pages_ == 0) return false;
  const int status =
      sqlite3_wal_checkpoint_v2(database_.get(), nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
  if (status == SQLITE_OK) log_pages_ = 0;
  return status == SQLITE_OK;
}

}  // namespace feed
