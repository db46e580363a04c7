// Budgets, one thread of a 2-core virtual machine, for 100,000 machines in 10,000 racks behind
// 24,000 power domains (two distribution units a rack, busways, UPS, utilities and generators):
//   every single failure, from loads to the worst case of each domain:  below 200 ms
//   what the power controller looks at every 30 s:                       below 500 ms
//   the whole survey (watts, space, cooling, rooms, what is stranded):   below 2 s
#include <benchmark/benchmark.h>

#include "fleet/facility/facility.h"
#include "fleet/testing/grid_of.h"

namespace freehold::fleet::facility {
namespace {

constexpr int halls = 10, rows = 50, racks_per_row = 20, machines_per_rack = 10;

api::PowerDomain domain(std::string name, api::PowerDomainType type, int64_t kw,
                        std::vector<std::string> from) {
  api::PowerDomain out;
  out.metadata.name = std::move(name);
  out.spec.type = type;
  out.spec.site = "s";
  out.spec.capacity = Quantity::of(kw * 1'000'000, Dimension::power);
  out.spec.supplied_by.domains = std::move(from);
  return out;
}

void add_rack(testing::Grid& grid, const std::string& row, int number) {
  const std::string name = row + "-r" + std::to_string(number);
  grid.add(domain(name + "-a", api::PowerDomainType::pdu, 60, {row + "-a"}));
  grid.add(domain(name + "-b", api::PowerDomainType::pdu, 60, {row + "-b"}));
  api::Rack rack;
  rack.metadata.name = name;
  rack.spec.site = "s";
  rack.spec.row = row;
  rack.spec.position = std::to_string(number);
  rack.spec.units = 48;
  rack.spec.feeds = {name + "-a", name + "-b"};
  rack.spec.cooling.limit = Quantity::of(50'000'000, Dimension::power);
  grid.add(std::move(rack));
  for (int i = 0; i < machines_per_rack; ++i) {
    api::Node node;
    node.metadata.name = name + "-n" + std::to_string(i);
    node.spec.rack = name;
    node.spec.unit = 1 + 4 * i;
    node.spec.height = 4;
    node.spec.nameplate = Quantity::of(5'000'000, Dimension::power);
    node.status.power.measured = Quantity::of(3'000'000 + i * 100'000, Dimension::power);
    grid.add(std::move(node));
  }
}

const testing::Grid& large() {
  static const testing::Grid grid = [] {
    testing::Grid out;
    out.add(domain("u-a", api::PowerDomainType::utility, 400'000, {}));
    out.add(domain("u-b", api::PowerDomainType::utility, 400'000, {}));
    out.add(domain("g", api::PowerDomainType::generator, 400'000, {}));
    for (int h = 0; h < halls; ++h)
      for (int r = 0; r < rows; ++r) {
        const std::string row = "h" + std::to_string(h) + "-" + std::to_string(r);
        for (const char* side : {"-a", "-b"}) {
          const std::string ups = row + "-ups" + side;
          out.add(domain(ups, api::PowerDomainType::ups, 1'000, {std::string("u") + side, "g"}));
          out.add(domain(row + "-sw" + side, api::PowerDomainType::busway, 1'000, {ups}));
          out.add(domain(row + side, api::PowerDomainType::busway, 1'000, {row + "-sw" + side}));
        }
        for (int k = 0; k < racks_per_row; ++k) add_rack(out, row, k);
      }
    return out;
  }();
  return grid;
}

void all_failures(benchmark::State& state) {
  const testing::Grid& grid = large();
  std::vector<const api::PowerDomain*> domains;
  for (const auto& [name, d] : grid.estate.domains) domains.push_back(d);
  std::vector<Consumer> consumers;
  for (const auto& [name, node] : grid.estate.nodes) {
    const api::Rack& rack = *grid.estate.racks.at(node->spec.rack);
    consumers.push_back({{{rack.spec.feeds[0], 1}, {rack.spec.feeds[1], 1}},
                         node->status.power.measured.value(),
                         1});
  }
  const auto supply = std::make_shared<const Supply>(domains, consumers);
  for (auto _ : state) {
    const Cases cases(supply);
    benchmark::DoNotOptimize(cases.worst(0));
  }
  state.counters["domains"] = static_cast<double>(domains.size());
  state.counters["machines"] = static_cast<double>(consumers.size());
}
BENCHMARK(all_failures)->Unit(benchmark::kMillisecond);

void survey_of_power(benchmark::State& state) {
  const testing::Grid& grid = large();
  for (auto _ : state)
    benchmark::DoNotOptimize(survey_power(grid.estate, Footing::now).domains.size());
}
BENCHMARK(survey_of_power)->Unit(benchmark::kMillisecond);

void whole_survey(benchmark::State& state) {
  const testing::Grid& grid = large();
  for (auto _ : state) benchmark::DoNotOptimize(survey(grid.estate, Footing::now).racks.size());
}
BENCHMARK(whole_survey)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace freehold::fleet::facility
