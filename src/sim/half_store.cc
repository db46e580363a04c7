#include "sim/half_store.h"

#include <deque>
#include <utility>

namespace freehold::sim {

namespace {

using store::CommitPtr;

// Hands out what waits, in order, a piece at a time.
struct Pieces : std::enable_shared_from_this<Pieces> {
  Pieces(Runtime& r, std::function<void(const CommitPtr&)> d) : runtime(r), deliver(std::move(d)) {}

  void take(const CommitPtr& commit) {
    if (commit->changes.size() < 2) {
      waiting.push_back(commit);
    } else {
      const auto middle =
          commit->changes.begin() + static_cast<int64_t>(commit->changes.size() / 2);
      auto first = std::make_shared<store::Commit>(*commit);
      auto second = std::make_shared<store::Commit>(*commit);
      first->changes.assign(commit->changes.begin(), middle);
      second->changes.assign(middle, commit->changes.end());
      first->last = first->changes.back().rev;
      second->first = second->changes.front().rev;
      waiting.push_back(std::move(first));
      waiting.push_back(std::move(second));
    }
    if (!running) next();
  }
  void next() {
    running = !waiting.empty();
    if (!running) return;
    const CommitPtr piece = std::exchange(waiting.front(), nullptr);
    waiting.pop_front();
    const auto self = shared_from_this();  // whoever takes it may end the watch
    deliver(piece);
    runtime.after(milliseconds(1), [weak = weak_from_this()] {
      if (const auto alive = weak.lock()) alive->next();
    });
  }

  Runtime& runtime;
  const std::function<void(const CommitPtr&)> deliver;
  std::deque<CommitPtr> waiting;
  bool running = false;
};

class HalfWatch final : public store::Watch {
 public:
  HalfWatch(std::shared_ptr<Pieces> pieces, std::unique_ptr<store::Watch> watch)
      : pieces_(std::move(pieces)), watch_(std::move(watch)) {}

 private:
  std::shared_ptr<Pieces> pieces_;
  std::unique_ptr<store::Watch> watch_;
};

class HalfStore final : public store::Store {
 public:
  HalfStore(Runtime& runtime, Store& whole) : runtime_(runtime), whole_(whole) {}

  Result<std::unique_ptr<store::Watch>> watch(
      store::Rev after, std::function<void(const CommitPtr&)> deliver) override {
    auto pieces = std::make_shared<Pieces>(runtime_, std::move(deliver));
    auto watch = TRY(whole_.watch(
        after, [pieces = pieces.get()](const CommitPtr& commit) { pieces->take(commit); }));
    return std::unique_ptr<store::Watch>(
        std::make_unique<HalfWatch>(std::move(pieces), std::move(watch)));
  }

  store::Rev head() const override { return whole_.head(); }
  store::Rev sequenced_head() const override { return whole_.sequenced_head(); }
  std::optional<store::Entry> get(std::string_view key) const override { return whole_.get(key); }
  std::optional<store::Entry> sequenced_get(std::string_view key) const override {
    return whole_.sequenced_get(key);
  }
  Result<store::Page> list(const store::ListOptions& options) const override {
    return whole_.list(options);
  }
  void commit(store::Transaction transaction,
              std::function<void(Result<CommitPtr>)> done) override {
    whole_.commit(std::move(transaction), std::move(done));
  }
  void on_rollback(std::function<void()> handler) override {
    whole_.on_rollback(std::move(handler));
  }
  store::Rev history_start() const override { return whole_.history_start(); }
  void compact(Time before) override { whole_.compact(before); }
  std::vector<std::string> logs() const override { return whole_.logs(); }
  uint64_t log_size(std::string_view log) const override { return whole_.log_size(log); }
  uint64_t sequenced_log_size(std::string_view log) const override {
    return whole_.sequenced_log_size(log);
  }
  std::string log_root(std::string_view log) const override { return whole_.log_root(log); }
  Result<std::vector<store::Leaf>> read_log(std::string_view log, uint64_t from,
                                            size_t limit) const override {
    return whole_.read_log(log, from, limit);
  }
  store::Stats stats() const override { return whole_.stats(); }
  Result<void> backup(const std::string& path) override { return whole_.backup(path); }

 private:
  Runtime& runtime_;
  Store& whole_;
};

}  // namespace

std::unique_ptr<store::Store> deliver_in_halves(Runtime& runtime, store::Store& whole) {
  return std::make_unique<HalfStore>(runtime, whole);
}

}  // namespace freehold::sim
