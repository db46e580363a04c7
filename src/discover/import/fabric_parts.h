// Fabrics that exceed what one object may hold, cut into several that refer to each other. Pure.
// Internal to this module.
#pragma once

#include <string>
#include <vector>

#include "api/site.h"
#include "base/result.h"

namespace freehold::discover {

// The fabric itself when it fits; else parts "NAME-1", "NAME-2" … of neighbouring switches, each
// with the adapters and the links that begin there. A link to a switch of another part names it as
// "part/switch". `too_large` when one switch alone exceeds an object, or a switch has more machines
// than a Fabric can name.
Result<std::vector<api::Fabric>> fabric_parts(api::Fabric fabric);

}  // namespace freehold::discover
