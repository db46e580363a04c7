// Image: what is durable, in memory: the current objects, the recent commits, the sizes of the
// logs. Both back ends apply commits to one of these and read from it; it knows no disk and no
// watcher. Loop thread only.
#pragma once

#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "store/store.h"
#include "store/table.h"

namespace freehold::store {

struct LogState {
  uint64_t size = 0;
  std::string root;
  uint64_t number = 0;  // the back end's own name for it
};
using Logs = std::map<std::string, LogState, std::less<>>;

class Image {
 public:
  Rev head() const { return head_; }
  Rev history_start() const { return history_.empty() ? head_ : history_.front()->first - 1; }
  const Table& objects() const { return objects_; }
  const Logs& logs() const { return logs_; }
  uint64_t log_size(std::string_view log) const;

  Result<Page> list(const ListOptions& options) const;
  // The first commit in history that ends after `rev`.
  std::deque<CommitPtr>::const_iterator history_after(Rev rev) const;
  std::deque<CommitPtr>::const_iterator history_end() const { return history_.end(); }

  // The commit must begin at head() + 1. A commit without changes leaves the objects alone.
  void apply(const CommitPtr& commit);
  void append(const Leaf& leaf);
  // Forgets commits older than `before`, always keeping the newest: it names the head.
  void compact(Time before);

  // Takes over what a back end read from its disk. False when the parts do not fit: a revision
  // above the head, history that is not dense up to the head.
  struct Parts {
    Table objects;
    std::vector<CommitPtr> history;  // dense, ends at the head
    Logs logs;
  };
  bool load(Parts parts);
  // Takes over objects and logs as they are, to be looked at and not written.
  void load_unchecked(Parts parts);

 private:
  struct Undone;
  Result<Rev> snapshot(Rev at) const;
  Undone undo(Rev at, const ListOptions& options, Table::Place place) const;
  void forget_oldest();

  Table objects_;
  std::deque<CommitPtr> history_;
  size_t history_changes_ = 0;
  Rev head_ = 0;
  Logs logs_;
};

}  // namespace freehold::store
