// The text of `why`: from what was asked for, through what was found, down to what is at fault.
// Pure: the objects are handed in.
#pragma once

#include <string>
#include <vector>

#include "api/object.h"
#include "cli/render.h"

namespace freehold::cli {

struct Surroundings {
  std::vector<api::Object> contracts, offers, workloads, instances, nodes, events;
};
// One object with everything that explains it.
std::string reasons_text(const api::Object& object, const Surroundings& around, Time now,
                         const Terminal& t);

}  // namespace freehold::cli
