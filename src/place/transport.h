// Transport: whether demands can be met from cells of limited capacity, when each demand may draw
// from some of the cells only, in any split. The one question behind "does it fit inside this
// node", for CPUs, memory and devices alike. Exact.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "fleet/interior.h"

namespace freehold::place {

struct Demand {
  fleet::CellSet from;
  int64_t amount = 0;
};

// Demands that draw from the same cells are best merged by the caller with `add_demand`.
bool can_meet(const std::vector<Demand>& demands, std::span<const int64_t> capacity);
void add_demand(std::vector<Demand>& demands, const fleet::CellSet& from, int64_t amount);

}  // namespace freehold::place
