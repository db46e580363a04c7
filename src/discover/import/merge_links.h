// Links of one machine of which several sources speak, each in its own words: a matrix has one
// switch for all that there are, or none; a processor is a package to one and a memory node to
// another. Without this one link counts twice. Pure. Internal to this module.
#pragma once

#include <vector>

#include "discover/import/merge_host.h"

namespace freehold::discover {

// Before devices are matched. Where one source has the switches themselves, the links of others
// that do not know them are set aside as numbers, HostClaim::switch_links. Where a package is the
// end of a link, a memory node of it is called by the package.
void settle_links(std::vector<HostClaim>& claims);

// After devices are matched: numbers of links to switches that differ are conflicts.
void compare_switch_links(const std::vector<HostClaim>& claims, FieldMerge& merge);

}  // namespace freehold::discover
