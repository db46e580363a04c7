// Rack units: what machines take of a rack, and what cannot be so. Internal to the facility survey.
#pragma once

#include <string>
#include <vector>

#include "fleet/facility/facility.h"

namespace freehold::fleet::facility {

// Fills the space and weight of a rack from its machines.
void measure_space(RackView& rack, const std::vector<Machine>& machines,
                   std::vector<Finding>& findings);

}  // namespace freehold::fleet::facility
