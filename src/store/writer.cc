#include "store/writer.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/check.h"
#include "base/log.h"

namespace freehold::store {

namespace {

// Deletions wait until they are worth a transaction, and come in slices, so that no commit waits
// long behind one.
constexpr Rev slice_revisions = 2'000;

}  // namespace

struct Writer::Statements {
  explicit Statements(Database& database)
      : begin(database, "BEGIN IMMEDIATE"),
        commit(database, "COMMIT"),
        create(database, "INSERT INTO object VALUES(?, ?, ?, ?)"),
        update(database, "UPDATE object SET rev = ?2, value = ?3 WHERE created = ?1"),
        erase(database, "DELETE FROM object WHERE created = ?"),
        history(database, "INSERT INTO history VALUES(?, ?, ?, ?, ?, ?, ?)"),
        forget(database, "DELETE FROM history WHERE rev <= ?"),
        leaf(database, "INSERT INTO leaf VALUES(?, ?)"),
        new_log(database, "INSERT INTO log VALUES(?, ?, 0, '')"),
        log(database, "UPDATE log SET size = ?2, root = ?3 WHERE id = ?1") {}

  Statement begin, commit, create, update, erase, history, forget, leaf, new_log, log;
};

Writer::Writer(std::unique_ptr<Database> database, const Logs& logs, Rev history_start,
               std::function<void()> wake)
    : database_(std::move(database)),
      statements_(std::make_unique<Statements>(*database_)),
      deleted_(history_start),
      forget_(history_start),
      wake_(std::move(wake)) {
  CHECK(::pipe2(work_.data(), O_CLOEXEC) == 0, "no pipe for the writer of the store");
  for (const auto& [origin, log] : logs) log_numbers_.emplace(origin, log.number);
  thread_ = std::thread([this] { run(); });
}

Writer::~Writer() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_thread();
  thread_.join();
  for (const int end : work_) ::close(end);
  // The file alone is then the whole store, for whoever copies it; the log beside it would do too.
  statements_.reset();
  (void)database_->execute("PRAGMA wal_checkpoint(PASSIVE)");
}

// ---- loop thread

void Writer::push(JobPtr job, uint64_t epoch) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (epoch < failed_epoch_) return;
    incoming_.push_back(std::move(job));
    incoming_epoch_ = epoch;
    wake = std::exchange(idle_, false);
  }
  if (wake) wake_thread();
}

// Through a pipe, because the kernel wakes its reader for the CPU that the loop is about to leave;
// a condition variable wakes another CPU from its sleep, which costs a lone client a tenth.
void Writer::wake_thread() {
  const char byte = 0;
  while (::write(work_[1], &byte, 1) < 0 && errno == EINTR) {
  }
}

std::vector<Writer::Outcome> Writer::take_outcomes() {
  const std::lock_guard lock(mutex_);
  return std::exchange(outcomes_, {});
}

void Writer::forget(Rev up_to) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    forget_ = up_to;
    wake = std::exchange(idle_, false);
  }
  if (wake) wake_thread();
}

// ---- writer thread

void Writer::run() {
  std::vector<JobPtr> group;
  uint64_t epoch = 0;
  while (next_group(group, epoch)) {
    if (!group.empty()) write_group(group, epoch);
    group.clear();
    delete_history();
  }
}

bool Writer::next_group(std::vector<JobPtr>& group, uint64_t& epoch) {
  std::unique_lock lock(mutex_);
  while (incoming_.empty() && !stop_ && forget_ <= deleted_) {
    idle_ = true;
    lock.unlock();
    char byte = 0;
    (void)!::read(work_[0], &byte, 1);
    lock.lock();
  }
  idle_ = false;
  group.swap(incoming_);
  epoch = incoming_epoch_;
  return !group.empty() || !stop_;
}

void Writer::report(Outcome outcome) {
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    if (outcome.error) {
      failed_epoch_ = outcome.epoch + 1;
      incoming_.clear();
    }
    wake = outcomes_.empty();
    outcomes_.push_back(std::move(outcome));
  }
  if (wake) wake_();
}

void Writer::write_group(const std::vector<JobPtr>& group, uint64_t epoch) {
  Result<void> written = write_jobs(group);
  if (written.ok()) written = statements_->commit.run();
  Outcome outcome{epoch, group.size(), std::nullopt};
  if (!written.ok()) {
    outcome.error = std::move(written).error();
    outcome.error->reason = Reason::unavailable;
    log(LogLevel::error, "store", "commit refused by the disk",
        {{"error", outcome.error->message}, {"commits", static_cast<uint64_t>(group.size())}});
    roll_back();
  }
  new_logs_.clear();
  report(std::move(outcome));
}

Result<void> Writer::write_jobs(const std::vector<JobPtr>& group) {
  TRY(statements_->begin.run());
  for (const JobPtr& job : group) TRY(write_changes(*job->commit));
  return write_leaves(group);
}

Result<void> Writer::write_changes(const Commit& commit) {
  for (const Change& change : commit.changes) {
    Statements& sql = *statements_;
    if (!change.value) {
      TRY(sql.erase.bind(1, change.created).run());
    } else if (!change.previous) {
      sql.create.bind(1, change.created).bind(2, change.rev).bind(3, change.key);
      TRY(sql.create.bind_blob(4, change.value.get()).run());
    } else {
      sql.update.bind(1, change.created).bind(2, change.rev);
      TRY(sql.update.bind_blob(3, change.value.get()).run());
    }
    sql.history.bind(1, change.rev).bind(2, commit.first).bind(3, commit.time.us);
    sql.history.bind(4, change.key).bind(5, change.created).bind(6, change.previous_rev);
    TRY(sql.history.bind_blob(7, change.previous.get()).run());
  }
  return {};
}

Result<void> Writer::write_leaves(const std::vector<JobPtr>& group) {
  std::map<std::string_view, const Leaf*> last;
  for (const JobPtr& job : group) {
    for (const Leaf& leaf : job->leaves) {
      const uint64_t number = TRY(log_number(leaf.log));
      statements_->leaf.bind(1, leaf_id(number, leaf.index));
      TRY(statements_->leaf.bind_blob(2, leaf.data.get()).run());
      last[leaf.log] = &leaf;
    }
  }
  for (const auto& [origin, leaf] : last) {
    statements_->log.bind(1, TRY(log_number(leaf->log))).bind(2, leaf->index + 1);
    TRY(statements_->log.bind(3, leaf->root).run());
  }
  return {};
}

Result<uint64_t> Writer::log_number(const std::string& origin) {
  auto [it, is_new] = log_numbers_.try_emplace(origin, log_numbers_.size() + 1);
  if (is_new) {
    new_logs_.push_back(origin);
    TRY(statements_->new_log.bind(1, it->second).bind(2, origin).run());
  }
  return it->second;
}

void Writer::roll_back() {
  for (const std::string& origin : new_logs_) log_numbers_.erase(origin);
  Result<void> undone =
      database_->in_transaction() ? database_->execute("ROLLBACK") : Result<void>();
  // A commit whose sync failed may stand in the write-ahead log all the same, and recovery after a
  // crash would find it. A small commit over its first frames makes the refusal final; where that
  // fails too, the next commit does it.
  if (undone.ok())
    undone = database_->execute("UPDATE meta SET value = value + 1 WHERE name = 'refusals'");
  if (!undone.ok())
    log(LogLevel::warning, "store", "the refused commits may come back after a power cut",
        {{"error", undone.error().message}});
}

void Writer::delete_history() {
  Rev target = 0;
  {
    const std::lock_guard lock(mutex_);
    target = std::min(forget_, deleted_ + slice_revisions);
  }
  if (target <= deleted_) return;
  // A refusal is not repeated at once: the next call comes with the next revisions to forget.
  deleted_ = target;
  Result<void> deleted = statements_->forget.bind(1, target).run();
  if (!deleted.ok())
    log(LogLevel::warning, "store", "history not deleted", {{"error", deleted.error().message}});
}

}  // namespace freehold::store
