#include "store/sqlite.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "store/core.h"
#include "store/database.h"
#include "store/writer.h"

namespace freehold::store {

namespace {

// Held as long as the store is open for writing. A side file, because closing any descriptor of the
// database itself would drop SQLite's own locks.
class FileLock {
 public:
  static Result<FileLock> take(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0)
      return Error{Reason::unavailable, "cannot open " + path + ": " + std::strerror(errno)};
    FileLock lock(descriptor);
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0)
      return Error{Reason::unavailable, path + " is locked: another process has this store open"};
    return lock;
  }
  FileLock(FileLock&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  FileLock& operator=(FileLock&&) = delete;
  ~FileLock() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }

 private:
  explicit FileLock(int descriptor) : descriptor_(descriptor) {}
  int descriptor_;
};

// History is handed to the writer for deletion in steps of this many revisions; compact() hands
// over what there is.
constexpr Rev forget_step = 4'096;

class SqliteStore final : public Core {
 public:
  // Without a lock: read-only, and `reader` is the only connection.
  SqliteStore(Runtime& runtime, std::unique_ptr<Image> image, std::optional<FileLock> lock,
              std::unique_ptr<Database> database, std::unique_ptr<Database> reader,
              SqliteOptions::Mode mode)
      : Core(runtime, *image),
        image_(std::move(image)),
        lock_(std::move(lock)),
        reader_(std::move(reader)),
        select_leaves_(*reader_, "SELECT id, data FROM leaf WHERE id BETWEEN ? AND ? ORDER BY id"),
        is_for_reading_(mode != SqliteOptions::Mode::read_write),
        forgotten_(image_->history_start()) {
    if (!database) return;
    writer_ = std::make_unique<Writer>(std::move(database), image_->logs(), forgotten_,
                                       [this, alive = alive()] { wake(alive); });
  }

  void compact(Time before) override {
    Core::compact(before);
    forget(1);
  }

  Result<std::vector<Leaf>> read_log(std::string_view log, uint64_t from,
                                     size_t limit) const override {
    const size_t count = TRY(log_span(log, from, limit));
    std::vector<Leaf> leaves;
    if (count == 0) return leaves;
    const uint64_t first = leaf_id(log_number(log), from);
    select_leaves_.bind(1, first).bind(2, first + count - 1);
    Result<void> read = read_leaves(log, first, from, leaves);
    select_leaves_.reset();
    if (!read.ok()) return std::move(read).error();
    // A reader is told how far the log goes; the writer must not go on from there.
    const bool is_gap_known = is_for_reading_ && !leaves.empty();
    if (leaves.size() != count && !is_gap_known)
      return Error{Reason::invalid, "log \"" + std::string(log) + "\" misses leaf " +
                                        std::to_string(from + leaves.size())};
    return leaves;
  }

  Result<void> backup(const std::string& path) override { return reader_->copy_to(path); }

 protected:
  void submit(JobPtr job) override {
    if (writer_) {
      writer_->push(std::move(job), epoch_);
      return;
    }
    if (std::exchange(refusing_, true)) return;
    runtime().post([this, alive = alive()] {
      if (alive.expired()) return;
      refusing_ = false;
      refused({Reason::unavailable, "the store was opened for reading only"});
    });
  }

 private:
  // On the writer's thread.
  void wake(const std::weak_ptr<const bool>& alive) {
    runtime().post([this, alive] {
      if (!alive.expired()) settle();
    });
  }

  void settle() {
    for (const Writer::Outcome& outcome : writer_->take_outcomes()) {
      if (outcome.error) {
        ++epoch_;
        refused(*outcome.error);
      } else {
        durable(outcome.jobs);
      }
    }
    forget(forget_step);
  }

  void forget(Rev at_least) {
    const Rev start = image_->history_start();
    if (!writer_ || start - forgotten_ < at_least) return;
    forgotten_ = start;
    writer_->forget(start);
  }

  // Up to the first that is missing.
  Result<void> read_leaves(std::string_view log, uint64_t first, uint64_t from,
                           std::vector<Leaf>& leaves) const {
    while (TRY(select_leaves_.row()) && select_leaves_.number(0) == first + leaves.size())
      leaves.push_back({std::string(log), from + leaves.size(), select_leaves_.blob(1)});
    return {};
  }

  // Logs that were begun since the start have a number that only the file knows.
  uint64_t log_number(std::string_view log) const {
    auto it = log_numbers_.find(log);
    if (it != log_numbers_.end()) return it->second;
    Statement select(*reader_, "SELECT id FROM log WHERE origin = ?");
    select.bind(1, log);
    Result<bool> row = select.row();
    if (!row.ok() || !*row) return 0;
    return log_numbers_.emplace(log, select.number(0)).first->second;
  }

  std::unique_ptr<Image> image_;
  std::optional<FileLock> lock_;
  std::unique_ptr<Database> reader_;
  mutable Statement select_leaves_;
  mutable std::map<std::string, uint64_t, std::less<>> log_numbers_;
  const bool is_for_reading_;
  Rev forgotten_;  // the writer knows
  uint64_t epoch_ = 0;
  bool refusing_ = false;
  std::unique_ptr<Writer> writer_;  // last: it ends before what it may wake
};

}  // namespace

Result<std::unique_ptr<Store>> open_sqlite(Runtime& runtime, const SqliteOptions& options) {
  if (options.path.empty() || options.path == ":memory:")
    return Error{Reason::invalid, "a store needs the path of a file"};
  const bool is_writing = options.mode == SqliteOptions::Mode::read_write;
  std::optional<FileLock> lock;
  if (is_writing) lock.emplace(TRY(FileLock::take(options.path + ".lock")));
  auto database = TRY(Database::open(
      options.path, is_writing ? Access::read_write : Access::read_only, runtime.now()));
  if (is_writing && options.max_bytes != 0) TRY(database->limit_size(options.max_bytes));
  auto image = std::make_unique<Image>();
  if (options.mode == SqliteOptions::Mode::examine)
    image->load_unchecked(TRY(database->load_what_there_is()));
  else if (!image->load(TRY(database->load())))
    return Error{Reason::invalid,
                 "store " + options.path +
                     " is damaged: its history does not fit its objects; restore a "
                     "backup"};
  std::unique_ptr<Database> reader =
      is_writing ? TRY(database->reader()) : std::exchange(database, nullptr);
  return std::unique_ptr<Store>(std::make_unique<SqliteStore>(runtime, std::move(image),
                                                              std::move(lock), std::move(database),
                                                              std::move(reader), options.mode));
}

}  // namespace freehold::store
