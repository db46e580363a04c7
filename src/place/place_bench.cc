// Budgets, one thread of a 2-core virtual machine:
//   single members, 1,000 nodes, mixed load:  at least 2,000 decisions/s (first release)
//   gang of 64, 1,213 nodes:                  p50 below 5 ms
//   fork of 1,213 and of 10,000 nodes:        below 10 us and 100 us
//   refusal with reasons and cheapest change: below 200 ms at 1,000 nodes
#include <benchmark/benchmark.h>

#include "base/random.h"
#include "fleet/testing/fleet_of.h"
#include "place/place.h"
#include "place/testing/request_of.h"

namespace freehold::place {
namespace {

using fleet::Fleet;
using testing::request_of;

// Four kinds of machines in racks of 16, in the proportions of a common GPU fleet.
Fleet mixed_fleet(int64_t nodes) {
  static constexpr const char* kinds[] = {
      "1 node: 2 numa x 32 cores x 2 threads, 384Gi each, 8 gpu A 80GB, 8 rdma-nic",
      "1 node: 2 numa x 24 cores x 2 threads, 192Gi each, 8 gpu B 32GB",
      "1 node: 2 numa x 24 cores x 2 threads, 128Gi each, 2 gpu C 16GB",
      "1 node: 2 numa x 32 cores x 2 threads, 256Gi each"};
  std::vector<fleet::testing::Machine> machines;
  Fleet fleet;
  for (const char* kind : kinds) {
    machines.push_back(fleet::testing::machines(kind)[0]);
    fleet.put(fleet::testing::profile_of(machines.back()));
  }
  for (int64_t i = 0; i < nodes; ++i) {
    const size_t kind = static_cast<size_t>(i % 16 < 7 ? 0 : i % 16 < 9 ? 1 : i % 16 < 14 ? 2 : 3);
    machines[kind].rack = "r" + std::to_string(i / 16);
    fleet.put(fleet::testing::node_of(machines[kind], "n" + std::to_string(100'000 + i)));
  }
  return fleet;
}

std::string random_request(Random& random) {
  static constexpr const char* devices[] = {"",
                                            "",
                                            ", 1 gpu",
                                            ", 1 gpu",
                                            ", 2 gpu, align gpu numa-node",
                                            ", 4 gpu, align gpu+cpu numa-node",
                                            ", 8 gpu"};
  return "1 main: " + std::to_string(random.in(1, 24)) + " cpu, " +
         std::to_string(random.in(1, 96)) + "Gi" + devices[random.in(0, 6)];
}

// Fills the fleet to about `percent` of its GPUs, with single members of random size, and frees
// some again, so that nearly every node differs from every other.
Fleet worn_fleet(int64_t nodes) {
  Fleet fleet = mixed_fleet(nodes);
  Random random(7);
  Options options;
  options.explain = Explain::nothing;
  for (int64_t i = 0; i < nodes * 3; ++i) {
    const Decision decision = decide(fleet, request_of(random_request(random)), options);
    if (decision.placement)
      fleet.occupy("a" + std::to_string(i), to_allocations(*decision.placement, "c", "o")[0]);
    if (i > 0 && random.percent(40)) fleet.release("a" + std::to_string(random.in(0, i)));
  }
  return fleet;
}

void decide_single(benchmark::State& state, const Fleet& fleet) {
  Random random(1);
  std::vector<Request> requests;
  for (int i = 0; i < 256; ++i) requests.push_back(request_of(random_request(random)));
  Options options;
  options.explain = Explain::nothing;
  size_t next = 0;
  int64_t placed = 0;
  for (auto _ : state)
    placed +=
        decide(fleet, requests[next++ % requests.size()], options).placement.has_value() ? 1 : 0;
  state.SetItemsProcessed(state.iterations());
  state.counters["placed_percent"] =
      100.0 * static_cast<double>(placed) / static_cast<double>(state.iterations());
}

void single_on_fresh_nodes(benchmark::State& state) {
  decide_single(state, mixed_fleet(state.range(0)));
}
BENCHMARK(single_on_fresh_nodes)->Arg(1'000)->Arg(10'000);

void single_on_worn_nodes(benchmark::State& state) {
  decide_single(state, worn_fleet(state.range(0)));
}
BENCHMARK(single_on_worn_nodes)->Arg(1'000)->Arg(1'213);

// Decide, occupy, and release the oldest: what the control plane does all day.
void single_with_turnover(benchmark::State& state) {
  Fleet fleet = worn_fleet(state.range(0));
  Random random(2);
  Options options;
  options.explain = Explain::nothing;
  int64_t next = 0;
  for (auto _ : state) {
    const Decision decision = decide(fleet, request_of(random_request(random)), options);
    if (decision.placement)
      fleet.occupy("b" + std::to_string(next), to_allocations(*decision.placement, "c", "o")[0]);
    fleet.release("b" + std::to_string(++next - 100));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(single_with_turnover)->Arg(1'000);

void decide_gang(benchmark::State& state, const char* request) {
  const Fleet fleet = worn_fleet(1'213);
  const Request gang = request_of(request);
  Options options;
  options.explain = Explain::nothing;
  bool is_placed = true;
  for (auto _ : state) is_placed = decide(fleet, gang, options).placement.has_value() && is_placed;
  state.SetItemsProcessed(state.iterations());
  state.counters["placed"] = is_placed ? 1 : 0;
}
void gang_of_64(benchmark::State& state) { decide_gang(state, "64 main: 4 cpu, 16Gi, 1 gpu"); }
BENCHMARK(gang_of_64);
void gang_of_64_apart(benchmark::State& state) {
  decide_gang(state, "64 main: 4 cpu, 16Gi, 1 gpu, apart node");
}
BENCHMARK(gang_of_64_apart);
void gang_in_one_rack(benchmark::State& state) {
  decide_gang(state, "16 main: 4 cpu, 16Gi, 1 gpu, together rack");
}
BENCHMARK(gang_in_one_rack);
void gang_of_two_roles(benchmark::State& state) {
  decide_gang(
      state,
      "8 prefill: 16 cpu, 64Gi, 4 gpu, align gpu+cpu numa-node; 56 decode: 4 cpu, 16Gi, 1 gpu");
}
BENCHMARK(gang_of_two_roles);
void gang_of_1000(benchmark::State& state) { decide_gang(state, "1000 main: 2 cpu, 4Gi"); }
BENCHMARK(gang_of_1000)->Unit(benchmark::kMillisecond);

void refusal_with_change(benchmark::State& state) {
  const Fleet fleet = worn_fleet(1'000);
  const Request request = request_of("4 main: 300 cpu, 64Gi, 8 gpu");
  for (auto _ : state) benchmark::DoNotOptimize(decide(fleet, request, {}));
}
BENCHMARK(refusal_with_change)->Unit(benchmark::kMillisecond);

void fork_and_drop(benchmark::State& state) {
  const Fleet fleet = mixed_fleet(state.range(0));
  for (auto _ : state) {
    Fleet fork = fleet.fork();
    benchmark::DoNotOptimize(fork);
  }
}
BENCHMARK(fork_and_drop)->Arg(1'213)->Arg(10'000);

void fork_and_occupy(benchmark::State& state) {
  const Fleet fleet = mixed_fleet(state.range(0));
  const auto spec = fleet::testing::allocation_of("n100007 cpus 0-3, memory 0=1Gi");
  for (auto _ : state) {
    Fleet fork = fleet.fork();
    fork.occupy("x", spec);
    benchmark::DoNotOptimize(fork);
  }
}
BENCHMARK(fork_and_occupy)->Arg(1'213)->Arg(10'000);

}  // namespace
}  // namespace freehold::place
