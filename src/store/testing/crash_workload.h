// What the crash tests write: commit number n is a function of n and of the objects before it, so
// that whoever opens the store afterwards can compute what must be there. One leaf per commit says
// which revisions it took.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "base/random.h"
#include "store/store.h"
#include "store/test_runtime.h"

namespace freehold::store {

class CrashWorkload {
 public:
  // The next commit, at this revision; the objects follow.
  Transaction next(Rev first, Time now) {
    Random chance(number_ + 1);
    Transaction made;
    made.first = first;
    made.time = now;
    std::map<std::string, Bytes> writes;
    for (int64_t n = chance.in(1, 4); n > 0; --n) {
      const std::string key = "k" + std::to_string(chance.in(0, 40));
      const auto size = static_cast<size_t>(chance.in(0, 3'000));
      const bool is_deletion = objects_.contains(key) && chance.percent(30);
      writes[key] = is_deletion ? nullptr
                                : std::make_shared<const std::string>(std::to_string(number_) +
                                                                      std::string(size, 'v'));
    }
    for (const auto& [key, value] : writes) {
      made.writes.push_back({key, value});
      if (value)
        objects_[key] = value;
      else
        objects_.erase(key);
    }
    const Rev last = first + made.writes.size() - 1;
    const std::string name =
        std::to_string(number_) + ": " + std::to_string(first) + "-" + std::to_string(last);
    made.leaves.push_back({"log", number_, std::make_shared<const std::string>(name), name});
    ++number_;
    head_ = last;
    return made;
  }

  // Does the store hold exactly the first commits, as many as it has leaves, with nothing between?
  // Stands there afterwards.
  testing::AssertionResult matches(const Store& store) {
    const uint64_t commits = store.log_size("log");
    const auto leaves =
        commits == 0 ? std::vector<Leaf>() : store.read_log("log", 0, commits).value();
    for (const Leaf& leaf : leaves) {
      const Transaction expected = next(head_ + 1, Time{});
      if (*leaf.data != *expected.leaves.front().data)
        return testing::AssertionFailure()
               << "leaf " << *leaf.data << ", expected " << *expected.leaves.front().data;
    }
    if (leaves.size() != commits) return testing::AssertionFailure() << leaves.size() << " leaves";
    if (commits != 0 && store.log_root("log") != *leaves.back().data)
      return testing::AssertionFailure() << "root " << store.log_root("log");
    if (store.head() != head_)
      return testing::AssertionFailure() << "head " << store.head() << ", expected " << head_;
    const Page page = store.list({}).value();
    if (page.entries.size() != objects_.size())
      return testing::AssertionFailure()
             << page.entries.size() << " objects, expected " << objects_.size();
    for (const Entry& entry : page.entries) {
      const auto found = objects_.find(entry.key);
      if (found == objects_.end() || *found->second != *entry.value)
        return testing::AssertionFailure() << entry.key << " is not as written";
    }
    return testing::AssertionSuccess();
  }

  uint64_t number() const { return number_; }  // of commits so far

 private:
  uint64_t number_ = 0;
  Rev head_ = 0;
  std::map<std::string, Bytes> objects_;
};

// Keeps commits in flight, as many as chance says, and tells of each that was acknowledged; until
// `acknowledged` says enough.
inline void keep_committing(TestRuntime& runtime, Store& store, CrashWorkload workload,
                            const std::function<bool(const Commit&)>& acknowledged) {
  size_t in_flight = 0;
  bool is_enough = false;
  while (!is_enough) {
    for (auto wanted = static_cast<size_t>(runtime.random().in(1, 30)); in_flight < wanted;
         ++in_flight)
      store.commit(workload.next(store.sequenced_head() + 1, runtime.now()),
                   [&](const Result<CommitPtr>& done) {
                     --in_flight;
                     is_enough = is_enough || !done.ok() || acknowledged(**done);
                   });
    if (runtime.random().percent(5)) store.compact(runtime.now() - milliseconds(1));
    const size_t before = in_flight;
    if (!runtime.run_until([&] { return in_flight < before; })) return;
  }
  runtime.run_until([&] { return store.stats().waiting == 0; });
}

}  // namespace freehold::store
