// What hwloc files say about memory nodes, CPUs and PCI buses besides the objects themselves:
// speeds and tiers of memory, kinds of CPUs, which CPUs a bus is near to. Whatever points to an
// object that is not in the file is refused. Internal to this module.
#pragma once

#include <string>
#include <vector>

#include "discover/import/hwloc_objects.h"
#include "discover/import/import.h"
#include "discover/import/xml.h"

namespace freehold::discover {

// Subtypes that only a tier says, for nodes without one. Before memory nodes are classed.
Result<void> read_memory_tiers(const Element& topology, HwlocObjects& objects,
                               const ImportOptions& options);

// Fills the speeds of memory nodes; checks the rest and tells what has no place in a profile.
Result<void> read_attributes(const Element& topology, const HwlocObjects& objects, HostFacts& host,
                             std::vector<std::string>& notes, const ImportOptions& options);

}  // namespace freehold::discover
