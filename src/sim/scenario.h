// Scenario: one seed's story. A cluster and a load of a size that the seed chooses; faults for a
// while; then none, and the world must settle. What it finds is a Violation; equal seeds give equal
// outcomes, bit for bit.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sim/checker.h"
#include "sim/cluster.h"
#include "sim/world.h"

namespace freehold::sim {

struct ScenarioOptions {
  uint64_t seed = 1;
  Plant plant = Plant::none;
  World::Trace trace{};  // told of each line as it happens
};

struct Outcome {
  std::optional<Violation> violation;
  uint64_t fingerprint = 0, steps = 0;
  Duration elapsed;
  Checker::Counts counts;
  int server_crashes = 0, agent_crashes = 0, reboots = 0, partitions = 0;
};

Outcome run_scenario(const ScenarioOptions& options);

}  // namespace freehold::sim
