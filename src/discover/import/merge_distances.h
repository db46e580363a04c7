// Whether the words of a matrix fit the places that stand in the end: made-up places yield to real
// ones, and what they were made up from must not get lost. Pure. Internal to this module.
#pragma once

#include <string>
#include <vector>

#include "discover/import/merge_devices.h"
#include "discover/import/merge_fields.h"
#include "discover/import/merge_host.h"

namespace freehold::discover {

// Every pair of which a matrix says another class than `profile` shows is a conflict "paths[A-B]",
// up to limits::distance_conflicts of one source; a note counts the others. Pairs of which one may
// be another device than the source means, and pairs of which the places tell nothing, do not
// count.
void compare_distances(const std::vector<HostClaim>& claims,
                       const api::HardwareProfileSpec& profile, const DeviceMatcher& devices,
                       FieldMerge& merge, std::vector<std::string>& notes);

}  // namespace freehold::discover
