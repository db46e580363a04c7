// What a test of every Store stands on: the back ends as parameter, and words for commits and what
// they leave. The cases are in conformance_test.cc and conformance_property_test.cc; a new back end
// adds itself to `all_backends`.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/log.h"
#include "store/store.h"
#include "store/test_runtime.h"

namespace freehold::store {

// How often a random test repeats itself: more in a soak, FREEHOLD_SOAK=1.
inline int scale(int tests, int soak) { return std::getenv("FREEHOLD_SOAK") ? soak : tests; }

class Backend {
 public:
  virtual ~Backend() = default;
  virtual std::unique_ptr<Store> open(
      Runtime& runtime) = 0;                // what was durable before is there again
  virtual void set_full(bool is_full) = 0;  // the disk
};
using BackendMaker = std::unique_ptr<Backend> (*)();

std::unique_ptr<Backend> make_memory_backend();  // memory_test.cc
std::unique_ptr<Backend> make_sqlite_backend();  // sqlite_test.cc

struct NamedBackend {
  const char* name;
  BackendMaker make;
};
inline const NamedBackend all_backends[] = {{"memory", &make_memory_backend},
                                            {"sqlite", &make_sqlite_backend}};
inline std::string backend_name(const testing::TestParamInfo<NamedBackend>& info) {
  return info.param.name;
}

inline Bytes bytes(std::string text) {
  return std::make_shared<const std::string>(std::move(text));
}
inline std::string text(const Bytes& value) { return value ? *value : "(none)"; }

// Refused commits are logged: on purpose in these tests, and of no interest.
class Silence {
 public:
  Silence() {
    set_log_sink([](const LogRecord&) {});
  }
  ~Silence() { set_log_sink(nullptr); }
};

class StoreTest : public testing::TestWithParam<NamedBackend> {
 protected:
  void SetUp() override { reopen(); }
  void reopen() {
    store.reset();
    store = backend->open(runtime);
    ASSERT_NE(store, nullptr);
  }

  // In the order of what is sequenced: the next commit of these writes.
  Transaction transaction(std::vector<Write> writes) {
    Transaction made;
    made.first = store->sequenced_head() + 1;
    made.time = runtime.now();
    made.writes = std::move(writes);
    return made;
  }
  Result<CommitPtr> commit(Transaction wanted) {
    std::optional<Result<CommitPtr>> outcome;
    store->commit(std::move(wanted),
                  [&](Result<CommitPtr> result) { outcome = std::move(result); });
    EXPECT_FALSE(outcome) << "done was called inside commit()";
    if (!runtime.run_until([&] { return outcome.has_value(); }))
      return Error{Reason::timeout, "done was never called"};
    return std::move(*outcome);
  }
  Result<CommitPtr> put(const std::string& key, const std::string& value) {
    return commit(transaction({{key, bytes(value)}}));
  }
  void must_put(const std::string& key, const std::string& value) {
    const Result<CommitPtr> done = put(key, value);
    ASSERT_TRUE(done.ok()) << done.error().message;
  }
  void settle() {
    ASSERT_TRUE(runtime.run_until([&] { return store->stats().waiting == 0; }));
  }
  static Reason reason(const Result<CommitPtr>& result) {
    return result.ok() ? Reason::internal : result.error().reason;
  }

  // "a=1@3 b=2@4": keys, values and revisions.
  static std::string show(const std::vector<Entry>& entries) {
    std::string shown;
    for (const Entry& entry : entries) {
      if (!shown.empty()) shown += ' ';
      shown += entry.key + "=" + text(entry.value) + "@" + std::to_string(entry.rev);
    }
    return shown;
  }
  // "[3 +a=1][4 a=2 -b]": commits with their changes.
  static std::string show(const Commit& commit) {
    std::string shown = "[" + std::to_string(commit.first);
    for (const Change& change : commit.changes) {
      shown += change.value ? (change.previous ? " " : " +") : " -";
      shown += change.key;
      if (change.value) shown += "=" + *change.value;
    }
    return shown + "]";
  }
  std::string listed(const ListOptions& options = {}) {
    const Result<Page> page = store->list(options);
    return page.ok() ? show(page->entries) : std::string(reason_name(page.error().reason));
  }
  // Everything that a watch from here delivers at once.
  std::string watched(Rev after) {
    std::string shown;
    const auto watch =
        store->watch(after, [&](const CommitPtr& delivered) { shown += show(*delivered); });
    return watch.ok() ? shown : std::string(reason_name(watch.error().reason));
  }

  Silence silence;
  TestRuntime runtime;
  std::unique_ptr<Backend> backend = GetParam().make();
  std::unique_ptr<Store> store;
};

}  // namespace freehold::store
