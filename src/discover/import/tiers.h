// Levels of a fabric's switches, nearest to the machines first. Pure. Internal to this module.
#pragma once

#include <string>

#include "api/site.h"

namespace freehold::discover {

// leaf, spine, core, tier-4 …
std::string tier_name(size_t level);

// By steps from the switches that machines hang on, but for those among whose neighbours each has
// more of them; fills `tiers` and each switch's tier. Switches that no machine reaches, and levels
// beyond what a Fabric holds, stay without one. A tier's bandwidth is that of one of its links,
// where all are equal; its oversubscription is the capacity of all its links downwards over that
// upwards.
void find_tiers(api::FabricSpec& fabric);

}  // namespace freehold::discover
