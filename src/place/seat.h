// Seats: from "these members fit on this node" to exact CPUs, memory nodes and devices. Members are
// drawn together where the room allows (one memory node, else one package, devices first), CPUs
// take whole cores before parts of cores, and memory is taken nearest to its CPUs. It never makes a
// member that fits not fit.
#pragma once

#include <cstdint>
#include <vector>

#include "api/contract.h"
#include "fleet/node_state.h"
#include "place/ask.h"
#include "place/packing.h"

namespace freehold::place {

// One AllocatedMember per member of `counts`, role by role; `index` is left for the caller.
// `packing` must be the node's own, under the premise `now`.
std::vector<api::AllocatedMember> seat_members(const fleet::NodeState& node, const Packing& packing,
                                               const std::vector<RoleAsk>& roles,
                                               const Counts& counts);

}  // namespace freehold::place
