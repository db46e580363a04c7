// A SQLite connection and its prepared statements, with this store's schema: what database.cc does
// not do, sqlite.cc does not know of SQL. One thread at a time per connection. File format:
// docs/formats/store.md.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "store/image.h"

struct sqlite3;
struct sqlite3_stmt;

namespace freehold::store {

enum class Access : uint8_t { read_write, read_only };

class Database;

// Bound bytes must live until the statement has run.
class Statement {
 public:
  Statement(Database& database, const char* sql);
  Statement(Statement&& other) noexcept : database_(other.database_), handle_(other.handle_) {
    other.handle_ = nullptr;
  }
  ~Statement();

  Statement& bind(int at, uint64_t number);
  Statement& bind(int at, int64_t number);
  Statement& bind(int at, std::string_view text);
  Statement& bind_blob(int at, const std::string* bytes);  // null pointer: NULL
  Result<void> run();  // to its end, then ready to be bound again
  Result<bool> row();  // false: no further row
  void reset();

  uint64_t number(int column) const;
  int64_t signed_number(int column) const;
  std::string_view text(int column) const;
  Bytes blob(int column) const;  // null for NULL

 private:
  Database& database_;
  sqlite3_stmt* handle_ = nullptr;
};

class Database {
 public:
  // Read-write makes the file when it is absent, and notes `now` in it. Errors as those of
  // open_sqlite.
  static Result<std::unique_ptr<Database>> open(const std::string& path, Access access, Time now);
  // A further reader of the same file: for reading leaves beside the writer.
  Result<std::unique_ptr<Database>> reader() const;
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  Result<void> execute(const char* sql);
  Result<uint64_t> number(const char* sql);  // the first column of the first row
  Result<void> limit_size(uint64_t bytes);
  Result<Image::Parts> load();
  // Without history and its checks. Logs end where the last leaf is, or where they should.
  Result<Image::Parts> load_what_there_is();
  Result<void> copy_to(const std::string& path);
  bool in_transaction() const;
  Error error(std::string_view doing) const;
  sqlite3* handle() const { return handle_; }
  const std::string& path() const { return path_; }

 private:
  Database(std::string path, sqlite3* handle) : path_(std::move(path)), handle_(handle) {}
  static Result<std::unique_ptr<Database>> connect(const std::string& path, int flags);
  Result<bool> check_format();  // false: a new, empty file
  Result<void> create(Time now);
  Result<void> configure();

  std::string path_;
  sqlite3* handle_;
};

// Where a leaf lies: its log's number above, its index below.
inline constexpr int leaf_index_bits = 40;
constexpr uint64_t leaf_id(uint64_t log, uint64_t index) { return log << leaf_index_bits | index; }

}  // namespace freehold::store
