#include "store/core.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/limits.h"

namespace freehold::store {

struct Core::Watcher {
  Rev after = 0;
  std::function<void(const CommitPtr&)> deliver;
  bool alive = true;
};

// Only marks its watcher: the list may be walked at this moment.
class Core::WatchHandle final : public Watch {
 public:
  explicit WatchHandle(std::shared_ptr<Watcher> watcher) : watcher_(std::move(watcher)) {}
  ~WatchHandle() override { watcher_->alive = false; }

 private:
  std::shared_ptr<Watcher> watcher_;
};

Core::Core(Runtime& runtime, Image& image)
    : runtime_(runtime), image_(image), sequenced_head_(image.head()) {}

// ---- reading

std::optional<Entry> Core::get(std::string_view key) const {
  const Entry* entry = image_.objects().find(key);
  return entry == nullptr ? std::nullopt : std::optional(*entry);
}

Core::Sequenced Core::sequenced(std::string_view key) const {
  if (!overlay_.empty()) {
    auto it = overlay_.find(key);
    if (it != overlay_.end()) return it->second.value ? it->second : Sequenced{};
  }
  const Entry* entry = image_.objects().find(key);
  return entry == nullptr ? Sequenced{} : Sequenced{entry->rev, entry->created, entry->value};
}

std::optional<Entry> Core::sequenced_get(std::string_view key) const {
  Sequenced found = sequenced(key);
  if (found.rev == 0) return std::nullopt;
  return Entry{std::string(key), found.rev, found.created, std::move(found.value)};
}

std::vector<std::string> Core::logs() const {
  std::vector<std::string> origins;
  for (const auto& [origin, log] : image_.logs()) origins.push_back(origin);
  return origins;
}

uint64_t Core::sequenced_log_size(std::string_view log) const {
  auto it = overlay_logs_.find(log);
  return it != overlay_logs_.end() ? it->second : image_.log_size(log);
}

std::string Core::log_root(std::string_view log) const {
  auto it = image_.logs().find(log);
  return it == image_.logs().end() ? std::string() : it->second.root;
}

Result<size_t> Core::log_span(std::string_view log, uint64_t from, size_t limit) const {
  auto it = image_.logs().find(log);
  if (it == image_.logs().end())
    return Error{Reason::not_found, "log \"" + std::string(log) + "\" not found"};
  if (from >= it->second.size) return size_t{0};
  return static_cast<size_t>(std::min<uint64_t>(limit, it->second.size - from));
}

Stats Core::stats() const {
  Stats stats = stats_;
  stats.keys = image_.objects().size();
  stats.bytes = image_.objects().bytes();
  stats.waiting = waiting_.size();
  return stats;
}

// ---- sequencing

Result<void> Core::check_keys(const Transaction& transaction) const {
  std::vector<std::string_view> keys;
  keys.reserve(transaction.writes.size());
  for (const Write& write : transaction.writes) {
    if (write.key.empty()) return Error{Reason::bad_request, "a write needs a key"};
    if (!write.value && sequenced(write.key).rev == 0)
      return Error{Reason::conflict, "\"" + write.key + "\" does not exist: nothing to delete"};
    keys.push_back(write.key);
  }
  std::sort(keys.begin(), keys.end());
  auto twice = std::adjacent_find(keys.begin(), keys.end());
  if (twice == keys.end()) return {};
  return Error{Reason::bad_request,
               "\"" + std::string(*twice) + "\" is written twice in one commit"};
}

Result<void> Core::check_leaves(const Transaction& transaction) const {
  std::map<std::string_view, uint64_t> sizes;
  for (const Leaf& leaf : transaction.leaves) {
    if (leaf.log.empty() || !leaf.data)
      return Error{Reason::bad_request, "a leaf needs a log and data"};
    auto size = sizes.try_emplace(leaf.log, 0).first;
    if (size->second == 0) size->second = sequenced_log_size(leaf.log);
    if (leaf.index != size->second)
      return Error{Reason::bad_request, "leaf " + std::to_string(leaf.index) + " of \"" + leaf.log +
                                            "\" does not continue its " +
                                            std::to_string(size->second)};
    ++size->second;
  }
  return {};
}

Result<void> Core::check(const Transaction& transaction) const {
  if (transaction.writes.size() > limits::commit_writes)
    return Error{Reason::too_large, "a commit of " + std::to_string(transaction.writes.size()) +
                                        " writes; at most " +
                                        std::to_string(limits::commit_writes)};
  // A commit without writes (a leaf alone, or only conditions) weighs one: the queue has a bound in
  // any case.
  if (waiting_writes_ + std::max<size_t>(1, transaction.writes.size()) > limits::commit_queue)
    return Error{Reason::too_many_requests,
                 "the disk is behind: " + std::to_string(waiting_writes_) +
                     " writes wait for it; try again later"};
  if (transaction.first != sequenced_head_ + 1)
    return Error{Reason::bad_request, "a commit at revision " + std::to_string(transaction.first) +
                                          " does not continue " + std::to_string(sequenced_head_)};
  for (const Condition& condition : transaction.conditions) {
    const Rev found = sequenced(condition.key).rev;
    if (found == condition.rev) continue;
    if (condition.rev == 0)
      return Error{Reason::conflict, "\"" + condition.key + "\" exists already, at revision " +
                                         std::to_string(found)};
    return Error{Reason::conflict,
                 "\"" + condition.key + "\" was read at revision " + std::to_string(condition.rev) +
                     (found == 0 ? " and is gone" : " and is now at " + std::to_string(found))};
  }
  TRY(check_keys(transaction));
  return check_leaves(transaction);
}

JobPtr Core::sequence(Transaction transaction) {
  auto commit = std::make_shared<Commit>();
  commit->first = transaction.first;
  commit->last = transaction.first + transaction.writes.size() - 1;
  commit->time = transaction.time;
  commit->changes.reserve(transaction.writes.size());
  for (Write& write : transaction.writes) {
    const Sequenced before = sequenced(write.key);
    const Rev rev = commit->first + commit->changes.size();
    const Rev created = before.rev == 0 ? rev : before.created;
    overlay_.insert_or_assign(write.key, Sequenced{rev, created, write.value});
    commit->changes.push_back(
        {rev, std::move(write.key), std::move(write.value), before.value, before.rev, created});
  }
  sequenced_head_ = commit->last;
  for (const Leaf& leaf : transaction.leaves) overlay_logs_[leaf.log] = leaf.index + 1;
  auto job = std::make_shared<Job>();
  job->commit = std::move(commit);
  job->leaves = std::move(transaction.leaves);
  return job;
}

void Core::fail_later(Error error, std::function<void(Result<CommitPtr>)> done) {
  runtime_.post([alive = alive(), error = std::move(error), done = std::move(done)]() mutable {
    if (!alive.expired()) done(std::move(error));
  });
}

void Core::commit(Transaction transaction, std::function<void(Result<CommitPtr>)> done) {
  Result<void> checked = check(transaction);
  if (!checked.ok()) return fail_later(std::move(checked).error(), std::move(done));
  JobPtr job = sequence(std::move(transaction));
  waiting_writes_ += std::max<size_t>(1, job->commit->changes.size());
  waiting_.push_back({job, std::move(done), runtime_.uptime()});
  submit(std::move(job));
}

void Core::on_rollback(std::function<void()> handler) {
  rollback_handlers_.push_back(std::move(handler));
}

// ---- becoming durable

void Core::settle(const Waiting& waiting) {
  const Job& job = *waiting.job;
  image_.apply(job.commit);
  for (const Change& change : job.commit->changes) {
    auto it = overlay_.find(change.key);
    if (it != overlay_.end() && it->second.rev == change.rev) overlay_.erase(it);
  }
  for (const Leaf& leaf : job.leaves) {
    image_.append(leaf);
    auto it = overlay_logs_.find(leaf.log);
    if (it != overlay_logs_.end() && it->second == leaf.index + 1) overlay_logs_.erase(it);
  }
  waiting_writes_ -= std::max<size_t>(1, job.commit->changes.size());
  ++stats_.commits;
}

void Core::durable(size_t jobs) {
  CHECK(jobs > 0 && jobs <= waiting_.size(), "the disk reported a commit that nobody asked for");
  ++stats_.group_commits;
  stats_.last_sync_us = (runtime_.uptime() - waiting_[jobs - 1].accepted).us;
  for (size_t i = 0; i < jobs; ++i) {
    Waiting waiting = std::move(waiting_.front());
    waiting_.pop_front();
    settle(waiting);
    deliver(waiting.job->commit);
    if (waiting.done) waiting.done(waiting.job->commit);
  }
}

void Core::refused(const Error& error) {
  std::deque<Waiting> lost = std::exchange(waiting_, {});
  waiting_writes_ = 0;
  overlay_.clear();
  overlay_logs_.clear();
  sequenced_head_ = image_.head();
  for (size_t i = 0; i < rollback_handlers_.size(); ++i) rollback_handlers_[i]();
  for (Waiting& waiting : lost)
    if (waiting.done) waiting.done(error);
}

// ---- watching

Result<std::unique_ptr<Watch>> Core::watch(Rev after,
                                           std::function<void(const CommitPtr&)> deliver) {
  if (after < image_.history_start())
    return Error{Reason::expired, "revision " + std::to_string(after) +
                                      " is older than the history, which starts at " +
                                      std::to_string(image_.history_start()) + "; list anew"};
  auto watcher = std::make_shared<Watcher>();
  watcher->after = after;
  watcher->deliver = std::move(deliver);
  std::unique_ptr<Watch> handle = std::make_unique<WatchHandle>(watcher);
  // A copy of the pointers: a callback may compact history or end in a commit.
  const std::vector<CommitPtr> past(image_.history_after(after), image_.history_end());
  watchers_.push_back(watcher);
  for (const CommitPtr& commit : past) watcher->deliver(commit);
  return handle;
}

void Core::deliver(const CommitPtr& commit) {
  if (commit->changes.empty()) return;
  std::erase_if(watchers_, [](const auto& watcher) { return !watcher->alive; });
  // A watch that begins during the walk has this commit from history already; one that ends is
  // skipped.
  const size_t count = watchers_.size();
  for (size_t i = 0; i < count; ++i) {
    const std::shared_ptr<Watcher> watcher = watchers_[i];
    if (watcher->alive && commit->last > watcher->after) watcher->deliver(commit);
  }
}

}  // namespace freehold::store
