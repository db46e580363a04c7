// Budgets: durable creates at 60 % or more of a bare SQLite loop that writes the same rows with the
// same settings in the same run (counter `share`), alone and with 16 and 64 commits in flight; a
// page of 500 of 10,000 objects under 1 ms, at the head and in the past; get under 1 us.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "base/check.h"
#include "store/database.h"
#include "store/memory.h"
#include "store/sqlite.h"
#include "store/test_runtime.h"

namespace freehold::store {
namespace {

constexpr size_t value_bytes = 1'500, leaf_bytes = 900;

using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

class Folder {
 public:
  Folder() {
    path_ = (std::filesystem::temp_directory_path() / "freehold_bench_XXXXXX").string();
    CHECK(::mkdtemp(path_.data()) != nullptr, "no temporary folder");
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  std::string file(const char* name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

std::string key_of(Rev rev) {
  return "contracts/tenant-a/contract-" + std::to_string(1'000'000 + rev);
}

// The rows of a create, and nothing else: no conditions, no thread, no watch, nothing kept in
// memory.
class BareLoop {
 public:
  explicit BareLoop(const std::string& path)
      : database_(Database::open(path, Access::read_write, Time{}).value()) {
    must(Statement(*database_, "INSERT INTO log VALUES(1, 'log', 0, '')").run());
  }

  void write(size_t creates, size_t per_transaction) {
    for (size_t n = 0; n < creates; n += per_transaction) {
      must(begin_.run());
      for (size_t i = 0; i < per_transaction; ++i) create();
      must(log_.bind(1, rev_).bind(2, root_).run());
      must(commit_.run());
    }
  }

 private:
  static void must(const Result<void>& result) { CHECK(result.ok(), "the bare loop failed"); }
  void create() {
    ++rev_;
    const std::string key = key_of(rev_);
    object_.bind(1, rev_).bind(2, rev_).bind(3, key);
    must(object_.bind_blob(4, &value_).run());
    history_.bind(1, rev_).bind(2, rev_).bind(3, rev_).bind(4, key).bind(5, rev_).bind(6,
                                                                                       uint64_t{0});
    must(history_.bind_blob(7, nullptr).run());
    must(leaf_.bind(1, leaf_id(1, rev_ - 1)).bind_blob(2, &leaf_bytes_).run());
  }

  std::unique_ptr<Database> database_;
  Statement begin_{*database_, "BEGIN IMMEDIATE"}, commit_{*database_, "COMMIT"};
  Statement object_{*database_, "INSERT INTO object VALUES(?, ?, ?, ?)"};
  Statement history_{*database_, "INSERT INTO history VALUES(?, ?, ?, ?, ?, ?, ?)"};
  Statement leaf_{*database_, "INSERT INTO leaf VALUES(?, ?)"};
  Statement log_{*database_, "UPDATE log SET size = ?, root = ? WHERE id = 1"};
  const std::string value_ = std::string(value_bytes, 'v'),
                    leaf_bytes_ = std::string(leaf_bytes, 'l');
  const std::string root_ = std::string(64, 'f');
  Rev rev_ = 0;
};

// Creates through the store, so many in flight: each that is done sends the next.
class Creator {
 public:
  Creator(TestRuntime& runtime, Store& store) : runtime_(runtime), store_(store) {}

  void write(size_t creates, size_t in_flight) {
    left_ = creates;
    for (size_t i = 0; i < in_flight; ++i) send();
    CHECK(runtime_.run_until([this] { return left_ == 0 && in_flight_ == 0; }),
          "the store stalled");
  }
  std::vector<double>& latencies_us() { return latencies_us_; }

 private:
  void send() {
    if (left_ == 0) return;
    --left_;
    ++in_flight_;
    Transaction made;
    made.first = store_.sequenced_head() + 1;
    made.time = runtime_.now();
    made.conditions = {{key_of(made.first), 0}};
    made.writes = {{key_of(made.first), std::make_shared<const std::string>(value_bytes, 'v')}};
    made.leaves = {{"log", made.first - 1, std::make_shared<const std::string>(leaf_bytes, 'l'),
                    std::string(64, 'f')}};
    store_.commit(std::move(made), [this, start = Clock::now()](const Result<CommitPtr>& done) {
      CHECK(done.ok(), "a create failed");
      latencies_us_.push_back(seconds_since(start) * 1e6);
      --in_flight_;
      send();
    });
  }

  TestRuntime& runtime_;
  Store& store_;
  size_t left_ = 0, in_flight_ = 0;
  std::vector<double> latencies_us_;
};

// Both write in turns, so that a slow moment of the disk meets both.
void durable_creates(benchmark::State& state) {
  const auto in_flight = static_cast<size_t>(state.range(0));
  const size_t turn = in_flight == 1 ? 200 : 20 * in_flight;
  Folder folder;
  BareLoop bare(folder.file("bare.db"));
  TestRuntime runtime;
  const auto store = open_sqlite(runtime, {.path = folder.file("store.db")}).value();
  Creator creator(runtime, *store);
  bare.write(turn, in_flight);
  creator.write(turn, in_flight);
  creator.latencies_us().clear();

  double bare_s = 0, store_s = 0;
  size_t creates = 0;
  for ([[maybe_unused]] auto _ : state) {
    auto start = Clock::now();
    bare.write(turn, in_flight);
    bare_s += seconds_since(start);
    start = Clock::now();
    creator.write(turn, in_flight);
    const double took = seconds_since(start);
    store_s += took;
    creates += turn;
    state.SetIterationTime(took);
  }
  auto& latencies = creator.latencies_us();
  std::sort(latencies.begin(), latencies.end());
  const auto n = static_cast<double>(creates);
  state.counters["bare_per_s"] = n / bare_s;
  state.counters["store_per_s"] = n / store_s;
  state.counters["share"] = bare_s / store_s;
  state.counters["p50_us"] = latencies[latencies.size() / 2];
  state.counters["p99_us"] = latencies[latencies.size() * 99 / 100];
}
BENCHMARK(durable_creates)
    ->Arg(1)
    ->Arg(16)
    ->Arg(64)
    ->UseManualTime()
    ->MinTime(2)
    ->Unit(benchmark::kMillisecond);

// 10,000 objects in memory, and 5,000 changes after the first 10,000.
struct Listed {
  Listed() : store(open_memory(runtime, make_disk())) {
    Creator creator(runtime, *store);
    creator.write(10'000, 64);
    before = store->head();
    for (Rev rev = 1; rev <= 5'000; ++rev) {
      Transaction made;
      made.first = store->sequenced_head() + 1;
      made.writes = {{key_of(rev * 2), std::make_shared<const std::string>(value_bytes, 'w')}};
      store->commit(std::move(made), nullptr);
    }
    runtime.run();
  }
  TestRuntime runtime;
  std::unique_ptr<Store> store;
  Rev before = 0;
};

void list_a_page(benchmark::State& state) {
  Listed listed;
  const ListOptions options{.prefix = "contracts/tenant-a/",
                            .after = key_of(4'000),
                            .limit = 500,
                            .at = state.range(0) == 0 ? 0 : listed.before};
  for ([[maybe_unused]] auto _ : state) {
    const Page page = listed.store->list(options).value();
    CHECK(page.entries.size() == 500 && page.remaining == 5'500, "a page is not what it should be");
  }
}
BENCHMARK(list_a_page)->ArgName("past")->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);

void list_all(benchmark::State& state) {
  Listed listed;
  for ([[maybe_unused]] auto _ : state)
    benchmark::DoNotOptimize(listed.store->list({.prefix = "contracts/"}).value().entries.size());
}
BENCHMARK(list_all)->Unit(benchmark::kMicrosecond);

void get(benchmark::State& state) {
  Listed listed;
  Rev rev = 0;
  for ([[maybe_unused]] auto _ : state) {
    rev = rev % 9'000 + 7;
    benchmark::DoNotOptimize(listed.store->get(key_of(rev)));
  }
}
BENCHMARK(get);

// The loop's share of a commit: checks, sequencing, the image, one watch; the disk is memory.
void sequence_and_apply(benchmark::State& state) {
  TestRuntime runtime;
  const auto store = open_memory(runtime, make_disk());
  Creator creator(runtime, *store);
  for ([[maybe_unused]] auto _ : state) creator.write(1'000, 16);
  state.SetItemsProcessed(state.iterations() * 1'000);
}
BENCHMARK(sequence_and_apply)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace freehold::store
