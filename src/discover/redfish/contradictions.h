// What cannot be right in the documents of a service: collections that are shorter than they say,
// and quantities that are no quantities. Such a value is unknown to whoever reads it; here people
// are told. Pure. Internal to this folder.
#pragma once

#include <string>
#include <vector>

#include "discover/redfish/crawl.h"

namespace freehold::discover::redfish {

void tell_contradictions(const Documents& documents, std::vector<std::string>& notes);

}  // namespace freehold::discover::redfish
