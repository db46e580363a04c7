// Trees of switches as cluster tools write them down: who hangs on whom, without ports and rates.
// Pure. Internal to this module.
#pragma once

#include <string>
#include <vector>

#include "api/site.h"
#include "discover/import/import.h"
#include "discover/import/text.h"

namespace freehold::discover {

struct TreeSwitch {
  std::string name;
  std::string where;  // "line 12" or a path, for messages
  std::vector<std::string> children, nodes;
};

// The switches and their links, each from a switch to the one above it; levels are counted from the
// machines, so that an unbalanced tree has its leaves on one level. `bad_request` when a switch is
// described twice, is not described, hangs on two, or on itself in a ring, and when a machine hangs
// on two; several roots are told. Machines get their API names by `names`.
Result<api::FabricSpec> tree_fabric(const std::vector<TreeSwitch>& switches,
                                    const ImportOptions& options, HostNames& names,
                                    std::vector<std::string>& notes);

// A name of a switch that can stand in "fabric/switch".
std::string switch_name(std::string_view text);

}  // namespace freehold::discover
