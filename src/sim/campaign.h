// Campaign: many seeds, spread over processes, so that a seed that aborts names itself and leaves
// the others alone. The one part of this module that touches the real system.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "sim/scenario.h"

namespace freehold::sim {

struct Campaign {
  uint64_t first = 1, seeds = 200;
  int jobs = 2;
  Plant plant = Plant::none;
  std::function<void(uint64_t done)> progress{};
};

struct Failure {
  uint64_t seed = 0;
  std::string what;
};

struct Sum {
  std::vector<Failure> failures;  // by seed; a planted fault ends the campaign with the first
  uint64_t seeds = 0, steps = 0, commits = 0, accepted_by_hand = 0;
  int64_t virtual_us = 0;
};

Sum run_campaign(const Campaign& campaign);

}  // namespace freehold::sim
