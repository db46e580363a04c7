// Core: all of a Store but the disk. It checks transactions against what is sequenced, keeps what
// waits for the disk as an overlay on the Image, and hands whole commits to watches once they are
// durable. A back end gives it an Image, takes jobs in submit(), and reports durable() or
// refused(). Loop thread only.
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "runtime/runtime.h"
#include "store/image.h"
#include "store/store.h"

namespace freehold::store {

// What a transaction became: immutable, so that a disk thread may read it beside the loop.
struct Job {
  CommitPtr commit;
  std::vector<Leaf> leaves;
};
using JobPtr = std::shared_ptr<const Job>;

class Core : public Store {
 public:
  Rev head() const override { return image_.head(); }
  Rev sequenced_head() const override { return sequenced_head_; }
  std::optional<Entry> get(std::string_view key) const override;
  std::optional<Entry> sequenced_get(std::string_view key) const override;
  Result<Page> list(const ListOptions& options) const override { return image_.list(options); }
  void commit(Transaction transaction, std::function<void(Result<CommitPtr>)> done) override;
  void on_rollback(std::function<void()> handler) override;
  Result<std::unique_ptr<Watch>> watch(Rev after,
                                       std::function<void(const CommitPtr&)> deliver) override;
  Rev history_start() const override { return image_.history_start(); }
  void compact(Time before) override { image_.compact(before); }
  std::vector<std::string> logs() const override;
  uint64_t log_size(std::string_view log) const override { return image_.log_size(log); }
  uint64_t sequenced_log_size(std::string_view log) const override;
  std::string log_root(std::string_view log) const override;
  Stats stats() const override;

 protected:
  // The image outlives the core.
  Core(Runtime& runtime, Image& image);

  // Hands a job to the disk; jobs become durable in this order. Must not call back inside the call.
  virtual void submit(JobPtr job) = 0;
  // The oldest `jobs` that wait are on the disk, written together.
  void durable(size_t jobs);
  // None of what waits is on the disk, nor will be.
  void refused(const Error& error);

  Runtime& runtime() { return runtime_; }
  // True until the core is destroyed; for tasks that may outlive it.
  std::weak_ptr<const bool> alive() const { return alive_; }
  // The entries to read for read_log: none beyond the durable size. Error: `not_found`, no such
  // log.
  Result<size_t> log_span(std::string_view log, uint64_t from, size_t limit) const;

 private:
  struct Watcher;
  class WatchHandle;
  struct Waiting {
    JobPtr job;
    std::function<void(Result<CommitPtr>)> done;
    Duration accepted;  // uptime
  };
  struct Sequenced {
    Rev rev = 0;  // of the change
    Rev created = 0;
    Bytes value;  // null: deleted
  };

  Result<void> check(const Transaction& transaction) const;
  Result<void> check_keys(const Transaction& transaction) const;
  Result<void> check_leaves(const Transaction& transaction) const;
  // What is sequenced for the key; rev 0: absent.
  Sequenced sequenced(std::string_view key) const;
  JobPtr sequence(Transaction transaction);
  void settle(const Waiting& waiting);
  void deliver(const CommitPtr& commit);
  void fail_later(Error error, std::function<void(Result<CommitPtr>)> done);

  Runtime& runtime_;
  Image& image_;
  std::shared_ptr<const bool> alive_ = std::make_shared<const bool>(true);

  Rev sequenced_head_ = 0;
  std::map<std::string, Sequenced, std::less<>> overlay_;
  std::map<std::string, uint64_t, std::less<>> overlay_logs_;  // sizes
  std::deque<Waiting> waiting_;
  size_t waiting_writes_ = 0;

  std::vector<std::shared_ptr<Watcher>> watchers_;
  std::vector<std::function<void()>> rollback_handlers_;
  Stats stats_;
};

}  // namespace freehold::store
