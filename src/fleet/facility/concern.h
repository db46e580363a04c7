// Concern: which findings a rack has a part in: its own, those of its machines, and those of the
// domains and cooling units that it hangs on, up to the grid. Pure; what it gives points into the
// Facility.
#pragma once

#include <vector>

#include "fleet/facility/facility.h"

namespace freehold::fleet::facility {

// In the order of the facility.
std::vector<const Finding*> findings_of(const Facility& facility, const RackView& rack);

}  // namespace freehold::fleet::facility
