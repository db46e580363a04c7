// Concern: which findings a rack has a part in: its own, those of its machines, and those of the
// domains and cooling units that it hangs on, up to the grid. Likewise of a site, with its storage
// and links. Pure; what it gives points into the Facility.
#pragma once

#include <string_view>
#include <vector>

#include "fleet/facility/facility.h"

namespace freehold::fleet::facility {

// In the order of the facility.
std::vector<const Finding*> findings_of(const Facility& facility, const RackView& rack);
// A line that stands for many things is there when one of them is at the site.
std::vector<const Finding*> findings_at(const Facility& facility, const Estate& estate,
                                        std::string_view site);

}  // namespace freehold::fleet::facility
