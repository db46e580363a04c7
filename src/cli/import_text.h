// What an import found, for people: machines, fabrics, racks and power as short tables, and where
// sources disagree. Pure.
#pragma once

#include <string>
#include <vector>

#include "api/object.h"
#include "cli/render.h"

namespace freehold::cli {

std::string import_summary(const std::vector<api::Object>& objects, const Terminal& terminal);
// A line per conflict of a Node; empty when there is none.
std::string conflicts_text(const std::vector<api::Object>& objects);

}  // namespace freehold::cli
