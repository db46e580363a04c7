// Property tests that every Store must pass: random operations against a model that is a plain map
// per revision. The seed is in the failure's trace; FREEHOLD_SEED repeats it.
#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "store/testing/conformance.h"

namespace freehold::store {
namespace {

class StoreProperty : public StoreTest {
 protected:
  using State = std::map<std::string, Entry>;

  // A watch, and the objects as its commits say.
  struct Replay {
    Rev at = 0;
    State state;
    std::unique_ptr<Watch> watch;
  };

  static std::string show_state(const State& state) {
    std::vector<Entry> entries;
    for (const auto& [key, entry] : state) entries.push_back(entry);
    return show(entries);
  }

  std::string random_key() { return std::string(1, "ab"[pick(2)]) + "/" + std::to_string(pick(8)); }
  size_t pick(size_t below) {
    return static_cast<size_t>(chance.in(0, static_cast<int64_t>(below) - 1));
  }

  void run_seed(uint64_t seed, int steps) {
    chance = Random(seed);
    durable = {{0, {}}};
    sequenced = {};
    sequenced_head = 0;
    for (int i = 0; i < steps && !HasFailure(); ++i) step();
    settle();
    check_all();
    replays.clear();
  }

  void step() {
    switch (pick(12)) {
      case 0:
        check_list();
        return;
      case 1:
        begin_watch();
        return;
      case 2:
        return run_some();
      case 3:
        return chance.percent(20) ? fail_disk() : run_some();
      case 4:
        return chance.percent(20) ? restart() : run_some();
      case 5:
        return chance.percent(20) ? forget() : run_some();
      default:
        send();
    }
  }

  void run_some() {
    for (size_t n = pick(4); n > 0; --n) runtime.step();
  }

  // ---- commits: what must come of one is known when it is sent

  void send() {
    Transaction wanted = transaction({});
    State next = sequenced;
    bool is_refused = false;
    for (size_t n = 1 + pick(4); n > 0; --n) {
      const std::string key = random_key();
      if (std::any_of(wanted.writes.begin(), wanted.writes.end(),
                      [&](const Write& write) { return write.key == key; }))
        continue;
      const Rev rev = wanted.first + wanted.writes.size();
      const auto before = next.find(key);
      if (chance.percent(30)) {
        is_refused |= before == next.end();
        wanted.writes.push_back({key, nullptr});
        next.erase(key);
      } else {
        const Bytes value = bytes(std::string(pick(3) * pick(400), 'v') + std::to_string(rev));
        const Rev created = before == next.end() ? rev : before->second.created;
        next[key] = {key, rev, created, value};
        wanted.writes.push_back({key, value});
      }
    }
    for (size_t n = pick(3); n > 0; --n) {
      const std::string key = random_key();
      const auto found = sequenced.find(key);
      const Rev rev = found == sequenced.end() ? 0 : found->second.rev;
      const bool is_stale = chance.percent(10);
      is_refused |= is_stale;
      wanted.conditions.push_back({key, is_stale ? rev + 1 : rev});
    }
    wanted.leaves.push_back({"log", store->sequenced_log_size("log"), bytes("leaf")});
    const Rev last = wanted.first + wanted.writes.size() - 1;
    if (!is_refused) {
      sequenced = next;
      sequenced_head = last;
    }
    store->commit(std::move(wanted), [this, is_refused, last, next](const Result<CommitPtr>& done) {
      if (is_refused) {
        EXPECT_EQ(reason(done), Reason::conflict);
      } else if (done.ok()) {
        EXPECT_EQ((*done)->last, last);
        durable[last] = next;
      } else {
        EXPECT_TRUE(is_failing) << done.error().message;
      }
    });
    EXPECT_EQ(store->sequenced_head(), sequenced_head);
  }

  void fail_disk() {
    settle();
    is_failing = true;
    backend->set_full(true);
    for (size_t n = pick(4); n > 0; --n) send();
    settle();
    backend->set_full(false);
    runtime.run();
    is_failing = false;
    // Conditions and keys may have refused all of them before the disk did.
    sequenced = durable.rbegin()->second;
    sequenced_head = durable.rbegin()->first;
    EXPECT_EQ(store->sequenced_head(), sequenced_head);
  }

  void restart() {
    settle();
    runtime.run();
    replays.clear();
    reopen();
    EXPECT_EQ(store->head(), sequenced_head);
  }

  void forget() {
    runtime.advance(minutes(1));
    store->compact(runtime.now() - seconds(90));
  }

  // ---- what must hold

  void check_list() {
    ListOptions options;
    if (chance.percent(70)) options.prefix = chance.percent(50) ? "a/" : "b";
    if (chance.percent(50)) options.after = random_key();
    if (chance.percent(50)) options.limit = 1 + pick(5);
    auto at = durable.rbegin();
    for (size_t n = pick(20); n > 0 && std::next(at) != durable.rend(); --n) ++at;
    options.at = at->first;
    const Result<Page> page = store->list(options);
    if (options.at != 0 && options.at < store->history_start()) {
      EXPECT_EQ(page.error().reason, Reason::expired);
      return;
    }
    if (options.at == 0) at = durable.rbegin();
    ASSERT_TRUE(page.ok()) << page.error().message;
    State expected;
    size_t remaining = 0;
    for (const auto& [key, entry] : at->second) {
      if (!key.starts_with(options.prefix) || (!options.after.empty() && key <= options.after))
        continue;
      if (options.limit != 0 && expected.size() == options.limit)
        ++remaining;
      else
        expected.emplace(key, entry);
    }
    EXPECT_EQ(show(page->entries), show_state(expected)) << "at " << at->first;
    EXPECT_EQ(page->remaining, remaining);
    EXPECT_EQ(page->more, remaining > 0);
  }

  void begin_watch() {
    const Rev start = store->history_start();
    const Rev after = start + pick(store->head() - start + 1);
    // The commit that holds `after` in its middle comes whole: begin with the state before it.
    auto before = std::prev(durable.upper_bound(after));
    auto replay = std::make_shared<Replay>();
    replay->at = before->first;
    replay->state = before->second;
    auto watch = store->watch(after, [replay = replay.get()](const CommitPtr& delivered) {
      EXPECT_EQ(delivered->first, replay->at + 1) << "whole commits, in order, none left out";
      replay->at = delivered->last;
      for (const Change& change : delivered->changes) {
        const auto found = replay->state.find(change.key);
        const bool was_there = found != replay->state.end();
        EXPECT_EQ(was_there, change.previous != nullptr);
        if (was_there) {
          EXPECT_EQ(*found->second.value, text(change.previous));
          EXPECT_EQ(found->second.rev, change.previous_rev);
        }
        if (change.value)
          replay->state[change.key] = {change.key, change.rev, change.created, change.value};
        else
          replay->state.erase(change.key);
      }
    });
    ASSERT_TRUE(watch.ok()) << watch.error().message;
    replay->watch = std::move(watch).value();
    replays.push_back(std::move(replay));
    if (replays.size() > 20) replays.erase(replays.begin());
  }

  void check_all() {
    const std::string expected = show_state(durable.rbegin()->second);
    EXPECT_EQ(listed(), expected);
    EXPECT_EQ(store->head(), durable.rbegin()->first);
    for (const auto& replay : replays) EXPECT_EQ(show_state(replay->state), expected);
    for (const auto& [key, entry] : durable.rbegin()->second) {
      const auto found = store->get(key);
      ASSERT_TRUE(found);
      EXPECT_EQ(found->created, entry.created);
    }
  }

  Random chance{0};
  std::map<Rev, State> durable;  // at every commit end
  State sequenced;
  Rev sequenced_head = 0;
  bool is_failing = false;
  std::vector<std::shared_ptr<Replay>> replays;
};

TEST_P(StoreProperty, random_operations_agree_with_a_plain_map) {
  const char* only = std::getenv("FREEHOLD_SEED");
  const uint64_t first = only != nullptr ? std::strtoull(only, nullptr, 10) : 1;
  const auto seeds = static_cast<uint64_t>(only != nullptr ? 1 : scale(4, 400));
  for (uint64_t seed = first; seed < first + seeds && !HasFailure(); ++seed) {
    SCOPED_TRACE("FREEHOLD_SEED=" + std::to_string(seed));
    store.reset();
    backend = GetParam().make();
    reopen();
    run_seed(seed, 800);
  }
}

INSTANTIATE_TEST_SUITE_P(Every, StoreProperty, testing::ValuesIn(all_backends), backend_name);

}  // namespace
}  // namespace freehold::store
