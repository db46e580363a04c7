// Store: the door to durable state. Keys and values are bytes; a transaction carries conditions on
// the revisions that it read, writes, and leaves for the record, and lands whole or not at all.
// Revisions are dense: every single change has its own number, a commit owns a run of them. Watches
// deliver whole commits in order.
//
// All calls and callbacks are on the loop thread. A back end may own a thread for the disk. Reads
// see what is durable; `sequenced_*` also sees what was accepted and is on its way to the disk, for
// the one writer (ledger/).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace freehold::store {

using Rev = uint64_t;  // 0: nothing
using Bytes = std::shared_ptr<const std::string>;

struct Entry {
  std::string key;
  Rev rev = 0;      // of the last change
  Rev created = 0;  // of the change that made it
  Bytes value;
};

struct Write {
  std::string key;
  Bytes value;  // null deletes
};

// The key must be at this revision among what is sequenced; 0: must not exist.
struct Condition {
  std::string key;
  Rev rev = 0;
};

// One entry of an append-only log. Its index is given by the caller and must be the log's next one
// among what is sequenced.
struct Leaf {
  std::string log;  // origin, e.g. "audit.fra1.example/acme"
  uint64_t index = 0;
  Bytes data;
  std::string root{};  // the caller's, e.g. the Merkle root after this leaf; the log keeps the last
                       // one (log_root)
};

// Without writes it takes no revision: watches do not see it, its leaves (a reader recorded, say)
// are appended all the same.
struct Transaction {
  Rev first = 0;  // revision of writes[0]; must be sequenced_head() + 1
  Time time;      // when it was sequenced, kept with the commit
  std::vector<Condition> conditions;
  std::vector<Write> writes;  // writes[i] gets revision first + i; a key appears once, at most
                              // limits::commit_writes
  std::vector<Leaf> leaves;
};

struct Change {
  Rev rev = 0;
  std::string key;
  Bytes value;     // null: deleted
  Bytes previous;  // null: created
  Rev previous_rev = 0;
  Rev created = 0;
};

struct Commit {
  Rev first = 0, last = 0;  // without changes: last is first - 1
  Time time;
  std::vector<Change> changes;
};
using CommitPtr = std::shared_ptr<const Commit>;

struct ListOptions {
  std::string prefix{};
  std::string after{};  // only keys greater than this
  size_t limit = 0;     // 0: all
  Rev at = 0;           // 0: the durable head; else a commit end within history
};
struct Page {
  std::vector<Entry> entries;
  Rev rev = 0;  // the snapshot
  bool more = false;
  size_t remaining = 0;  // how many entries follow the page
};

// Ends the watch when destroyed.
class Watch {
 public:
  virtual ~Watch() = default;
};

struct Stats {
  size_t keys = 0, bytes = 0;
  uint64_t commits = 0, group_commits = 0;  // since start
  size_t waiting = 0;                       // commits sequenced, not durable
  // Of the last group: from its newest commit being accepted to being durable.
  int64_t last_sync_us = 0;
};

class Store {
 public:
  virtual ~Store() = default;

  virtual Rev head() const = 0;            // durable; always a commit end
  virtual Rev sequenced_head() const = 0;  // accepted
  virtual std::optional<Entry> get(std::string_view key) const = 0;
  virtual std::optional<Entry> sequenced_get(std::string_view key) const = 0;
  // Errors: `expired` when `at` is older than history, `timeout` when it lies ahead, `bad_request`
  // when it is no commit end.
  virtual Result<Page> list(const ListOptions& options) const = 0;

  // `done` runs later, never inside the call: ok once durable; `conflict` (names the key) when a
  // condition fails or a key to delete is absent; `unavailable` when the disk refused it: then it
  // did not happen, and neither did anything sequenced after it; `too_many_requests` when
  // limits::commit_queue is full; `too_large` above limits::commit_writes; `bad_request` when
  // `first`, a leaf's index or a key does not fit the rules above. Destroying the store writes what
  // was accepted and drops its `done`.
  virtual void commit(Transaction transaction, std::function<void(Result<CommitPtr>)> done) = 0;
  // Called after a failed write rolled back everything that was only sequenced, before the `done`
  // callbacks.
  virtual void on_rollback(std::function<void()> handler) = 0;

  // Delivers every commit that ends after `after`, history first and inside this call; a commit
  // that holds `after` in its middle is delivered whole. `expired` when history does not reach
  // back. Delivery is synchronous with the commit becoming durable, before its `done`.
  virtual Result<std::unique_ptr<Watch>> watch(Rev after,
                                               std::function<void(const CommitPtr&)> deliver) = 0;
  // The oldest revision after which a watch can start.
  virtual Rev history_start() const = 0;
  // Forgets history older than `before`. What exceeds limits::history_changes is forgotten without
  // being asked.
  virtual void compact(Time before) = 0;

  // ---- the record's leaves, as they were appended
  virtual std::vector<std::string> logs() const = 0;
  virtual uint64_t log_size(std::string_view log) const = 0;  // durable
  virtual uint64_t sequenced_log_size(std::string_view log) const = 0;
  virtual std::string log_root(std::string_view log) const = 0;  // `root` of the last durable leaf
  // At most `limit` entries from index `from`.
  virtual Result<std::vector<Leaf>> read_log(std::string_view log, uint64_t from,
                                             size_t limit) const = 0;

  virtual Stats stats() const = 0;
  // Writes a consistent copy to a file that does not exist yet. Blocks its thread until the copy is
  // on disk: a busy server's store is better copied through a second, read-only Store in another
  // process. `already_exists`, or `unavailable` when it cannot.
  virtual Result<void> backup(const std::string& path) = 0;
};

}  // namespace freehold::store
