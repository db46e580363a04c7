#include "store/memory.h"

#include "store/testing/conformance.h"

namespace freehold::store {
namespace {

class MemoryBackend final : public Backend {
 public:
  std::unique_ptr<Store> open(Runtime& runtime) override { return open_memory(runtime, disk_); }
  void set_full(bool is_full) override { set_faults(*disk_, {.full = is_full}); }

 private:
  std::shared_ptr<MemoryDisk> disk_ = make_disk();
};

}  // namespace

std::unique_ptr<Backend> make_memory_backend() { return std::make_unique<MemoryBackend>(); }

namespace {

struct MemoryStoreTest : testing::Test {
  void send(const std::string& key) {
    Transaction wanted;
    wanted.first = store->sequenced_head() + 1;
    wanted.time = runtime.now();
    wanted.writes = {{key, bytes("1")}};
    wanted.leaves = {{"log", store->sequenced_log_size("log"), bytes(key)}};
    store->commit(std::move(wanted), [this](const Result<CommitPtr>& result) {
      (result.ok() ? acknowledged : refused) += 1;
    });
  }

  TestRuntime runtime;
  std::shared_ptr<MemoryDisk> disk = make_disk();
  std::unique_ptr<Store> store = open_memory(runtime, disk);
  int acknowledged = 0, refused = 0;
};

TEST_F(MemoryStoreTest, commits_that_wait_share_a_sync) {
  set_faults(*disk, {.sync_time = milliseconds(10)});
  for (int i = 0; i < 10; ++i) send("k" + std::to_string(i));
  runtime.step();
  EXPECT_EQ(acknowledged, 1);
  runtime.step();
  EXPECT_EQ(acknowledged, 10);
  EXPECT_EQ(store->stats().group_commits, 2u);
  EXPECT_GE(store->stats().last_sync_us, 10'000);
}

TEST_F(MemoryStoreTest, a_crash_keeps_what_was_acknowledged_and_a_prefix_of_the_rest) {
  Random chance(7);
  bool has_lost = false, has_kept = false;
  Rev head = 0;
  for (int round = 0; round < 50; ++round) {
    set_faults(*disk, {.sync_time = milliseconds(10)});
    const int before = acknowledged;
    for (int i = 0; i < 8; ++i) send("k" + std::to_string(round) + "/" + std::to_string(i));
    for (int64_t n = chance.in(0, 2); n > 0; --n) runtime.step();
    crash(*disk, chance);
    runtime.run();
    const auto sure = static_cast<Rev>(acknowledged - before);
    store = open_memory(runtime, disk);
    EXPECT_GE(store->head(), head + sure);
    EXPECT_LE(store->head(), head + 8);
    has_lost |= store->head() < head + 8;
    has_kept |= store->head() > head + sure;
    head = store->head();
    EXPECT_EQ(store->log_size("log"), head);
    EXPECT_EQ(store->read_log("log", 0, 1000)->size(), head);
    EXPECT_EQ(store->list({})->entries.size(), head);
  }
  EXPECT_TRUE(has_lost);
  EXPECT_TRUE(has_kept);
}

TEST_F(MemoryStoreTest, opening_the_disk_again_cuts_off_an_earlier_store) {
  const std::unique_ptr<Store> earlier = std::move(store);
  store = open_memory(runtime, disk);
  send("a");
  Transaction stale;
  stale.first = 1;
  stale.writes = {{"b", bytes("1")}};
  earlier->commit(stale, [](const Result<CommitPtr>&) { FAIL() << "a store that was cut off"; });
  runtime.run();
  EXPECT_EQ(acknowledged, 1);
  EXPECT_EQ(store->list({})->entries.size(), 1u);
}

TEST_F(MemoryStoreTest, has_no_file_to_copy) {
  EXPECT_EQ(store->backup("anywhere").error().reason, Reason::unavailable);
}

}  // namespace
}  // namespace freehold::store
