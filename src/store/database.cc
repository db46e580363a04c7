#include "store/database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <unordered_map>
#include <vector>

#include "base/check.h"
#include "store/sqlite.h"

namespace freehold::store {

namespace {

constexpr uint64_t page_bytes = 4096;
constexpr uint64_t application_id = 0x46524844;  // "FRHD"

// An object is kept under the revision that made it: unique, and a creation appends at the right
// edge of one B-tree. The image in memory is the index by key. History keeps what a change
// replaced; what it brought is the next change's `previous` or the object itself, so each version
// is stored once.
constexpr const char* schema = R"(
CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE object(
  created INTEGER PRIMARY KEY, rev INTEGER NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL);
CREATE TABLE history(
  rev INTEGER PRIMARY KEY, first INTEGER NOT NULL, time INTEGER NOT NULL, key TEXT NOT NULL,
  created INTEGER NOT NULL, previous_rev INTEGER NOT NULL, previous BLOB);
CREATE TABLE log(
  id INTEGER PRIMARY KEY, origin TEXT NOT NULL UNIQUE, size INTEGER NOT NULL, root TEXT NOT NULL);
CREATE TABLE leaf(id INTEGER PRIMARY KEY, data BLOB NOT NULL);
CREATE VIEW record AS
  SELECT log.origin AS log, leaf.id & 0xFFFFFFFFFF AS idx, leaf.data AS data
  FROM log JOIN leaf ON leaf.id BETWEEN log.id << 40 AND (log.id << 40) + log.size - 1;
)";

Error damaged(const std::string& path, const std::string& what) {
  return {Reason::invalid, "store " + path + " is damaged: " + what +
                               "; restore a backup, or ask `freehold audit verify` what is left"};
}

}  // namespace

// ---- statements

Statement::Statement(Database& database, const char* sql) : database_(database) {
  const int code =
      sqlite3_prepare_v3(database.handle(), sql, -1, SQLITE_PREPARE_PERSISTENT, &handle_, nullptr);
  CHECK(code == SQLITE_OK || handle_ == nullptr, sqlite3_errmsg(database.handle()));
}

Statement::~Statement() { sqlite3_finalize(handle_); }

Statement& Statement::bind(int at, uint64_t number) {
  sqlite3_bind_int64(handle_, at, static_cast<int64_t>(number));
  return *this;
}

Statement& Statement::bind(int at, int64_t number) {
  sqlite3_bind_int64(handle_, at, number);
  return *this;
}

Statement& Statement::bind(int at, std::string_view text) {
  sqlite3_bind_text64(handle_, at, text.data() == nullptr ? "" : text.data(), text.size(),
                      SQLITE_STATIC, SQLITE_UTF8);
  return *this;
}

Statement& Statement::bind_blob(int at, const std::string* bytes) {
  if (bytes == nullptr)
    sqlite3_bind_null(handle_, at);
  else
    sqlite3_bind_blob64(handle_, at, bytes->data(), bytes->size(), SQLITE_STATIC);
  return *this;
}

Result<void> Statement::run() {
  const int code = sqlite3_step(handle_);
  Result<void> result = code == SQLITE_DONE || code == SQLITE_ROW
                            ? Result<void>()
                            : Result<void>(database_.error("write"));
  sqlite3_reset(handle_);
  return result;
}

Result<bool> Statement::row() {
  const int code = sqlite3_step(handle_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return database_.error("read");
}

void Statement::reset() { sqlite3_reset(handle_); }

uint64_t Statement::number(int column) const {
  return static_cast<uint64_t>(sqlite3_column_int64(handle_, column));
}

int64_t Statement::signed_number(int column) const { return sqlite3_column_int64(handle_, column); }

std::string_view Statement::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(handle_, column));
  return {text == nullptr ? "" : text, static_cast<size_t>(sqlite3_column_bytes(handle_, column))};
}

Bytes Statement::blob(int column) const {
  if (sqlite3_column_type(handle_, column) == SQLITE_NULL) return nullptr;
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(handle_, column));
  return std::make_shared<const std::string>(
      bytes == nullptr ? "" : bytes, static_cast<size_t>(sqlite3_column_bytes(handle_, column)));
}

// ---- opening

Database::~Database() {
  const int code = sqlite3_close(handle_);
  BUG_IF(code != SQLITE_OK, "a statement outlives its connection");
}

Error Database::error(std::string_view doing) const {
  const int code = sqlite3_errcode(handle_) & 0xff;
  const bool is_damage = code == SQLITE_NOTADB || code == SQLITE_CORRUPT;
  return {is_damage ? Reason::invalid : Reason::unavailable,
          "cannot " + std::string(doing) + " store " + path_ + ": " + sqlite3_errmsg(handle_)};
}

Result<void> Database::execute(const char* sql) {
  if (sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) != SQLITE_OK) return error("write");
  return {};
}

Result<uint64_t> Database::number(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(handle_, sql, -1, &statement, nullptr) != SQLITE_OK) return error("read");
  const int code = sqlite3_step(statement);
  const auto value = static_cast<uint64_t>(sqlite3_column_int64(statement, 0));
  sqlite3_finalize(statement);
  if (code != SQLITE_ROW && code != SQLITE_DONE) return error("read");
  return code == SQLITE_ROW ? value : 0;
}

bool Database::in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }

Result<std::unique_ptr<Database>> Database::connect(const std::string& path, int flags) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle,
                                   flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  std::unique_ptr<Database> database(new Database(path, handle));
  if (code != SQLITE_OK) return database->error("open");
  // Another process may hold a lock for a moment: a reader that recovers, or one that closes last.
  sqlite3_busy_timeout(handle, 5000);
  return database;
}

Result<bool> Database::check_format() {
  const uint64_t tables = TRY(number("SELECT count(*) FROM sqlite_schema"));
  const uint64_t id = TRY(number("PRAGMA application_id"));
  const uint64_t version = TRY(number("PRAGMA user_version"));
  if (tables == 0 && id == 0 && version == 0) return false;
  if (id != application_id)
    return Error{Reason::invalid, path_ + " is a SQLite file but no freehold store"};
  if (version != format_version)
    return Error{Reason::invalid, "store " + path_ + " has format " + std::to_string(version) +
                                      ", this program reads format " +
                                      std::to_string(format_version) +
                                      "; use the program that wrote it, or a newer one"};
  return true;
}

Result<void> Database::create(Time now) {
  TRY(execute(("PRAGMA page_size = " + std::to_string(page_bytes)).c_str()));
  TRY(execute("PRAGMA journal_mode = WAL; BEGIN IMMEDIATE"));
  TRY(execute(schema));
  {
    Statement insert(*this, "INSERT INTO meta VALUES('created', ?), ('refusals', '0')");
    const std::string created = format_rfc3339(now);
    TRY(insert.bind(1, std::string_view(created)).run());
  }
  TRY(execute(("PRAGMA application_id = " + std::to_string(application_id)).c_str()));
  TRY(execute(("PRAGMA user_version = " + std::to_string(format_version)).c_str()));
  return execute("COMMIT");
}

Result<void> Database::configure() {
  // FULL syncs the log at every commit: what is acknowledged survives a power cut.
  TRY(execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -4096"));
  const uint64_t synchronous = TRY(number("PRAGMA synchronous"));
  CHECK(synchronous == 2, "SQLite refused synchronous = FULL");
  return {};
}

namespace {

// Secrets are in it, and the directory may be one that everybody may enter. SQLite gives what it
// makes beside the file the file's own mode.
void make_private(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (descriptor >= 0) ::close(descriptor);
}

}  // namespace

Result<std::unique_ptr<Database>> Database::open(const std::string& path, Access access, Time now) {
  if (access == Access::read_only) {
    auto database = TRY(connect(path, SQLITE_OPEN_READONLY));
    if (!TRY(database->check_format()))
      return Error{Reason::invalid, path + " is empty: no freehold store"};
    return database;
  }
  make_private(path);
  auto database = TRY(connect(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
  if (!TRY(database->check_format())) TRY(database->create(now));
  ::chmod(path.c_str(), 0600);  // one that was made before this rule
  TRY(database->configure());
  return database;
}

Result<std::unique_ptr<Database>> Database::reader() const {
  auto database = TRY(connect(path_, SQLITE_OPEN_READONLY));
  TRY(database->execute("PRAGMA cache_size = -256"));
  return database;
}

Result<void> Database::limit_size(uint64_t bytes) {
  const uint64_t pages = std::max<uint64_t>(1, bytes / page_bytes);
  return execute(("PRAGMA max_page_count = " + std::to_string(pages)).c_str());
}

// ---- loading

namespace {

Result<Table> load_objects(Database& database) {
  std::vector<Entry> entries;
  Statement select(database, "SELECT created, rev, key, value FROM object");
  while (TRY(select.row()))
    entries.push_back(
        {std::string(select.text(2)), select.number(1), select.number(0), select.blob(3)});
  Table table;
  std::vector<std::string_view> keys;
  for (const Entry& entry : entries) keys.push_back(entry.key);
  std::sort(keys.begin(), keys.end());
  if (const auto twice = std::adjacent_find(keys.begin(), keys.end()); twice != keys.end())
    return damaged(database.path(), "object " + std::string(*twice) + " is there twice");
  if (!table.load(std::move(entries))) return damaged(database.path(), "a key appears twice");
  return table;
}

// Walks back from the current objects: what a change brought is what the next change of its key
// replaced.
Result<std::vector<CommitPtr>> load_history(Database& database, const Table& objects) {
  struct After {
    Bytes value;
    Rev rev = 0;
  };
  std::unordered_map<std::string, After> after;
  std::vector<CommitPtr> newest_first;
  std::shared_ptr<Commit> commit;
  auto finish = [&] {
    if (!commit) return;
    std::reverse(commit->changes.begin(), commit->changes.end());
    newest_first.push_back(std::move(commit));
  };

  Statement select(database,
                   "SELECT rev, first, time, key, created, previous_rev, previous FROM history "
                   "ORDER BY rev DESC");
  while (TRY(select.row())) {
    const Rev rev = select.number(0), first = select.number(1);
    if (!commit || commit->first != first) {
      finish();
      commit = std::make_shared<Commit>();
      commit->first = first;
      commit->last = rev;
      commit->time = Time{select.signed_number(2)};
    }
    Change change{rev,
                  std::string(select.text(3)),
                  nullptr,
                  select.blob(6),
                  select.number(5),
                  select.number(4)};
    const Entry* now = objects.find(change.key);
    auto [it, is_newest] = after.try_emplace(change.key);
    if (is_newest && now != nullptr) it->second = {now->value, now->rev};
    change.value = it->second.value;
    if (change.value && it->second.rev != rev)
      return damaged(database.path(), "\"" + change.key + "\" changed at revision " +
                                          std::to_string(rev) + ", but what follows names " +
                                          std::to_string(it->second.rev));
    if (!change.value && !change.previous)
      return damaged(database.path(), "revision " + std::to_string(rev) + " changed nothing");
    it->second = {change.previous, change.previous_rev};
    commit->changes.push_back(std::move(change));
  }
  // History is forgotten by revision: of the oldest commit a part may be left.
  if (commit && commit->changes.back().rev != commit->first && !newest_first.empty())
    commit.reset();
  finish();
  std::reverse(newest_first.begin(), newest_first.end());
  return newest_first;
}

enum class Trust : uint8_t { checked, none };

Result<Logs> load_logs(Database& database, Trust trust) {
  Logs logs;
  Statement select(database,
                   "SELECT id, origin, size, root, (SELECT max(leaf.id) FROM leaf WHERE leaf.id "
                   "BETWEEN log.id << 40 AND ((log.id + 1) << 40) - 1) FROM log");
  while (TRY(select.row())) {
    const std::string origin(select.text(1));
    const uint64_t number = select.number(0);
    uint64_t size = select.number(2);
    const uint64_t last = select.number(4);
    if (trust == Trust::none)
      size = std::max(size, last < leaf_id(number, 0) ? 0 : last - leaf_id(number, 0) + 1);
    else if (size == 0 || last != leaf_id(number, size - 1))
      return damaged(database.path(), "log \"" + origin + "\" does not end where it says");
    logs.emplace(origin, LogState{size, std::string(select.text(3)), number});
  }
  return logs;
}

}  // namespace

Result<Image::Parts> Database::load() {
  // One snapshot, whatever another process writes meanwhile.
  TRY(execute("BEGIN"));
  auto read = [this]() -> Result<Image::Parts> {
    Image::Parts parts;
    parts.objects = TRY(load_objects(*this));
    parts.history = TRY(load_history(*this, parts.objects));
    parts.logs = TRY(load_logs(*this, Trust::checked));
    return parts;
  };
  Result<Image::Parts> parts = read();
  TRY(execute("COMMIT"));
  return parts;
}

Result<Image::Parts> Database::load_what_there_is() {
  TRY(execute("BEGIN"));
  auto read = [this]() -> Result<Image::Parts> {
    Image::Parts parts;
    parts.objects = TRY(load_objects(*this));
    parts.logs = TRY(load_logs(*this, Trust::none));
    return parts;
  };
  Result<Image::Parts> parts = read();
  TRY(execute("COMMIT"));
  return parts;
}

// ---- copying

Result<void> Database::copy_to(const std::string& path) {
  const std::string part = path + ".part";
  auto fail = [&](std::string_view why) -> Error {
    ::unlink(part.c_str());
    return {Reason::unavailable, "cannot copy the store to " + path + ": " + std::string(why)};
  };
  ::unlink(part.c_str());
  {
    auto copy = TRY(connect(part, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE));
    sqlite3_backup* backup = sqlite3_backup_init(copy->handle_, "main", handle_, "main");
    if (backup == nullptr) return fail(sqlite3_errmsg(copy->handle_));
    // All in one step: one snapshot, so that writers cannot make it start again.
    const int code = sqlite3_backup_step(backup, -1);
    sqlite3_backup_finish(backup);
    if (code != SQLITE_DONE) return fail(sqlite3_errstr(code));
  }
  // A link, unlike a rename, replaces nothing.
  if (::link(part.c_str(), path.c_str()) != 0) {
    if (errno == EEXIST) {
      ::unlink(part.c_str());
      return Error{Reason::already_exists, path + " exists already"};
    }
    return fail(std::strerror(errno));
  }
  ::unlink(part.c_str());
  return {};
}

}  // namespace freehold::store
