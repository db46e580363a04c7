// One look at a machine, which the agent takes every 30 s. Budget: under 1 % of a core for all that
// an idle agent does, so a look may cost 100 ms of CPU; a tenth of it is the aim, since the largest
// machines have ten times the files.
#include <benchmark/benchmark.h>

#include "discover/discovery.h"

namespace freehold::discover {
namespace {

// The first look, with hwloc reading every CPU.
void first_look(benchmark::State& state) {
  for (auto _ : state) {
    Discovery discovery(Root("/"), nullptr);
    benchmark::DoNotOptimize(discovery.look(seconds(1)));
  }
}
BENCHMARK(first_look)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();

// Every later one.
void next_look(benchmark::State& state) {
  Discovery discovery(Root("/"), nullptr);
  if (!discovery.look(seconds(1)).ok()) state.SkipWithError("no machine below /");
  Duration uptime = seconds(1);
  for (auto _ : state) {
    uptime = uptime + seconds(30);
    benchmark::DoNotOptimize(discovery.look(uptime));
  }
}
BENCHMARK(next_look)->Unit(benchmark::kMillisecond)->MeasureProcessCPUTime();

}  // namespace
}  // namespace freehold::discover
