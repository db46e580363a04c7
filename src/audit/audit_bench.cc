// Budgets: a leaf encoded under 3 us, hashed into the tree with its new root under 3 us; 100,000
// leaves and their objects verified per second, so that a record of a million takes ten.
#include <benchmark/benchmark.h>

#include <map>

#include "audit/leaf.h"
#include "audit/merkle.h"
#include "audit/verify.h"
#include "base/check.h"

namespace freehold::audit {
namespace {

LeafFields example(uint64_t revision) {
  LeafFields fields;
  fields.verb = "create";
  fields.group = "freehold.dev";
  fields.version = "v1alpha1";
  fields.resource = "contracts";
  fields.ns = "acme-prod";
  fields.name = "chat-" + std::to_string(revision);
  fields.uid = "7d1a4c1e-52f5-4a51-9a9d-0d3c9f6b2a11";
  fields.key = "contracts/acme-prod/" + fields.name;
  fields.revision = revision;
  fields.time = Time{1'790'000'000'123'456};
  fields.principal = "u:0123456789abcdef";
  fields.new_digest = std::string(64, 'b');
  return fields;
}

void encode(benchmark::State& state) {
  const LeafFields fields = example(4711);
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(encode_leaf(fields));
}
BENCHMARK(encode);

void decode(benchmark::State& state) {
  const std::string leaf = encode_leaf(example(4711));
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(decode_leaf(leaf));
}
BENCHMARK(decode);

void hash_an_object(benchmark::State& state) {
  const std::string object(1'500, 'x');
  for ([[maybe_unused]] auto _ : state) benchmark::DoNotOptimize(sha256(object));
}
BENCHMARK(hash_an_object);

// As the ledger does for every commit: hash, append, root.
void append_and_root(benchmark::State& state) {
  const std::string leaf = encode_leaf(example(4711));
  Frontier frontier;
  for (int i = 0; i < 1'000'000; ++i) frontier.append(empty_root());
  for ([[maybe_unused]] auto _ : state) {
    frontier.append(leaf_hash(leaf));
    benchmark::DoNotOptimize(frontier.root());
  }
}
BENCHMARK(append_and_root);

void verify_a_record(benchmark::State& state) {
  constexpr uint64_t count = 100'000;
  const std::string object(1'500, 'x');
  std::vector<std::string> leaves;
  std::vector<ObjectView> objects;
  Frontier tree;
  for (uint64_t revision = 1; revision <= count; ++revision) {
    LeafFields fields = example(revision);
    fields.new_digest = to_hex(sha256(object));
    leaves.push_back(encode_leaf(fields));
    tree.append(leaf_hash(leaves.back()));
    objects.push_back({fields.key, revision, object, true});
  }
  const std::vector<LogView> logs{
      {"log", count,
       [&](uint64_t from, size_t limit) {
         const auto begin = leaves.begin() + static_cast<ptrdiff_t>(from);
         return std::vector<std::string>(begin, begin + static_cast<ptrdiff_t>(limit));
       },
       to_hex(tree.root())}};
  for ([[maybe_unused]] auto _ : state) {
    const Report report = verify(
        logs,
        [&](const auto& visit) {
          for (const ObjectView& view : objects) visit(view);
        },
        nullptr);
    CHECK(report.findings.empty(), "an honest record");
  }
  state.SetItemsProcessed(static_cast<int64_t>(count) * state.iterations());
}
BENCHMARK(verify_a_record)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace freehold::audit
