// The cheapest change that would turn a refusal into a placement: less of something in the request,
// an own contract that ends, nodes that take work again, or another node. Each is verified by
// deciding again with it before it is named. The law of a request (`sovereignty`) is never loosened
// for it: a jurisdiction that would do is named only where nothing that can be changed without it
// leaves the request whole, and beside the nodes to add.
#pragma once

#include <string>

#include "fleet/fleet.h"
#include "place/ask.h"
#include "place/meter.h"
#include "place/place.h"

namespace freehold::place {

// A sentence for people; empty when none was found within the meter.
std::string find_cheapest_change(const fleet::Fleet& fleet, const Request& request, const Ask& ask,
                                 Time now, Meter& meter);

}  // namespace freehold::place
