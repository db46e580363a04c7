// What stays of an import once the agent of a machine reports (decision 0010): the agent's word
// goes before the import's, what the agent does not know stays with its source, and where both say
// something else of one thing, both stand in `conflicts`. Pure.
#pragma once

#include <string_view>

#include "api/node.h"

namespace freehold::agent {

// Whether an import said what stands at a path, such as "status.power.measured".
bool is_imported(const api::NodeStatus& status, std::string_view path);

// `now` is what the agent reports, with its own provenance; `before` is what stood there.
void take_over(const api::NodeStatus& before, api::NodeStatus& now);

}  // namespace freehold::agent
