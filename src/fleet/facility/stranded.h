// Stranding: power that exists and that nothing here can use, units that nothing here can feed or
// cool, and what makes it so. Internal to the facility survey.
#pragma once

#include "fleet/facility/facility.h"

namespace freehold::fleet::facility {

// Fills `usable_mw`, `stranded_…` and `why` of racks and domains; their rooms and loads are there.
// A free unit is worth the watts that a unit takes where it is: the mean of the machines of its
// rack, else of its site, else of all.
void find_stranded(Facility& facility);

}  // namespace freehold::fleet::facility
