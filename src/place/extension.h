// What would have to be bought: more nodes like one that is known, or a node made to measure.
// Verified by deciding again on a fork with them.
#pragma once

#include <string>

#include "base/time.h"
#include "fleet/fleet.h"
#include "place/ask.h"
#include "place/meter.h"

namespace freehold::place {

// "add 2 nodes like n1", "add a node with 8 gpu (H100-SXM), 16 CPUs and 128Gi: none of the 3 known
// nodes is like that"; empty when none was found within the meter.
std::string describe_extension(const fleet::Fleet& fleet, const Ask& ask, Time now, Meter& meter);

}  // namespace freehold::place
